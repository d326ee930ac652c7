"""What the player is given: the parts in order, each with its viewing copy, strip and waveform, and their times."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import from_iso
from candor.footage import names
from candor.footage.renditions import Rendition, renditions_of
from candor.footage.rules import FLAG_WORDS, RecordingState, RenditionKind, RenditionState
from candor.footage.search import Row
from candor.footage.tables import part as part_table
from candor.footage.times import SOURCE_WORDS, TimeSource, likely
from candor.jobs import Jobs
from candor.web import formats
from candor.web.i18n import gettext as _
from candor.web.i18n import noted

#: Seconds between two parts that are no gap: clocks and containers round.
SMALLEST_GAP = 1.0
#: A part without picture or sound that could be decoded has no rendition at all.
_OPEN = (RenditionState.WAITING, RenditionState.MAKING)


class StageState(StrEnum):
    """What stands where the player stands."""

    READY = "ready"
    MAKING = "making"
    FAILED = "failed"
    UNPLAYABLE = "unplayable"
    DESTROYED = "destroyed"
    REGROUPED = "regrouped"
    RECEIVING = "receiving"


@dataclass(frozen=True)
class Segment:
    """One part as it is played. `starts_at`: as its source says, by its own claim, or following on; `gap`: seconds
    before it."""

    part_id: str
    number: int
    name: str
    proxy: Rendition | None
    strip: Rendition | None
    wave: Rendition | None
    duration: float
    fps: float
    starts_at: datetime
    ends_at: datetime
    gap: float | None
    has_picture: bool
    has_sound: bool


@dataclass(frozen=True)
class Stage:
    """Everything the stage's template needs. `fraction` of 1 while the viewing copy is being made."""

    state: StageState
    segments: tuple[Segment, ...]
    fraction: float | None
    reasons: tuple[str, ...]

    @property
    def playable(self) -> tuple[Segment, ...]:
        """The parts that can be played now."""
        return tuple(one for one in self.segments if one.proxy and one.proxy.state is RenditionState.READY)

    def begin_of(self, segment: Segment) -> float:
        """Where a part begins in what is played, in seconds."""
        before = self.playable[: self.playable.index(segment)]
        return round(sum(one.duration for one in before), 3)

    @property
    def has_picture(self) -> bool:
        """Whether there is anything to see."""
        return any(one.has_picture for one in self.playable)

    @property
    def has_sound(self) -> bool:
        """Whether there is anything to hear."""
        return any(one.has_sound for one in self.playable)

    @property
    def gaps(self) -> tuple[Segment, ...]:
        """The parts that do not follow on the one before."""
        return tuple(one for one in self.segments if one.gap is not None and abs(one.gap) >= SMALLEST_GAP)


def stage_of(tx: Connection, jobs: Jobs, row: Row) -> Stage:
    """What can be shown of a recording now."""
    segments = _segments(tx, row)
    if row.state == RecordingState.DESTROYED:
        return Stage(StageState.DESTROYED, segments, None, ())
    if row.state == RecordingState.REGROUPED:
        return Stage(StageState.REGROUPED, segments, None, ())
    proxies = [one.proxy for one in segments if one.proxy is not None]
    if any(proxy.state is RenditionState.READY for proxy in proxies):
        return Stage(StageState.READY, segments, None, ())
    waiting = [proxy for proxy in proxies if proxy.state in _OPEN]
    if waiting:
        return Stage(StageState.MAKING, segments, _fraction(tx, jobs, waiting), ())
    if proxies:
        reasons = tuple(dict.fromkeys(proxy.problem or "" for proxy in proxies))
        return Stage(StageState.FAILED, segments, None, tuple(filter(None, reasons)))
    if row.state == RecordingState.RECEIVING:
        return Stage(StageState.RECEIVING, segments, None, ())
    reasons = tuple(_(FLAG_WORDS[flag]) for flag in FLAG_WORDS if flag.value in row.flags)
    return Stage(StageState.UNPLAYABLE, segments, None, reasons)


