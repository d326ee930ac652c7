"""Carrying one recording's file from a card into the vault, and what it says of itself then."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO, cast

import sqlalchemy as sa

from candor.docking.cards.found import Clip
from candor.docking.cards.grouping import Measured
from candor.docking.cards.listing import Card, CardFile
from candor.docking.cards.measuring import measured
from candor.docking.cards.tracking import Placed, keep_points
from candor.docking.progress import receiving
from candor.footage.collect import moment
from candor.footage.intake import Intake, Received
from candor.footage.media.track import read_track
from candor.footage.rules import Flag
from candor.footage.said import Claim
from candor.footage.tables import part

__all__ = ["as_received", "carry", "keep_places"]

#: Suffixes of containers that can carry freeGPS blocks.
_WITH_PLACES = frozenset({".mp4", ".mov", ".m4v"})


def carry(intake: Intake, card: Card, file: CardFile, claim: Claim, told: Callable[[int], None]) -> Received:
    """Seal one file as the card gives it. One that changes while it is read, or cannot be read to its end, is sealed as
    far as it was read, with a flag. Raises OSError when it gives nothing."""
    with os.fdopen(card.open(file), "rb", buffering=0) as stream:
        before = os.fstat(stream.fileno())
        claim = replace(claim, source=str(card.place / file.path), modified_at=moment(before.st_mtime))
        with (
            receiving(claim.face, claim.dock_id, file.name, file.size) as shown,
            intake.begin(claim) as writer,
        ):

            def both(size: int) -> None:
                shown(size)
                told(size)

            writer.write_all(stream, both)
            after = os.fstat(stream.fileno())
            same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
            if not same or writer.size > after.st_size:
                writer.note(Flag.CHANGED_WHILE_READ)
            elif writer.size < after.st_size:  # a damaged card may end a file early without a word
                writer.note(Flag.READ_INCOMPLETE)
            return writer.finish()


def as_received(intake: Intake, clip: Clip, received: Received) -> Measured:
    """A clip with what its sealed bytes say of themselves."""
    with intake.database.read() as tx:
        claims = tx.scalar(sa.select(part.c.claims).where(part.c.id == received.part_id)) or {}
    return measured(clip, claims.get("media", {}))


def keep_places(intake: Intake, card: Card, one: Measured, placed: Placed, actor: str) -> None:
    """Keep the track that a recording carries, if it has one in a dialect that is known."""
    if one.clip.file.suffix not in _WITH_PLACES:
        return
    try:
        with os.fdopen(card.open(one.clip.file), "rb", buffering=0) as stream:
            read = read_track(cast(BinaryIO, stream), one.seconds)
    except OSError:
        return
    if not read["points"]:
        return
    with intake.database.write() as tx:
        keep_points(
            tx,
            placed,
            read,
            source=f"{read['dialect']} in the recording",
            compare=read["timed"] == "block",
            utc=read["utc"],
            actor=actor,
            clock=intake.clock,
        )
