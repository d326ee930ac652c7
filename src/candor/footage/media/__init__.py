"""What a file claims to be, and what is made from it for looking: proxy, poster, filmstrip, waveform.

The rules this package keeps:

1. Untrusted bytes are parsed in a limited process only (`candor.core.limited`). What runs there is named in `work.py`,
   so that one process kept warm serves all of it. The parent's side is `examine.py`, `renditions.py`, `mark.py` and
   `scratch.py`; they never import the others.
2. What a file says is a claim: it is passed on with the tag it came from, never corrected, never merged.
3. A file that cannot be read is a finding, not an error: `examine` answers with problems, because such a file may be
   evidence all the same.
4. A rendition keeps the presentation time of every picture. Time 0 of a rendition is the earliest presentation time
   of the original, and its details hold the offset, so that a place in one is a place in the other.
5. A rendition carries nothing of the original's metadata, and no track but one of pictures and one of sound.
6. Every maker has a version (`MAKERS`); it changes when the same original would give another result.
"""

from __future__ import annotations

from candor.footage.media.examine import PROBLEMS, examine
from candor.footage.media.mark import MARKER, Marked, mark_copies
from candor.footage.media.renditions import MAKERS, RenditionResult, make_renditions

__all__ = [
    "MAKERS",
    "MARKER",
    "PROBLEMS",
    "Marked",
    "RenditionResult",
    "examine",
    "make_renditions",
    "mark_copies",
]
