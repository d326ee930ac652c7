"""What is being done in the background, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import Response

from candor.footage.renditions import JOB as RENDITIONS
from candor.footage.renditions import REPAIR_JOB
from candor.footage.rules import visible_to
from candor.footage.tables import part, recording
from candor.footage.transcribing import JOB as TRANSCRIBE_JOB
from candor.jobs import Job, JobState
from candor.people.rules import Actor, Permission
from candor.redaction.detecting import DETECT_JOB, JOIN_JOB, SEGMENT_JOB
from candor.redaction.rendering import RENDER_JOB
from candor.web.access import installation_of, page, visit_of
from candor.web.i18n import gettext as _
from candor.web.i18n import noted
from candor.web.render import render

#: What a job does, for people.
JOB_WORDS: dict[str, str] = {
    RENDITIONS: noted("Viewing copy, poster, filmstrip and waveform"),
    REPAIR_JOB: noted("Repaired copy of a damaged file"),
    TRANSCRIBE_JOB: noted("Writing out what is said"),
    DETECT_JOB: noted("What there is to look through for a redaction"),
    SEGMENT_JOB: noted("Looking through a stretch for a redaction"),
    JOIN_JOB: noted("Joining what was found for a redaction"),
    RENDER_JOB: noted("Redacted copy, and its proof"),
}
STATE_WORDS: dict[JobState, tuple[str, str, str]] = {
    JobState.WAITING: (noted("Waiting"), "", "clock"),
    JobState.RUNNING: (noted("At work"), "note", "activity"),
    JobState.DONE: (noted("Done"), "ok", "check"),
    JobState.FAILED: (noted("Failed"), "bad", "bad"),
    JobState.CANCELLED: (noted("Cancelled"), "", "cross"),
}
SHOWN = 100


@dataclass(frozen=True)
class Shown:
    """A job as the page shows it; `title` and `recording_id` only where the reader may see the recording."""

    job: Job
    words: str
    recording_id: str | None
    title: str | None


def show(request: Request) -> Response:
    """Open jobs first, then those that ended, newest first."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        running = here.jobs.list(tx, [JobState.RUNNING], SHOWN)
        waiting = here.jobs.list(tx, [JobState.WAITING], SHOWN)
        ended = here.jobs.list(tx, [JobState.DONE, JobState.FAILED, JobState.CANCELLED], SHOWN // 2)
        titles = _titles(tx, visit.actor, [*running, *waiting, *ended])
    return render(
        request,
        "activity.html",
        open_jobs=[_shown(job, titles) for job in [*running, *waiting]],
        ended_jobs=[_shown(job, titles) for job in ended],
        state_words=STATE_WORDS,
        running=len(running),
        waiting=len(waiting),
        most=SHOWN,
    )


def _titles(tx: Connection, actor: Actor, jobs: list[Job]) -> dict[str, tuple[str, str]]:
    """Recording and title by part, for the parts that jobs speak of and the actor may see."""
    parts = {job.params["part"] for job in jobs if isinstance(job.params.get("part"), str)}
    if not parts:
        return {}
    query = (
        sa.select(part.c.id, recording.c.id, recording.c.title)
        .join(recording, recording.c.id == part.c.recording_id)
        .where(part.c.id.in_(parts), visible_to(actor).expression)
    )
    return {part_id: (recording_id, title) for part_id, recording_id, title in tx.execute(query)}


def _shown(job: Job, titles: dict[str, tuple[str, str]]) -> Shown:
    recording_id, title = titles.get(str(job.params.get("part")), (None, None))
    return Shown(job, _(JOB_WORDS.get(job.name, job.name)), recording_id, title)


routes = [page("/activity", show, needs=Permission.JOBS_VIEW, name="activity")]
