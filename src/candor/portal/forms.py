"""Reading what is sent: never more than is allowed, never longer than is bearable, in one of two forms."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from candor.core.errors import CandorError
from candor.core.portal_settings import PortalLimits
from candor.portal.errors import BodyTooLarge, BodyTooSlow, BodyWrong, FileRefused, TooManyAtOnce
from candor.portal.multipart import LONGEST_FIELD, MOST_FIELDS, Multipart, SentFile, boundary_of
from candor.portal.rates import source_of

__all__ = ["Form", "read_form"]

FORM_TYPE = "application/x-www-form-urlencoded"
#: Bytes of a form without files.
LARGEST = 128 * 1024
#: Seconds for a whole form; with files.
PATIENCE, PATIENCE_WITH_FILES = 20.0, 180.0
#: Forms with files that are read at the same time, and those that come from one address.
AT_ONCE, FROM_ONE = 400, 4
#: Bytes of them that are in memory together; a form that is no longer than `LARGEST` is always read.
MOST_BYTES = 96_000_000


@dataclass(frozen=True)
class Form:
    """What was sent: each field once, and files."""

    fields: dict[str, str] = field(default_factory=dict)
    files: tuple[SentFile, ...] = ()

    def get(self, name: str) -> str:
        """A field, without what cannot be stored; "" where it is not there."""
        return self.fields.get(name, "").replace("\0", "")


async def read_form(request: Request, limits: PortalLimits, *, with_files: bool = False) -> Form:
    """The form of a request. Raises BodyTooLarge, BodyTooSlow, BodyWrong, FileRefused, TooManyAtOnce."""
    kind = request.headers.get("content-type", "")
    boundary = boundary_of(kind)
    if boundary is None:
        if kind.split(";")[0].strip().lower() != FORM_TYPE:
            raise BodyWrong(reason="it is no form")
        return await _in_time(_read_plain(request), PATIENCE)
    if not with_files:
        raise BodyWrong(reason="no files can be sent here")
    with _reading.one(source_of(request.client.host if request.client else "")) as mine:
        return await _in_time(_read_parts(request, boundary, limits, mine), PATIENCE_WITH_FILES)


class _Reading:
    """The forms with files that are being read: what is read of them is in memory. Used by one thread alone."""

    def __init__(self) -> None:
        self.sources: Counter[str] = Counter()
        self.bytes = 0

    @contextmanager
    def one(self, source: str) -> Iterator[_Held]:
        """Read one within the block. Raises TooManyAtOnce. Nobody keeps others from asking by sending slowly: one
        address has few places, and a form without large files needs no room that somebody else could take."""
        if self.sources[source] >= FROM_ONE or self.sources.total() >= AT_ONCE:
            raise TooManyAtOnce()
        self.sources[source] += 1
        mine = _Held(self)
        try:
            yield mine
        finally:
            mine.drop()
            self.sources[source] -= 1
            if not self.sources[source]:
                del self.sources[source]


class _Held:
    """What is in memory of one form."""

    def __init__(self, reading: _Reading) -> None:
        self._reading, self._bytes = reading, 0

    def came(self, count: int) -> None:
        """So many bytes more. Raises TooManyAtOnce."""
        if self._bytes + count > LARGEST and self._reading.bytes + count > MOST_BYTES:
            raise TooManyAtOnce()
        self._bytes += count
        self._reading.bytes += count

    def drop(self) -> None:
        """Nothing of it is in memory any more."""
        self._reading.bytes -= self._bytes
        self._bytes = 0


_reading = _Reading()


async def _in_time(reading: Coroutine[Any, Any, Form], seconds: float) -> Form:
    try:
        async with asyncio.timeout(seconds):
            return await reading
    except TimeoutError as error:
        raise BodyTooSlow(seconds=round(seconds)) from error
    except ClientDisconnect as error:
        raise BodyWrong(reason="it ends too early") from error


async def _read_plain(request: Request) -> Form:
    body = bytearray()
    _announced(request, LARGEST)
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise BodyTooLarge()
    try:
        pairs = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise BodyTooLarge() from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BodyWrong(reason="a field comes twice")
    if any(len(value) > LONGEST_FIELD for value in fields.values()):
        raise BodyTooLarge()
    return Form(fields)


async def _read_parts(request: Request, boundary: bytes, limits: PortalLimits, mine: _Held) -> Form:
    largest = limits.files * limits.file_megabytes * 1_000_000 + MOST_FIELDS * 4096 + LARGEST
    _announced(request, largest)
    reader, size = Multipart(boundary, limits), 0
    refused: CandorError | None = None
    async for piece in request.stream():
        size += len(piece)
        if refused is None:
            try:
                mine.came(len(piece))
                reader.feed(piece)
            except (BodyTooLarge, FileRefused, TooManyAtOnce) as error:
                # Whoever still sends cannot read an answer: the rest is let pass, so that they see why.
                refused, reader = error, Multipart(boundary, limits)
                mine.drop()
        if size > largest:
            raise refused or BodyTooLarge()
    if refused is not None:
        raise refused
    reader.end()
    return Form(reader.fields, tuple(reader.files))


def _announced(request: Request, largest: int) -> None:
    """Refuse at once what says that it is too large."""
    said = request.headers.get("content-length", "0")
    if said.isascii() and said.isdigit() and int(said) > largest:
        raise BodyTooLarge()
