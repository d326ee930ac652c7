"""The list of releases: what waits, for whom, the oldest first; and what is published or was recalled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import Response

from candor.core.errors import CandorError
from candor.disclosure.decisions.subjects import about
from candor.disclosure.releases.listing import UNDONE, ListPage, ListQuery, counts_of, list_of
from candor.disclosure.releases.reading import Release
from candor.disclosure.releases.rules import AUDIENCE_WORDS, Audience, ReleaseState
from candor.matters.inside import names_of
from candor.people.rules import Actor, Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.errors import status_of
from candor.web.i18n import gettext as _
from candor.web.i18n import ngettext, noted, words_of
from candor.web.pages.recording_history import who
from candor.web.pages.request_releases import RELEASE_BADGES
from candor.web.pages.requests import Tally
from candor.web.pages.requests_words import VIEW, shared
from candor.web.render import query, render

__all__ = ["routes", "waits_for"]

_FIELDS = ("text", "state", "audience", "mine", "after")
_STATES: tuple[tuple[str, str], ...] = (
    ("open", noted("All that wait")),
    (ReleaseState.PREPARED.value, noted("Waiting for a second person")),
    (ReleaseState.SENT_BACK.value, noted("Sent back")),
    (ReleaseState.FAILED.value, noted("Could not be made")),
    (ReleaseState.APPROVED.value, noted("Being made")),
    (ReleaseState.PUBLISHED.value, noted("Published")),
    (ReleaseState.RECALLED.value, noted("Recalled")),
    (ReleaseState.DISCARDED.value, noted("Discarded")),
    ("all", noted("Every release")),
)


def show(request: Request) -> Response:
    """The list."""
    here, visit = installation_of(request), visit_of(request)
    given = {name: request.query_params.get(name, "").strip() for name in _FIELDS}
    given["state"] = given["state"] if given["state"] in dict(_STATES) else "open"
    problem, status = None, 200
    with here.database.read() as tx:
        counted = counts_of(tx, visit.actor)
        asked = query_of(given)
        try:
            found = list_of(tx, visit.actor, asked)
        except CandorError as error:
            found, problem, status = ListPage((), None, 0), words_of(error), status_of(error)
        rows = _shown(tx, visit.actor, found.rows)
    return render(
        request,
        "releases.html",
        status=status,
        given=given,
        problem=problem,
        rows=rows,
        counted=ngettext("%(num)s release", "%(num)s releases", found.total),
        tallies=_tallies(counted, given),
        state_choices=_STATES,
        audience_words=AUDIENCE_WORDS,
        release_badges=RELEASE_BADGES,
        narrowed=problem is not None or bool(given["text"] or given["audience"] or given["mine"]),
        nothing_ever=not any(counted[one.value] for one in ReleaseState),
        first_link=_link(replace_after(given, "")) if given["after"] else None,
        next_link=_link(replace_after(given, found.after)) if found.after else None,
        **shared(),
    )


def replace_after(given: Mapping[str, str], after: str) -> dict[str, str]:
    """The same list from another place."""
    return {**given, "after": after}


def _link(given: Mapping[str, str]) -> str:
    said = {name: value for name, value in given.items() if value and (name, value) != ("state", "open")}
    return query("/releases", said)


def query_of(given: Mapping[str, str]) -> ListQuery:
    """What is looked for."""
    states: tuple[ReleaseState, ...] = UNDONE
    if given["state"] == "all":
        states = ()
    elif given["state"] != "open":
        states = (ReleaseState(given["state"]),)
    audience = Audience(given["audience"]) if given["audience"] in set(Audience) else None
    found = ListQuery(states, audience, given["text"], after=given["after"])
    return replace(found, states=UNDONE, mine=True) if given["mine"] == "yes" else found


def _shown(tx: Connection, actor: Actor, rows: Sequence[Release]) -> list[dict[str, Any]]:
    known = names_of(tx, sorted({one.prepared_by for one in rows}))
    told = []
    for one in rows:
        subject = about(tx, one.subject)
        words, ours = waits_for(one, actor, known)
        told.append(
            {
                "release": one,
                "by": who(one.prepared_by, known),
                "audience": _(AUDIENCE_WORDS[one.audience]),
                "number": subject.number,
                "link": f"/{'requests' if one.request_id else 'critical'}/{subject.subject.id}",
                "waits": words,
                "ours": ours,
                "copies": ngettext("%(num)s video", "%(num)s videos", one.copies),
            }
        )
    return told


def waits_for(one: Release, actor: Actor, known: dict[str, str]) -> tuple[str, bool]:
    """For whom a release waits, in words, and whether that is the reader."""
    own = one.prepared_by == actor.account_id
    preparer = who(one.prepared_by, known)
    match one.state:
        case ReleaseState.PREPARED:
            mine = not own and bool(actor.may(Permission.RELEASES_APPROVE))
            return (_("you, to approve it") if mine else _("a second person than %(who)s", who=preparer)), mine
        case ReleaseState.SENT_BACK:
            return (_("you, to put it right") if own else _("%(who)s, to put it right", who=preparer)), own
        case ReleaseState.FAILED:
            return _("somebody to see why it could not be made"), own
        case ReleaseState.APPROVED:
            return _("the program, which makes it"), False
    return "", False


def _tallies(counted: Mapping[str, int], given: Mapping[str, str]) -> list[Tally]:
    def tally(words: str, count: int, kind: str = "", **asked: str) -> Tally:
        wanted = {"text": "", "state": "open", "audience": "", "mine": "", **asked}
        here = all(given[name] == value for name, value in wanted.items() if name != "text")
        return Tally(words, count, _link(wanted), here, kind if count else "")

    return [
        tally(_("For you"), counted["mine"], "today", mine="yes"),
        tally(_("For a second person"), counted["prepared"], "soon", state="prepared"),
        tally(_("Sent back"), counted["sent-back"], state="sent-back"),
        tally(_("Could not be made"), counted["failed"], "late", state="failed"),
        tally(_("Being made"), counted["approved"], state="approved"),
        tally(_("Published"), counted["published"], state="published"),
        tally(_("Recalled"), counted["recalled"], state="recalled"),
    ]


routes = [page("/releases", show, needs=VIEW, name="releases")]
