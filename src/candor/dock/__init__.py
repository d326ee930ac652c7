"""The dock face: a door of its own for camera systems, on its own port and with its own credentials.

Rules it keeps:

1. Nobody signs in here. Whoever comes has the credential of a dock (`docking.credentials`), which opens nothing else;
   an account's session or token opens nothing here.
2. A status code is a message to a camera: success means durable, 503 means "try soon", 507 means "full", and 400 is
   said only of a call that can never be understood, which is then kept so that the reconciliation shows it.
3. Nothing is read back but what a camera system needs to go on: capabilities, categories, what it is in the middle of.
4. Bytes go straight into the vault while they come; memory is bounded by the number of connections, not by their
   length, and everyone who sends gets the same share.
5. This face and the site know nothing of each other; both stand on `docking`.
"""

from __future__ import annotations
