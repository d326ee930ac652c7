"""The jobs that look through parts: `redaction.detect@1`, a `redaction.segment@1` for each stretch, `redaction.join@1`.

Each can be killed anywhere. What is made is sealed first and recorded in a transactional step; a second run makes only
what is missing. Jobs never wait for each other: the step that records the last stretch enqueues the joining. Whatever
belongs to an earlier run, or to a recording that was destroyed meanwhile, is thrown away.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.limited import (
    LimitedCancelled,
    LimitedError,
    LimitedHeldUp,
    LimitedKilled,
    LimitedRefused,
    LimitedUnavailable,
)
from candor.core.settings import Settings
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.media.findings import PROBLEMS
from candor.jobs import Failure, JobContext, Jobs, JobStopped
from candor.redaction.acts import Detected
from candor.redaction.detecting import DETECT_JOB, JOIN_JOB, SEGMENT_JOB
from candor.redaction.documents import acts_of, document_at, encode_tracks
from candor.redaction.edits import touched_tracks, write_acts
from candor.redaction.media.analysis import SegmentResult, analyse
from candor.redaction.media.joining import join
from candor.redaction.media.plan import Plan, Segment, look, segments
from candor.redaction.model import Kind, Origin, Track
from candor.redaction.models import detectors_for
from candor.redaction.models.errors import ModelError
from candor.redaction.redactions import SYSTEM
from candor.redaction.rules import KIND_WORDS, PartState, Profile
from candor.redaction.sources import Source, has_key, source_of
from candor.redaction.tables import redaction, redaction_edit, redaction_part, redaction_segment
from candor.store import KeyDestroyed, ObjectArchived, SealedObject, Vault

__all__ = ["register"]

#: Stopped from outside: the job goes on later, or was wanted no more. What passes is worth another attempt.
PASSING = (LimitedCancelled, LimitedHeldUp, LimitedKilled, LimitedUnavailable)
#: What another attempt would meet again.
LASTING = (LimitedError, KeyDestroyed, ObjectArchived)

#: What a file is refused for, in words that say how to go on; other refusals stand for themselves.
REFUSED_WORDS: Final = {
    "no-picture": "There is no picture in it that can be decoded. Sound alone is not redacted here.",
    "not-media": f"{PROBLEMS['not-media']} Where it can be repaired, have that done and begin a new redaction.",
}


def register(jobs: Jobs, database: Database, vault: Vault, settings: Settings, *, clock: Clock) -> None:
    """Have this process know how to do them."""
    work = _Detection(jobs, database, vault, settings, clock)
    jobs.register(DETECT_JOB, work.detect, on_failure=work.give_up)
    jobs.register(SEGMENT_JOB, work.segment, on_failure=work.give_up)
    jobs.register(JOIN_JOB, work.join, on_failure=work.give_up)


class _Detection:
    def __init__(self, jobs: Jobs, database: Database, vault: Vault, settings: Settings, clock: Clock) -> None:
        self._jobs, self._database, self._vault = jobs, database, vault
        self._settings, self._clock = settings, clock

    def detect(self, context: JobContext, params: dict[str, Any]) -> None:
        """Find out what there is in a part, and have its stretches looked through."""
        with self._database.read() as tx:
            row = current(tx, params)
            source = None if row is None else source_of(tx, params["part"], row.source_rendition_id)
        if row is None or source is None:
            return
        plan: Plan | None = None if row.facts is None else Plan.of(row.picture, row.frames, row.facts)
        if plan is None:
            try:
                with self._opened(source) as stream:
                    plan = look(stream, progress=context.progress, cancelled=context.cancelled)
            except PASSING:
                if context.cancelled():
                    return
                raise
            except LASTING as error:
                self._fail(context, params, error)
                return
        known = plan
        context.transaction("plan", lambda tx: self._planned(tx, params, source, known))

    def _planned(self, tx: Connection, params: dict[str, Any], source: Source, plan: Plan) -> None:
        row = current(tx, params, hold=True)
        if row is None or not has_key(tx, source.object_id):
            return
        kinds = _wanted(tx, params)["kinds"]
        values = {"picture": plan.picture.to_json(), "frames": plan.frames.to_json(), "facts": plan.facts()}
        state = PartState.RUNNING if kinds else PartState.PLANNED
        tx.execute(redaction_part.update().where(*_part(params)).values(state=state.value, **values))
        for one in segments(plan) if kinds else ():
            job_id = self._jobs.enqueue(tx, SEGMENT_JOB, {**params, "number": one.number})
            tx.execute(
                redaction_segment.insert().values(
                    redaction_id=params["redaction"],
                    part_id=params["part"],
                    run=params["run"],
                    state=PartState.WAITING.value,
                    job_id=job_id,
                    **one.to_json(),
                )
            )

    def segment(self, context: JobContext, params: dict[str, Any]) -> None:
        """Look through one stretch."""
        with self._database.read() as tx:
            row = current(tx, params)
            stretch = tx.execute(sa.select(redaction_segment).where(*_stretch(params))).first()
            if row is None or stretch is None or stretch.state == PartState.READY.value:
                return
            source = source_of(tx, params["part"], row.source_rendition_id)
            asked = _wanted(tx, params)
        plan = Plan.of(row.picture, row.frames, row.facts)
        context.transaction("begin", lambda tx: _set_stretch(tx, params, PartState.RUNNING))
        try:
            detectors = detectors_for(
                self._database, self._vault, self._settings, [Kind(one) for one in asked["kinds"]]
            )
            with self._opened(source) as stream:
                result = analyse(
                    stream,
                    plan,
                    Segment(stretch.number, stretch.begin, stretch.until),
                    detectors,
                    Profile(asked["profile"]),
                    progress=context.progress,
                    cancelled=context.cancelled,
                )
        except PASSING:
            if context.cancelled():
                return
            raise
        except (*LASTING, ModelError) as error:
            self._fail(context, params, error)
            return
        sealed = self._vault.seal("redaction-segment", _json(result.to_json()))
        self._record(context, "record", sealed, lambda tx: self._segment_done(tx, params, source, sealed))

    def _segment_done(self, tx: Connection, params: dict[str, Any], source: Source, sealed: SealedObject) -> str:
        # The part's row is held, so that of two stretches that end at once one sees that both are done.
        if current(tx, params, hold=True) is None or not has_key(tx, source.object_id):
            return ""
        if tx.scalar(sa.select(redaction_segment.c.state).where(*_stretch(params))) == PartState.READY.value:
            return ""
        self._vault.record(tx, sealed)
        values = {"segment_object_id": sealed.object_id, "ready_at": self._clock.now()}
        tx.execute(redaction_segment.update().where(*_stretch(params)).values(state=PartState.READY.value, **values))
        left = sa.select(redaction_segment.c.number).where(
            *_stretches(params), redaction_segment.c.state != PartState.READY.value
        )
        if tx.execute(left.limit(1)).first() is None:
            given = {name: params[name] for name in ("redaction", "part", "run")}
            job_id = self._jobs.enqueue(tx, JOIN_JOB, given)
            tx.execute(redaction_part.update().where(*_part(params)).values(job_id=job_id))
        return sealed.object_id

    def join(self, context: JobContext, params: dict[str, Any]) -> None:
        """Put the tracks of a part together and bring them into the document."""
        with self._database.read() as tx:
            row = current(tx, params)
            if row is None or row.state != PartState.RUNNING.value:
                return
            source = source_of(tx, params["part"], row.source_rendition_id)
            times = tx.scalar(
                sa.select(sa.func.count()).where(
                    redaction_edit.c.redaction_id == params["redaction"], redaction_edit.c.tracks_object_id.is_not(None)
                )
            )
        plan = Plan.of(row.picture, row.frames, row.facts)
        said: dict[str, Any] = {"models": set(), "profile": Profile.DEFAULT.value}
        try:
            tracks = join(plan, self._results(params, said), part=params["part"])
        except LASTING as error:
            self._fail(context, params, error)
            return
        # Names of an earlier run may stand in edits: those of this one are others.
        named = [_named(one, times or 0) for one in tracks]
        sealed = self._vault.seal("redaction-tracks", io.BytesIO(encode_tracks(named)))
        made = {"models": sorted(said["models"]), "profile": said["profile"], "counts": _counts(named)}
        self._record(context, "bring in", sealed, lambda tx: self._bring_in(tx, params, source, sealed, named, made))
        context.step("erase", lambda: self._erase(params))

    def _results(self, params: dict[str, Any], said: dict[str, Any]) -> Iterator[SegmentResult]:
        with self._database.read() as tx:
            query = sa.select(redaction_segment.c.segment_object_id).where(*_stretches(params))
            found = tx.scalars(query.order_by(redaction_segment.c.number)).all()
        for object_id in found:
            with self._database.read() as tx:
                stream = self._vault.open(tx, object_id)
            with stream:
                result = SegmentResult.from_json(json.loads(stream.read()))
            said["models"] |= set(result.models)
            said["profile"] = Profile(result.profile).value
            yield result

    def _bring_in(
        self,
        tx: Connection,
        params: dict[str, Any],
        source: Source,
        sealed: SealedObject,
        tracks: list[Track],
        made: dict[str, Any],
    ) -> str:
        # In the order in which saving and asking hold them: the redaction first, then its part.
        query = sa.select(redaction).where(redaction.c.id == params["redaction"]).with_for_update()
        whole = tx.execute(query).one()
        row = current(tx, params, hold=True)
        if row is None or row.state != PartState.RUNNING.value or not has_key(tx, source.object_id):
            return ""
        if whole.closed_at is not None:
            tx.execute(redaction_part.update().where(*_part(params)).values(state=PartState.PLANNED.value))
            return ""
        self._vault.record(tx, sealed)
        number, now = whole.edit + 1, self._clock.now()
        dropped = self._untouched(tx, params, {Kind(one) for one in whole.wanted["kinds"]})
        tx.execute(
            redaction_edit.insert().values(
                redaction_id=whole.id,
                number=number,
                author=SYSTEM,
                made_at=now,
                words=_words(made["counts"], source.part_number),
                acts=write_acts([Detected(params["part"], (), tuple(dropped))]),
                tracks_object_id=sealed.object_id,
            )
        )
        logged = number if whole.logged_edit == whole.edit else whole.logged_edit
        tx.execute(redaction.update().where(redaction.c.id == whole.id).values(edit=number, logged_edit=logged))
        seconds = round((now - row.begun_at).total_seconds()) if row.begun_at is not None else 0
        found = {**made, "seconds": max(0, seconds), "edit": number}
        values = {"state": PartState.READY.value, "tracks_object_id": sealed.object_id, "ready_at": now}
        tx.execute(redaction_part.update().where(*_part(params)).values(found=found, **values))
        for object_id in tx.scalars(sa.select(redaction_segment.c.segment_object_id).where(*_stretches(params))).all():
            self._vault.destroy_key(tx, object_id)  # what was worked out of an appearance ends with the work
        custody.append(
            tx,
            Event.REDACTION_DETECTED,
            actor=SYSTEM,
            recording=whole.recording_id,
            details={
                "redaction": whole.id,
                "part": source.part_number,
                "sha256": source.sha256.hex(),
                "tracks_sha256": sealed.sha256.hex(),
                "dropped": len(dropped),
                **found,
                **source.told,
            },
            clock=self._clock,
        )
        return sealed.object_id

    def _untouched(self, tx: Connection, params: dict[str, Any], kinds: set[Kind]) -> list[str]:
        """The tracks of earlier runs of the part that nobody touched, of the kinds that were looked for now: looking
        for plates must not uncover the faces that were found before."""
        query = sa.select(redaction_edit.c.acts, redaction_edit.c.tracks_object_id)
        touched = set()
        for row in tx.execute(query.where(redaction_edit.c.redaction_id == params["redaction"])).all():
            if row.tracks_object_id is None:
                touched |= touched_tracks(acts_of(tx, self._vault, row))
        _, before = document_at(tx, self._vault, params["redaction"])
        found = before.part(params["part"]).tracks.values()
        return [
            one.id
            for one in found
            if one.origin is Origin.MODEL and one.kind in kinds and (params["part"], one.id) not in touched
        ]

    def _erase(self, params: dict[str, Any]) -> None:
        """The bytes of the stretches, whose keys are destroyed."""
        with self._database.write() as tx:
            for object_id in tx.scalars(
                sa.select(redaction_segment.c.segment_object_id).where(*_stretches(params))
            ).all():
                self._vault.erase(tx, object_id)

    def _opened(self, source: Source) -> BinaryIO:
        with self._database.read() as tx:
            return cast(BinaryIO, self._vault.open(tx, source.object_id))

    def _record(self, context: JobContext, name: str, sealed: SealedObject, act: Callable[[Connection], str]) -> None:
        """Record a sealed object in a transactional step, or throw it away."""
        try:
            recorded = context.transaction(name, act)
        except JobStopped:
            self._vault.discard(sealed)
            raise
        if recorded != sealed.object_id:
            self._vault.discard(sealed)

    def _fail(self, context: JobContext, params: dict[str, Any], error: Exception) -> None:
        silent = isinstance(error, LimitedRefused) and error.fields.get("code") == "no-picture"
        state = PartState.NO_PICTURE if silent else PartState.FAILED
        code = error.fields.get("code") if isinstance(error, LimitedRefused) else None
        problem = REFUSED_WORDS.get(str(code), str(error))
        context.transaction("fail", lambda tx: self._failed(tx, params, state, problem))

    def _failed(self, tx: Connection, params: dict[str, Any], state: PartState, problem: str) -> None:
        """The part has failed, and nothing more is done of it."""
        if current(tx, params, hold=True) is None:
            return
        values = {"state": state.value, "problem": problem, "ready_at": self._clock.now()}
        tx.execute(redaction_part.update().where(*_part(params)).values(**values))
        open_ones = redaction_segment.c.state.in_([PartState.WAITING.value, PartState.RUNNING.value])
        for row in tx.execute(sa.select(redaction_segment).where(*_stretches(params), open_ones)).all():
            if row.number != params.get("number"):
                self._jobs.cancel(tx, row.job_id)
        failed = redaction_segment.update().where(*_stretches(params), open_ones)
        tx.execute(failed.values(state=PartState.FAILED.value))

    def give_up(self, tx: Connection, failure: Failure) -> None:
        """Put on record that a part will not be looked through, in the transaction that ends the job."""
        self._failed(tx, failure.job.params, PartState.FAILED, failure.problem)


def current(tx: Connection, params: dict[str, Any], *, hold: bool = False) -> Any:
    """The row of the part, if its newest run is the one that a job is about; `hold`: until the transaction ends."""
    query = sa.select(redaction_part).where(*_part(params), redaction_part.c.run == params["run"])
    return tx.execute(query.with_for_update() if hold else query).first()


def _part(params: dict[str, Any]) -> tuple[sa.ColumnElement[bool], ...]:
    return redaction_part.c.redaction_id == params["redaction"], redaction_part.c.part_id == params["part"]


def _stretches(params: dict[str, Any]) -> tuple[sa.ColumnElement[bool], ...]:
    table = redaction_segment.c
    return table.redaction_id == params["redaction"], table.part_id == params["part"], table.run == params["run"]


def _stretch(params: dict[str, Any]) -> tuple[sa.ColumnElement[bool], ...]:
    return *_stretches(params), redaction_segment.c.number == params["number"]


def _set_stretch(tx: Connection, params: dict[str, Any], state: PartState) -> None:
    waiting = redaction_segment.c.state != PartState.READY.value
    tx.execute(redaction_segment.update().where(*_stretch(params), waiting).values(state=state.value))


def _wanted(tx: Connection, params: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = tx.execute(
        sa.select(redaction.c.wanted).where(redaction.c.id == params["redaction"])
    ).scalar_one()
    return found


def _json(value: Any) -> Any:
    return io.BytesIO(json.dumps(value, separators=(",", ":"), allow_nan=False).encode())


def _named(track: Track, earlier: int) -> Track:
    return track if not earlier else Track(**{**vars(track), "id": f"{track.id}.{earlier + 1}"})


def _counts(tracks: list[Track]) -> dict[str, int]:
    return dict(sorted(Counter(one.kind.value for one in tracks).items()))


def _words(counts: dict[str, int], part_number: int) -> str:
    found = ", ".join(f"{count} × {KIND_WORDS[Kind(kind)]}" for kind, count in counts.items())
    return f"Looked through part {part_number}: {found or 'nothing was found'}"
