"""One release: everything that a second person needs to judge it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import Response

from candor.core.errors import CandorError
from candor.custody import PLAIN_WORDS
from candor.disclosure.decisions.standing import Decisions, Made, decisions_of
from candor.disclosure.decisions.subjects import about
from candor.disclosure.releases import approving, discarding, recalling
from candor.disclosure.releases.acting import state_of
from candor.disclosure.releases.hidden import Hidden, what_words
from candor.disclosure.releases.judging import forbids_now, held_back
from candor.disclosure.releases.papers import EXEMPTIONS_CSV, EXEMPTIONS_PDF, LETTER
from candor.disclosure.releases.reading import Release, ReleasedCopy, copies_of_release, history_of_release, release
from candor.disclosure.releases.rules import (
    AUDIENCE_WORDS,
    LONGEST_SUMMARY,
    LONGEST_TITLE,
    TO_APPROVE,
    TO_DISCARD,
    TO_REVISE,
    Audience,
    ReleaseState,
    may_be_recalled,
)
from candor.disclosure.releases.tables import release_copy
from candor.disclosure.requests.documents import documents_of
from candor.footage.access_policy import read_policy
from candor.footage.search import Row, row_of
from candor.footage.tables import recording
from candor.footage.viewing import Viewing, watched_within
from candor.installation import Installation
from candor.matters.inside import names_of
from candor.people.rules import Actor, Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.i18n import gettext as _
from candor.web.i18n import words_of
from candor.web.pages.accounts import Problem
from candor.web.pages.decide_form import place_words
from candor.web.pages.decide_told import DECISION_BADGES, WAYS, against_of
from candor.web.pages.purposes import LONGEST_NOTE, offered, remembered
from candor.web.pages.recording_history import who
from candor.web.pages.redaction import VERDICT_WORDS
from candor.web.pages.releases import waits_for
from candor.web.pages.request_releases import RELEASE_BADGES
from candor.web.pages.requests_words import VIEW, shared
from candor.web.render import query, render

__all__ = ["page_of", "routes", "viewings_of"]

#: Lines of the log of exemptions on the page; the table has all of them.
_MOST_HIDDEN: Final = 60
#: Viewings that go on beside each other on one page.
MOST_VIEWINGS: Final = 40


@dataclass(frozen=True)
class CopyTold:
    """A copy as the page shows it. `viewing`: within which it is watched; `decide`: where its recording is decided."""

    copy: ReleasedCopy
    row: Row | None
    viewing: Viewing | None
    asks: bool
    decisions: tuple[Made, ...]
    decide: str


def show(request: Request) -> Response:
    """The page."""
    return page_of(request, None, 200)


def page_of(request: Request, problem: Problem | None, status: int, given: Mapping[str, str] | None = None) -> Response:
    """The page; with what was wrong with a form of it and what had been typed there."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        one = release(tx, visit.actor, request.path_params["release_id"])
        values = _values(tx, request, here, visit.actor, one)
    if problem is not None and problem.form not in _forms(values):
        problem = replace(problem, form="page")  # what it was typed into is not there any more
    return render(request, "release.html", status=status, problem=problem, given=dict(given or {}), **values)


def _forms(values: Mapping[str, Any]) -> set[str]:
    """The forms that the page has as it stands."""
    acts = {"approve": "may_approve", "send-back": "may_send_back", "revise": "may_revise", "discard": "may_discard"}
    return {form for form, may in acts.items() if values[may]}


def _values(tx: Connection, request: Request, here: Installation, actor: Actor, one: Release) -> dict[str, Any]:
    state = state_of(tx, one)
    subject = about(tx, one.subject)
    path = f"/{'requests' if one.request_id else 'critical'}/{subject.subject.id}"
    made = decisions_of(tx, actor, one.subject)
    copies, hidden_copies = copies_of_release(tx, actor, one.id)
    history = history_of_release(tx, actor, one.id)
    people = [one.prepared_by, one.approved_by, one.sent_back_by, one.recalled_by, one.discarded_by]
    people += [*(step.actor for step in history)]
    people += [each.decided_by for several in made.by_recording.values() for each in several]
    known = names_of(tx, sorted({each for each in people if each}))
    lines, lines_hidden, unread = _held_back(tx, here, actor, one)
    waits, ours = waits_for(one, actor, known)
    job = here.jobs.get(tx, one.job_id) if one.job_id and state is ReleaseState.APPROVED else None
    return {
        "one": one,
        "state": state,
        "release_badge": RELEASE_BADGES[state],
        "audience_told": _(AUDIENCE_WORDS[one.audience]),
        "subject": subject,
        "subject_path": path,
        "waits": waits,
        "ours": ours,
        "names": {each: who(each, known) for each in people if each},
        "copies": _copies(tx, request, here, actor, copies, made, path),
        "copies_hidden": hidden_copies,
        "held_back": lines[:_MOST_HIDDEN],
        "held_back_more": max(0, len(lines) - _MOST_HIDDEN) + lines_hidden,
        "held_back_unread": unread,
        "changed_since": state in TO_APPROVE and one.basis.get("decisions") != made.upon,
        "letter": _letter(tx, actor, one),
        "papers": {"pdf": EXEMPTIONS_PDF, "csv": EXEMPTIONS_CSV, "letter": LETTER},
        "history": history,
        "plain_words": PLAIN_WORDS,
        "job": job,
        "address": _address(here, one, state),
        **_acts(tx, here, actor, one, state),
        **_words(tx, request),
    }


