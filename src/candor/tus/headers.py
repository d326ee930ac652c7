"""The headers of tus 1.0, read and written. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

from candor.core.errors import CandorError
from candor.docking.uploads.rules import Upload, UploadKind, UploadState

__all__ = [
    "ALGORITHMS",
    "BODY_TYPE",
    "EXTENSIONS",
    "VERSION",
    "Checksum",
    "Concat",
    "HeaderWrong",
    "about",
    "checksum_of",
    "concat_of",
    "metadata_of",
    "number_of",
]

VERSION = "1.0.0"
EXTENSIONS = (
    "creation", "creation-with-upload", "creation-defer-length", "termination", "checksum", "expiration",
    "concatenation",
)  # fmt: skip
#: None of these vouches for anything but that the bytes are those that were sent.
ALGORITHMS = ("sha256", "sha1", "sha512")
BODY_TYPE = "application/offset+octet-stream"
_LONGEST_METADATA = 16_384
_NUMBER = re.compile(r"[0-9]{1,18}")
_ID = re.compile(r"[0-9a-f]{32}")


class HeaderWrong(CandorError):
    """The header {name} cannot be understood: {reason}. Nothing was taken."""

    exit_code = 2


@dataclass(frozen=True)
class Checksum:
    """What the bytes of one request must come to."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True)
class Concat:
    """Whether an upload is a part of another one, or consists of the uploads with these identifiers."""

    kind: UploadKind
    parts: tuple[str, ...] = ()


def number_of(name: str, text: str | None) -> int | None:
    """A size or offset in bytes; None where the header is not there. Raises HeaderWrong."""
    if text is None:
        return None
    if not _NUMBER.fullmatch(text.strip()):
        raise HeaderWrong(name=name, reason="it is no number of bytes")
    return int(text)


def metadata_of(text: str) -> dict[str, str]:
    """Upload-Metadata: pairs of a key and Base64, separated by commas. Raises HeaderWrong.

    Texts that are no UTF-8 are kept as Python keeps such file names (surrogate escapes).
    """
    if len(text) > _LONGEST_METADATA:
        raise HeaderWrong(name="Upload-Metadata", reason=f"it is longer than {_LONGEST_METADATA} characters")
    found: dict[str, str] = {}
    for pair in filter(None, (one.strip() for one in text.split(","))):
        key, _, value = pair.partition(" ")
        try:
            decoded = base64.b64decode(value.strip(), validate=True)
        except (ValueError, binascii.Error) as error:
            raise HeaderWrong(name="Upload-Metadata", reason=f"the value of {key[:40]!r} is no Base64") from error
        if key in found:
            raise HeaderWrong(name="Upload-Metadata", reason=f"{key[:40]!r} is there twice")
        found[key] = decoded.decode("utf-8", "surrogateescape")
    return found


def checksum_of(text: str | None) -> Checksum | None:
    """Upload-Checksum: an algorithm and Base64. Raises HeaderWrong."""
    if text is None:
        return None
    algorithm, _, value = text.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise HeaderWrong(name="Upload-Checksum", reason=f"of algorithms there are {', '.join(ALGORITHMS)}")
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except (ValueError, binascii.Error) as error:
        raise HeaderWrong(name="Upload-Checksum", reason="the value is no Base64") from error
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise HeaderWrong(name="Upload-Checksum", reason=f"no {algorithm} has {len(digest)} bytes")
    return Checksum(algorithm, digest)


def concat_of(text: str | None, path: str) -> Concat:
    """Upload-Concat: `partial`, or `final;` and the addresses of the parts under `path`. Raises HeaderWrong."""
    if text is None:
        return Concat(UploadKind.WHOLE)
    if text.strip() == "partial":
        return Concat(UploadKind.PART)
    word, _, addresses = text.strip().partition(";")
    ids = [urlsplit(one).path.removeprefix(f"{path}/") for one in addresses.split()]
    if word != "final" or not ids or not all(_ID.fullmatch(one) for one in ids):
        raise HeaderWrong(name="Upload-Concat", reason="it is neither partial nor final with addresses of uploads")
    return Concat(UploadKind.JOINED, tuple(ids))


def about(upload: Upload, path: str) -> Mapping[str, str]:
    """What the headers of an answer say of an upload."""
    headers = {"candor-upload-state": upload.state.value}
    if upload.kind is not UploadKind.JOINED or upload.state is UploadState.DONE:
        headers["upload-offset"] = str(upload.received)
    if upload.length is None:
        headers["upload-defer-length"] = "1"
    else:
        headers["upload-length"] = str(upload.length)
    if upload.state is UploadState.OPEN:
        headers["upload-expires"] = _http_date(upload.expires_at)
    if upload.metadata:
        headers["upload-metadata"] = upload.metadata
    if upload.kind is UploadKind.PART:
        headers["upload-concat"] = "partial"
    elif upload.kind is UploadKind.JOINED:
        headers["upload-concat"] = "final;" + " ".join(f"{path}/{one}" for one in upload.parts)
    return headers


def _http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)
