"""What is said of damaged files and their repaired copies, and having one repaired (again)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.footage.repairing import Repair, ask_for_repair, needs_reference, references_for, repairs_of
from candor.footage.rules import RenditionState
from candor.jobs import Jobs
from candor.people.rules import Actor
from candor.web import formats
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.i18n import gettext as _
from candor.web.i18n import noted
from candor.web.pages.recordings import CHANGE

_MOST_REFERENCES = 12
_SOUND_WORDS: dict[str, str] = {
    "recovered": noted("recovered"),
    "none": noted("none was recorded, or the reference has none"),
    "no-reference": noted("not recovered: it needs a reference of the same camera"),
    "not-told-apart": noted("not recovered: its frames cannot be told apart in what is left"),
    "not-decoded": noted("not recovered: what is left of it does not decode"),
}
_RATE_WORDS: dict[str, str] = {
    "reference": noted("by the reference"),
    "remains": noted("by what is left of its index"),
    "stream": noted("as the file says"),
    "assumed": noted("assumed: nothing says how fast the pictures follow on one another"),
}


@dataclass(frozen=True)
class Choice:
    """A file that can serve as a reference."""

    part_id: str
    title: str
    started_at: datetime


@dataclass(frozen=True)
class RepairTold:
    """A damaged file and its repaired copy, for people. `facts`: label and text; `percent` while it is being made."""

    part_id: str
    number: int
    state: str
    """none, waiting, ready or failed."""
    percent: int
    problem: str | None
    facts: tuple[tuple[str, str], ...]
    reference: Mapping[str, Any] | None
    shown_from_it: bool
    choices: tuple[Choice, ...]


def repairs_told(tx: Connection, jobs: Jobs, actor: Actor, recording_id: str) -> list[RepairTold]:
    """The damaged files of a recording in order; whoever calls has checked that the reader may see it."""
    return [_told(tx, actor, one) for one in repairs_of(tx, jobs, recording_id)]


def _told(tx: Connection, actor: Actor, one: Repair) -> RepairTold:
    made = one.rendition
    state = "none"
    if one.under_way:
        state = "waiting"
    elif made is not None:
        state = {RenditionState.READY: "ready", RenditionState.FAILED: "failed"}.get(made.state, "none")
    report = one.report
    found = (
        references_for(tx, one.part_id, limit=_MOST_REFERENCES, actor=actor) if needs_reference(one.problems) else []
    )
    return RepairTold(
        part_id=one.part_id,
        number=one.number,
        state=state,
        percent=round(100 * one.fraction),
        problem=made.problem if made is not None else None,
        facts=tuple(_facts(report)) if report else (),
        reference=report.get("reference"),
        shown_from_it=bool(report) and needs_reference(one.problems),
        choices=tuple(Choice(choice.part_id, choice.title, choice.started_at) for choice in found),
    )


def _facts(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    shown, whole = report.get("picture_ms") or 0, report.get("claimed_ms") or report.get("estimated_ms")
    length = formats.duration(shown)
    if report.get("claimed_ms"):
        length = _("%(shown)s of %(whole)s that the file claims", shown=length, whole=formats.duration(whole))
    elif whole and whole > shown:
        length = _("%(shown)s of about %(whole)s, by the bytes", shown=length, whole=formats.duration(whole))
    facts = [(_("Recovered"), length), (_("Pictures"), formats.grouped(report.get("pictures") or 0))]
    if report.get("pictures_dropped"):
        facts.append((_("Pictures found and left out"), formats.grouped(report["pictures_dropped"])))
    sound = _(_SOUND_WORDS.get(str(report.get("sound")), "–"))
    if report.get("sound") == "recovered":
        sound = f"{sound}, {formats.duration(report.get('sound_ms') or 0)}"
    facts.append((_("Sound"), sound))
    if report.get("rate"):
        words = _(_RATE_WORDS.get(str(report.get("rate_from")), "–"))
        facts.append((_("Pictures a second"), f"{report['rate']} ({words})"))
    if report.get("skipped_bytes"):
        count, size = report.get("skipped_count") or 0, formats.size(report["skipped_bytes"])
        facts.append((_("Stretches that tell nothing"), f"{formats.grouped(count)} ({size})"))
    return facts


def ask(request: Request) -> Response:
    """Have a file repaired (again). Form: reference, a file's identifier, or empty for one that is looked for."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    recording_id, part_id = request.path_params["recording_id"], request.path_params["part_id"]
    with here.database.write() as tx:
        ask_for_repair(
            tx, here.jobs, visit.actor, part_id, reference_part_id=form.get("reference") or None, clock=here.clock
        )
    return RedirectResponse(f"/recordings/{recording_id}?said=repair-asked#damage-title", 303)


routes = [
    page("/recordings/{recording_id}/parts/{part_id}/repairs", ask, needs=CHANGE, methods=["POST"]),
]
