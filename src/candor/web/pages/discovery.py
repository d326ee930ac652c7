"""Discovery for the agency's people: the list; of a case what would be given and what is withheld, the making, the
access of each side, receipts, and the ledger that shows both sides treated alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.custody import PLAIN_WORDS
from candor.disclosure.discovery import (
    access,
    findings,
    ledger,
    letter,
    making,
    marks,
    opening,
    reading,
    receipts,
    standing,
)
from candor.disclosure.discovery.access import Given
from candor.disclosure.discovery.errors import DiscoveryUnknown
from candor.disclosure.discovery.making import Keep
from candor.disclosure.discovery.reading import Discovery
from candor.disclosure.discovery.rules import PartySide
from candor.jobs import Jobs
from candor.matters import inside, service
from candor.matters.reading import Case
from candor.people.rules import Actor, Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import noted, words_of
from candor.web.pages.accounts import Problem
from candor.web.pages.recording_history import who
from candor.web.pages.recording_media import disposition
from candor.web.render import render

MANAGE = Permission.DISCOVERY_MANAGE
#: Days that a form offers.
DAYS = 180
_LABELS = {PartySide.PROSECUTION: noted("Prosecution"), PartySide.DEFENCE: noted("Defence")}


def listed(request: Request) -> Response:
    """Discovery of every case that may be seen, and the questions that are open."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        found = reading.discoveries(tx, visit.actor)
        rows = [(one, reading.package_of(tx, one), _sides(tx, one)) for one in found]
        asked = findings.open_findings(tx, visit.actor)
    return render(request, "discovery_list.html", rows=rows, asked=asked, labels=_LABELS)


def show(request: Request) -> Response:
    """Discovery of one case."""
    return _page(request, None, 200)


def _page(
    request: Request, problem: Problem | None, status: int, given: Form | None = None, shown: Given | None = None
) -> Response:
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        found = service.case(tx, visit.actor, request.path_params["case_id"])
        made = reading.discoveries_of(tx, visit.actor, found.id)
        stand = standing.standings(tx, visit.actor, found.id)
        asked = [one for one in findings.findings_of(tx, visit.actor, found.id) if one.open]
        rows = [_told(tx, here.jobs, one) for one in made]
        names = inside.names_of(tx, sorted({one.made_by for one in made}))
    return render(
        request,
        "discovery_case.html",
        status=status,
        headers={"cache-control": "no-store"},
        case=found,
        stand=stand,
        upon=standing.upon(stand),
        may_open=bool(visit.actor.may(Permission.RESTRICTIONS_MANAGE)),
        asked=asked,
        rows=rows,
        names={one: who(one, names) for one in {each.made_by for each in made}},
        labels=_LABELS,
        sides=tuple(PartySide),
        days=DAYS,
        most_days=access.LONGEST_DAYS,
        plain_words=PLAIN_WORDS,
        problem=problem,
        given=given or {},
        shown=shown,
    )


def _told(tx: Connection, jobs: Jobs, found: Discovery) -> dict[str, Any]:
    """A discovery as the page tells of it."""
    return {
        "discovery": found,
        "package": reading.package_of(tx, found),
        "access": _sides(tx, found),
        "receipts": receipts.receipts_of(tx, found.id),
        "apart": ledger.apart(tx, found),
        "ledger": ledger.ledger(tx, found),
        "marks": marks.marks(tx, jobs, found),
    }


def _sides(tx: Connection, found: Discovery) -> dict[PartySide, access.Side | None]:
    """The latest access of each side."""
    latest: dict[PartySide, access.Side | None] = dict.fromkeys(PartySide)
    for one in reversed(access.sides_of(tx, found.id)):
        latest[one.side] = one
    return latest


# -- acts

Act = Callable[[Connection, Actor, Case, Form], object]


def _act(form_name: str, said: str, act: Act) -> Callable[[Request], Response]:
    """An endpoint that does something in one transaction and shows the page again."""

    def endpoint(request: Request) -> Response:
        visit, given = visit_of(request), form_of(request)
        with installation_of(request).database.read() as tx:
            found = service.case(tx, visit.actor, request.path_params["case_id"])
        try:
            with installation_of(request).database.write() as tx:
                act(tx, visit.actor, found, given)
        except CandorError as error:
            return _page(request, Problem(words_of(error), None, form_name), status_of(error), given)
        return RedirectResponse(f"/cases/{found.id}/discovery?said={said}", 303)

    return endpoint


def make(request: Request) -> Response:
    """Make it: on record, then the job that makes the package."""
    here = installation_of(request)

    def act(tx: Connection, actor: Actor, found: Case, form: Form) -> None:
        kept = [one for one in form.getlist("keep") if one]
        withheld = {one: Keep(form.get(f"reason-{one}", ""), form.get(f"citation-{one}", "")) for one in kept}
        opened = [one for one in form.getlist("open") if one]
        making.make(
            tx,
            here.jobs,
            actor,
            found.id,
            withheld=withheld,
            although={one: form.get(f"although-{one}", "") for one in opened},
            reviews=form.get("reviews") == "yes",
            watermark=form.get("watermark") == "yes",
            seen=form.get("upon", ""),
            clock=here.clock,
        )

    return _act("make", "discovery-made", act)(request)


