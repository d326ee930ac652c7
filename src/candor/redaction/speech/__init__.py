"""Speech: where somebody speaks in a recording, and what is said, written out by a machine on this machine.

Rules it keeps:

1. Nothing is downloaded. A model is named by its path, or ships with an installed package; whatever would reach for the
   network is told beforehand that there is none, and what it needs is looked for first.
2. Sound is decoded in a limited process and comes back as plain samples. Models hear samples, never a file.
3. Every word says which machine wrote it and how sure that was. A machine that mishears a lot is called rough.
4. What was heard lies sealed from the first stretch on; in the job's own record there is no word of it.
"""

from __future__ import annotations
