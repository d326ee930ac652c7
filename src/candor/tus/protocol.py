"""The handlers: OPTIONS and POST of the collection; HEAD, GET, PATCH, DELETE of an upload."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from candor.core.errors import CandorError
from candor.docking.uploads.errors import UploadSealed
from candor.docking.uploads.places import MOST_AT_ONCE
from candor.docking.uploads.rules import Owner, Upload, UploadKind, UploadState
from candor.docking.uploads.turn import Turn
from candor.tus.answers import NOT_THE_SENDERS, OUR_OWN, BodyTypeWrong, VersionWrong, answer_to
from candor.tus.door import Door
from candor.tus.headers import (
    ALGORITHMS,
    BODY_TYPE,
    EXTENSIONS,
    VERSION,
    HeaderWrong,
    about,
    checksum_of,
    concat_of,
    metadata_of,
    number_of,
)
from candor.tus.pouring import Pouring

__all__ = ["ITEM_METHODS", "METHODS", "Tus", "mount"]

METHODS = ("OPTIONS", "POST")
ITEM_METHODS = ("HEAD", "GET", "PATCH", "DELETE", "POST")
_PATIENCE = 25.0
"""Seconds an answer waits for an upload to be put together; after that it says that this goes on."""
_THREADS = MOST_AT_ONCE + 16
_logger = logging.getLogger("candor.tus")

Handler = Callable[[Request], Awaitable[Response]]


class Tus:
    """The protocol at one address of a face. `path`: where the collection is, without a slash at its end."""

    def __init__(self, door: Door, path: str) -> None:
        self._door, self._path = door, path
        #: Threads of its own, so that slow senders take none from the face's pages; one set for each event loop.
        self._threads: WeakKeyDictionary[asyncio.AbstractEventLoop, CapacityLimiter] = WeakKeyDictionary()

    async def collection(self, request: Request) -> Response:
        """OPTIONS, and POST: begin an upload."""
        if request.method == "OPTIONS":
            return await self._options(request)
        return await self._answered(request, self._create)

    async def item(self, request: Request) -> Response:
        """HEAD, GET, PATCH, DELETE of an upload; POST with X-HTTP-Method-Override."""
        method = request.method
        if method == "POST":
            method = request.headers.get("x-http-method-override", "POST").upper()
        match method:
            case "GET":
                return await self._answered(request, self._tell, versioned=False)
            case "HEAD":
                return await self._answered(request, self._head)
            case "PATCH":
                return await self._answered(request, self._patch)
            case "DELETE":
                return await self._answered(request, self._delete)
        return Response(status_code=405, headers={"allow": ", ".join(ITEM_METHODS), "tus-resumable": VERSION})

    async def _answered(self, request: Request, handler: Handler, *, versioned: bool = True) -> Response:
        try:
            if versioned and request.headers.get("tus-resumable") != VERSION:
                raise VersionWrong()
            answer = await handler(request)
        except OUR_OWN as error:
            answer = self._refusal(error, unread=_has_body(request))
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        answer.headers.setdefault("tus-resumable", VERSION)
        answer.headers.setdefault("cache-control", "no-store")
        return answer

    def _refusal(self, error: CandorError, *, unread: bool) -> Response:
        if isinstance(error, NOT_THE_SENDERS):  # whoever runs this has to know, and the sender may not be told all
            _logger.warning("uploads at %s: %s", self._path, error)
        return answer_to(error, self._door.words(error), unread=unread)

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        loop = asyncio.get_running_loop()
        limiter = self._threads.get(loop)
        if limiter is None:
            limiter = self._threads[loop] = CapacityLimiter(_THREADS)
        return await run_sync(lambda: function(*args), limiter=limiter)

    async def _options(self, request: Request) -> Response:
        headers = {
            "tus-resumable": VERSION,
            "tus-version": VERSION,
            "tus-extension": ",".join(EXTENSIONS),
            "tus-max-size": str(self._door.uploads(request).largest),
            "tus-checksum-algorithm": ",".join(ALGORITHMS),
        }
        return Response(status_code=204, headers=headers)

    # -- begin

    async def _create(self, request: Request) -> Response:
        headers, uploads = request.headers, self._door.uploads(request)
        length = number_of("Upload-Length", headers.get("upload-length"))
        deferred = headers.get("upload-defer-length")
        concat = concat_of(headers.get("upload-concat"), f"{request.scope.get('root_path', '')}{self._path}")
        if deferred not in (None, "1") or (deferred and length is not None):
            raise HeaderWrong(name="Upload-Defer-Length", reason="it is 1, and there is no Upload-Length then")
        if concat.kind is UploadKind.JOINED and (length is not None or deferred):
            raise HeaderWrong(name="Upload-Length", reason="the length of a final upload follows from its parts")
        if length is None and not deferred and concat.kind is not UploadKind.JOINED:
            raise HeaderWrong(name="Upload-Length", reason="it is missing; where it is not known yet, defer it")
        metadata = headers.get("upload-metadata", "")
        said = metadata_of(metadata)
        checksum = checksum_of(headers.get("upload-checksum"))
        with_body = _has_body(request)
        if with_body and (headers.get("content-type") != BODY_TYPE or concat.kind is UploadKind.JOINED):
            raise BodyTypeWrong()

        def begin() -> tuple[Owner, Upload]:
            owner = self._door.owner(request)
            claim = self._door.claim(request, said)
            if concat.kind is UploadKind.JOINED:
                return owner, uploads.join(owner, claim, concat.parts, metadata=metadata)
            limits = self._door.limits(request, owner)
            made = uploads.begin(owner, claim, length=length, kind=concat.kind, metadata=metadata, limits=limits)
            return owner, made

        owner, made = await self._in_thread(begin)
        where = f"{request.scope.get('root_path', '')}{self._path}/{made.id}"
        try:
            if concat.kind is UploadKind.JOINED:
                await self._wait_for(uploads.put_together(made.id))
            elif with_body or length == 0:
                await self._receive(request, owner, made.id, 0, None, checksum, body=with_body)
        except OUR_OWN as error:
            # It was begun: the sender learns where, and can go on.
            answer = self._refusal(error, unread=with_body)
            answer.headers["location"] = where
            return answer
        now = await self._in_thread(uploads.look, owner, made.id)
        told = await self._in_thread(self._told, request, now)
        return JSONResponse(told, 201, {**self._about(request, now), "location": where})

    # -- go on

    async def _patch(self, request: Request) -> Response:
        headers = request.headers
        offset = number_of("Upload-Offset", headers.get("upload-offset"))
        if headers.get("content-type") != BODY_TYPE:
            raise BodyTypeWrong()
        if offset is None:
            raise HeaderWrong(name="Upload-Offset", reason="it is missing")
        length = number_of("Upload-Length", headers.get("upload-length"))
        checksum = checksum_of(headers.get("upload-checksum"))
        owner = await self._in_thread(self._door.owner, request)
        upload_id = request.path_params["upload_id"]
        try:
            await self._receive(request, owner, upload_id, offset, length, checksum)
        except UploadSealed:
            # Whoever did not hear that the last byte had arrived sends nothing more, to learn just that.
            known = await self._in_thread(self._door.uploads(request).look, owner, upload_id)
            if known.kind is not UploadKind.WHOLE or offset != known.length or _has_body(request):
                raise
        now = await self._in_thread(self._door.uploads(request).look, owner, upload_id)
        return Response(status_code=204, headers=self._about(request, now, brief=True))

    async def _receive(
        self,
        request: Request,
        owner: Owner,
        upload_id: str,
        offset: int,
        length: int | None,
        checksum: Any,
        *,
        body: bool = True,
    ) -> None:
        uploads = self._door.uploads(request)
        announced = int(request.headers.get("content-length") or 0) if body else 0

        def begin() -> Turn:
            limits = self._door.limits(request, owner)
            return uploads.begin_turn(owner, upload_id, offset, announced=announced, length=length, limits=limits)

        turn: Turn = await self._in_thread(begin)
        try:
            if body:
                pouring = Pouring(request, uploads, turn, self._in_thread, lambda: self._door.at_work(request))
                try:
                    await pouring.pour(checksum)
                except BaseException:
                    await self._in_thread(_keep_what_came, uploads, turn)
                    raise
            if not turn.whole:
                await self._in_thread(turn.settle)
                return
            waiting = await self._in_thread(uploads.finish, turn)
        finally:
            await self._in_thread(uploads.end_turn, turn)
        if waiting is not None:
            await self._wait_for(waiting)

    async def _wait_for(self, future: Any) -> None:
        """Until an upload is put together, or for as long as an answer may take. Raises why it could not be."""
        task = asyncio.wrap_future(future)
        done, _ = await asyncio.wait([task], timeout=_PATIENCE)
        if done:
            task.result()
        else:
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())

    # -- ask and cancel

    async def _head(self, request: Request) -> Response:
        found = await self._look(request)
        return Response(status_code=200, headers=self._about(request, found))

    async def _tell(self, request: Request) -> Response:
        found = await self._look(request)
        return JSONResponse(await self._in_thread(self._told, request, found), headers=self._about(request, found))

    async def _delete(self, request: Request) -> Response:
        def terminate() -> None:
            owner = self._door.owner(request)
            desk = self._door.uploads(request)
            upload_id = request.path_params["upload_id"]
            desk.terminate(owner, upload_id, desk.look(owner, upload_id).actor)

        await self._in_thread(terminate)
        return Response(status_code=204)

    async def _look(self, request: Request) -> Upload:
        def look() -> Upload:
            owner = self._door.owner(request)
            return self._door.uploads(request).look(owner, request.path_params["upload_id"])

        found: Upload = await self._in_thread(look)
        return found

    def _about(self, request: Request, upload: Upload, *, brief: bool = False) -> dict[str, str]:
        found = dict(about(upload, f"{request.scope.get('root_path', '')}{self._path}"))
        return {name: found[name] for name in found if not brief or name in _BRIEF}

    def _told(self, request: Request, upload: Upload) -> dict[str, Any]:
        told: dict[str, Any] = {
            "upload": upload.id,
            "state": upload.state.value,
            "received": upload.received,
            "length": upload.length,
        }
        if upload.state is UploadState.ASSEMBLING:
            told |= {"assembled": upload.assembled, "problem": upload.problem}
        return told | self._door.told(request, upload)


_BRIEF = ("upload-offset", "upload-expires", "candor-upload-state")


def mount(door: Door, path: str) -> list[Route]:
    """The routes of the protocol under a path such as `/tus`, for a face without rules of its own for each route."""
    tus = Tus(door, path)
    return [
        Route(path, tus.collection, methods=list(METHODS), name="tus"),
        Route(f"{path}/{{upload_id}}", tus.item, methods=list(ITEM_METHODS), name="tus-upload"),
    ]


def _has_body(request: Request) -> bool:
    headers = request.headers
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _keep_what_came(uploads: Any, turn: Turn) -> None:
    """After a break: what arrived is noted, and sealed if it is all. What stands in the way of that is no news to
    whoever broke off: what was noted before stays, and the next turn says it."""
    try:
        if turn.whole and turn.received > turn.noted:
            uploads.finish(turn)
        else:
            turn.settle()
    except CandorError:
        return
