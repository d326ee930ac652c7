"""Releases: the list, one with its player, and the files themselves."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from candor.core.clock import iso
from candor.pages.formats import local
from candor.portal.errors import NotHere
from candor.portal.guard import code_in
from candor.portal.place import portal_of
from candor.portal.render import render
from candor.published.notices import ReleaseNotice
from candor.published.place import PAGE, KnownFile
from candor.published.tracking import digest_of

#: What a browser may show by itself; all else is downloaded.
_PLAYED = frozenset({"video/mp4", "audio/mp4"})
_PREFIX = re.compile(r"[0-9a-f]{2}")
#: Lengths beyond which nobody goes on turning pages.
_LAST = 10_000


def listed(request: Request) -> Response:
    """Releases for everybody, the newest first, and a search among them."""
    text = request.query_params.get("text", "")[:200]
    said = request.query_params.get("page", "1")
    page = min(int(said), _LAST) if said.isascii() and said.isdigit() and said != "0" and len(said) < 6 else 1
    portal_of(request).about()
    found, count = portal_of(request).published.releases(text, page=page)
    pages = max(1, -(-count // PAGE))
    return render(request, "releases.html", found=found, count=count, text=text, page=page, pages=pages)


def one(request: Request) -> Response:
    """A release: what is seen, what was hidden and why, what to download, and whether it was recalled."""
    portal_of(request).about()
    notice = portal_of(request).published.release(request.path_params["release_id"][:64])
    if notice is None or not _may_see(request, notice.audience, notice.tracking and bytes.fromhex(notice.tracking)):
        raise NotHere()
    return render(request, "release.html", notice=notice, copies=_copies(notice))


def _copies(notice: ReleaseNotice) -> list[dict[str, object]]:
    """Each copy with what was hidden in it."""
    copies = [one for one in notice.files if one.kind == "copy"]
    return [
        {"file": copy, "hidden": [one for one in notice.hidden if one.copy == at]} for at, copy in enumerate(copies)
    ]


def file(request: Request) -> Response:
    """A published file, whole or a range of it. For a requester alone: with their code."""
    portal = portal_of(request)
    known = portal.published.files_of(request.path_params["sha256"])
    shown = [one for one in known if one.stored and _may_see(request, one.audience, one.tracking)]
    there = None
    with suppress(FileNotFoundError):
        there = os.stat(portal.published.files.path(shown[0].sha256)) if shown else None
    if there is None:
        raise NotHere()
    found = shown[0]
    played = found.media_type in _PLAYED and "download" not in request.query_params
    headers = {
        "content-disposition": "inline" if played else _attached(found.name),
        # It may be recalled: whoever has kept it asks again.
        "cache-control": "no-cache" if found.audience == "public" else "private, no-store",
        "x-robots-tag": "noindex",
    }
    kind = found.media_type if re.fullmatch(r"[\w.+-]+/[\w.+-]+", found.media_type) else "application/octet-stream"
    path = portal.published.files.path(found.sha256)
    return FileResponse(path, headers=headers, media_type=kind, stat_result=there)


def index(request: Request) -> Response:
    """`/files/index/3f.json`: every file of a release whose SHA-256 begins with these two digits. Whoever looks one up
    finds the rest in the answer, so that nobody learns which file it was."""
    prefix = request.path_params["prefix"]
    if not _PREFIX.fullmatch(prefix):
        raise NotHere()
    portal = portal_of(request)
    found, zone = portal.published.files_under(int(prefix, 16)), portal.about().zone
    return JSONResponse(
        {"prefix": prefix, "files": [_entry(one, zone) for one in found]}, headers={"cache-control": "no-cache"}
    )


def _entry(known: KnownFile, zone: str) -> dict[str, str | bool | None]:
    public = known.audience == "public"
    return {
        "sha256": known.sha256,
        "kind": known.kind,
        "without_credentials": known.bare,
        "published_at": _moment(known.published_at, zone, public=public),
        "recalled_at": _moment(known.recalled_at, zone, public=public) if known.recalled_at else None,
        "release": known.release_id if public else None,
        "name": known.name if public else None,
    }


def _moment(moment: datetime, zone: str, *, public: bool) -> str:
    """Of what went to one person alone, the beginning of the agency's day: the moment could be found again in what is
    known of a request."""
    return iso(moment if public else local(moment, zone).replace(hour=0, minute=0, second=0, microsecond=0))


def _may_see(request: Request, audience: str, tracking: bytes | str | None) -> bool:
    if audience == "public":
        return True
    code = code_in(request)
    return code is not None and tracking is not None and digest_of(code) == tracking


def _attached(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", name)[-120:]
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name[-120:])}"


routes = [
    Route("/releases", listed),
    Route("/releases/{release_id}", one),
    Route("/files/index/{prefix}.json", index),
    Route("/files/{sha256}", file),
]
