"""The job that makes renditions.

It can be killed anywhere. What is made is sealed first, then recorded in a transactional step together with its
custody event; a second run makes only what is missing. A wrapped key never becomes the result of a step: it would
outlive the key's destruction in the job's record.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.database import Database
from candor.core.limited import LimitedCancelled, LimitedError, LimitedHeldUp, LimitedKilled, LimitedUnavailable
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import repair_jobs, signature_jobs
from candor.footage.media import MAKERS, RenditionResult, make_renditions
from candor.footage.renditions import JOB, Rendition, renditions_of
from candor.footage.rules import RENDITION_WORDS, RenditionKind, RenditionState
from candor.footage.tables import part, rendition
from candor.jobs import Failure, JobContext, Jobs, JobStopped
from candor.store import KeyDestroyed, SealedObject, Vault
from candor.store.tables import vault_object

__all__ = ["register"]

ACTOR = "system:renditions"


def register(
    jobs: Jobs,
    database: Database,
    vault: Vault,
    *,
    clock: Clock | None = None,
    scratch: Path | None = None,
    trust: Path | None = None,
) -> None:
    """Have this process know how to make renditions, to repair and to check signatures. `scratch`: a folder for
    encrypted temporary files; `trust`: one of the roots whose certificates the agency trusts."""
    maker = _Maker(database, vault, clock or SystemClock(), scratch)
    jobs.register(JOB, maker.make, on_failure=maker.give_up)
    repair_jobs.register(jobs, database, vault, clock=clock or SystemClock(), scratch=scratch)
    signature_jobs.register(jobs, database, vault, clock=clock or SystemClock(), trust=trust)


@dataclass(frozen=True)
class _Source:
    """What viewing copies are made of."""

    recording_id: str
    object_id: str
    sha256: bytes
    told: dict[str, Any]
    """What its copies say of it: nothing of an original."""


class _Maker:
    def __init__(self, database: Database, vault: Vault, clock: Clock, scratch: Path | None) -> None:
        self._database, self._vault, self._clock, self._scratch = database, vault, clock, scratch

    def make(self, context: JobContext, params: dict[str, Any]) -> None:
        """Make every rendition of a part that is not ready."""
        part_id = params["part"]
        with self._database.read() as tx:
            source = _source(tx, part_id, params.get("of"))
            missing = _missing(tx, part_id)
        if not missing:
            return
        context.transaction("begin", lambda tx: _set_state(tx, missing, RenditionState.MAKING))
        try:
            with self._database.read() as tx:
                stream = self._vault.open(tx, source.object_id)
            with stream:
                made = make_renditions(
                    cast(BinaryIO, stream),
                    [found.kind.value for found in missing],
                    context.progress,
                    context.cancelled,
                    scratch=self._scratch,
                )
        except (LimitedCancelled, LimitedHeldUp, LimitedKilled, LimitedUnavailable):
            # Stopped from outside: the job goes on later, or was wanted no more. What passes is worth another attempt.
            if context.cancelled():
                return
            raise
        except (LimitedError, KeyDestroyed) as error:
            self._fail(context, source, missing, str(error))
            return
        with contextlib.ExitStack() as files:
            for result in made.values():
                files.callback(result.file.close)
            self._keep(context, source, missing, made)

    def _keep(
        self, context: JobContext, source: _Source, missing: list[Rendition], made: dict[str, RenditionResult]
    ) -> None:
        for found in missing:
            result = made.get(found.kind.value)
            if result is None:
                words = f"There is nothing in the file to make a {RENDITION_WORDS[found.kind]} of."
                self._fail(context, source, [found], words)
                continue
            with contextlib.closing(result.file):
                sealed = self._vault.seal(found.kind.value, cast(Any, result.file))
            try:
                recorded = context.transaction(f"record {found.kind}", self._recording(source, found, result, sealed))
            except JobStopped:  # nothing was recorded; of footage that is destroyed nothing is left lying about
                self._vault.discard(sealed)
                raise
            if recorded != sealed.object_id:
                self._vault.discard(sealed)

    def _recording(
        self, source: _Source, found: Rendition, result: RenditionResult, sealed: SealedObject
    ) -> Callable[[Connection], str]:
        """The transactional step that makes a rendition ready; it returns the object that is."""

        def record(tx: Connection) -> str:
            if not _has_key(tx, source.object_id):
                return ""  # destroyed while this was being made: a copy must not outlive it
            self._vault.record(tx, sealed)
            tx.execute(
                rendition.update()
                .where(rendition.c.id == found.id)
                .values(
                    state=RenditionState.READY.value,
                    object_id=sealed.object_id,
                    media_type=result.media_type,
                    made_by=result.maker,
                    details=result.details | source.told,
                    problem=None,
                    ready_at=self._clock.now(),
                )
            )
            details = {
                "rendition": found.id,
                "kind": found.kind.value,
                "sha256": sealed.sha256.hex(),
                "chunk_root": sealed.chunk_root.hex(),
                "size": sealed.size,
                "parent_sha256": source.sha256.hex(),
                "maker": result.maker,
                **source.told,
            }
            self._append(tx, Event.RENDITION_MADE, source.recording_id, details)
            return sealed.object_id

        return record

    def _fail(self, context: JobContext, source: _Source, missing: list[Rendition], problem: str) -> None:
        for found in missing:
            context.transaction(f"fail {found.kind}", self._failing(source, found, problem))

    def _failing(self, source: _Source, found: Rendition, problem: str) -> Callable[[Connection], None]:
        def fail(tx: Connection) -> None:
            if not _set_state(tx, [found], RenditionState.FAILED, problem):
                return
            details = {
                "rendition": found.id,
                "kind": found.kind.value,
                "parent_sha256": source.sha256.hex(),
                "maker": MAKERS[found.kind.value],
                "problem": problem,
                **source.told,
            }
            self._append(tx, Event.RENDITION_FAILED, source.recording_id, details)

        return fail

    def give_up(self, tx: Connection, failure: Failure) -> None:
        """Put on record that what the job has not made will not come, in the transaction that ends the job."""
        part_id = failure.job.params["part"]
        if tx.execute(sa.select(part.c.id).where(part.c.id == part_id)).first() is None:
            return
        source = _source(tx, part_id, failure.job.params.get("of"))
        for found in _missing(tx, part_id):
            self._failing(source, found, failure.problem)(tx)

    def _append(self, tx: Connection, event: Event, recording_id: str, details: dict[str, Any]) -> None:
        custody.append(tx, event, actor=ACTOR, recording=recording_id, details=details, clock=self._clock)


def _source(tx: Connection, part_id: str, of: str | None) -> _Source:
    """What the viewing copies of a part are made of: the original, or its repaired copy."""
    original = tx.execute(sa.select(part).where(part.c.id == part_id)).one()
    if of is None:
        return _Source(original.recording_id, original.object_id, original.sha256, {})
    columns = rendition.c.object_id, vault_object.c.sha256
    joined = rendition.join(vault_object, vault_object.c.object_id == rendition.c.object_id)
    found = tx.execute(sa.select(*columns).select_from(joined).where(rendition.c.id == of)).first()
    if found is None:  # it was destroyed meanwhile, and the part with it: opening it says so
        return _Source(original.recording_id, original.object_id, original.sha256, {})
    told = {"made_of": {"rendition": of, "kind": RenditionKind.REPAIRED.value, "sha256": found.sha256.hex()}}
    return _Source(original.recording_id, found.object_id, found.sha256, told)


def _missing(tx: Connection, part_id: str) -> list[Rendition]:
    """The viewing copies that are not ready."""
    return [
        found
        for found in renditions_of(tx, part_id)
        if found.kind is not RenditionKind.REPAIRED and found.state is not RenditionState.READY
    ]


def _has_key(tx: Connection, object_id: str) -> bool:
    """Whether an object still has its key; held so until the transaction ends."""
    query = sa.select(vault_object.c.key_destroyed_at).where(vault_object.c.object_id == object_id)
    return tx.execute(query.with_for_update(read=True)).scalar_one() is None


def _set_state(tx: Connection, which: list[Rendition], state: RenditionState, problem: str | None = None) -> int:
    """Set the state of those that are not ready; how many that were."""
    chosen = rendition.c.id.in_([found.id for found in which]), rendition.c.state != RenditionState.READY.value
    values: dict[str, Any] = {"state": state.value} | ({} if problem is None else {"problem": problem})
    return tx.execute(rendition.update().where(*chosen).values(values)).rowcount
