"""Deciding a change of law or policy, once it was tried out over what there is."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.engine import Connection

from candor.core import outbox
from candor.core.clock import Clock, SystemClock
from candor.law import changes
from candor.people.rules import Actor
from candor.retention.errors import DryRunOld
from candor.retention.plans import present_recordings

__all__ = ["FRESH", "decide", "staleness", "withdraw"]

#: How long what a dry run showed is taken for the present state.
FRESH = timedelta(days=3)


def decide(
    tx: Connection, actor: Actor, change_id: str, *, approve: bool, reason: str, clock: Clock | None = None
) -> None:
    """Put a change in force, or refuse it: another person than who proposed it, over a dry run that is not old.

    Raises DryRunOld, and what `law.changes.decide` raises.
    """
    clock = clock or SystemClock()
    found = changes.change(tx, change_id)
    if approve and found.dry_run_at is not None and clock.now() - found.dry_run_at > FRESH:
        raise DryRunOld(when=f"{found.dry_run_at:%Y-%m-%d %H:%M} UTC", days=FRESH.days)
    changes.decide(tx, actor, change_id, approve=approve, reason=reason, clock=clock)
    outbox.resolve(tx, f"law-change:{change_id}", clock=clock)


def withdraw(tx: Connection, actor: Actor, change_id: str, *, reason: str, clock: Clock | None = None) -> None:
    """Take a proposal back. Raises what `law.changes.withdraw` raises."""
    changes.withdraw(tx, actor, change_id, reason=reason, clock=clock)
    outbox.resolve(tx, f"law-change:{change_id}", clock=clock)


def staleness(tx: Connection, found: changes.LawChange) -> int | None:
    """How many recordings came in or went since the change was tried out; None when it was not."""
    if found.dry_run is None:
        return None
    return abs(present_recordings(tx) - int(found.dry_run.get("recordings", 0)))
