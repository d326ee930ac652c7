"""Having a redaction's parts looked through: asking for it, and how far it is.

Asking again, for other kinds or more closely, begins a new run of each part; what is under way of an earlier run is
given up. What the new run finds takes the place of what earlier runs found and nobody touched. Whatever a person put,
changed, let stand or took away by name stays as it is: a track that somebody mended stays beside what is found anew,
because a mask too many is seen in review, and one too few is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.jobs import Jobs
from candor.jobs.tables import job
from candor.people.rules import Actor
from candor.redaction.errors import DetectionRefused
from candor.redaction.model import Kind
from candor.redaction.redactions import to_change
from candor.redaction.rules import PartState, Profile
from candor.redaction.tables import redaction, redaction_part, redaction_segment
from candor.store import Vault

__all__ = [
    "DETECT_JOB",
    "JOIN_JOB",
    "SEGMENT_JOB",
    "Progress",
    "ask_for_detection",
    "progress_of",
    "wanted",
]

#: {"redaction", "part", "run"}: what is in the part, and its stretches.
DETECT_JOB: Final = "redaction.detect@1"
#: {"redaction", "part", "run", "number"}: one stretch.
SEGMENT_JOB: Final = "redaction.segment@1"
#: {"redaction", "part", "run"}: the tracks of the part, of all its stretches.
JOIN_JOB: Final = "redaction.join@1"

#: What a model may look for. Regions and whole pictures are drawn by people.
FINDABLE: Final = (Kind.FACE, Kind.PLATE, Kind.SCREEN, Kind.DOCUMENT, Kind.PERSON)
#: Shares of a part's work: looking at its times, and putting tracks together.
_LOOK, _JOIN = 0.02, 0.03
_UNDER_WAY = (PartState.WAITING, PartState.RUNNING)


@dataclass(frozen=True)
class Progress:
    """How far a detection is. `fraction`: 0 to 1 of everything; `seconds_left`: by what it took so far, None while that
    says nothing; `under_way`: whether anything waits or runs; `parts`: (state, fraction) of each, by its identifier."""

    fraction: float
    seconds_left: int | None
    under_way: bool
    parts: dict[str, tuple[PartState, float]]


def wanted(kinds: Iterable[Kind], profile: Profile) -> dict[str, Any]:
    """What is to be looked for, as redaction.wanted has it. Raises DetectionRefused for what no model looks for."""
    chosen = [one for one in Kind if one in set(kinds)]
    wrong = [one.value for one in chosen if one not in FINDABLE]
    if wrong:
        raise DetectionRefused(reason=f"{', '.join(wrong)} is drawn by people, not found by models")
    return {"kinds": [one.value for one in chosen], "profile": Profile(profile).value}


def ask_for_detection(
    tx: Connection,
    jobs: Jobs,
    vault: Vault,
    actor: Actor,
    redaction_id: str,
    *,
    kinds: Sequence[Kind] | None = None,
    profile: Profile | None = None,
    clock: Clock | None = None,
) -> None:
    """Have every part looked through, if the caller's transaction commits: for these kinds and as closely, or for those
    of before.

    Raises RedactionUnknown, RedactionClosed, RecordingDestroyed, DetectionRefused.
    """
    found = to_change(tx, actor, redaction_id)
    asked = wanted(found.kinds if kinds is None else kinds, found.profile if profile is None else profile)
    if not asked["kinds"]:
        raise DetectionRefused(reason="name what to look for, such as faces or licence plates")
    before = tx.execute(sa.select(redaction.c.wanted).where(redaction.c.id == redaction_id)).scalar_one()
    # A copy is looked through for everything that was ever asked for, also for what was not found then.
    asked["ever"] = sorted({*before["kinds"], *before.get("ever", ()), *asked["kinds"]})
    tx.execute(redaction.update().where(redaction.c.id == redaction_id).values(wanted=asked))
    rows = sa.select(redaction_part.c.part_id).where(redaction_part.c.redaction_id == redaction_id)
    begin_runs(tx, jobs, vault, redaction_id, tx.scalars(rows).all(), clock or SystemClock())


def begin_runs(
    tx: Connection, jobs: Jobs, vault: Vault, redaction_id: str, part_ids: Sequence[str], clock: Clock
) -> None:
    """Begin a new run of each of these parts; whoever calls holds the redaction's row."""
    for part_id in part_ids:
        mine = redaction_part.c.redaction_id == redaction_id, redaction_part.c.part_id == part_id
        give_up_run(tx, jobs, vault, redaction_id, part_id)
        run = new_id()
        job_id = jobs.enqueue(tx, DETECT_JOB, {"redaction": redaction_id, "part": part_id, "run": run})
        values = {"state": PartState.WAITING.value, "run": run, "job_id": job_id, "problem": None}
        tx.execute(redaction_part.update().where(*mine).values(**values, begun_at=clock.now(), ready_at=None))


