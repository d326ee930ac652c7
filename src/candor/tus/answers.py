"""Answers of the protocol to what goes wrong: a status that a tus client understands, and words for people."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from candor.core.errors import CandorError, DatabaseGone
from candor.docking.uploads.errors import (
    BeyondLength,
    ChecksumWrong,
    LengthWrong,
    OffsetWrong,
    PartsNotWhole,
    UploadBusy,
    UploadElsewhere,
    UploadError,
    UploadFailed,
    UploadGone,
    UploadSealed,
    UploadStalled,
    UploadsTooLarge,
    UploadsTooMany,
    UploadsWait,
    UploadTakenOver,
    UploadTooLarge,
    UploadUnknown,
)
from candor.store import StoreError, StoreFull
from candor.store.room import NoRoom
from candor.tus.headers import VERSION, HeaderWrong

__all__ = ["NOT_THE_SENDERS", "OUR_OWN", "BodyTypeWrong", "VersionWrong", "answer_to"]


class VersionWrong(CandorError):
    """This server speaks version 1.0.0 of the tus protocol, which the header Tus-Resumable must say. Nothing was
    taken."""

    exit_code = 2


class BodyTypeWrong(CandorError):
    """The bytes of an upload come with the Content-Type application/offset+octet-stream. Nothing was taken."""

    exit_code = 2


STATUS: dict[type[CandorError], int] = {
    HeaderWrong: 400,
    LengthWrong: 400,
    PartsNotWhole: 400,
    UploadSealed: 403,
    UploadUnknown: 404,
    UploadStalled: 408,
    OffsetWrong: 409,
    UploadTakenOver: 409,
    UploadFailed: 410,
    UploadGone: 410,
    VersionWrong: 412,
    BeyondLength: 413,
    UploadTooLarge: 413,
    UploadsTooLarge: 413,
    BodyTypeWrong: 415,
    UploadBusy: 423,
    UploadsTooMany: 429,
    ChecksumWrong: 460,
    DatabaseGone: 503,
    UploadElsewhere: 503,
    UploadsWait: 503,
    NoRoom: 507,
    StoreFull: 507,
    StoreError: 503,
}
#: What is answered here; everything else is the face's to answer.
OUR_OWN = (UploadError, StoreError, DatabaseGone, NoRoom, HeaderWrong, VersionWrong, BodyTypeWrong)
#: What no sender can mend.
NOT_THE_SENDERS = (StoreError, DatabaseGone, NoRoom)
#: Seconds after which to try again.
_AGAIN = {503: "5", 507: "60"}


def answer_to(error: CandorError, words: str, *, unread: bool) -> Response:
    """The answer, in those words. `unread`: some of the request's body was not read, so that the connection cannot be
    gone on with."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 422)
    headers = {"tus-resumable": VERSION, "cache-control": "no-store"}
    if status in _AGAIN:
        headers["retry-after"] = _AGAIN[status]
    if isinstance(error, VersionWrong):
        headers["tus-version"] = VERSION
    if isinstance(error, OffsetWrong):
        headers["upload-offset"] = str(error.fields["received"])
    if unread or isinstance(error, UploadStalled):
        headers["connection"] = "close"
    return JSONResponse({"error": words}, status, headers)
