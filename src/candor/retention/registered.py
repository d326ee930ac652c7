"""What retention keeps of recordings, in the register: references by identifier, and words that people gave."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.outbox import outbox_notice
from candor.footage import register
from candor.footage.kept import ERASED
from candor.footage.register import Digest
from candor.law.vocabulary import HOLD_WORDS, HoldKind
from candor.retention.dispositions import STATE_WORDS, DispositionState
from candor.retention.holds import reminder_key
from candor.retention.tables import disposition, disposition_item, hold

__all__: list[str] = []


def _erase_holds(tx: Connection, recording_id: str, _digest: Digest) -> None:
    """Words that somebody wrote of the recording; who held it when, and on what ground, stays."""
    mine = hold.c.recording_id == recording_id
    told = {"reason": ERASED, "release_reason": sa.case((hold.c.release_reason.is_(None), None), else_=ERASED)}
    tx.execute(hold.update().where(mine).values(told))
    for row in tx.execute(sa.select(hold.c.id, hold.c.kind).where(mine)).all():
        reminders = outbox_notice.c.once_key == reminder_key(row.id)
        tx.execute(outbox_notice.update().where(reminders).values(details={"hold": row.id, "kind": row.kind}))


def _erase_items(tx: Connection, recording_id: str, _digest: Digest) -> None:
    """Why it was kept back once: holds stand in it with their reasons."""
    mine = disposition_item.c.recording_id == recording_id, disposition_item.c.why.is_not(None)
    tx.execute(disposition_item.update().where(*mine).values(why=ERASED))


def _held(tx: Connection, recording_id: str) -> list[str]:
    query = sa.select(hold.c.kind).where(hold.c.recording_id == recording_id, hold.c.released_at.is_(None))
    return [f"A hold because of {HOLD_WORDS[HoldKind(kind)]}" for kind in tx.scalars(query)]


def _disposed(tx: Connection, recording_id: str) -> list[str]:
    query = (
        sa.select(disposition.c.number, disposition.c.state)
        .join(disposition_item, disposition_item.c.disposition_id == disposition.c.id)
        .where(disposition_item.c.recording_id == recording_id)
        .order_by(disposition.c.proposed_at)
    )
    return [f"The disposition {number}, {STATE_WORDS[DispositionState(state)]}" for number, state in tx.execute(query)]


register.register(
    register.Kept(
        name="holds",
        words="why a recording must stay",
        goes="nothing: a held recording is not destroyed; an order of erasure takes the reasons of holds that ended",
        stays="who held it, when and why: it explains why the recording was there so long",
        tables=frozenset({"hold"}),
        erase=_erase_holds,
        refers=_held,
    )
)
register.register(
    register.Kept(
        name="dispositions",
        words="on whose proposal and approval a recording goes",
        goes="nothing; an order of erasure takes why it was kept back before",
        stays="the authorisation and the recording's place in it: the proof that it went by right",
        tables=frozenset({"disposition_item"}),
        erase=_erase_items,
        refers=_disposed,
    )
)
register.keeps_nothing("retention_plan_item", "which recordings a change of law would let go: identifiers alone")