def _fraction(tx: Connection, jobs: Jobs, waiting: Sequence[Rendition]) -> float:
    found = [jobs.get(tx, one.job_id) for one in waiting if one.job_id]
    fractions = [job.fraction for job in found if job is not None]
    return sum(fractions) / len(fractions) if fractions else 0.0


def _segments(tx: Connection, row: Row) -> tuple[Segment, ...]:
    found: list[Segment] = []
    query = sa.select(part_table).where(part_table.c.recording_id == row.id).order_by(part_table.c.number)
    rows = _in_order(tx.execute(query).all())
    moved = _moved(rows, row)
    for part in rows:
        made = {one.kind: one for one in renditions_of(tx, part.id)}
        media = part.claims.get("media", {})
        streams = media.get("streams", ())
        proxy = made.get(RenditionKind.PROXY)
        details = (proxy.details or {}) if proxy else {}
        before = found[-1] if found else None
        starts_at, gap = _place(part, row, before, moved)
        duration = float(details.get("duration") or media.get("duration") or 0.0)
        found.append(
            Segment(
                part_id=part.id,
                number=part.number,
                name=names.shown(part.name),
                proxy=proxy,
                strip=_ready(made.get(RenditionKind.FILMSTRIP)),
                wave=_ready(made.get(RenditionKind.WAVEFORM)),
                duration=duration,
                fps=next((float(one["fps"]) for one in streams if one["type"] == "video" and one.get("fps")), 30.0),
                starts_at=starts_at,
                ends_at=_end(part, starts_at, duration, moved),
                gap=gap,
                has_picture=bool(details.get("pictures")) if details else _has(streams, "video"),
                has_sound=bool(details.get("sound")) if details else _has(streams, "audio"),
            )
        )
    return tuple(found)


def _has(streams: Sequence[dict[str, Any]], kind: str) -> bool:
    return any(one["type"] == kind and one["decoded"] for one in streams)


def _ready(found: Rendition | None) -> Rendition | None:
    return found if found is not None and found.state is RenditionState.READY else None


def _in_order(rows: Sequence[sa.Row[Any]]) -> list[sa.Row[Any]]:
    """By their starts where every part has one: a part that came late has a number behind those before it."""
    if all(one.started_at is not None for one in rows):
        return sorted(rows, key=lambda one: (one.started_at, one.number))
    return list(rows)


def _moved(rows: Sequence[sa.Row[Any]], row: Row) -> timedelta:
    """By how much somebody set the start right: the parts behind the first move along."""
    first = rows[0].started_at if rows else None
    return row.started_at - first if first and row.started_source == TimeSource.CORRECTED else timedelta(0)


def _place(part: sa.Row[Any], row: Row, before: Segment | None, moved: timedelta) -> tuple[datetime, float | None]:
    """When a part starts, and how many seconds after the end of the one before (None: not known)."""
    said = None if part.started_at is None else part.started_at + moved
    if before is None:
        return said or row.started_at, None
    end = before.starts_at + timedelta(seconds=before.duration)
    if said is not None:
        return said, (said - before.ends_at).total_seconds()
    for claim in part.claims.get("times", ()):
        at = from_iso(claim["at"]) if claim.get("at") and claim["source"] == TimeSource.CLAIM else None
        if at is not None and likely(at, row.received_at):
            return at, (at - end).total_seconds()
    return end, None


def _end(part: sa.Row[Any], starts_at: datetime, duration: float, moved: timedelta) -> datetime:
    """When a part ends: as its source says, where that is no more than rounding away from the film's own length."""
    played = starts_at + timedelta(seconds=duration)
    said = None if part.ended_at is None else part.ended_at + moved
    return said if said is not None and abs((said - played).total_seconds()) < SMALLEST_GAP else played


#: Where the wall clock comes from, in a few words beside it.
CLOCK_WORDS: dict[str, str] = {
    TimeSource.DOCK: noted("the camera system's word"),
    TimeSource.NAME: noted("from the file's name"),
    TimeSource.CLAIM: noted("camera's claim"),
    TimeSource.FILE_DATE: noted("file date, usually the end"),
    TimeSource.RECEIPT: noted("start not known"),
    TimeSource.CORRECTED: noted("corrected by hand"),
}


