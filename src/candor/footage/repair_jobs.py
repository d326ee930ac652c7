"""The job that repairs a part: by itself after intake, or because somebody asked.

It can be killed anywhere. What is made is sealed first, then recorded in a transactional step together with its custody
event, and with the viewing copies that could not be made of the original. A copy that was there before stays under
another name.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.core.limited import (
    LimitedCancelled,
    LimitedError,
    LimitedHeldUp,
    LimitedKilled,
    LimitedRefused,
    LimitedUnavailable,
)
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.media.repairs import REPAIRER, Repaired, make_repaired, profile_of
from candor.footage.renditions import (
    REPAIR_JOB,
    Rendition,
    renditions_of,
    superseded,
    want_viewing_copies,
)
from candor.footage.repairing import Reference, may_serve, needs_reference, reference_details, references_for
from candor.footage.rules import RenditionKind, RenditionState, wanted_renditions
from candor.footage.tables import part, rendition
from candor.jobs import Failure, JobContext, Jobs, JobStopped
from candor.store import KeyDestroyed, SealedObject, Vault
from candor.store.tables import vault_object

__all__ = ["register"]

ACTOR = "system:repairs"
#: Shapes of files that are tried as references, one after the other.
_TRIED: Final = 3
#: Skipped ranges that stand in the event; the copy's details have more.
_RANGES: Final = 20


def register(jobs: Jobs, database: Database, vault: Vault, *, clock: Clock, scratch: Path | None = None) -> None:
    """Have this process know how to repair. `scratch`: a folder for encrypted temporary files."""
    repairer = _Repairer(database, vault, jobs, clock, scratch)
    jobs.register(REPAIR_JOB, repairer.repair, on_failure=repairer.give_up)


class _Repairer:
    def __init__(self, database: Database, vault: Vault, jobs: Jobs, clock: Clock, scratch: Path | None) -> None:
        self._database, self._vault, self._jobs = database, vault, jobs
        self._clock, self._scratch = clock, scratch

    def repair(self, context: JobContext, params: dict[str, Any]) -> None:
        """Repair a part."""
        part_id = params["part"]
        with self._database.read() as tx:
            source = tx.execute(sa.select(part).where(part.c.id == part_id)).one()
            present = _present(tx, part_id)
        if present is None or present.job_id != context.job_id:
            return  # purged and taken in anew, or asked for again: another job's by now
        context.transaction("begin", lambda tx: _set_state(tx, present.id, RenditionState.MAKING))
        try:
            made, reference = self._make(context, source, params.get("reference"))
        except (LimitedCancelled, LimitedHeldUp, LimitedKilled, LimitedUnavailable):
            if context.cancelled():
                return
            raise
        except (LimitedError, KeyDestroyed) as error:
            context.transaction("fail", self._failing(source, present.id, str(error)))
            return
        with contextlib.closing(made.file):
            sealed = self._vault.seal(RenditionKind.REPAIRED.value, cast(Any, made.file))
        try:
            recorded = context.transaction("record", self._recording(source, present.id, made, reference, sealed))
        except JobStopped:
            self._vault.discard(sealed)
            raise
        if recorded != sealed.object_id:
            self._vault.discard(sealed)

    # making

    def _make(self, context: JobContext, source: sa.Row[Any], chosen: str | None) -> tuple[Repaired, Reference | None]:
        """Repair with the reference that was chosen, or with those that suggest themselves, one after the other."""
        refused: LimitedRefused | None = None
        for reference in self._candidates(source, chosen):
            try:
                with self._open(source.object_id) as stream:
                    how = self._profile(reference, context) if reference is not None else None
                    return (
                        make_repaired(stream, how, context.progress, context.cancelled, scratch=self._scratch),
                        reference,
                    )
            except LimitedRefused as error:
                refused = refused or error
        assert refused is not None
        raise refused

    def _candidates(self, source: sa.Row[Any], chosen: str | None) -> list[Reference | None]:
        """In which order what is tried as a reference. None: nothing; last, for without one sound is lost."""
        problems = tuple(source.claims.get("media", {}).get("problems", ()))
        with self._database.read() as tx:
            if chosen is not None:
                reference = may_serve(tx, chosen)
                return [reference] if reference is not None else [None]
            if not needs_reference(problems):
                return [None]
            return [*references_for(tx, source.id, limit=_TRIED), None]

    def _profile(self, reference: Reference, context: JobContext) -> dict[str, Any] | None:
        with self._open(reference.object_id) as stream:
            return profile_of(stream, cancelled=context.cancelled)

    @contextlib.contextmanager
    def _open(self, object_id: str) -> Iterator[BinaryIO]:
        with self._database.read() as tx:
            stream = self._vault.open(tx, object_id)
        with stream:
            yield cast(BinaryIO, stream)

    # recording

    def _recording(
        self,
        source: sa.Row[Any],
        rendition_id: str,
        made: Repaired,
        reference: Reference | None,
        sealed: SealedObject,
    ) -> Callable[[Connection], str]:
        """The transactional step that makes the copy ready; it returns the object that is."""

        def record(tx: Connection) -> str:
            key = sa.select(vault_object.c.key_destroyed_at).where(vault_object.c.object_id == source.object_id)
            if tx.execute(key.with_for_update(read=True)).scalar_one() is not None:
                return ""  # destroyed while this was being made: a copy must not outlive it
            recording_id = tx.scalar(sa.select(part.c.recording_id).where(part.c.id == source.id))
            self._vault.record(tx, sealed)
            used = reference_details(reference) if reference is not None else None
            replaced = self._put(tx, rendition_id, made, used, sealed)
            details = {
                "rendition": rendition_id,
                "kind": RenditionKind.REPAIRED.value,
                "sha256": sealed.sha256.hex(),
                "chunk_root": sealed.chunk_root.hex(),
                "size": sealed.size,
                "parent_sha256": source.sha256.hex(),
                "maker": made.maker,
                "reference": used,
                "recovered": {**made.report, "skipped": made.report["skipped"][:_RANGES]},
                **({"replaces": replaced} if replaced else {}),
            }
            custody.append(
                tx, Event.RENDITION_MADE, actor=ACTOR, recording=recording_id, details=details, clock=self._clock
            )
            self._show(tx, source, rendition_id, made.report)
            return sealed.object_id

        return record

    def _put(
        self, tx: Connection, rendition_id: str, made: Repaired, used: dict[str, Any] | None, sealed: SealedObject
    ) -> str | None:
        """Put the copy in its place; the SHA-256 of the one that was there, which stays under another name."""
        before = tx.execute(sa.select(rendition).where(rendition.c.id == rendition_id)).one()
        values = {
            "state": RenditionState.READY.value,
            "object_id": sealed.object_id,
            "media_type": made.media_type,
            "made_by": made.maker,
            "details": {**made.report, "reference": used},
            "problem": None,
            "ready_at": self._clock.now(),
        }
        tx.execute(rendition.update().where(rendition.c.id == rendition_id).values(values))
        if before.object_id is None:
            return None
        kept = new_id()
        row = {**before._mapping, "id": kept, "kind": superseded(RenditionKind.REPAIRED, kept)}
        tx.execute(rendition.insert(), row)
        return self._vault.look_up(tx, before.object_id).sha256.hex()

    def _show(self, tx: Connection, source: sa.Row[Any], rendition_id: str, report: dict[str, Any]) -> None:
        """Have viewing copies made of the repaired one: those that there are none of, that could not be made of the
        original or show no picture of it, and those of the repaired copy before."""
        wanted = set(wanted_renditions(bool(report["pictures"]), report["sound"] == "recovered"))
        streams = source.claims.get("media", {}).get("streams", ())
        blind = bool(report["pictures"]) and not any(one["type"] == "video" and one["decoded"] for one in streams)
        part_id = source.id
        for found in renditions_of(tx, part_id):
            if found.kind is RenditionKind.REPAIRED:
                continue
            again = blind or bool((found.details or {}).get("made_of"))
            if found.state is RenditionState.FAILED or (found.state is RenditionState.READY and again):
                kind = superseded(found.kind, found.id)
                tx.execute(rendition.update().where(rendition.c.id == found.id).values(kind=kind))
            else:
                wanted.discard(found.kind)
        kinds = [kind for kind in RenditionKind if kind in wanted]
        want_viewing_copies(tx, self._jobs, self._clock, part_id, kinds, of=rendition_id)

    # failing

    def _failing(self, source: sa.Row[Any], rendition_id: str, problem: str) -> Callable[[Connection], None]:
        def fail(tx: Connection) -> None:
            _set_state(tx, rendition_id, RenditionState.FAILED, problem)
            recording_id = tx.scalar(sa.select(part.c.recording_id).where(part.c.id == source.id))
            details = {
                "rendition": rendition_id,
                "kind": RenditionKind.REPAIRED.value,
                "parent_sha256": source.sha256.hex(),
                "maker": REPAIRER,
                "problem": problem,
            }
            custody.append(
                tx, Event.RENDITION_FAILED, actor=ACTOR, recording=recording_id, details=details, clock=self._clock
            )

        return fail

    def give_up(self, tx: Connection, failure: Failure) -> None:
        """Put on record that nothing will come of it, in the transaction that ends the job."""
        part_id = failure.job.params["part"]
        source = tx.execute(sa.select(part).where(part.c.id == part_id)).first()
        present = _present(tx, part_id)
        if source is not None and present is not None and present.job_id == failure.job.id:
            self._failing(source, present.id, failure.problem)(tx)


def _present(tx: Connection, part_id: str) -> Rendition | None:
    return next((one for one in renditions_of(tx, part_id) if one.kind is RenditionKind.REPAIRED), None)


def _set_state(tx: Connection, rendition_id: str, state: RenditionState, problem: str | None = None) -> None:
    """Set the state of a copy that is not ready; of one that is, only what the last attempt came to."""
    mine = rendition.c.id == rendition_id
    tx.execute(rendition.update().where(mine).values(problem=problem))
    not_ready = rendition.c.state != RenditionState.READY.value
    tx.execute(rendition.update().where(mine, not_ready).values(state=state.value))