def give(request: Request) -> Response:
    """Give a side access: the code and the key are shown on the answer, and never again."""
    here, visit, given = installation_of(request), visit_of(request), form_of(request)
    days = given.get("days", "")
    try:
        side = _side_of(given)
        with here.database.write() as tx:
            found = _of_case(tx, request, visit.actor)
            made = access.give_access(
                tx,
                here.jobs,
                visit.actor,
                found.id,
                side,
                holder=given.get("holder", ""),
                days=int(days) if days.isascii() and days.isdecimal() and len(days) < 6 else 0,
                new_key=given.get("new_key") == "yes",
                clock=here.clock,
            )
    except CandorError as error:
        form = f"give-{given.get('side', '')}-{request.path_params['discovery_id']}"
        return _page(request, Problem(words_of(error), None, form), status_of(error), given)
    return _page(request, None, 200, shown=made)


def end(request: Request) -> Response:
    """End a side's access."""
    here = installation_of(request)

    def act(tx: Connection, actor: Actor, found: Case, form: Form) -> None:
        this = _of_case(tx, request, actor)
        access.end_access(tx, actor, this.id, _side_of(form), reason=form.get("reason", ""), clock=here.clock)

    form = f"end-{form_of(request).get('side', '')}-{request.path_params['discovery_id']}"
    return _act(form, "discovery-access-ended", act)(request)


def mark_again(request: Request) -> Response:
    """Have marked copies made that failed or are missing."""
    here = installation_of(request)

    def act(tx: Connection, actor: Actor, found: Case, form: Form) -> None:
        marks.ask_again(tx, here.jobs, actor, _of_case(tx, request, actor).id)

    return _act(f"mark-{request.path_params['discovery_id']}", "discovery-marks-asked", act)(request)


def letter_file(request: Request) -> Response:
    """The letter for a side, made of what the page showed once: it is kept nowhere, so the form brings it back."""
    here, visit, given = installation_of(request), visit_of(request), form_of(request)
    code, side = given.get("code", ""), _side_of(given)
    with here.database.read() as tx:
        found = _of_case(tx, request, visit.actor)
        this = access.standing_side(tx, access.digest_of(code), here.clock.now())
    if this is None or this.discovery_id != found.id or this.side is not side:
        raise DiscoveryUnknown(id=found.number)
    base = (here.settings.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}").rstrip("/")
    text = letter.letter_text(
        letter.Letter(
            agency=visit.agency.name if visit.agency else "–",
            number=found.number,
            case=found.matter_number,
            side=side,
            holder=this.holder,
            address=f"{base}/discovery/enter",
            code=code,
            identity=given.get("key") or None,
            ends_at=this.ends_at,
            zone=visit.zone,
            fingerprint=here.log.policy().logs[0].key.fingerprint,
        )
    )
    name = disposition(f"{found.number}-{side.value}-letter.txt")
    headers = {"content-disposition": name, "cache-control": "no-store"}
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)


def record(request: Request) -> Response:
    """What a side viewed, sealed to it: for a court that is given the side's key."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        found = _of_case(tx, request, visit.actor)
    try:
        side = PartySide(request.path_params["side"])
    except ValueError as error:
        raise DiscoveryUnknown(id=found.number) from error
    data = opening.record_of(here.database, here.log, found, side)
    name = disposition(f"{found.number}-{side.value}-record.json")
    return Response(data, media_type="application/json", headers={"content-disposition": name})


def _of_case(tx: Connection, request: Request, actor: Actor) -> Discovery:
    """The discovery of the address, of the case of the address."""
    found = reading.discovery_of(tx, actor, request.path_params["discovery_id"])
    if found.matter_id != request.path_params["case_id"]:
        raise DiscoveryUnknown(id=found.number)
    return found


def _side_of(form: Form) -> PartySide:
    try:
        return PartySide(form.get("side", ""))
    except ValueError as error:
        raise DiscoveryUnknown(id=form.get("side", "")) from error


AT = "/cases/{case_id}/discovery"
routes = [
    page("/discovery", listed, needs=MANAGE),
    page(AT, show, needs=MANAGE),
    page(AT, make, needs=MANAGE, methods=["POST"]),
    page(f"{AT}/{{discovery_id}}/access", give, needs=MANAGE, methods=["POST"]),
    page(f"{AT}/{{discovery_id}}/end", end, needs=MANAGE, methods=["POST"]),
    page(f"{AT}/{{discovery_id}}/marks", mark_again, needs=MANAGE, methods=["POST"]),
    page(f"{AT}/{{discovery_id}}/letter", letter_file, needs=MANAGE, methods=["POST"]),
    page(f"{AT}/{{discovery_id}}/record/{{side}}", record, needs=MANAGE),
]
