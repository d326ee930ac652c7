"""What each kind of disposition does to a recording, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.footage import erasing, purging
from candor.jobs import Jobs
from candor.people.rules import Actor
from candor.retention.dispositions import DispositionKind, ItemState
from candor.store import Vault

__all__ = ["Act", "act_of"]


class Doing(Protocol):
    """Does it to one recording, in the caller's transaction; the tombstone's id, or None where nothing is destroyed."""

    def __call__(
        self,
        tx: Connection,
        vault: Vault,
        jobs: Jobs,
        actor: Actor,
        recording_id: str,
        *,
        authority: str,
        reason: str,
        clock: Clock,
    ) -> str | None: ...


@dataclass(frozen=True)
class Act:
    """What is done, and what the recording is called afterwards."""

    do: Doing
    becomes: ItemState


def _seal_away(
    tx: Connection,
    vault: Vault,
    jobs: Jobs,
    actor: Actor,
    recording_id: str,
    *,
    authority: str,
    reason: str,
    clock: Clock,
) -> str | None:
    del vault, jobs  # nothing is destroyed
    erasing.seal_away(tx, actor, recording_id, authority=authority, reason=reason, clock=clock)
    return None


def _open_again(
    tx: Connection,
    vault: Vault,
    jobs: Jobs,
    actor: Actor,
    recording_id: str,
    *,
    authority: str,
    reason: str,
    clock: Clock,
) -> str | None:
    del vault, jobs
    erasing.unseal(tx, actor, recording_id, authority=authority, reason=reason, clock=clock)
    return None


_ACTS: dict[DispositionKind, Act] = {
    DispositionKind.SCHEDULE: Act(purging.purge, ItemState.DESTROYED),
    DispositionKind.ERASURE: Act(erasing.erase, ItemState.DESTROYED),
    DispositionKind.SEALING: Act(_seal_away, ItemState.SEALED),
    DispositionKind.OPENING: Act(_open_again, ItemState.OPENED),
}


def act_of(kind: DispositionKind) -> Act:
    """What a kind of disposition does."""
    return _ACTS[kind]
