"""The job that makes a redacted copy and proves it: `redaction.render@1`.

It can be killed anywhere. The copy is sealed first and recorded in a transactional step; a second run goes on with the
proof. The copy counts when its proof, its signed edit list and its pictures for lists are there too: all of that is
recorded in one step, with its custody event.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.settings import Settings
from candor.custody import CustodyLog
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.errors import FootageError
from candor.footage.media import make_renditions
from candor.jobs import Failure, JobContext, Jobs, JobStopped
from candor.redaction.detecting import FINDABLE
from candor.redaction.detection_jobs import LASTING, PASSING
from candor.redaction.documents import document_at
from candor.redaction.edit_list import Sealed, event_details, list_of, signed
from candor.redaction.errors import RedactionError
from candor.redaction.media.plan import Plan
from candor.redaction.media.render import Quality, Rendered, render
from candor.redaction.model import PartDocument, Style
from candor.redaction.models import Detector, detectors_for
from candor.redaction.models.errors import ModelError
from candor.redaction.proving import Proof, prove
from candor.redaction.redactions import SYSTEM
from candor.redaction.rendering import RENDER_JOB
from candor.redaction.rules import CopyState, PartState
from candor.redaction.sources import Source, has_key, source_of
from candor.redaction.tables import redacted_copy, redaction, redaction_part
from candor.redaction.watched import watched_of
from candor.store import SealedObject, Vault

__all__ = ["register"]

#: Shares of the job: making the copy, what is made of it, proving it.
_RENDER: Final = 0.55
_PICTURES: Final = 0.6
_PICTURE_KINDS: Final = ("poster", "filmstrip", "waveform")


def register(
    jobs: Jobs,
    database: Database,
    vault: Vault,
    log: CustodyLog,
    settings: Settings,
    *,
    clock: Clock,
    scratch: Path | None = None,
) -> None:
    """Have this process know how to do it. `scratch`: a folder for encrypted temporary files."""
    work = _Rendering(database, vault, log, settings, clock, scratch)
    jobs.register(RENDER_JOB, work.make, on_failure=work.give_up)


class _Work:
    """What a copy is made of."""

    def __init__(self, tx: Connection, vault: Vault, row: Any) -> None:
        its = redaction_part.c.redaction_id == row.redaction_id, redaction_part.c.part_id == row.part_id
        whole = tx.execute(sa.select(redaction_part).where(*its)).one()
        self.row = row
        self.source: Source = source_of(tx, row.part_id, whole.source_rendition_id)
        self.plan = Plan.of(whole.picture, whole.frames, whole.facts)
        _, document = document_at(tx, vault, row.redaction_id, row.edit)
        self.part: PartDocument = document.part(row.part_id)
        self.style: Style = document.style
        self.searched = whole.state == PartState.READY.value
        asked = tx.execute(sa.select(redaction.c.wanted).where(redaction.c.id == row.redaction_id)).scalar_one()
        self.kinds = {*asked["kinds"], *asked.get("ever", ())}
        self.kinds |= {one.kind.value for one in self.part.tracks.values()}


class _Rendering:
    def __init__(
        self,
        database: Database,
        vault: Vault,
        log: CustodyLog,
        settings: Settings,
        clock: Clock,
        scratch: Path | None,
    ) -> None:
        self._database, self._vault, self._log = database, vault, log
        self._settings, self._clock, self._scratch = settings, clock, scratch

    def make(self, context: JobContext, params: dict[str, Any]) -> None:
        """Make a copy, and prove it."""
        copy_id = params["copy"]
        try:
            with self._database.read() as tx:
                row = _row(tx, copy_id)
                if row is None or row.state in (CopyState.READY.value, CopyState.FAILED.value):
                    return
                work = _Work(tx, self._vault, row)
            if row.copy_object_id is None and not self._made(context, work):
                return
            self._proved(context, copy_id, work)
        except PASSING:
            if context.cancelled():
                return
            raise
        except (*LASTING, RedactionError, FootageError) as error:
            problem = str(error)
            context.transaction("fail", lambda tx: self._failed(tx, copy_id, problem))

    def _made(self, context: JobContext, work: _Work) -> bool:
        """Make and record the copy; False when it is wanted no more."""
        context.transaction("begin", lambda tx: _set(tx, work.row.id, CopyState.MAKING))
        with self._opened(work.source.object_id) as stream:
            made = render(
                stream,
                work.plan,
                work.part,
                work.style,
                Quality(**work.row.wanted),
                progress=lambda done: context.progress(done * _RENDER),
                cancelled=context.cancelled,
                scratch=self._scratch,
            )
        with contextlib.closing(made.file):
            sealed = self._vault.seal("redacted", cast(Any, made.file))
        return self._record(context, "record copy", [sealed], lambda tx: self._copy_made(tx, work, made, sealed))

    def _copy_made(self, tx: Connection, work: _Work, made: Rendered, sealed: SealedObject) -> str:
        row = _row(tx, work.row.id, hold=True)
        if row is None or row.copy_object_id is not None or row.state == CopyState.FAILED.value:
            return ""
        if not has_key(tx, work.source.object_id):
            return ""  # destroyed while this was being made: a copy must not outlive it
        self._vault.record(tx, sealed)
        tx.execute(
            redacted_copy.update()
            .where(redacted_copy.c.id == row.id)
            .values(
                state=CopyState.PROVING.value,
                copy_object_id=sealed.object_id,
                sha256=sealed.sha256,
                size=sealed.size,
                made_by=made.maker,
                details=made.details,
            )
        )
        return sealed.object_id

    def _proved(self, context: JobContext, copy_id: str, work: _Work) -> None:
        with self._database.read() as tx:
            row = _row(tx, copy_id)
            watched = watched_of(tx, row.redaction_id).get(row.part_id)
        pictures = self._pictures(context, row.copy_object_id)
        detectors, unlooked = self._detectors(work)
        with self._opened(work.source.object_id) as original, self._opened(row.copy_object_id) as copy:
            proof = prove(
                original,
                copy,
                work.plan,
                work.part,
                work.style,
                {**row.details, "unlooked": unlooked, "searched": work.searched},
                detectors,
                progress=lambda done: context.progress(_PICTURES + done * (1 - _PICTURES)),
                cancelled=context.cancelled,
            )
        told = {**work.source.told, "method": row.details.get("method", "")}
        found = list_of(
            work.plan,
            work.part,
            work.style,
            {**row.details, "facts": {**row.details.get("facts", {}), **told}},
            proof,
            recording=work.source.recording_id,
            number=work.source.part_number,
            redaction=row.redaction_id,
            copy_id=copy_id,
            edit=row.edit,
            made_at=self._clock.now(),
            original=Sealed(work.source.sha256.hex(), work.source.size),
            copy=Sealed(row.sha256.hex(), row.size),
            watched=0 if watched is None else watched.thousandths,
        )
        data = signed(self._log, found)
        sealed = {
            "proof": self._vault.seal("redaction-proof", io.BytesIO(proof.encode())),
            "list": self._vault.seal("redaction-list", io.BytesIO(data)),
            **{name: self._vault.seal(f"redacted-{name}", file) for name, file in pictures.items()},
        }
        details = {**event_details(found, data), **told}
        self._record(
            context,
            "record proof",
            list(sealed.values()),
            lambda tx: self._proof_made(tx, work, copy_id, proof, sealed, details),
        )

    def _proof_made(
        self,
        tx: Connection,
        work: _Work,
        copy_id: str,
        proof: Proof,
        sealed: dict[str, SealedObject],
        details: dict[str, Any],
    ) -> str:
        row = _row(tx, copy_id, hold=True)
        if row is None or row.state != CopyState.PROVING.value or not has_key(tx, work.source.object_id):
            return ""
        for one in sealed.values():
            self._vault.record(tx, one)
        objects = {f"{name}_object_id": one.object_id for name, one in sealed.items()}
        values = {"state": CopyState.READY.value, "verdict": proof.verdict.value, "ready_at": self._clock.now()}
        tx.execute(redacted_copy.update().where(redacted_copy.c.id == copy_id).values(**values, **objects))
        self._append(tx, Event.REDACTION_RENDERED, work.source.recording_id, details)
        return sealed["proof"].object_id

    def _pictures(self, context: JobContext, object_id: str) -> dict[str, Any]:
        """Poster, filmstrip and waveform, of the copy and of nothing else."""
        with self._opened(object_id) as stream:
            made = make_renditions(
                stream,
                _PICTURE_KINDS,
                lambda done: context.progress(_RENDER + done * (_PICTURES - _RENDER)),
                context.cancelled,
                scratch=self._scratch,
            )
        return {name: one.file for name, one in made.items()}

    def _detectors(self, work: _Work) -> tuple[list[Detector], list[str]]:
        """Everything here that could find what is hidden, first and second choices alike; and the kinds that nothing
        here can find, of which the proof says that they were not looked for."""
        found: dict[str, Detector] = {}
        unlooked = []
        for kind in FINDABLE:
            if kind.value not in work.kinds:
                continue
            some: list[Detector] = []
            for second in (False, True):
                with contextlib.suppress(ModelError):
                    some += detectors_for(self._database, self._vault, self._settings, [kind], second=second)
            found |= {one.name: one for one in some}
            unlooked += [] if some else [kind.value]
        return list(found.values()), unlooked

    def _opened(self, object_id: str) -> BinaryIO:
        with self._database.read() as tx:
            return cast(BinaryIO, self._vault.open(tx, object_id))

    def _record(
        self, context: JobContext, name: str, sealed: list[SealedObject], act: Callable[[Connection], str]
    ) -> bool:
        """Record sealed objects in a transactional step, which returns the first one's name, or throw them away."""
        try:
            recorded = context.transaction(name, act)
        except JobStopped:
            for one in sealed:
                self._vault.discard(one)
            raise
        if recorded != sealed[0].object_id:
            for one in sealed:
                self._vault.discard(one)
        return bool(recorded)

    def _failed(self, tx: Connection, copy_id: str, problem: str) -> None:
        row = _row(tx, copy_id, hold=True)
        if row is None or row.state in (CopyState.READY.value, CopyState.FAILED.value):
            return
        values = {"state": CopyState.FAILED.value, "problem": problem, "ready_at": self._clock.now()}
        tx.execute(redacted_copy.update().where(redacted_copy.c.id == copy_id).values(**values))
        source = source_of(tx, row.part_id, None)
        details = {"redaction": row.redaction_id, "copy": copy_id, "part": source.part_number, "edit": row.edit}
        self._append(tx, Event.REDACTION_RENDER_FAILED, source.recording_id, {**details, "problem": problem})

    def give_up(self, tx: Connection, failure: Failure) -> None:
        """Put on record that the copy will not come, in the transaction that ends the job."""
        self._failed(tx, failure.job.params["copy"], failure.problem)

    def _append(self, tx: Connection, event: Event, recording_id: str, details: dict[str, Any]) -> None:
        custody.append(tx, event, actor=SYSTEM, recording=recording_id, details=details, clock=self._clock)


def _row(tx: Connection, copy_id: str, *, hold: bool = False) -> Any:
    query = sa.select(redacted_copy).where(redacted_copy.c.id == copy_id)
    return tx.execute(query.with_for_update() if hold else query).first()


def _set(tx: Connection, copy_id: str, state: CopyState) -> None:
    waiting = redacted_copy.c.id == copy_id, redacted_copy.c.state == CopyState.WAITING.value
    tx.execute(redacted_copy.update().where(*waiting).values(state=state.value))
