"""Marks that were made on the camera, placed on what is played."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from candor.footage import names
from candor.footage.bookmarks import Bookmark, bookmarks_of
from candor.web import formats
from candor.web.i18n import gettext as _
from candor.web.pages.recording_player import Stage, on_line


@dataclass(frozen=True)
class MarkTold:
    """A mark. `seconds`, `until`: on what is played (None: not in it); `place`: the same as text."""

    at: datetime | None
    seconds: float | None
    until: float | None
    place: str
    category: str
    text: str
    tags: tuple[str, ...]

    @property
    def words(self) -> str:
        """In one line, for the timeline."""
        return " · ".join(filter(None, (self.category, self.text[:120]))) or _("Mark")


def marks_told(tx: Connection, recording_id: str, stage: Stage) -> list[MarkTold]:
    """The marks of a recording that the reader may see, in order of time."""
    return [_told(one, stage) for one in bookmarks_of(tx, recording_id)]


def _told(mark: Bookmark, stage: Stage) -> MarkTold:
    seconds = None if mark.at is None else on_line(stage, mark.at)
    until = None if mark.until is None or mark.until == mark.at else on_line(stage, mark.until)
    return MarkTold(
        at=mark.at,
        seconds=seconds,
        until=until,
        place="–" if seconds is None else formats.duration(round(seconds * 1000)),
        category=names.shown(mark.category or ""),
        text=names.shown(mark.text),
        tags=tuple(names.shown(tag) for tag in mark.tags),
    )


def on_timeline(marks: list[MarkTold]) -> list[tuple[float, float | None, str]]:
    """The marks that have a place on what is played."""
    return [(one.seconds, one.until, one.words) for one in marks if one.seconds is not None]
