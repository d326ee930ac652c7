"""Links for footage from the public: make one for a case, see what came by it, end it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.docking.links import service as links
from candor.docking.links.rules import GB, LARGEST, LONGEST_DAYS, LONGEST_NOTE, MOST_FILES, Link, LinkState
from candor.footage.rules import visible_to
from candor.footage.tables import recording as recording_table
from candor.people import service
from candor.people.rules import Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import noted, words_of
from candor.web.pages.account_security import qr_of
from candor.web.render import render

#: Days offered for a link's life.
LIVES = (3, 7, 14, 30, LONGEST_DAYS)
STATE_WORDS = {
    LinkState.OPEN: noted("Open"),
    LinkState.FULL: noted("Used up"),
    LinkState.ENDED: noted("Ended"),
    LinkState.REVOKED: noted("Withdrawn"),
}
_BLANK = {"incident": "", "note": "", "days": "14", "files": str(MOST_FILES), "gigabytes": str(LARGEST // GB)}


def show(request: Request) -> Response:
    """The links that the visitor may see, and the form for another one."""
    return _page(request, 200, given=_BLANK | {"incident": request.query_params.get("incident", "")[:64]})


def _page(request: Request, status: int, **more: Any) -> Response:
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        found = links.links(tx, visit.actor)
        files = {link.id: links.files_of(tx, link) for link in found if link.use.sealed}
        ids = {one.recording_id for given in files.values() for one in given}
        seen = sa.select(recording_table.c.id).where(recording_table.c.id.in_(ids), visible_to(visit.actor).expression)
        visible = set(tx.scalars(seen)) if ids else set()
        names = {one.id: one.display_name for one in service.accounts(tx)}
    values: dict[str, Any] = {"made": None, "problem": None, "given": _BLANK} | more
    return render(
        request,
        "links.html",
        status=status,
        links=found,
        files=files,
        visible=visible,
        names=names,
        state_words=STATE_WORDS,
        lives=LIVES,
        most_files=MOST_FILES,
        most_gigabytes=LARGEST // GB,
        longest_note=LONGEST_NOTE,
        now_at=here.clock.now(),
        **values,
    )


def create(request: Request) -> Response:
    """Make a link and show it, this once: its secret is kept nowhere, so the page is the answer itself."""
    here, form = installation_of(request), form_of(request)
    given = {name: form.get(name, "") for name in _BLANK}
    try:
        with here.database.write() as tx:
            link, secret = links.new_link(
                tx,
                visit_of(request).actor,
                given["incident"],
                note=given["note"],
                days=_number(given["days"]),
                files=_number(given["files"]),
                gigabytes=_number(given["gigabytes"]),
                clock=here.clock,
            )
    except CandorError as error:
        return _page(request, status_of(error), given=given, problem=words_of(error))
    return _page(request, 200, made=_shown(request, link, secret))


def _shown(request: Request, link: Link, secret: str) -> dict[str, Any]:
    base = installation_of(request).settings.public_url or str(request.base_url)
    address = f"{base.rstrip('/')}/give/{secret}"
    return {"link": link, "address": address, "qr": qr_of(address)}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


def revoke(request: Request) -> Response:
    """End a link now."""
    here = installation_of(request)
    with here.database.write() as tx:
        links.revoke_link(tx, visit_of(request).actor, request.path_params["number"], clock=here.clock)
    return RedirectResponse("/links?said=link-revoked", 303)


_TAKE_IN = Permission.RECORDINGS_TAKE_IN
routes = [
    page("/links", show, needs=_TAKE_IN, name="links"),
    page("/links", create, needs=_TAKE_IN, methods=["POST"]),
    page("/links/{number}/revoke", revoke, needs=_TAKE_IN, methods=["POST"]),
]
