"""What is under way now: files being received, uploads that wait to be gone on with, recordings that more is to come
of. For whoever watches; reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.docking.cards.records import ReadingState
from candor.docking.cards.tables import card_reading
from candor.docking.progress import Receiving, under_way
from candor.docking.uploads.rules import UploadState
from candor.docking.uploads.tables import upload as upload_table
from candor.fleet.places import Dock
from candor.fleet.rules import DockKind
from candor.fleet.tables import device
from candor.footage.gathering import open_gatherings
from candor.footage.tables import intake, part, recording

__all__ = ["SILENT", "UNSEEN", "OpenRecording", "Transfer", "TransferState", "UnderWay", "look", "unseen_for"]

#: Rows of each sort that are looked at.
MOST = 200
#: A recording of which no part has come for so long is said to have fallen silent.
SILENT = timedelta(hours=6)


#: A reader of cards that gave no sign of life for so long has gone; after the longer one nobody waits for it.
READER_GONE, FORGOTTEN = timedelta(minutes=2), timedelta(days=7)


#: A dock through which nothing came for so long is not well. Camera systems ask daily what they may send; cards are
#: read when somebody brings one.
UNSEEN = {DockKind.AXIS: timedelta(days=1), DockKind.TUS: timedelta(days=1), DockKind.CARD: timedelta(days=7)}


class TransferState(StrEnum):
    """How a file stands."""

    RECEIVING = "receiving"
    WAITING = "waiting"  # it can be gone on with
    ASSEMBLING = "assembling"  # all of it is here; it is being sealed


@dataclass(frozen=True)
class Transfer:
    """A file on its way in. Sizes in bytes, `rate` in bytes a second; None: not known. `owner_id`: the account whose
    upload it is."""

    key: str
    kind: str  # axis | tus | card | link
    name: str
    state: TransferState
    size: int
    total: int | None
    rate: float | None
    began_at: datetime
    changed_at: datetime | None = None
    ends_at: datetime | None = None
    dock_id: str | None = None
    owner_id: str | None = None

    @property
    def fraction(self) -> float | None:
        """How much of it is here, from 0 to 1; None when nobody said how much there is."""
        return None if not self.total else min(self.size / self.total, 1.0)


@dataclass(frozen=True)
class OpenRecording:
    """A recording of several files of which its source has not said that it is complete."""

    key: str
    recording_id: str | None
    serial: str | None
    device_id: str | None
    dock_id: str | None
    started_at: datetime | None
    parts: int
    begun_at: datetime
    last_part_at: datetime | None
    silent: bool


@dataclass(frozen=True)
class UnderWay:
    """Everything that is under way. `more`: whether there is more than is shown."""

    transfers: tuple[Transfer, ...]
    recordings: tuple[OpenRecording, ...]
    more: bool

    def of_dock(self, dock_id: str) -> UnderWay:
        """Only what comes through one dock."""
        return UnderWay(
            tuple(one for one in self.transfers if one.dock_id == dock_id),
            tuple(one for one in self.recordings if one.dock_id == dock_id),
            self.more,
        )

    @property
    def rate(self) -> float:
        """Bytes a second that come in now, all together."""
        return sum(one.rate or 0.0 for one in self.transfers if one.state is TransferState.RECEIVING)


def look(tx: Connection, *, clock: Clock) -> UnderWay:
    """What is under way: what this process receives is known to the byte, other processes' uploads as far as they are
    durable."""
    now = clock.now()
    here = under_way()
    uploads = _uploads(tx, now, here)
    shown = {one.name for one in uploads}
    cards = _cards(tx, now)
    read_by_rows = ("card",) if cards else ()
    live = [
        _received(number, one)
        for number, one in enumerate(here)
        if one.kind not in read_by_rows and (one.kind == "axis" or one.name not in shown)
    ]
    recordings = _recordings(tx, now)
    transfers = sorted(
        [*live, *uploads, *cards], key=lambda one: (one.state is not TransferState.RECEIVING, one.began_at)
    )
    more = len(transfers) > MOST or len(recordings) > MOST
    return UnderWay(tuple(transfers[:MOST]), tuple(recordings[:MOST]), more)


def unseen_for(dock: Dock, now: datetime) -> timedelta | None:
    """For how long nothing has come through an open dock, where that is longer than it should be."""
    since = now - (dock.seen_at or dock.created_at)
    return since if dock.closed_at is None and since > UNSEEN[dock.kind] else None


def _received(number: int, one: Receiving) -> Transfer:
    return Transfer(
        f"now-{number}",
        one.kind,
        one.name,
        TransferState.RECEIVING,
        one.size,
        one.total,
        one.rate,
        one.began_at,
        dock_id=one.dock_id,
    )


def _uploads(tx: Connection, now: datetime, here: list[Receiving]) -> list[Transfer]:
    column = upload_table.c
    query = (
        sa.select(upload_table)
        .where(column.state.in_([UploadState.OPEN.value, UploadState.ASSEMBLING.value]))
        .order_by(column.created_at)
        .limit(MOST + 1)
    )
    rates = {one.name: one for one in here if one.kind != "axis"}
    found = []
    for row in tx.execute(query):
        name = str(row.claim.get("name") or "")
        live = rates.get(name)
        size = row.received
        if row.state == UploadState.ASSEMBLING.value:
            state, size = TransferState.ASSEMBLING, row.assembled
        elif row.lease is not None and row.lease_until is not None and row.lease_until > now:
            state = TransferState.RECEIVING
        else:
            state = TransferState.WAITING
        receiving = state is TransferState.RECEIVING and live is not None
        found.append(
            Transfer(
                row.id,
                "link" if row.owner_kind == "link" else "tus",
                name,
                state,
                max(size, live.size) if receiving and live else size,
                row.length,
                live.rate if receiving and live else None,
                row.created_at,
                row.changed_at,
                row.expires_at if state is TransferState.WAITING else None,
                row.owner_id if row.owner_kind == "dock" else None,
                row.owner_id if row.owner_kind == "account" else None,
            )
        )
    return found


def _cards(tx: Connection, now: datetime) -> list[Transfer]:
    """Cards being read, each as a whole, whichever process reads them. One whose reader has gone waits for it."""
    column = card_reading.c
    query = sa.select(card_reading).where(column.state == ReadingState.READING.value)
    return [
        Transfer(
            row.id,
            "card",
            row.place,
            TransferState.RECEIVING if now - row.seen_at < READER_GONE else TransferState.WAITING,
            row.size_done,
            row.size,
            row.size_done / max((row.seen_at - row.started_at).total_seconds(), 1.0),
            row.started_at,
            row.seen_at,
            dock_id=row.dock_id,
        )
        for row in tx.execute(query.order_by(column.started_at.desc()).limit(MOST))
        if now - row.seen_at < FORGOTTEN
    ]


def _recordings(tx: Connection, now: datetime) -> list[OpenRecording]:
    open_ones = open_gatherings(tx, limit=MOST + 1)
    held = [one.recording_id for one in open_ones if one.recording_id is not None]
    query = sa.select(recording.c.id, recording.c.device_id).where(recording.c.id.in_(held))
    devices = {row.id: row.device_id for row in tx.execute(query)}
    through = (
        sa.select(part.c.recording_id, sa.func.max(intake.c.dock_id).label("dock_id"))
        .join(intake, intake.c.part_id == part.c.id)
        .where(part.c.recording_id.in_(held))
        .group_by(part.c.recording_id)
    )
    docks = {row.recording_id: row.dock_id for row in tx.execute(through)}
    known = {one.said.device_id or devices.get(one.recording_id or "") for one in open_ones}
    serials = {
        row.id: row.serial
        for row in tx.execute(
            sa.select(device.c.id, device.c.serial).where(device.c.id.in_([one for one in known if one]))
        )
    }
    found = []
    for one in open_ones:
        device_id = one.said.device_id or devices.get(one.recording_id or "")
        last = one.last_part_at or one.begun_at
        found.append(
            OpenRecording(
                one.key,
                one.recording_id,
                serials.get(device_id or ""),
                device_id,
                docks.get(one.recording_id or ""),
                one.said.started_at,
                one.parts,
                one.begun_at,
                one.last_part_at,
                now - last > SILENT,
            )
        )
    return found
