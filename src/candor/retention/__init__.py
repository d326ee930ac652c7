"""Retention: what must stay, what may go, and how it goes.

Rules it keeps:

1. Any hold stops destruction, whatever a period says, on whatever authority. A hold on a case holds every recording of
   it, also one that is added later. It ends by somebody's act with a reason, never by a date.
2. What would become destroyable by a change of law or policy is tried out before the change takes effect: exactly which
   recordings, with counts and hours. Who approves it is not who proposed it.
3. There is one way to destroy: a disposition that one person proposes and another approves, run when its recycle period
   is over. Within the first days after a change of law or policy nothing is destroyed by schedule.
4. The run believes nobody: law, holds, cases and state of every recording are asked again in the transaction that
   destroys its keys. What may not go any more is kept, with the reason on record.
5. Recording, tombstone and item change in one transaction, so a run that is killed at any point goes on where it was,
   and destroys nothing twice.
6. A plan of a million recordings takes seconds and the memory of some thousand: everything is streamed.
"""

from __future__ import annotations

from candor.matters import lawful  # noqa: F401 - nothing is planned or destroyed without hearing of open cases
from candor.retention import deciding  # noqa: F401 - what becomes one with another is taken out of dispositions
from candor.retention.dispositions import Disposition, DispositionKind, DispositionState, ItemState
from candor.retention.holds import Hold
from candor.retention.planning import Plan

__all__ = ["Disposition", "DispositionKind", "DispositionState", "Hold", "ItemState", "Plan"]
