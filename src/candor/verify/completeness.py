"""Step 13 of a verification: the public log itself, read up to the checkpoint, is searched for what was left out.

Whoever holds a recording's tag keys can find every event of it in the log. The whole log is read, proven to be the
tree of the signed checkpoint, and every tag in it compared with those the keys give.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from candor.verify.checkpoint import Checkpoint
from candor.verify.contents import History
from candor.verify.errors import VerifyError
from candor.verify.leaf import parse_leaf, tag
from candor.verify.report import Step
from candor.verify.tiles import MAX_ENTRY_SIZE, TILE_WIDTH, Tile, TileReader

__all__ = ["LogFiles", "LogFolder", "LogSite", "check_against_log", "log_files"]

MAX_FILE = TILE_WIDTH * (MAX_ENTRY_SIZE + 2)
"""Bytes of the largest file that a log may serve: a full bundle of the largest entries."""

LOOK_AHEAD = 1000
"""How many numbers after the last one of a tag key are searched for. The program numbers without gaps, so an event
that it logged and the package hides would stand under the first of them."""

TIMEOUT = 30.0
"""Seconds that a log's site may take for one file."""


class LogUnreachable(VerifyError):
    """The log at {place} cannot be read: {reason}."""

    exit_code = 33


class LogFiles(ABC):
    """Where the files of a log are read from."""

    @abstractmethod
    def fetch(self, tile: Tile) -> bytes | None:
        """The bytes of one file, None when there is none. Raises LogUnreachable."""


class LogFolder(LogFiles):
    """A log's files in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def fetch(self, tile: Tile) -> bytes | None:
        try:
            with (self.root / tile.path).open("rb") as file:
                return file.read(MAX_FILE)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LogUnreachable(place=self.root, reason=error.strerror or error) from error


class LogSite(LogFiles):
    """A log's files behind a web address. The only part of the verifier that can use a network, on request."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def fetch(self, tile: Tile) -> bytes | None:
        try:
            with urllib.request.urlopen(f"{self.url}/{tile.path}", timeout=TIMEOUT) as answer:
                data: bytes = answer.read(MAX_FILE)
                return data
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (404, 410):
                return None
            raise LogUnreachable(place=self.url, reason=f"it answered {error.code}") from error
        except (OSError, ValueError) as error:
            raise LogUnreachable(place=self.url, reason=error) from error


def log_files(place: str) -> LogFiles:
    """A folder, or a site when the place starts with http:// or https://."""
    return LogSite(place) if place.startswith(("http://", "https://")) else LogFolder(Path(place))


@dataclass(frozen=True)
class _Expected:
    recording: str
    n: int
    indexes: frozenset[int]
    """Where the package says the event is, once for each time its number was taken (a lost event's may have been taken
    again); empty for a number that the package does not show."""
    current: bool
    """Whether the tag key is the recording's last one that the package shows."""


def check_against_log(log: LogFiles, checkpoint: Checkpoint, histories: Mapping[str, History], step: Step) -> None:
    """Step 13: each tag of the shown events stands once, at its index; none of a later number before the last.

    Events after the hand-out are no fault (their numbers come after its): they are counted. Raises VerifyError.
    """
    expected = _expected_tags(histories)
    last = {recording: max((e.index for e in h.events), default=checkpoint.size) for recording, h in histories.items()}
    later: dict[str, int] = {}
    reader = TileReader(checkpoint.size, checkpoint.root, log.fetch)
    for index, entry in enumerate(reader.entries()):
        try:
            wanted = expected.get(parse_leaf(entry).tag)
        except VerifyError:
            continue  # an entry of another kind carries no tag
        if wanted is None or index in wanted.indexes:
            continue
        hidden = bool(wanted.indexes) or not wanted.current or index < last[wanted.recording]
        if hidden:
            step.fail(
                f"entry {index:,} of the log carries the tag of event {wanted.n} of recording {wanted.recording}, "
                "and the package does not show it"
            )
        else:
            later[wanted.recording] = later.get(wanted.recording, 0) + 1
    for recording, count in later.items():
        step.note(f"recording {recording}: {count} event(s) came after the hand-out, still under a key shown here")
    if not step.failed:
        step.words = f"{checkpoint.size:,} entries searched"


def _expected_tags(histories: Mapping[str, History]) -> dict[str, _Expected]:
    """Every tag that the shown keys give: for each event shown, and under each key for the numbers after its epoch."""
    found: dict[str, _Expected] = {}
    for recording, history in histories.items():
        index_of = {event.n: event.index for event in history.events}
        index_of |= {event.n: event.index for event in history.withheld}
        count = history.length
        ends = [epoch.first_n for epoch in history.epochs[1:]] + [count]
        for epoch, end in zip(history.epochs, ends):  # noqa: B905 - Python 3.9
            for n in range(min(epoch.first_n, count), min(end, count) + LOOK_AHEAD):
                index = index_of.get(n) if n < end else None
                indexes = frozenset(() if index is None else (index,))
                found[tag(epoch.tag_key, n)] = _Expected(recording, n, indexes, epoch is history.epochs[-1])
        for lost in history.lost:
            name = tag(history.epochs[lost.epoch].tag_key, lost.n)
            indexes = frozenset((lost.index,)) | (found[name].indexes if name in found else frozenset())
            found[name] = _Expected(recording, lost.n, indexes, history.epochs[lost.epoch] is history.epochs[-1])
    return found
