"""What a package says of itself: its recordings and their custody histories, read strictly, believed in nothing.

Reading gives typed values or raises Malformed. Whether they are true is for the steps in `package` to show.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from candor.verify.bag import CHUNK_SIZE
from candor.verify.encoding import MAX_EXACT, hex_bytes, reading
from candor.verify.leaf import TAG_KEY_SIZE
from candor.verify.opening import Opening

MAX_RECORDINGS = 10_000
MAX_EPOCHS = 1_000
ORIGINALS = "data/originals/"

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REASON = re.compile(r"[a-z][a-z0-9-]{0,63}")


@dataclass(frozen=True)
class Part:
    """One file of a recording. Digests in hex, size in bytes."""

    part: int
    sha256: str
    chunk_root: str
    chunk_size: int
    size: int
    name: str


@dataclass(frozen=True)
class PackagedPart:
    """A part, and the file of the package that holds its bytes."""

    file: str
    part: Part


@dataclass(frozen=True)
class PackagedRecording:
    """A recording that the package hands out."""

    id: str
    parts: tuple[PackagedPart, ...]


@dataclass(frozen=True)
class Contents:
    """data/recordings.json. `package` is the package's identifier, `agency` whatever the agency calls itself."""

    package: str
    agency: str
    recordings: tuple[PackagedRecording, ...]


@dataclass(frozen=True)
class Epoch:
    """From event `first_n` on, a recording's tags are made with this key (32 bytes)."""

    epoch: int
    first_n: int
    tag_key: bytes


@dataclass(frozen=True)
class ShownEvent:
    """One event of a history: its number, its place in the log, its opening, and the proof's file."""

    n: int
    index: int
    opening: Opening
    proof: str


@dataclass(frozen=True)
class LostEvent:
    """An entry that is event `n` of the recording by its tag, under the tag key `epoch`, and that nobody can open."""

    n: int
    epoch: int
    index: int
    leaf: bytes
    proof: str


@dataclass(frozen=True)
class WithheldEvent:
    """An event that is shown to exist and is not opened. `reason` names why; data/discovery.json explains it."""

    n: int
    index: int
    leaf: bytes
    proof: str
    reason: str


@dataclass(frozen=True)
class History:
    """custody/<recording>/history.json."""

    recording: str
    epochs: tuple[Epoch, ...]
    events: tuple[ShownEvent, ...]
    lost: tuple[LostEvent, ...] = ()
    withheld: tuple[WithheldEvent, ...] = ()

    @property
    def length(self) -> int:
        """How many events the recording had: those that are opened, those that are not, and those that are lost."""
        numbers = {one.n for one in self.events} | {one.n for one in self.lost}
        return len(numbers | {one.n for one in self.withheld})


def read_contents(data: bytes) -> Contents:
    """Read data/recordings.json. Raises Malformed."""
    with reading("list of recordings (data/recordings.json)"):
        found = object_of(strict_json(data))
        if count_of(found.get("v")) != 1:
            raise ValueError("it is of another version than 1")
        recordings = tuple(_recording(item) for item in list_of(found.get("recordings")))
        if not 0 < len(recordings) <= MAX_RECORDINGS:
            raise ValueError(f"a package holds 1 to {MAX_RECORDINGS:,} recordings")
        if len({r.id for r in recordings}) != len(recordings):
            raise ValueError("a recording stands in it twice")
        return Contents(uuid_of(found.get("package")), agency_of(found.get("agency")), recordings)


def read_history(data: bytes) -> History:
    """Read custody/<recording>/history.json. Raises Malformed."""
    with reading("custody history"):
        found = object_of(strict_json(data))
        recording = uuid_of(found.get("recording"))
        epochs = tuple(
            Epoch(count_of(e.get("epoch")), count_of(e.get("first_n")), hex_bytes(e.get("tag_key"), TAG_KEY_SIZE))
            for e in map(object_of, list_of(found.get("epochs")))
        )
        if len(epochs) > MAX_EPOCHS:
            raise ValueError(f"it has more than {MAX_EPOCHS:,} tag keys")
        events = tuple(shown_event(item) for item in list_of(found.get("events")))
        lost = tuple(_lost_event(item) for item in list_of(found.get("lost", [])))
        withheld = tuple(_withheld_event(item) for item in list_of(found.get("withheld", [])))
        return History(recording, epochs, events, lost, withheld)


