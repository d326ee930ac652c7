"""Something done with several requests at once: each in a transaction of its own, and of each it is said what came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.disclosure.requests import assigning, clocks, messages
from candor.disclosure.requests.errors import ExtensionRefused, RequestClosed, TooManyForRequest
from candor.disclosure.requests.letter_words import LetterKind
from candor.disclosure.requests.reading import RecordsRequest, clocks_of_request, records_request
from candor.disclosure.requests.rules import STATE_WORDS
from candor.disclosure.requests.tables import request_document
from candor.installation import Installation
from candor.people.rules import Actor
from candor.web import formats
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.i18n import gettext as _
from candor.web.i18n import noted, words_of
from candor.web.pages.request_letters import write_letter
from candor.web.pages.requests_words import MANAGE
from candor.web.render import render

__all__ = ["MOST_AT_ONCE", "Outcome", "routes"]

MOST_AT_ONCE = 200


@dataclass(frozen=True)
class Outcome:
    """What became of one request. `code`: a tracking code that is shown this once."""

    id: str | None
    number: str
    name: str
    words: str
    code: str | None = None
    refused: bool = False


#: (installation, actor, request, form, zone) to what was done, in words. Each opens its own transaction.
Act = Callable[[Installation, Actor, RecordsRequest, Form, str], str]


def _assign(here: Installation, actor: Actor, one: RecordsRequest, form: Form, zone: str) -> str:
    with here.database.write() as tx:
        new = assigning.assign(tx, actor, one.id, form.get("account") or None, clock=here.clock)
        name = records_request(tx, actor, one.id).assigned_name
    if not new:
        return _("It was so before.")
    return _("Given to %(name)s.", name=name) if name else _("Given to nobody.")


def _note(here: Installation, actor: Actor, one: RecordsRequest, form: Form, zone: str) -> str:
    with here.database.write() as tx:
        messages.write_note(tx, actor, one.id, form.get("words", ""), clock=here.clock)
    return _("The note is in it.")


def _acknowledge(here: Installation, actor: Actor, one: RecordsRequest, form: Form, zone: str) -> str:
    """Once: whoever has the letter needs no second one."""
    if not one.open:
        raise RequestClosed(number=one.number, state=STATE_WORDS[one.state])
    with here.database.read() as tx:
        table = request_document.c
        mine = table.request_id == one.id, table.letter == LetterKind.ACKNOWLEDGEMENT.value
        sent = tx.scalar(sa.select(sa.func.min(table.sent_at)).where(*mine))
    if sent is not None:
        return _("It was acknowledged before, %(when)s.", when=formats.date_and_time(sent, zone, seconds=False))
    write_letter(here, actor, one.id, LetterKind.ACKNOWLEDGEMENT, send=True)
    return _("The letter was sent.")


def _extend(here: Installation, actor: Actor, one: RecordsRequest, form: Form, zone: str) -> str:
    """Extend the clock that ends first of those that can be extended."""
    with here.database.write() as tx:
        running = [clock for clock in clocks_of_request(tx, one.id) if clock.met_at is None]
        chosen = next((clock for clock in running if clock.extendable), None)
        if chosen is None:
            words = _("no rule that runs for it allows one") if running else _("no clock runs for it")
            raise ExtensionRefused(number=one.number, reason=words)
        due = clocks.extend(tx, actor, one.id, chosen.id, reason=form.get("reason", ""), clock=here.clock)
    when = formats.date_and_time(due, zone, seconds=False)
    return _("Extended to %(when)s (%(rule)s).", when=when, rule=chosen.citation)


ACTS: dict[str, tuple[str, Act]] = {
    "assign": (noted("Assigning requests"), _assign),
    "acknowledge": (noted("Acknowledging requests"), _acknowledge),
    "extend": (noted("Extending the time of requests"), _extend),
    "note": (noted("A note in several requests"), _note),
}


def many(request: Request) -> Response:
    """Do it. Form: id (several), act, back, and the fields of the act."""
    form, ids = form_of(request), list(dict.fromkeys(form_of(request).getlist("id")))
    back = form.get("back", "")
    back = back if back == "/requests" or back.startswith("/requests?") else "/requests"
    known = ACTS.get(form.get("do") or form.get("act", ""))
    if known is None or not ids:
        return RedirectResponse(back, 303)
    if len(ids) > MOST_AT_ONCE:
        raise TooManyForRequest(most=MOST_AT_ONCE, what="requests", count=len(ids))
    outcomes = [_one(request, request_id, known[1], form) for request_id in ids]
    refused = sum(one.refused for one in outcomes)
    values: dict[str, Any] = {"outcomes": outcomes, "refused": refused, "done": len(outcomes) - refused}
    return render(request, "requests_done.html", title=_(known[0]), back=back, codes=False, **values)


def _one(request: Request, request_id: str, act: Act, form: Form) -> Outcome:
    here, visit = installation_of(request), visit_of(request)
    found: RecordsRequest | None = None
    try:
        with here.database.read() as tx:
            found = records_request(tx, visit.actor, request_id)
        said = act(here, visit.actor, found, form, visit.zone)
    except CandorError as error:
        number, name = (found.number, found.requester_name) if found else (request_id[:40], "")
        return Outcome(found.id if found else None, number, name, words_of(error), refused=True)
    return Outcome(found.id, found.number, found.requester_name, said)


routes = [
    page("/requests/bulk", many, needs=MANAGE, methods=["POST"]),
]
