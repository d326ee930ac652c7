"""What an upload is. Pure: no database, no files, no clock but what is given."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from candor.core.clock import from_iso, iso
from candor.docking.uploads.errors import LengthWrong, UploadFailed, UploadGone, UploadSealed
from candor.footage import names
from candor.footage.intake import Claim

__all__ = [
    "LEASE",
    "Limits",
    "Owner",
    "Result",
    "Upload",
    "UploadKind",
    "UploadState",
    "as_claim",
    "as_json",
    "checked_length",
]

LEASE = timedelta(seconds=60)
"""How long a process that says nothing more still has an upload, where nobody can see that it has ended."""


class UploadState(StrEnum):
    """How far an upload is. Only DONE has footage."""

    OPEN = "open"
    ASSEMBLING = "assembling"  # all of it is here and durable; it is being put together and sealed
    DONE = "done"
    JOINED = "joined"  # a part of one that is done
    FAILED = "failed"
    TERMINATED = "terminated"
    EXPIRED = "expired"


#: What can still become footage.
UNFINISHED = (UploadState.OPEN, UploadState.ASSEMBLING)
_ENDED_WORDS = {UploadState.TERMINATED: "it was cancelled", UploadState.EXPIRED: "it was not gone on with in time"}


class UploadKind(StrEnum):
    """A file of its own, a part of one, or one that consists of such parts."""

    WHOLE = "whole"
    PART = "part"
    JOINED = "joined"


@dataclass(frozen=True)
class Owner:
    """Whose upload it is: an account, a dock, or a link for somebody without an account. Nobody else sees it."""

    kind: str
    id: str


@dataclass(frozen=True)
class Limits:
    """What one owner may have. Sizes in bytes; None: no bound. `in_all`: finished ones count too, and for good."""

    open_files: int | None = 1000
    open_bytes: int | None = None
    files_in_all: int | None = None
    bytes_in_all: int | None = None


@dataclass(frozen=True)
class Result:
    """What became of an upload that is done; `new` and `flags` as of `footage.Received`."""

    recording_id: str
    part_id: str
    sha256: bytes
    new: bool
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Upload:
    """An upload as its row says. `received` and `length` in bytes; `length` is None while it was not said."""

    id: str
    owner: Owner
    actor: str
    kind: UploadKind
    state: UploadState
    length: int | None
    received: int
    claim: Claim
    metadata: str
    parts: tuple[str, ...]
    place: str
    created_at: datetime
    changed_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    assembled: int
    problem: str | None
    result: Result | None

    @property
    def whole(self) -> bool:
        """Whether every byte of it is here."""
        return self.length is not None and self.received == self.length

    def must_be_open(self, now: datetime) -> None:
        """Raise why nothing more can be added: UploadGone, UploadFailed or UploadSealed."""
        self.must_be_there(now)
        if self.state is not UploadState.OPEN:
            raise UploadSealed()

    def must_be_there(self, now: datetime) -> None:
        """Raise UploadGone or UploadFailed where nothing can be asked of it any more."""
        if self.state is UploadState.FAILED:
            raise UploadFailed(problem=self.problem)
        if self.state in _ENDED_WORDS:
            raise UploadGone(how=_ENDED_WORDS[self.state])
        sealed_yet = self.whole and self.kind is UploadKind.WHOLE  # nobody has to go on with it any more
        if self.state is UploadState.OPEN and self.expires_at <= now and not sealed_yet:
            raise UploadGone(how=_ENDED_WORDS[UploadState.EXPIRED])


def checked_length(upload: Upload, length: int | None) -> int | None:
    """The length that holds when a sender says one (or none) with more bytes. Raises LengthWrong."""
    if length is None or length == upload.length:
        return upload.length
    if upload.length is not None:
        raise LengthWrong(given=length, reason=f"it was said to be {upload.length} before")
    if length < upload.received:
        raise LengthWrong(given=length, reason=f"{upload.received} bytes are here already")
    return length


#: Fields of a claim that are texts or nothing.
_TEXTS = (
    "wearer_id", "unit_id", "device_id", "device_kind", "incident_number", "category", "title", "dock_id",
)  # fmt: skip


def as_json(claim: Claim) -> dict[str, Any]:
    """A claim to be kept with its upload. Claims of a part of a recording cannot be: a camera system makes those."""
    if claim.part_of is not None or claim.times:
        raise ValueError("an upload's claim names no recording of several files and no further times")
    found: dict[str, Any] = {name: getattr(claim, name) for name in ("name", "source", "face", "actor", *_TEXTS)}
    found["modified_at"] = None if claim.modified_at is None else iso(claim.modified_at)
    # Names that are no text (`footage.names`) are no JSON in UTF-8: beside what can be shown stands the exact one.
    exact = {name: json.dumps(found[name]) for name in ("name", "source") if names.kept(found[name]) != found[name]}
    found |= {name: names.kept(found[name]) for name in exact}
    return {**found, "also": dict(claim.also), **({"exact": exact} if exact else {})}


def as_claim(found: dict[str, Any]) -> Claim:
    """A claim as it was kept."""
    modified = found["modified_at"]
    exact = {name: json.loads(text) for name, text in found.get("exact", {}).items()}
    given = {name: value for name, value in found.items() if name != "exact"} | exact
    return Claim(**{**given, "modified_at": None if modified is None else from_iso(modified)})
