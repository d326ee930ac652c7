"""Custody: every act on footage is an event, durable before the act is answered, in a log that anyone can check.

Rules it keeps:

1. An event is written in the transaction of the act itself (`append`); it has no place in the log yet.
2. One sequencer gives the places and integrates in batches; published tiles and checkpoints follow C2SP tlog-tiles.
3. A public leaf holds a commitment, the hour and a tag: nothing personal, no kind of act, no exact time.
4. Events are never updated (but for their place) and never deleted. What the events of a recording said is erased
   when a court orders it: payload and salt go, leaf and place stay (`forgetting`).
5. The log never signs a tree that does not extend what it signed before; when it cannot be sure, it refuses to
   sign, goes on recording, and says so.
6. Actors are ids. Verification (`candor.verify`) imports nothing of the rest.
"""

from __future__ import annotations

from candor.custody.events import PLAIN_WORDS, Event
from candor.custody.log import CustodyLog
from candor.custody.record import CustodyEvent, Epoch, append, epochs, find, history, recent, rotate_tag_key
from candor.custody.state import LogStatus, SignedCheckpoint

__all__ = [
    "PLAIN_WORDS",
    "CustodyEvent",
    "CustodyLog",
    "Epoch",
    "Event",
    "LogStatus",
    "SignedCheckpoint",
    "append",
    "epochs",
    "find",
    "history",
    "recent",
    "rotate_tag_key",
]
