"""Connecticut's law in force, for tests of what it asks."""

from __future__ import annotations

from candor.core.clock import Clock
from candor.core.database import Database
from candor.law import changes
from candor.people.rules import Actor, Role

_CLERK = Actor("clerk", frozenset({Role.ADMINISTRATOR}), None, "Clerk")
_COUNSEL = Actor("counsel", frozenset({Role.COUNSEL}), None, "Counsel")


def put_in_force(database: Database, clock: Clock) -> None:
    """Two people put the pack that comes with the program in force."""
    with database.write() as tx:
        change = changes.propose_pack(tx, _CLERK, "us-ct", reason="The law here", clock=clock)
        changes.note_dry_run(tx, change, {"purgeable": 0}, clock=clock)
        changes.decide(tx, _COUNSEL, change, approve=True, reason="Read and right", clock=clock)