def on_line(stage: Stage, at: datetime) -> float | None:
    """Where a moment lies in what is played, in seconds from its beginning. One in a gap lies where the part behind it
    begins; None where nothing is played so late, or nothing at all."""
    begin, found = 0.0, None
    for one in stage.playable:
        within = (at - one.starts_at).total_seconds()
        if within <= 0:
            return begin if found is None else found
        if within < one.duration:
            return begin + within
        begin += one.duration
        found = begin
    last = stage.playable[-1] if stage.playable else None
    ended = last is not None and (at - last.starts_at).total_seconds() <= last.duration + SMALLEST_GAP
    return begin if ended else None


def config(
    stage: Stage,
    row: Row,
    *,
    viewing_id: str,
    zone: str,
    activated_at: datetime | None = None,
    marks: Sequence[tuple[float, float | None, str]] = (),
) -> str:
    """What the player's script reads, as JSON. Times in seconds, moments in milliseconds since 1970. `marks`: where
    somebody made a mark, until where (None: a moment), and its words."""
    within = f"?viewing={viewing_id}"
    segments = []
    for one in stage.playable:
        if one.proxy is None:
            continue
        strip = one.strip.details if one.strip and one.strip.details else None
        segments.append(
            {
                "number": one.number,
                "name": one.name,
                "src": f"/media/{one.proxy.id}{within}",
                "duration": one.duration,
                "fps": one.fps,
                "startsAt": round(one.starts_at.timestamp() * 1000),
                "gap": one.gap,
                "sound": one.has_sound,
                "picture": one.has_picture,
                "strip": None
                if strip is None or one.strip is None
                else {
                    "src": f"/media/{one.strip.id}{within}",
                    **{name: strip[name] for name in ("tile_width", "tile_height", "columns", "count", "interval")},
                },
                "wave": f"/media/{one.wave.id}{within}" if one.wave else None,
            }
        )
    found = {
        "activation": None if activated_at is None else on_line(stage, activated_at),
        "clock": row.started_source != TimeSource.RECEIPT,
        "marks": [{"at": at, "until": until, "words": words} for at, until, words in marks],
        "segments": segments,
        "viewing": viewing_id,
        "zone": zone,
        "words": _words(),
    }
    return json.dumps(found, separators=(",", ":"))


def _words() -> dict[str, str]:
    """The texts that the player's script says; {…} is filled in by it."""
    return {
        "play": _("Play"),
        "pause": _("Pause"),
        "mute": _("Sound off"),
        "unmute": _("Sound on"),
        "of": _("{time} of {length}"),
        "ofAt": _("{time} of {length}, {clock}"),
        "reverse": _("{speed}× backwards"),
        "forward": _("{speed}×"),
        "quietStart": _("No audio was recorded in the first {seconds} s"),
        "quietHere": _("No audio recorded here"),
        "soundBegins": _("sound begins"),
        "activated": _("switched on; before it, the buffer"),
        "bufferHere": _("Before activation: buffer"),
        "gapHere": _("{seconds} s were not recorded, or have not come, before this part"),
        "partHere": _("Part {number}: {name}"),
        "silent": _("The sound track is silent throughout"),
        "noSound": _("No audio was recorded"),
        "ofPart": _("Part {number}: {words}"),
        "part": _("part {number}"),
        "gap": _("part {number}: {seconds} s are missing before it"),
        "overlap": _("part {number}: begins {seconds} s before the last one ends"),
        "noWave": _("The waveform could not be loaded."),
        "broken": _(
            "The recording could not be loaded. Reload the page; if it happens again, tell your administrator."
        ),
        "frame": _("frame"),
    }


def gap_words(segment: Segment) -> str:
    """What is said of a part that does not follow on the one before."""
    gap = segment.gap or 0.0
    length = formats.seconds(abs(gap))
    if gap > 0:
        return _("Before part %(number)s, %(length)s are missing.", number=segment.number, length=length)
    return _("Part %(number)s begins %(length)s before the last one ends.", number=segment.number, length=length)


def source_words(source: str) -> str:
    """The whole sentence on where a start comes from."""
    return _(SOURCE_WORDS[TimeSource(source)])
