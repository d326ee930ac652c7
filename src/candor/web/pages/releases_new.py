"""Preparing a release of a request or a critical incident: which copies go out, to whom, under which words, and what
forbids it, before anybody asks for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.disclosure.critical.incidents import critical_incident_of
from candor.disclosure.decisions.errors import SubjectUnknown
from candor.disclosure.decisions.subjects import About, Subject, about
from candor.disclosure.going import CopyToGo
from candor.disclosure.handing_out import LONGEST_WORDS
from candor.disclosure.releases.offering import Offered, RecordingOffered, offered
from candor.disclosure.releases.preparing import prepare
from candor.disclosure.releases.rules import LONGEST_SUMMARY, LONGEST_TITLE, MOST_COPIES, Audience, Needs
from candor.disclosure.releases.sorting import chosen_in_order
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
from candor.web.i18n import noted, words_of
from candor.web.pages.accounts import Problem
from candor.web.pages.decide_told import DECISION_BADGES, Against, against_of
from candor.web.pages.redaction import VERDICT_WORDS
from candor.web.pages.requests_words import shared
from candor.web.render import query, render

_PREPARE = Permission.RELEASES_PREPARE
#: What recordings need, as the page names it.
KINDS: Final[dict[Needs, str]] = {
    Needs.RELEASE: noted("Decided, with a copy"),
    Needs.COPY: noted("Need a redacted copy"),
    Needs.DECISION: noted("Not decided yet"),
    Needs.NOTHING: noted("In a release already"),
    Needs.WITHHELD: noted("Withheld"),
}
#: How the fields for reasons begin; the copy's identifier follows.
_ALTHOUGH: Final = "although_"


@dataclass(frozen=True)
class Offer:
    """A recording of the form. `against`: what forbids it, with the rule; `decide`: where that is put right."""

    row: Row
    offered: RecordingOffered
    against: Against | None
    decide: str


@dataclass(frozen=True)
class Given:
    """What stands in the form. `copies`: those that are chosen, on whatever page; `although`: by copy; `offered`: those
    that somebody saw chosen, so that what is not chosen of them was taken out; `draft`: of the summary as it was
    drafted."""

    copies: frozenset[str]
    audience: str
    title: str
    summary: str
    although: Mapping[str, str]
    offered: frozenset[str] = frozenset()
    draft: str = ""

    @property
    def untouched(self) -> bool:
        """Whether the summary is still as the program drafted it."""
        return bool(self.draft) and _digest(self.summary) == self.draft


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
        found = offered(tx, here.vault, visit.actor, subject, *_wanted(request), clock=here.clock)
        given = _looked_at(given or _usual(asked), found)
        chosen = chosen_in_order(tx, visit.actor, subject, sorted(given.copies))
        drafted = ""
        if anew or not given.summary or given.untouched:
            drafted, problem = _drafted(tx, here, visit.actor, subject, chosen, problem)
        offers = _offers(tx, visit.actor, subject, found.rows)
        letters = documents_of(tx, visit.actor, request_id=subject.request_id) if subject.request_id else []
    here_shown = {copy.id for one in offers for copy in one.offered.copies}
    elsewhere = [one.id for one in chosen if one.id not in here_shown]
    return render(
        request,
        "release_new.html",
        status=status,
        asked=asked,
        back=f"/{'requests' if subject.request_id else 'critical'}/{subject.id}",
        within="/releases",
        subject=subject,
        offers=offers,
        found=found,
        kinds=[(one, KINDS[one], found.counts[one]) for one in Needs if found.counts[one] or one is found.needs],
        given=given,
        elsewhere=elsewhere,
        offered=sorted(given.offered.difference(elsewhere)),
        reasons={one: words for one, words in given.although.items() if words.strip() and one not in here_shown},
        chosen=len(chosen),
        lost=len(given.copies) - len(chosen),
        most_copies=MOST_COPIES,
        summary=drafted or given.summary,
        draft=_digest(drafted) if drafted else given.draft,
        drafted=bool(drafted),
        problem=problem,
        letter=next((one.name for one in reversed(letters) if one.kind == "letter"), None),
        decision_badges=DECISION_BADGES,
        verdict_words=VERDICT_WORDS,
        ready=bool(chosen) or _may_go(found),
        longest_title=LONGEST_TITLE,
        longest_summary=LONGEST_SUMMARY,
        longest_although=LONGEST_WORDS,
        **shared(),
    )


def _wanted(request: Request) -> tuple[Needs | None, int]:
    """Which recordings, and the how many-th page of them: "copy.2" asks for the second of those that need a copy."""
    form = form_of(request)
    needs, _dot, page_ = (form.get("go") or form.get("here") or "").partition(".")
    if needs not in set(Needs):
        return None, 1
    return Needs(needs), int(page_) if page_.isascii() and page_.isdigit() and len(page_) < 7 else 1


def _looked_at(given: Given, found: Offered) -> Given:
    """What is chosen once somebody sees this page: of what may go and did not yet, the newest copies, as many as one
    release holds; but for those that they saw chosen before and took out, on whatever page they were then."""
    usual = [copy for one in found.rows if not one.released for copy in one.usual]
    known = given.copies | given.offered
    fresh = [copy for copy in usual if copy not in known][: max(0, MOST_COPIES - len(given.copies))]
    here = {copy for copy in usual if copy in given.copies}.union(fresh)
    return replace(given, copies=given.copies.union(fresh), offered=given.offered | here)


def _usual(asked: About) -> Given:
    """What the form holds before anybody types."""
    audience = Audience.REQUESTER if asked.subject.request_id else Audience.PUBLIC
    title = _("Body-worn camera footage, %(number)s", number=asked.number)
    return Given(frozenset(), audience.value, title, "", {})


def _may_go(found: Offered) -> bool:
    """Whether something can go out: of this page, or perhaps of another."""
    elsewhere = found.counts[Needs.RELEASE] > (len(found.rows) if found.needs is Needs.RELEASE else 0)
    return elsewhere or any(one.usual for one in found.rows)


def _drafted(
    tx: Connection,
    here: Installation,
    actor: Actor,
    subject: Subject,
    chosen: Sequence[sa.Row[Any, Any]],
    problem: Problem | None,
) -> tuple[str, Problem | None]:
    """A draft of the summary for the copies that are chosen. It needs no reason for a doubtful one."""
    if not 0 < len(chosen) <= MOST_COPIES:
        return "", problem
    copies = [CopyToGo(one.id, "–" if one.verdict == Verdict.DOUBTFUL.value else None) for one in chosen]
    try:
        return draft(tx, here.vault, actor, subject, copies, clock=here.clock), problem
    except CandorError as error:
        return "", problem or Problem(words_of(error), None, "summary")


def _digest(summary: str) -> str:
    """By which a summary is known again, however a browser ends its lines."""
    return hashlib.sha256(summary.replace("\r\n", "\n").strip().encode()).hexdigest()


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
    although = {name.removeprefix(_ALTHOUGH): words for name, words in form.items() if name.startswith(_ALTHOUGH)}
    titles, offered_ = (form.get("title", ""), form.get("summary", "")), frozenset(form.getlist("offered"))
    return Given(frozenset(copies), form.get("audience", ""), *titles, although, offered_, form.get("draft", ""))


def create(request: Request) -> Response:
    """Prepare it. Form: request or critical, copy (several), although_COPY, audience, title, summary, draft, offered
    (several), here; act (draft: the summary is drafted anew) or go (KIND.PAGE: another page of recordings is shown),
    with which nothing is prepared."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    given = _given(form)
    with here.database.read() as tx:
        subject = _subject(tx, visit.actor, form)
        if subject is None:
            raise SubjectUnknown(what="request", id="")
        ordered = [one.id for one in chosen_in_order(tx, visit.actor, subject, sorted(given.copies))]
    if form.get("go") or form.get("act") == "draft":
        return _form(request, subject, given, None, 200, anew=form.get("act") == "draft")
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
                although={one: words for one, words in given.although.items() if words.strip() and one in given.copies},
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
