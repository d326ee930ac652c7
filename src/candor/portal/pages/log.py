"""The public log: how far it is and who signed it, and its entries, page by page."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from candor.core.errors import CandorError
from candor.pages.i18n import words_of
from candor.portal.errors import LogUnsigned, NotInLog
from candor.portal.place import Portal, portal_of
from candor.portal.public_log import PAGE, PublicLog, Signed
from candor.portal.render import render

#: Digits of a number that somebody asks for.
_DIGITS = 16


def log(request: Request) -> Response:
    """The log to look at: how far it is, who witnesses it, how to keep a copy of it."""
    portal = portal_of(request)
    about = portal.about()
    path = "/log/" if about.log_number == 1 else f"/log/{about.log_number}/"
    base = (portal.settings.url or str(request.base_url)).rstrip("/")
    try:
        signed, problem = _log(portal).signed(), None
    except LogUnsigned as error:
        signed, problem = None, words_of(error)
    return render(
        request,
        "log.html",
        signed=signed,
        newest=signed and signed.checkpoint,
        problem=problem,
        log_path=path,
        log_url=f"{base}{path}",
        log_root=f"{base}/log/",
    )


def entries(request: Request) -> Response:
    """Entries of the log, PAGE of them from `from` back; with `size`, the root hash of so many first entries."""
    public = _log(portal_of(request))
    asked = {name: request.query_params.get(name, "").strip()[:40] for name in ("from", "size")}
    shown: dict[str, Any] = {"found": [], "signed": None, "size": 0, "start": 0, "compared": None, "problem": None}
    status = 200
    try:
        signed = public.signed()
        if signed is not None and signed.checkpoint.size:
            size = signed.checkpoint.size
            shown |= {"signed": signed, "size": size}
            start = _number(asked["from"], size - 1, signed) if asked["from"] else size - 1
            shown |= {"start": start, "found": public.entries(signed, start)}
            if asked["size"]:
                covered = _number(asked["size"], size, signed)
                shown["compared"] = (covered, public.root_of(signed, covered))
    except CandorError as error:
        shown["problem"], status = words_of(error), 404 if isinstance(error, NotInLog) else 503
    return render(request, "log_entries.html", status=status, asked=asked, page=PAGE, **shown)


def _number(text: str, most: int, signed: Signed) -> int:
    """A number from 0 to `most`. Raises NotInLog."""
    plain = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    if not plain or int(text) > most:
        raise NotInLog(asked=text, count=signed.checkpoint.size, last=signed.checkpoint.size - 1)
    return int(text)


def _log(portal: Portal) -> PublicLog:
    return PublicLog(portal.settings.log, portal.about().log_policy)


routes = [
    Route("/log", log),
    Route("/log/entries", entries),
]
