"""The job that checks the signatures of a part. It can be killed anywhere: a second run checks anew, and rows and event
come in one transactional step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.limited import LimitedCancelled, LimitedError, LimitedHeldUp, LimitedKilled, LimitedUnavailable
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.media.signature_examine import check_signatures, trusted_roots
from candor.footage.signatures import JOB, SignatureState, put_results, results_of, set_state
from candor.footage.tables import part
from candor.jobs import Failure, JobContext, Jobs
from candor.store import KeyDestroyed, Vault

__all__ = ["register"]

ACTOR = "system:signatures"
#: Counts of a signed track that stand in the event.
_COUNTED = (
    "signatures",
    "signatures_bad",
    "groups_verified",
    "groups_failed",
    "groups_missing",
    "messages_missing",
    "groups_unsigned",
    "slices_between",
    "slices_outside",
    "signers",
    "links_broken",
)


def register(jobs: Jobs, database: Database, vault: Vault, *, clock: Clock, trust: Path | None) -> None:
    """Have this process know how to check signatures. `trust`: the folder of the roots that the agency trusts."""
    checker = _Checker(database, vault, clock, trust)
    jobs.register(JOB, checker.check, on_failure=checker.give_up)


class _Checker:
    def __init__(self, database: Database, vault: Vault, clock: Clock, trust: Path | None) -> None:
        self._database, self._vault, self._clock, self._trust = database, vault, clock, trust

    def check(self, context: JobContext, params: dict[str, Any]) -> None:
        """Check a part."""
        part_id = params["part"]
        with self._database.read() as tx:
            source = tx.execute(sa.select(part).where(part.c.id == part_id)).one()
        context.transaction("begin", lambda tx: set_state(tx, part_id, SignatureState.CHECKING))
        try:
            with self._database.read() as tx:
                stream = self._vault.open(tx, source.object_id)
            with stream:
                found = check_signatures(
                    cast(BinaryIO, stream), trusted_roots(self._trust), context.progress, context.cancelled
                )
        except (LimitedCancelled, LimitedHeldUp, LimitedKilled, LimitedUnavailable):
            if context.cancelled():
                return
            raise
        except (LimitedError, KeyDestroyed) as error:
            context.transaction("fail", self._failing(source, params, str(error)))
            return
        context.transaction("record", self._recording(source, params, found))

    def _recording(
        self, source: sa.Row[Any], params: dict[str, Any], found: dict[str, Any]
    ) -> Callable[[Connection], None]:
        def record(tx: Connection) -> None:
            results = results_of(found)
            put_results(tx, source.id, results, found["v"], clock=self._clock)
            self._append(tx, source, params, {"checker": found["v"], "results": [_summed(one) for one in results]})

        return record

    def _failing(self, source: sa.Row[Any], params: dict[str, Any], problem: str) -> Callable[[Connection], None]:
        def fail(tx: Connection) -> None:
            set_state(tx, source.id, SignatureState.FAILED, problem)
            self._append(tx, source, params, {"problem": problem})

        return fail

    def give_up(self, tx: Connection, failure: Failure) -> None:
        """Put on record that the check will not come, in the transaction that ends the job."""
        params = failure.job.params
        source = tx.execute(sa.select(part).where(part.c.id == params["part"])).first()
        if source is not None:
            self._failing(source, params, failure.problem)(tx)

    def _append(self, tx: Connection, source: sa.Row[Any], params: dict[str, Any], more: dict[str, Any]) -> None:
        number = tx.execute(sa.select(part.c.number, part.c.recording_id).where(part.c.id == source.id)).one()
        details = {"part": number.number, "sha256": source.sha256.hex(), **more}
        custody.append(
            tx,
            Event.RECORDING_SIGNATURE_CHECKED,
            actor=params.get("asked") or ACTOR,
            recording=number.recording_id,
            details=details,
            clock=self._clock,
        )


def _summed(result: dict[str, Any]) -> dict[str, Any]:
    """A result as the event tells it: verdict, certificate, and the counts."""
    found = {"kind": result["kind"], "verdict": result["verdict"].value, "certificate": result["certificate"]}
    if result["trust"] is not None:
        found["trust"] = result["trust"].value
    tracks = result["details"].get("tracks", ())
    return {**found, **{name: sum(track[name] for track in tracks) for name in _COUNTED if tracks}}
