"""Copies of the log that survived: a folder of its files (a mirror, an old disk), or the address of such a copy.

Nothing of a copy is believed: what counts are checkpoints that the log's own key signed, and tiles and entries that
fold into them.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from candor.verify.completeness import TIMEOUT, LogFiles, LogFolder, LogSite, LogUnreachable
from candor.verify.note import MAX_NOTE_SIZE, Note
from candor.verify.tiles import Tile


class Copy:
    """One copy at a place. Reading raises LogUnreachable, or Malformed for a checkpoint that is none."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._site = LogSite(place) if place.startswith(("http://", "https://")) else None
        self._files: LogFiles = self._site or LogFolder(Path(place))

    def fetch(self, tile: Tile) -> bytes | None:
        """A file's bytes, None when it is not there."""
        return self._files.fetch(tile)

    def checkpoint(self) -> Note | None:
        """The checkpoint beside the tiles; None when there is none."""
        data = self._from_site() if self._site is not None else self._from_folder()
        return None if data is None else Note.parse(data)

    def _from_folder(self) -> bytes | None:
        try:
            with (Path(self.place) / "checkpoint").open("rb") as file:
                return file.read(MAX_NOTE_SIZE + 1)
        except FileNotFoundError:
            if not Path(self.place).is_dir():
                raise LogUnreachable(place=self.place, reason="there is no such folder") from None
            return None
        except OSError as error:
            raise LogUnreachable(place=self.place, reason=error.strerror or error) from error

    def _from_site(self) -> bytes | None:
        address = f"{self.place.rstrip('/')}/checkpoint"
        try:
            with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
                data: bytes = answer.read(MAX_NOTE_SIZE + 1)
                return data
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (404, 410):
                return None
            raise LogUnreachable(place=self.place, reason=f"it answered {error.code}") from error
        except (OSError, ValueError) as error:
            raise LogUnreachable(place=self.place, reason=error) from error


class Together:
    """Several copies read as one: of each file, the first that is there."""

    def __init__(self, copies: Sequence[Copy]) -> None:
        self.place = " with ".join(copy.place for copy in copies)
        self._copies = copies

    def fetch(self, tile: Tile) -> bytes | None:
        """A file's bytes from the first copy that has it."""
        for copy in self._copies:
            try:
                data = copy.fetch(tile)
            except LogUnreachable:
                continue
            if data is not None:
                return data
        return None
