"""What of a card's file stays when its recording is destroyed: its place on the card and its hash, so that the card can
be wiped. An order of erasure takes both; the fingerprint alone stays, by which the file is known on its card."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.docking.cards.tables import card_file
from candor.footage.kept import ERASED
from candor.footage.register import Digest, Kept, register

__all__ = ["erase"]


def erase(tx: Connection, recording_id: str, digest: Digest) -> None:
    """Take the files' places and hashes out."""
    fresh = card_file.c.recording_id == recording_id, card_file.c.path != ERASED
    for row in tx.execute(sa.select(card_file.c.id, card_file.c.sha256).where(*fresh)).all():
        values = {"path": ERASED, "sha256": digest(row.sha256)}
        tx.execute(card_file.update().where(card_file.c.id == row.id).values(values))


register(
    Kept(
        name="files of cards",
        words="where a file lay on its card",
        goes="nothing",
        stays="path, size and hash, so that the card can be compared and wiped",
        tables=frozenset({"card_file"}),
        erase=erase,
    )
)