def read_part(value: object) -> Part:
    """A part as "recording:sealed" and recordings.json describe it. Raises ValueError."""
    found = object_of(value)
    chunk_size = count_of(found.get("chunk_size"))
    if chunk_size != CHUNK_SIZE:
        raise ValueError(f"the chunk root is over pieces of {chunk_size} bytes, not {CHUNK_SIZE}")
    return Part(
        count_of(found.get("part")),
        hex_bytes(found.get("sha256"), 32).hex(),
        hex_bytes(found.get("chunk_root"), 32).hex(),
        chunk_size,
        count_of(found.get("size")),
        text_of(found.get("name")),
    )


def _recording(value: object) -> PackagedRecording:
    found = object_of(value)
    parts = []
    for item in map(object_of, list_of(found.get("parts"))):
        file = text_of(item.get("file"))
        if not file.startswith(ORIGINALS):
            raise ValueError(f"{file[:80]!r} does not lie in {ORIGINALS}")
        parts.append(PackagedPart(file, read_part(item)))
    if not parts:
        raise ValueError("a recording has no file")
    return PackagedRecording(uuid_of(found.get("id")), tuple(parts))


def shown_event(value: object) -> ShownEvent:
    """An event as a history lists it. Raises ValueError."""
    found = object_of(value)
    opening = Opening(
        text_of(found.get("leaf")).encode("utf-8"),
        text_of(found.get("payload")).encode("utf-8"),
        hex_bytes(found.get("salt"), 32),
    )
    return ShownEvent(count_of(found.get("n")), count_of(found.get("index")), opening, text_of(found.get("proof")))


def _lost_event(value: object) -> LostEvent:
    found = object_of(value)
    leaf = text_of(found.get("leaf")).encode("utf-8")
    n, epoch, index = (count_of(found.get(name)) for name in ("n", "epoch", "index"))
    return LostEvent(n, epoch, index, leaf, text_of(found.get("proof")))


def _withheld_event(value: object) -> WithheldEvent:
    found = object_of(value)
    leaf = text_of(found.get("leaf")).encode("utf-8")
    n, index = count_of(found.get("n")), count_of(found.get("index"))
    reason = text_of(found.get("reason"))
    if _REASON.fullmatch(reason) is None:
        raise ValueError(f"not the name of a reason: {reason[:40]!r}")
    return WithheldEvent(n, index, leaf, text_of(found.get("proof")), reason)


def strict_json(data: bytes) -> object:
    """JSON in which no key stands twice; raises ValueError."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key stands twice")
        return found

    def refuse(text: str) -> float:
        raise ValueError(f"not a number: {text[:40]}")

    try:
        value: object = json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_constant=refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def object_of(value: object) -> Mapping[str, Any]:
    """A JSON object. This and the readers below raise ValueError for anything else."""
    if not isinstance(value, dict):
        raise ValueError("a part of it is missing, or not an object")
    return value


def list_of(value: object) -> list[Any]:
    """A JSON list."""
    if not isinstance(value, list):
        raise ValueError("a part of it is missing, or not a list")
    return value


def text_of(value: object) -> str:
    """A text."""
    if not isinstance(value, str):
        raise ValueError("a text in it is missing")
    return value


def agency_of(value: object) -> str:
    """The agency's name: a text, or an object with a "name"."""
    return text_of(value.get("name")) if isinstance(value, dict) else text_of(value)


def uuid_of(value: object) -> str:
    """An identifier, as a UUID is written."""
    text = text_of(value)
    if _UUID.fullmatch(text) is None:
        raise ValueError(f"not an identifier: {text[:40]!r}")
    return text


def count_of(value: object) -> int:
    """A whole number from 0 on, no larger than every reader of JSON holds exactly (RFC 8259 section 6)."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_EXACT:
        raise ValueError(f"not a count: {str(value)[:40]!r}")
    return value
