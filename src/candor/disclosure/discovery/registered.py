"""What discovery keeps of recordings, in the register of derivatives."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.discovery.tables import discovery, finding
from candor.disclosure.tables import package_recording
from candor.footage import register
from candor.footage.kept import ERASED
from candor.footage.register import Digest

__all__: list[str] = []


def _erase(tx: Connection, recording_id: str, _digest: Digest) -> None:
    """The words of findings, here and in what the discovery says; that there was one, and its answer, stays."""
    mine = finding.c.recording_id == recording_id
    reason = sa.case((finding.c.answer_reason.is_(None), None), else_=ERASED)
    tx.execute(finding.update().where(mine).values(statement=ERASED, words=ERASED, answer_reason=reason))
    for row in tx.execute(sa.select(discovery.c.id, discovery.c.said)).all():
        said = dict(row.said)
        changed = {
            name: [_emptied(one, recording_id) for one in said.get(name, [])] for name in ("findings", "withheld")
        }
        if any(changed[name] != said.get(name, []) for name in changed):
            tx.execute(discovery.update().where(discovery.c.id == row.id).values(said=said | changed))


def _emptied(one: dict[str, object], recording_id: str) -> dict[str, object]:
    if one.get("recording") != recording_id:
        return one
    return {name: ERASED if name in ("statement", "words", "reason") else value for name, value in one.items()}


def _refers(tx: Connection, recording_id: str) -> list[str]:
    query = (
        sa.select(discovery.c.number)
        .join(package_recording, package_recording.c.package_id == discovery.c.package_id)
        .where(package_recording.c.recording_id == recording_id)
        .order_by(discovery.c.made_at)
    )
    found = [f"The discovery {number} gave it to both sides of a case." for number in tx.scalars(query)]
    count = tx.scalar(sa.select(sa.func.count()).where(finding.c.recording_id == recording_id)) or 0
    return found + ([f"{count} finding(s) are of it."] if count else [])


register.register(
    register.Kept(
        name="discovery",
        words="what was given to the sides of a case or withheld from them, and findings that were noted",
        goes="nothing; discovery opens its originals anew each time, and these are gone",
        stays="that it was given or withheld, to whom and when; findings and their answers, without an order",
        tables=frozenset({"finding", "discovery"}),
        erase=_erase,
        refers=_refers,
    )
)
