"""The job that makes marked copies: `discovery.mark@1`. It can be killed anywhere.

Part by part, every side's copy in one pass over the viewing copy. What is made is sealed first, then recorded in a
transactional step together with its custody event; a second run makes only what is missing. A part that cannot be made
does not keep the others from being made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.database import Database
from candor.core.limited import LimitedCancelled, LimitedError, LimitedHeldUp, LimitedKilled, LimitedUnavailable
from candor.custody import Event, append
from candor.disclosure.discovery import marks
from candor.disclosure.discovery.marks import JOB, Unmade
from candor.disclosure.discovery.reading import by_id
from candor.disclosure.discovery.rules import MarkState, PartySide
from candor.disclosure.discovery.tables import discovery_mark
from candor.footage.media import MARKER, Marked, mark_copies
from candor.footage.rules import RenditionKind
from candor.footage.tables import part, rendition
from candor.jobs import Failure, JobContext, Jobs, JobStopped
from candor.redaction.sources import has_key
from candor.store import KeyDestroyed, ObjectAltered, ObjectArchived, ObjectMissing, SealedObject, Vault

__all__ = ["KIND", "SYSTEM", "register"]

#: Of the sealed objects.
KIND = "discovery-mark"
SYSTEM = "system:marks"
#: What another attempt may do better.
_PASSING = (LimitedCancelled, LimitedHeldUp, LimitedKilled, LimitedUnavailable)
#: What another attempt would meet again.
_LASTING = (LimitedError, KeyDestroyed, ObjectAltered, ObjectMissing)


def register(
    jobs: Jobs, database: Database, vault: Vault, *, clock: Clock | None = None, scratch: Path | None = None
) -> None:
    """Have this process know how to do it. `scratch`: a folder for encrypted temporary files."""
    work = _Marking(database, vault, clock or SystemClock(), scratch)
    jobs.register(JOB, work.make, on_failure=work.give_up)


class _Marking:
    def __init__(self, database: Database, vault: Vault, clock: Clock, scratch: Path | None) -> None:
        self._database, self._vault, self._clock, self._scratch = database, vault, clock, scratch

    def make(self, context: JobContext, params: dict[str, Any]) -> None:
        """Make every marked copy of a discovery that is missing and can be made."""
        discovery_id, after, count = params["discovery"], "", 0
        passing: LimitedError | None = None
        with self._database.read() as tx:
            total = max(1, marks.unmade(tx, discovery_id))
        while not context.cancelled():
            found = self._next(discovery_id, after)
            if found is None:
                break
            begun, after, count = count / total, found.part_id, count + 1
            try:
                self._part(context, discovery_id, found, begun, 1 / total)
            except _PASSING as error:
                passing = error  # the others first, then another attempt
            except ObjectArchived:
                continue  # it waits, and is asked for again when it is back
            except _LASTING as error:
                self._fail(context, discovery_id, found, str(error))
        if passing is not None and not context.cancelled():
            raise passing

    def _next(self, discovery_id: str, after: str) -> Unmade | None:
        with self._database.read() as tx:
            return marks.next_unmade(tx, discovery_id, after) if marks.is_given(tx, discovery_id) else None

    def _part(self, context: JobContext, discovery_id: str, found: Unmade, begun: float, share: float) -> None:
        with self._database.read() as tx:
            given = by_id(tx, discovery_id)
            texts = {side.value: marks.parts_of_mark(tx, given, side) for side in found.sides}
            stream = self._vault.open(tx, found.object_id)
        with stream:
            made = mark_copies(
                cast(BinaryIO, stream),
                texts,
                lambda done: context.progress(min(1.0, begun + done * share)),
                context.cancelled,
                scratch=self._scratch,
            )
        with contextlib.ExitStack() as files:
            for one in made.values():
                files.callback(one.file.close)
            self._keep(context, discovery_id, found, made)

    def _keep(self, context: JobContext, discovery_id: str, found: Unmade, made: Mapping[str, Marked]) -> None:
        """Seal what was made, and record it; what is not wanted any more is thrown away."""
        sealed: dict[str, SealedObject] = {}
        try:
            for name, one in made.items():
                sealed[name] = self._vault.seal(KIND, cast(Any, one.file))
        except BaseException:  # the disk is full, say: what was sealed before must not stay on it
            self._discard(sealed.values(), ())
            raise
        try:
            kept = context.transaction(
                f"record {found.part_id}", lambda tx: self._record(tx, discovery_id, found, made, sealed)
            )
        except JobStopped:  # nothing was recorded
            self._discard(sealed.values(), ())
            raise
        self._discard(sealed.values(), kept)

    def _discard(self, sealed: Iterable[SealedObject], but: Collection[str]) -> None:
        for one in sealed:
            if one.object_id not in but:
                self._vault.discard(one)

    def _record(
        self,
        tx: Connection,
        discovery_id: str,
        found: Unmade,
        made: Mapping[str, Marked],
        sealed: Mapping[str, SealedObject],
    ) -> list[str]:
        """The objects that are recorded now."""
        if not has_key(tx, found.object_id):
            return []  # destroyed while this was being made: a copy must not outlive it
        if not marks.is_given(tx, discovery_id):
            return []  # closed while this was being made
        proxy = rendition.c.part_id == found.part_id, rendition.c.kind == RenditionKind.PROXY.value
        if tx.scalar(sa.select(rendition.c.id).where(*proxy)) != found.parent:
            return []  # another viewing copy took its place meanwhile
        kept = []
        for side, copy_id in found.sides.items():
            one, its = made[side.value], sealed[side.value]
            waiting = discovery_mark.c.id == copy_id, discovery_mark.c.state == MarkState.WAITING.value
            values = {
                "state": MarkState.READY.value,
                "rendition_id": found.parent,
                "parent_sha256": found.sha256,
                "object_id": its.object_id,
                "media_type": one.media_type,
                "made_by": one.maker,
                "details": one.details,
                "problem": None,
                "ready_at": self._clock.now(),
            }
            if not tx.execute(discovery_mark.update().where(*waiting).values(**values)).rowcount:
                continue  # it is there, or nobody wants it any more
            self._vault.record(tx, its)
            kept.append(its.object_id)
            details = {
                "copy": copy_id,
                "side": side.value,
                "sha256": its.sha256.hex(),
                "chunk_root": its.chunk_root.hex(),
                "size": its.size,
                "maker": one.maker,
            }
            self._append(tx, Event.DISCOVERY_MARKED, discovery_id, found, details)
        return kept

    def _fail(self, context: JobContext, discovery_id: str, found: Unmade, problem: str) -> None:
        context.transaction(f"fail {found.part_id}", lambda tx: self._failed(tx, discovery_id, found, problem))

    def _failed(self, tx: Connection, discovery_id: str, found: Unmade, problem: str) -> None:
        failed: list[PartySide] = []
        for side, copy_id in found.sides.items():
            waiting = discovery_mark.c.id == copy_id, discovery_mark.c.state == MarkState.WAITING.value
            values = {"state": MarkState.FAILED.value, "problem": problem, "rendition_id": found.parent}
            if tx.execute(discovery_mark.update().where(*waiting).values(**values)).rowcount:
                failed.append(side)
        if failed:
            details = {"sides": [side.value for side in failed], "maker": MARKER, "problem": problem}
            self._append(tx, Event.DISCOVERY_MARK_FAILED, discovery_id, found, details)

    def give_up(self, tx: Connection, failure: Failure) -> None:
        """Put on record that what the job has not made will not come, in the transaction that ends the job."""
        discovery_id, after = failure.job.params["discovery"], ""
        while (found := marks.next_unmade(tx, discovery_id, after)) is not None:
            after = found.part_id
            self._failed(tx, discovery_id, found, failure.problem)

    def _append(
        self, tx: Connection, event: Event, discovery_id: str, found: Unmade, details: Mapping[str, Any]
    ) -> None:
        row = tx.execute(sa.select(part.c.recording_id, part.c.number).where(part.c.id == found.part_id)).one()
        told = {
            "discovery": discovery_id,
            "part": row.number,
            "parent": found.parent,
            "parent_sha256": found.sha256.hex(),
            **details,
        }
        append(tx, event, actor=SYSTEM, recording=row.recording_id, details=told, clock=self._clock)
