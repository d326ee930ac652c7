"""Bytes for the player and for downloads: any stretch of a sealed object, decrypted as it is sent.

RFC 9110 sections 13.1.5 and 14: one range at a time; a request for several is answered with the whole, as the RFC
allows. Nothing here is kept by anybody on the way, and nothing is read whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from candor.footage import names
from candor.footage.errors import ViewingEnded
from candor.footage.viewing import DOWNLOAD_PURPOSE, begin_viewing, open_part, open_rendition
from candor.people.rules import Permission
from candor.store import SealedStream
from candor.web.access import installation_of, page, visit_of
from candor.web.pages.purposes import copy_purpose, is_copy_of
from candor.web.pages.recordings import VIEW

#: Bytes decrypted at a time.
_PIECE = 512 << 10
_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*", re.IGNORECASE)
#: What a browser shows by itself, and shows safely; anything else of an original is only ever saved.
_SHOWN_TYPES = ("video/mp4", "audio/mp4", "image/jpeg", "application/json")


class Source(Protocol):
    """Something to read stretches of. `size` in bytes."""

    size: int

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        """The bytes of a stretch, in pieces."""

    def close(self) -> None:
        """Let go of what it reads from."""


class SealedSource:
    """A sealed object as a source."""

    def __init__(self, stream: SealedStream) -> None:
        self._stream = stream
        self.size = stream.size

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        """The bytes of a stretch, in pieces of at most half a mebibyte."""
        end = min(offset + length, self.size)
        while offset < end:
            piece = self._stream.read_at(offset, min(_PIECE, end - offset))
            yield piece
            offset += len(piece)

    def close(self) -> None:
        """Close the object."""
        self._stream.close()


@dataclass(frozen=True)
class Stretch:
    """Which bytes are sent: `length` from `offset` on; `partial` when they were asked for by a range."""

    offset: int
    length: int
    partial: bool


def stretch_of(header: str | None, size: int) -> Stretch | None:
    """What a Range header asks of `size` bytes; None when there is no such range (416).

    No header, one that cannot be read, or one for several ranges: the whole.
    """
    whole = Stretch(0, size, False)
    found = _RANGE.fullmatch(header) if header else None
    if found is None:
        return whole
    first, last = found.groups()
    if not first and not last:
        return whole
    if not first:
        length = min(int(last), size)
        return Stretch(size - length, length, True) if length else None
    if last and int(last) < int(first):
        return whole  # not a range at all: to be ignored
    if int(first) >= size:
        return None
    end = min(int(last) + 1, size) if last else size
    return Stretch(int(first), end - int(first), True)


class Bytes(StreamingResponse):
    """The answer; it closes its source however it ends, also when the browser goes away half-way."""

    def __init__(self, source: Source, stretch: Stretch, head_only: bool, headers: dict[str, str]) -> None:
        self._source = source
        content: Iterator[bytes] = iter(()) if head_only else source.read(stretch.offset, stretch.length)
        super().__init__(content, 206 if stretch.partial else 200, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await run_in_threadpool(self._source.close)


def answer(request: Request, source: Source, *, tag: str, media_type: str, file_name: str | None = None) -> Response:
    """The stretch of a source that a request asks for. `tag`: changes with the bytes; `file_name`: to be saved."""
    etag = f'"{tag}"'
    headers = {
        "accept-ranges": "bytes",
        "cache-control": "private, no-store",
        "content-type": media_type,
        "etag": etag,
        "x-content-type-options": "nosniff",
    }
    if file_name is not None:
        headers["content-disposition"] = disposition(file_name)
    asked = request.headers.get("range")
    if_range = request.headers.get("if-range")
    if if_range is not None and if_range.strip() != etag:
        asked = None  # what the browser has a part of is another file: it gets the whole
    stretch = stretch_of(asked, source.size)
    if stretch is None:
        source.close()
        return Response(status_code=416, headers=headers | {"content-range": f"bytes */{source.size}"})
    headers["content-length"] = str(stretch.length)
    if stretch.partial:
        last = stretch.offset + stretch.length - 1
        headers["content-range"] = f"bytes {stretch.offset}-{last}/{source.size}"
    return Bytes(source, stretch, request.method == "HEAD", headers)


def disposition(file_name: str) -> str:
    """A Content-Disposition that saves under this name (RFC 6266, RFC 8187), whatever the name holds."""
    safe = re.sub(r'[\\/:*?"<>|]', "_", names.shown(file_name)).strip(". ") or "file"
    plain = safe.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def media(request: Request) -> Response:
    """A viewing copy, filmstrip or waveform, within the viewing that the page began."""
    here, visit = installation_of(request), visit_of(request)
    opened = open_rendition(
        here.database,
        here.vault,
        visit.actor,
        request.path_params["rendition_id"],
        "",
        viewing_id=request.query_params.get("viewing", ""),
        clock=here.clock,
    )
    known = opened.media_type in _SHOWN_TYPES
    media_type = opened.media_type if known and opened.media_type else "application/octet-stream"
    return answer(request, SealedSource(opened.stream), tag=opened.sha256.hex(), media_type=media_type)


def fetch_original(request: Request) -> Response:
    """Put on record that an original is taken out, then lead to its bytes."""
    here, visit = installation_of(request), visit_of(request)
    recording_id, part_id = request.path_params["recording_id"], request.path_params["part_id"]
    with here.database.write() as tx:
        purpose = copy_purpose(tx, request, f"{DOWNLOAD_PURPOSE} {part_id}")
        begun = begin_viewing(tx, visit.actor, recording_id, purpose, clock=here.clock)
    return RedirectResponse(f"/originals/{part_id}?viewing={begun.id}", 303)


def original(request: Request) -> Response:
    """The original, byte for byte, as a file to save; a download that broke off can go on within its viewing."""
    here, visit = installation_of(request), visit_of(request)
    part_id = request.path_params["part_id"]
    opened = open_part(
        here.database,
        here.vault,
        visit.actor,
        part_id,
        "",
        viewing_id=request.query_params.get("viewing", ""),
        clock=here.clock,
    )
    if not is_copy_of(opened.viewing.purpose, f"{DOWNLOAD_PURPOSE} {part_id}"):
        opened.stream.close()
        raise ViewingEnded()
    # Whatever the file is: saved under its name, never run or shown as part of this site.
    return answer(
        request,
        SealedSource(opened.stream),
        tag=opened.sha256.hex(),
        media_type="application/octet-stream",
        file_name=opened.name,
    )


routes = [
    page("/media/{rendition_id}", media, needs=VIEW),
    page(
        "/recordings/{recording_id}/parts/{part_id}/download",
        fetch_original,
        needs=Permission.RECORDINGS_EXPORT,
        methods=["POST"],
    ),
    page("/originals/{part_id}", original, needs=Permission.RECORDINGS_EXPORT),
]
