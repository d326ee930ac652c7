"""What one entry of the inbox holds: a document and the files that came with it, as bytes, and sealed.

Form: `candor-inbox/1\\n`, the length of the JSON in 4 bytes (big-endian), the JSON, then the files one after the other.
`files` of the JSON lists each with name, media type, size and SHA-256, in that order. Sealed with age (X25519) to the
recipient that the staff side has published: whoever takes the portal over cannot read it again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pyrage

from candor.published.errors import NoticeWrong, NotReadyForRequests

__all__ = ["EntryFile", "Opened", "open_sealed", "seal"]

_MAGIC = b"candor-inbox/1\n"
#: Bytes of the JSON; more is refused on both sides.
LARGEST_DOCUMENT = 256 * 1024


@dataclass(frozen=True)
class EntryFile:
    """A file that came with something."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Opened:
    """An entry that was opened: its document, and its files, each with the digest that it has."""

    document: dict[str, Any]
    files: tuple[EntryFile, ...]


def seal(document: dict[str, Any], files: tuple[EntryFile, ...], recipient: str) -> bytes:
    """The sealed entry. Raises NotReadyForRequests where the recipient is none."""
    listed = [
        {
            "name": one.name,
            "media_type": one.media_type,
            "size": len(one.content),
            "sha256": hashlib.sha256(one.content).hexdigest(),
        }
        for one in files
    ]
    text = json.dumps({**document, "files": listed}, ensure_ascii=False, separators=(",", ":")).encode()
    if len(text) > LARGEST_DOCUMENT:
        raise NoticeWrong(what="entry", reason="its document is too long")
    plain = b"".join((_MAGIC, len(text).to_bytes(4, "big"), text, *(one.content for one in files)))
    try:
        to = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError as error:
        raise NotReadyForRequests() from error
    sealed: bytes = pyrage.encrypt(plain, [to])
    return sealed


def open_sealed(sealed: bytes, identities: list[str]) -> Opened:
    """Open an entry with one of our age identities. Raises NoticeWrong for whatever is not in that form: the bytes come
    from a machine that everybody can reach."""
    try:
        keys = [pyrage.x25519.Identity.from_str(one) for one in identities]
        plain: bytes = pyrage.decrypt(sealed, keys)
    except (pyrage.DecryptError, pyrage.IdentityError) as error:
        raise NoticeWrong(what="entry", reason="it is not sealed to a key of ours") from error
    begin = len(_MAGIC) + 4
    if plain[: len(_MAGIC)] != _MAGIC or len(plain) < begin:
        raise NoticeWrong(what="entry", reason="it does not begin as an entry does")
    length = int.from_bytes(plain[len(_MAGIC) : begin], "big")
    if length > LARGEST_DOCUMENT or begin + length > len(plain):
        raise NoticeWrong(what="entry", reason="its document is longer than it may be")
    try:
        document = json.loads(plain[begin : begin + length])
        listed = document.pop("files")
        files, at = [], begin + length
        for one in listed:
            content = plain[at : at + one["size"]]
            if one["size"] < 0 or hashlib.sha256(content).hexdigest() != one["sha256"]:
                raise ValueError("a file is not what the entry says")
            files.append(EntryFile(str(one["name"]), str(one["media_type"]), content))
            at += one["size"]
        if at != len(plain):
            raise ValueError("there is more than it says")
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise NoticeWrong(what="entry", reason="its document cannot be read") from error
    return Opened(document, tuple(files))