def _words(tx: Connection, request: Request) -> dict[str, Any]:
    policy = read_policy(tx)
    return {
        "viewings": viewings_of(request),
        "purposes": offered(policy),
        "remembered": remembered(request, policy),
        "longest_note": LONGEST_NOTE,
        "longest_title": LONGEST_TITLE,
        "longest_summary": LONGEST_SUMMARY,
        "longest_why": min(approving.LONGEST_REASON, discarding.LONGEST_REASON, recalling.LONGEST_REASON),
        "decision_badges": DECISION_BADGES,
        "way_words": WAYS,
        "verdict_words": VERDICT_WORDS,
        "place_words": place_words,
        "what_words": _line_words,
        **shared(),
    }


def viewings_of(request: Request) -> list[str]:
    """The viewings that the address of the page names."""
    return [one for one in dict.fromkeys(request.query_params.getlist("viewing")) if one][:MOST_VIEWINGS]


def _acts(tx: Connection, here: Installation, actor: Actor, one: Release, state: ReleaseState) -> dict[str, Any]:
    """What the reader may do with it, and if not, why; what forbids it now is said before anybody tries."""
    against = None
    if state in TO_APPROVE or state in TO_REVISE:
        against = forbids_now(tx, here.vault, actor, one, clock=here.clock)
    approver = bool(actor.may(Permission.RELEASES_APPROVE))
    own, once = one.prepared_by == actor.account_id, one.approved_at
    why = ""
    if state in TO_APPROVE and approver:
        why = _why_not(tx, actor, one)
    return {
        "against": against_of(against),
        "may_approve": state in TO_APPROVE and approver and not why,
        "approve_why_not": why,
        "may_send_back": state is ReleaseState.PREPARED and approver and not own,
        "may_revise": state in TO_REVISE and bool(actor.may(Permission.RELEASES_PREPARE)),
        "may_discard": state in TO_DISCARD and once is None and bool(actor.may(Permission.RELEASES_PREPARE)),
        "may_recall": may_be_recalled(state, approved=once is not None) and approver,
        "own": own,
    }


def _why_not(tx: Connection, actor: Actor, one: Release) -> str:
    """Why this person does not approve it, in words; "" where they may."""
    if one.prepared_by == actor.account_id:
        return _("You prepared it, so another person has to approve it.")
    joined = release_copy.join(recording, recording.c.id == release_copy.c.recording_id)
    worn = release_copy.c.release_id == one.id, recording.c.wearer_id == actor.account_id
    if tx.scalar(sa.select(sa.exists(sa.select(1).select_from(joined).where(*worn)))):
        return _("You wore the camera of a recording in it, so another person has to approve it.")
    return ""


def _copies(
    tx: Connection,
    request: Request,
    here: Installation,
    actor: Actor,
    copies: Sequence[ReleasedCopy],
    made: Decisions,
    path: str,
) -> list[CopyTold]:
    policy, viewings = read_policy(tx), viewings_of(request)
    told = []
    for one in copies:
        row = row_of(tx, actor, one.recording_id)
        present = next(
            (
                found
                for each in viewings
                if (found := watched_within(tx, actor, one.recording_id, each, clock=here.clock)) is not None
            ),
            None,
        )
        asks = policy.asks(own=row is not None and row.wearer_id == actor.account_id)
        decide = query(f"{path}/decide", {"recording": one.recording_id})
        told.append(CopyTold(one, row, present, asks, made.of(one.recording_id), decide))
    return told


def _held_back(tx: Connection, here: Installation, actor: Actor, one: Release) -> tuple[list[Hidden], int, str | None]:
    """The lines of the log of exemptions; why it cannot be read, where it cannot."""
    try:
        return *held_back(tx, here.vault, actor, one, clock=here.clock), None
    except CandorError as error:
        return [], 0, words_of(error)


def _line_words(one: Hidden) -> str:
    words = what_words(one.kind, one.count)
    return words[:1].upper() + words[1:]


def _letter(tx: Connection, actor: Actor, one: Release) -> Any:
    """The letter that goes with it, or would."""
    if one.request_id is None or one.audience is not Audience.REQUESTER:
        return None
    found = documents_of(tx, actor, request_id=one.request_id)
    letters = [each for each in found if each.kind == "letter" and each.media_type == "application/pdf"]
    return letters[-1] if letters else None


def _address(here: Installation, one: Release, state: ReleaseState) -> str | None:
    """Where it stands for whom it is; None where the agency has no public site."""
    settings = here.settings
    site = settings.portal_url
    if site is None and settings.portal_port:
        site = f"http://{settings.portal_host}:{settings.portal_port}"
    if site is None or state not in (ReleaseState.PUBLISHED, ReleaseState.RECALLED):
        return None
    return f"{site.rstrip('/')}/releases/{one.id}" if one.audience is Audience.PUBLIC else f"{site.rstrip('/')}/status"


routes = [page("/releases/{release_id}", show, needs=VIEW, name="release")]
