"""Preparing a release of a request or a critical incident: which copies go out, to whom, under which words, and what
forbids it, before anybody asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.disclosure.critical.incidents import critical_incident_of
from candor.disclosure.decisions.errors import SubjectUnknown
from candor.disclosure.decisions.subjects import About, Subject, about
from candor.disclosure.going import CopyToGo
from candor.disclosure.handing_out import LONGEST_WORDS
from candor.disclosure.releases.offering import RecordingOffered, offered
from candor.disclosure.releases.preparing import prepare
from candor.disclosure.releases.rules import LONGEST_SUMMARY, LONGEST_TITLE, Audience
from candor.disclosure.releases.summary import draft
from candor.disclosure.requests.documents import documents_of
from candor.disclosure.requests.reading import records_request
from candor.footage.search import Row, row_of
from candor.installation import Installation
from candor.people.rules import Actor, Permission
from candor.redaction.rules import Verdict
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import gettext as _
from candor.web.i18n import words_of
from candor.web.pages.accounts import Problem
from candor.web.pages.decide_told import DECISION_BADGES, Against, against_of
from candor.web.pages.redaction import VERDICT_WORDS
from candor.web.pages.requests_words import shared
from candor.web.render import query, render

_PREPARE = Permission.RELEASES_PREPARE


@dataclass(frozen=True)
class Offer:
    """A recording of the form. `against`: what forbids it, with the rule; `decide`: where that is put right."""

    row: Row
    offered: RecordingOffered
    against: Against | None
    decide: str


@dataclass(frozen=True)
class Given:
    """What stands in the form. `although`: by copy."""

    copies: frozenset[str]
    audience: str
    title: str
    summary: str
    although: Mapping[str, str]


def _subject(tx: Connection, actor: Actor, fields: Mapping[str, Any]) -> Subject | None:
    """What a release is prepared of, by identifier or number; None where the address names nothing."""
    if fields.get("request"):
        return Subject.of_request(records_request(tx, actor, fields["request"]).id)
    if fields.get("critical"):
        return Subject.of_critical(critical_incident_of(tx, actor, fields["critical"]).id)
    return None


def show(request: Request) -> Response:
    """The form, filled in with what is usual."""
    here, actor = installation_of(request), visit_of(request).actor
    with here.database.read() as tx:
        subject = _subject(tx, actor, request.query_params)
    return RedirectResponse("/releases", 303) if subject is None else _form(request, subject, None, None, 200)


def _form(
    request: Request, subject: Subject, given: Given | None, problem: Problem | None, status: int, *, anew: bool = False
) -> Response:
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        asked = about(tx, subject)
        found, more = offered(tx, here.vault, visit.actor, subject, clock=here.clock)
        given = given or _usual(asked, found)
        drafted = ""
        if anew or not given.summary:
            drafted, problem = _drafted(tx, here, visit.actor, subject, found, given, problem)
        offers = _offers(tx, visit.actor, subject, found)
        letters = documents_of(tx, visit.actor, request_id=subject.request_id) if subject.request_id else []
    return render(
        request,
        "release_new.html",
        status=status,
        asked=asked,
        back=f"/{'requests' if subject.request_id else 'critical'}/{subject.id}",
        within="/releases",
        subject=subject,
        offers=offers,
        offers_more=more,
        given=given,
        summary=drafted or given.summary,
        drafted=bool(drafted),
        problem=problem,
        letter=next((one.name for one in reversed(letters) if one.kind == "letter"), None),
        decision_badges=DECISION_BADGES,
        verdict_words=VERDICT_WORDS,
        ready=any(one.offered.usual for one in offers),
        longest_title=LONGEST_TITLE,
        longest_summary=LONGEST_SUMMARY,
        longest_although=LONGEST_WORDS,
        **shared(),
    )


def _usual(asked: About, found: Sequence[RecordingOffered]) -> Given:
    """What the form holds before anybody types: of what may go and did not yet, the newest copies."""
    copies = frozenset(copy for one in found if not one.released for copy in one.usual)
    audience = Audience.REQUESTER if asked.subject.request_id else Audience.PUBLIC
    title = _("Body-worn camera footage, %(number)s", number=asked.number)
    return Given(copies, audience.value, title, "", {})


def _drafted(
    tx: Connection,
    here: Installation,
    actor: Actor,
    subject: Subject,
    found: Sequence[RecordingOffered],
    given: Given,
    problem: Problem | None,
) -> tuple[str, Problem | None]:
    """A draft of the summary for the copies that are chosen."""
    chosen = _in_order(found, given.copies)
    if not chosen:
        return "", problem
    try:
        return draft(tx, here.vault, actor, subject, chosen, clock=here.clock), problem
    except CandorError as error:
        return "", problem or Problem(words_of(error), None, "summary")


def _in_order(found: Sequence[RecordingOffered], copies: frozenset[str]) -> list[CopyToGo]:
    """The chosen copies as a release holds them: by recording, by part. A draft needs no reason for a doubtful one."""
    return [
        CopyToGo(copy.id, "–" if copy.verdict is Verdict.DOUBTFUL else None)
        for one in found
        for copy in sorted(one.copies, key=lambda each: each.part_number)
        if copy.id in copies
    ]


def _offers(tx: Connection, actor: Actor, subject: Subject, found: Sequence[RecordingOffered]) -> list[Offer]:
    told = []
    path = f"/{'requests' if subject.request_id else 'critical'}/{subject.id}/decide"
    for one in found:
        row = row_of(tx, actor, one.recording_id)
        if row is not None:
            told.append(Offer(row, one, against_of(one.against), query(path, {"recording": row.id})))
    return told


def _given(form: Form) -> Given:
    copies = form.getlist("copy")
    although = {one: form.get(f"although_{one}", "") for one in copies}
    titles = form.get("title", ""), form.get("summary", "")
    return Given(frozenset(copies), form.get("audience", ""), *titles, although)


def create(request: Request) -> Response:
    """Prepare it. Form: request or critical, copy (several), although_COPY, audience, title, summary, act (draft: the
    summary is drafted anew, nothing is prepared)."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    given = _given(form)
    with here.database.read() as tx:
        subject = _subject(tx, visit.actor, form)
        if subject is None:
            raise SubjectUnknown(what="request", id="")
        found, _more = offered(tx, here.vault, visit.actor, subject, clock=here.clock)
    if form.get("act") == "draft":
        return _form(request, subject, given, None, 200, anew=True)
    ordered = [one.copy_id for one in _in_order(found, given.copies)]
    unknown = sorted(given.copies - set(ordered))
    try:
        with here.database.write() as tx:
            release_id = prepare(
                tx,
                here.vault,
                visit.actor,
                subject,
                [*ordered, *unknown],
                audience=given.audience,
                title=given.title,
                summary=given.summary,
                although={one: words for one, words in given.although.items() if words.strip()},
                clock=here.clock,
            )
    except CandorError as error:
        status = 409 if status_of(error) == 403 else status_of(error)
        return _form(request, subject, given, Problem(words_of(error), None, "prepare"), status)
    return RedirectResponse(f"/releases/{release_id}?said=release-prepared", 303)


routes = [
    page("/releases/new", show, needs=_PREPARE),
    page("/releases/new", create, needs=_PREPARE, methods=["POST"]),
]
