"""The storage of Axis camera systems, `/v1/{account}/{container}/{object}`: what of Swift they use, and nothing else.

HEAD  account, container, object       204 / 204 / 200 with what is said of it
GET   System/Capabilities.json, Categories.json; everything else 403
PUT   container 201, 202 when it is there; object 201
POST  container 204, merges; object 202, replaces
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from candor.core.errors import CandorError
from candor.dock.axis_auth import AxisAuth
from candor.dock.hands import Hands
from candor.dock.pouring import PIECE, pour
from candor.docking.axis.connecting import Bearer
from candor.docking.axis.containers import change_container, container_of, is_complete, put_container
from candor.docking.axis.entries import system_document
from candor.docking.axis.errors import (
    AxisBodyAltered,
    AxisForbidden,
    AxisMalformed,
    AxisNotThere,
)
from candor.docking.axis.gate import AxisGate
from candor.docking.axis.objects import AxisObject, change_object, metadata_of_object
from candor.docking.axis.refused import refuse_call
from candor.docking.axis.rules import container_kind, header_of, metadata_of, path_of
from candor.docking.axis.settling import settle
from candor.docking.progress import receiving
from candor.store.room import must_have_room

__all__ = ["AxisStorage"]

_PATH = re.compile(rb"/v1(?:\.0)?/([^/]+)(?:/(.*))?", re.DOTALL)
_logger = logging.getLogger("candor.dock")


class AxisStorage:
    """The ASGI application behind the storage URL."""

    def __init__(self, gate: AxisGate, auth: AxisAuth, hands: Hands) -> None:
        self._gate, self._auth, self._hands = gate, auth, hands

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _PATH.fullmatch(scope["raw_path"])
        if found is None:
            raise AxisNotThere(what="address")
        headers = Headers(scope=scope)
        bearer = await self._auth.bearer(headers.get("x-auth-token", ""), found[1].decode("latin-1"))
        call = _Call(self._gate, self._hands, bearer, scope, found[2] or b"")
        try:
            response = await call.answer(receive)
        except AxisMalformed as error:
            await self._hands.ask(call.keep_refused, str(error.fields["reason"]))
            raise
        await response(scope, receive, send)


class _Call:
    """One call of a camera system that is let in."""

    def __init__(self, gate: AxisGate, hands: Hands, bearer: Bearer, scope: Scope, rest: bytes) -> None:
        self._gate, self._hands, self._bearer = gate, hands, bearer
        self._method: str = scope["method"]
        self._headers = Headers(scope=scope)
        self._rest = rest

    async def answer(self, receive: Receive) -> Response:
        """Do what is asked for."""
        if not self._rest:
            if self._method == "HEAD":
                return Response(status_code=204)
            raise AxisForbidden(what="The account")
        path = path_of(self._rest)
        container, name = path[0], path[1] if len(path) > 1 else None
        if self._method == "GET":
            return await self._hands.ask(self._read, container, name)
        if self._method == "HEAD":
            return await self._hands.ask(self._look, container, name)
        if self._method not in ("PUT", "POST"):
            raise AxisForbidden(what="This")
        said = metadata_of(self._headers.raw, lenient=container_kind(container).value == "rejected")
        if self._method == "PUT" and name is not None:
            return await self._put_object(receive, container, name, said)
        if name is not None:
            found = await self._hands.finish(self._post_object, container, name, said)
            await self._hands.settle(self._settle_if_possible, found)
            return Response(status_code=202)
        act = self._put_container if self._method == "PUT" else self._post_container
        row, status = await self._hands.finish(act, container, said)
        if is_complete(row):  # a recording that is complete is sealed before that is acknowledged
            await self._hands.settle(settle, self._gate, self._bearer, row.id)
        return Response(status_code=status)

    def keep_refused(self, reason: str) -> None:
        """Keep a malformed call, as far as it can be read."""
        container, _, name = (unquote_to_bytes(one).decode("utf-8", "replace") for one in self._rest.partition(b"/"))
        said = metadata_of(self._headers.raw, lenient=True)
        with self._gate.database.write() as tx:
            refuse_call(tx, self._bearer, self._method, container, name, reason, said, clock=self._gate.clock)

    # -- reading

    def _read(self, container: str, name: str | None) -> Response:
        if container != "System" or name is None:
            raise AxisForbidden(what="Reading this")
        with self._gate.database.write() as tx:
            body, etag = system_document(tx, self._bearer.connection.id, name)
        return Response(body, 200, {"ETag": etag, "Accept-Ranges": "bytes"}, "application/json")

    def _look(self, container: str, name: str | None) -> Response:
        if container == "System" and name is not None:
            with contextlib.suppress(AxisForbidden):
                return self._read(container, name)  # the same headers; the server leaves the body out
        with self._gate.database.read() as tx:
            row = container_of(tx, self._bearer, container)
            if name is None:
                return _told(204, row.metadata, container=True)
            found = metadata_of_object(tx, row, name)
        return _told(200, found.metadata, container=False, size=found.size or 0)

    # -- saying

    def _put_container(self, name: str, said: Mapping[str, str]) -> tuple[sa.Row[Any], int]:
        with self._gate.database.write() as tx:
            row, new = put_container(tx, self._bearer, name, said, clock=self._gate.clock)
        return row, 201 if new else 202

    def _post_container(self, name: str, said: Mapping[str, str]) -> tuple[sa.Row[Any], int]:
        with self._gate.database.write() as tx:
            row = change_container(tx, self._bearer, name, said, clock=self._gate.clock)
        return row, 204

    def _post_object(self, container: str, name: str, said: Mapping[str, str]) -> str:
        with self._gate.database.write() as tx:
            row = container_of(tx, self._bearer, container)
            change_object(tx, self._gate, self._bearer, row, name, said)
        return str(row.id)

    def _settle_if_possible(self, container_id: str) -> None:
        """What follows from an object that is durable already; what cannot be done now is done with a later call, or
        by itself after a while."""
        try:
            settle(self._gate, self._bearer, container_id)
        except (CandorError, DBAPIError, PoolTimeout) as error:
            _logger.warning("what follows from an object of a camera system has to wait: %s", error)

    # -- sending

    async def _put_object(self, receive: Receive, container: str, name: str, said: Mapping[str, str]) -> Response:
        announced = self._announced()
        with self._hands.body():
            await self._hands.ask(must_have_room, self._gate.vault, announced or 0)
            one = await self._hands.ask(AxisObject, self._gate, self._bearer, container, name, said, announced)
            poured = _Poured(one, self._headers.get("etag", "").strip('"').lower(), announced)
            dock = self._bearer.connection.dock_id
            with receiving("axis", dock, name, announced) as told:
                await pour(
                    receive,
                    poured,
                    self._hands,
                    announced=announced,
                    before=lambda size: must_have_room(self._gate.vault, size),
                    told=told,
                )
                try:
                    poured.check()
                    await self._hands.finish(one.finish)
                except BaseException:
                    one.abort()
                    raise
            if not one.is_entry:
                await self._hands.settle(self._settle_if_possible, one.container_id)
        return Response(status_code=201, headers={"ETag": poured.md5} if poured.md5 else None)

    def _announced(self) -> int | None:
        length = self._headers.get("content-length")
        return int(length) if length is not None else None


class _Poured:
    """An object that is poured into, with the MD5 of its bytes where somebody asks for it or it costs nothing: to
    hash every clip once more would halve what the door can take."""

    def __init__(self, one: AxisObject, expected: str, announced: int | None) -> None:
        self._one, self._expected = one, expected
        wanted = bool(expected) or (announced is not None and announced <= PIECE)
        self._md5 = hashlib.md5(usedforsecurity=False) if wanted else None
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes taken so far, also of an entry's body, which is not kept."""
        return self._size

    @property
    def md5(self) -> str:
        """In hexadecimal; empty when it was not taken."""
        return "" if self._md5 is None else self._md5.hexdigest()

    def begin(self, head: bytes | bytearray) -> None:
        self._one.begin(head)

    def write(self, data: bytes | bytearray) -> None:
        if self._md5 is not None:
            self._md5.update(data)
        self._one.write(data)
        self._size += len(data)

    def abort(self) -> None:
        self._one.abort()

    def check(self) -> None:
        """Raise AxisBodyAltered when another MD5 was announced."""
        if self._expected and self.md5 != self._expected:
            raise AxisBodyAltered()


def _told(status: int, said: Mapping[str, str], *, container: bool, size: int | None = None) -> Response:
    headers = dict(header_of(key, value, container=container) for key, value in said.items())
    response = Response(status_code=status, headers=headers)
    if size is not None:
        response.headers["content-length"] = str(size)
    return response
