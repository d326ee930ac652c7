"""What is known of a recording as a whole: whether it is all there, when it was switched on, when it truly began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.fleet import clocks
from candor.fleet.clock_rules import Basis, Estimate
from candor.footage.discrepancies import State, discrepancies_of
from candor.footage.gaps import GAP_WORDS, GapReason
from candor.footage.gathering import Gathering, gathered
from candor.footage.rules import RecordingState
from candor.footage.search import Row
from candor.footage.tables import gathering as gathering_table
from candor.footage.tables import recording, recording_gap
from candor.footage.times import TimeSource
from candor.web import formats
from candor.web.i18n import gettext as _

#: Starts that come from a camera's clock, and can be set right by what is known of it.
_BY_CAMERA = (TimeSource.DOCK, TimeSource.CLAIM, TimeSource.NAME)


@dataclass(frozen=True)
class Missing:
    """A stretch that no part has."""

    words: str
    from_at: datetime
    to_at: datetime
    after_part: int

    @property
    def milliseconds(self) -> int:
        """Its length."""
        return round((self.to_at - self.from_at) / timedelta(milliseconds=1))


@dataclass(frozen=True)
class Truly:
    """The start as the ledger of the camera's clock has it. `uncertainty`: in words; None when nothing is known."""

    at: datetime
    uncertainty: str | None
    offset: str
    words: str


@dataclass(frozen=True)
class Other:
    """Another recording that this one was made one with."""

    id: str
    title: str


@dataclass(frozen=True)
class Whole:
    """Everything but the catalogue entry and the files. `elsewhere`: recordings that had bytes of it before."""

    activated_at: datetime | None
    deactivated_at: datetime | None
    ended_at: datetime | None
    device_id: str | None
    coming: Gathering | None
    missing: tuple[Missing, ...]
    into: Other | None
    made_of: tuple[Other, ...]
    elsewhere: tuple[str, ...]
    truly: Truly | None
    conflicts: int
    time_zone: str | None

    @property
    def buffer(self) -> str | None:
        """How long it was recording before it was switched on."""
        return None if self.activated_at is None else formats.seconds(self.buffer_seconds)

    buffer_seconds: float = 0.0


def whole_of(tx: Connection, row: Row) -> Whole:
    """What is known of a recording that the reader may see."""
    columns = ("activated_at", "deactivated_at", "ended_at", "device_id", "regrouped_into")
    found = tx.execute(sa.select(*(recording.c[name] for name in columns)).where(recording.c.id == row.id)).one()
    held = _gathering(tx, row.id)
    before = (found.activated_at - row.started_at).total_seconds() if found.activated_at else 0.0
    return Whole(
        activated_at=found.activated_at,
        deactivated_at=found.deactivated_at,
        ended_at=found.ended_at,
        device_id=found.device_id,
        coming=held if row.state == RecordingState.RECEIVING else None,
        missing=_missing(tx, row.id),
        into=_other(tx, found.regrouped_into),
        made_of=_made_of(tx, row.id),
        elsewhere=tuple(one for one in (held.elsewhere if held else ()) if one != row.id),
        truly=_truly(tx, row, found.device_id),
        conflicts=sum(one.state is State.OPEN for one in discrepancies_of(tx, row.id)),
        time_zone=held.said.time_zone if held else None,
        buffer_seconds=max(0.0, before),
    )


def _gathering(tx: Connection, recording_id: str) -> Gathering | None:
    query = sa.select(gathering_table.c.key).where(gathering_table.c.recording_id == recording_id)
    key = tx.scalar(query.order_by(gathering_table.c.begun_at).limit(1))
    return None if key is None else gathered(tx, key)


def _missing(tx: Connection, recording_id: str) -> tuple[Missing, ...]:
    query = sa.select(recording_gap).where(recording_gap.c.recording_id == recording_id)
    return tuple(
        Missing(_(GAP_WORDS[GapReason(one.reason)]), one.from_at, one.to_at, one.after_part)
        for one in tx.execute(query.order_by(recording_gap.c.from_at))
    )


def _other(tx: Connection, recording_id: str | None) -> Other | None:
    title = tx.scalar(sa.select(recording.c.title).where(recording.c.id == recording_id)) if recording_id else None
    return None if recording_id is None else Other(recording_id, title or "")


def _made_of(tx: Connection, recording_id: str) -> tuple[Other, ...]:
    query = sa.select(recording.c.id, recording.c.title).where(recording.c.regrouped_into == recording_id)
    return tuple(Other(one.id, one.title) for one in tx.execute(query.order_by(recording.c.started_key)))


def _truly(tx: Connection, row: Row, device_id: str | None) -> Truly | None:
    if device_id is None or row.started_source not in _BY_CAMERA:
        return None
    found = clocks.estimate_start(tx, device_id, row.started_at, handed_over_at=row.received_at)
    if found.basis is Basis.NONE:
        return Truly(found.at, None, "", _(found.words))
    return Truly(found.at, _uncertainty(found), _offset(found.at - row.started_at), _(found.words))


def _uncertainty(found: Estimate) -> str | None:
    return None if found.uncertainty is None else span_words(found.uncertainty)


def _offset(offset: timedelta) -> str:
    if abs(offset) < timedelta(milliseconds=500):
        return _("the camera's clock was right")
    if offset > timedelta(0):
        return _("the camera's clock was %(length)s behind", length=span_words(offset))
    return _("the camera's clock was %(length)s ahead", length=span_words(-offset))


def span_words(span: timedelta) -> str:
    """A length of time: seconds below two minutes, otherwise `1:02:03`."""
    if span < timedelta(minutes=2):
        return formats.seconds(span.total_seconds())
    return formats.duration(round(span / timedelta(milliseconds=1)))