def give_up_run(tx: Connection, jobs: Jobs, vault: Vault, redaction_id: str, part_id: str) -> None:
    """Have nothing more done of the run there is, and destroy the keys of what its stretches left."""
    whole = redaction_part.c.redaction_id == redaction_id, redaction_part.c.part_id == part_id
    if (job_id := tx.scalar(sa.select(redaction_part.c.job_id).where(*whole))) is not None:
        jobs.cancel(tx, job_id)
    mine = redaction_segment.c.redaction_id == redaction_id, redaction_segment.c.part_id == part_id
    for row in tx.execute(sa.select(redaction_segment).where(*mine)).all():
        if row.job_id is not None and row.state in _UNDER_WAY:
            jobs.cancel(tx, row.job_id)
        if row.segment_object_id is not None:
            vault.destroy_key(tx, row.segment_object_id)
    tx.execute(redaction_segment.delete().where(*mine))


def progress_of(tx: Connection, redaction_id: str, *, clock: Clock | None = None) -> Progress:
    """How far the detection of a redaction is; whoever calls has checked that it may be seen."""
    now = (clock or SystemClock()).now()
    columns = [redaction_part.c[name] for name in ("part_id", "state", "job_id", "facts", "begun_at", "run")]
    rows = tx.execute(sa.select(*columns).where(redaction_part.c.redaction_id == redaction_id)).all()
    stretches: dict[str, list[Any]] = {}
    done = sa.select(redaction_segment, job.c.fraction).outerjoin(job, job.c.id == redaction_segment.c.job_id)
    for one in tx.execute(done.where(redaction_segment.c.redaction_id == redaction_id)).all():
        stretches.setdefault(one.part_id, []).append(one)
    of_jobs = {row.job_id for row in rows if row.job_id is not None}
    fractions = {
        row.id: row.fraction for row in tx.execute(sa.select(job.c.id, job.c.fraction).where(job.c.id.in_(of_jobs)))
    }
    parts: dict[str, tuple[PartState, float]] = {}
    weights: dict[str, float] = {}
    begun: list[datetime] = []
    for row in rows:
        state = PartState(row.state)
        its = [one for one in stretches.get(row.part_id, []) if one.run == row.run]
        parts[row.part_id] = state, _part_fraction(state, its, fractions.get(row.job_id, 0.0))
        weights[row.part_id] = max(1.0, float((row.facts or {}).get("duration", 60.0)))
        if state in _UNDER_WAY and row.begun_at is not None:
            begun.append(row.begun_at)
    total = sum(weights.values())
    fraction = sum(parts[one][1] * weights[one] for one in parts) / total if total else 1.0
    left = None
    if begun and fraction > _LOOK:
        ended = sum(weights[one] for one, (state, _) in parts.items() if state not in _UNDER_WAY) / total
        elapsed = (now - min(begun)).total_seconds()
        moved = fraction - ended
        left = round(elapsed * (1 - fraction) / moved) if moved > 0 else None
    return Progress(fraction, left, bool(begun), parts)


def _part_fraction(state: PartState, stretches: Sequence[Any], of_job: float) -> float:
    if state not in _UNDER_WAY:
        return 1.0
    if not stretches:
        return _LOOK * of_job
    lengths = [one.until - one.begin if None not in (one.begin, one.until) else 0 for one in stretches]
    usual = max(lengths) or 1
    weighed = [length or usual for length in lengths]
    done = sum(
        weight * (1.0 if one.state == PartState.READY.value else float(one.fraction or 0.0))
        for weight, one in zip(weighed, stretches, strict=True)
    )
    return _LOOK + (1 - _LOOK - _JOIN) * done / sum(weighed)
