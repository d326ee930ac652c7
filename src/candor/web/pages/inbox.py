"""The inbox of whoever is signed in: what they were told, and marking it as read."""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor import notices
from candor.core.clock import from_iso, iso
from candor.core.ids import is_id
from candor.core.outbox import Severity
from candor.notices import Entry
from candor.people.rules import Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.i18n import noted
from candor.web.render import query, render

SHOWN = 30
#: How a severity is shown: words, kind of badge, symbol.
SEVERITY_WORDS: dict[Severity, tuple[str, str, str]] = {
    Severity.URGENT: (noted("Urgent"), "bad", "bad"),
    Severity.WARNING: (noted("Warning"), "warn", "warning"),
    Severity.INFO: (noted("For your information"), "note", "info"),
}


def show(request: Request) -> Response:
    """What somebody was told, newest first."""
    here, visit = installation_of(request), visit_of(request)
    given = request.query_params
    severity = given.get("severity", "")
    chosen = [Severity(severity)] if severity in set(Severity) else []
    shown = "all" if given.get("shown") == "all" else "unread"
    now = here.clock.now()
    with here.database.read() as tx:
        found = notices.entries(
            tx,
            visit.actor.account_id,
            only_unread=shown == "unread",
            severities=chosen,
            before=_cursor(given.get("before", "")),
            limit=SHOWN + 1,
        )
    rest = found[:SHOWN]
    wanted = {"shown": shown if shown == "all" else "", "severity": severity if chosen else ""}
    return render(
        request,
        "inbox.html",
        entries=rest,
        older=query("/inbox", wanted, before=_mark(rest[-1])) if len(found) > SHOWN else None,
        newest=not given.get("before"),
        shown=shown,
        severity=wanted["severity"],
        wanted=wanted,
        until=iso(now),
        severity_words=SEVERITY_WORDS,
        may_manage=bool(visit.actor.may(Permission.NOTICES_MANAGE)),
    )


def _mark(entry: Entry) -> str:
    return f"{iso(entry.told_at)}~{entry.id}"


def _cursor(text: str) -> tuple[datetime, str] | None:
    """Where the page before ended; None for anything that is no such place."""
    moment, _, entry_id = text.partition("~")
    if not is_id(entry_id):
        return None
    try:
        return from_iso(moment), entry_id
    except (ValueError, OverflowError):
        return None


def read_one(request: Request) -> Response:
    """One entry was read."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.write() as tx:
        notices.mark_read(tx, visit.actor.account_id, request.path_params["entry_id"], clock=here.clock)
    return _back(request)


def read_all(request: Request) -> Response:
    """All that was told up to the moment when the list was shown was read."""
    here, visit = installation_of(request), visit_of(request)
    try:
        until = min(from_iso(form_of(request).get("until", "")), here.clock.now())
    except (ValueError, OverflowError):
        until = here.clock.now()
    with here.database.write() as tx:
        notices.mark_all_read(tx, visit.actor.account_id, until=until, clock=here.clock)
    return _back(request)


def _back(request: Request) -> Response:
    """To the list as it was."""
    form = form_of(request)
    severity = form.get("severity", "")
    wanted = {
        "shown": "all" if form.get("shown") == "all" else "",
        "severity": severity if severity in set(Severity) else "",
    }
    return RedirectResponse(query("/inbox", wanted, said="notices-read"), 303)


routes = [
    page("/inbox", show, name="inbox"),
    page("/inbox/read-all", read_all, methods=["POST"]),
    page("/inbox/{entry_id}/read", read_one, methods=["POST"]),
]
