"""What discovery keeps of recordings, in the register of derivatives."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.discovery.marking import KIND
from candor.disclosure.discovery.rules import MarkState
from candor.disclosure.discovery.tables import discovery, discovery_mark, finding
from candor.disclosure.tables import package_recording
from candor.footage import register
from candor.footage.kept import ERASED
from candor.footage.register import Digest
from candor.footage.tables import part

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


def _parts(recording_id: str) -> sa.Select[tuple[str]]:
    return sa.select(part.c.id).where(part.c.recording_id == recording_id)


def _marked(tx: Connection, recording_id: str) -> dict[str, str]:
    mine = discovery_mark.c.part_id.in_(_parts(recording_id)), discovery_mark.c.object_id.is_not(None)
    return dict.fromkeys(tx.scalars(sa.select(discovery_mark.c.object_id).where(*mine)), KIND)


def _forget_marked(tx: Connection, recording_id: str) -> None:
    """The copies cannot be opened any more, and none is made again."""
    gone = {"state": MarkState.ENDED.value, "details": None, "problem": None}
    tx.execute(discovery_mark.update().where(discovery_mark.c.part_id.in_(_parts(recording_id))).values(**gone))


def _erase_marked(tx: Connection, recording_id: str, _digest: Digest) -> None:
    mine = discovery_mark.c.part_id.in_(_parts(recording_id))
    tx.execute(discovery_mark.update().where(mine).values(parent_sha256=None))


register.register(
    register.Kept(
        name="marked copies of discovery",
        words="viewing copies of it with the mark of a side of a case in the picture",
        goes="the copies",
        stays="that they were made, for which side of which discovery, and when",
        tables=frozenset({"discovery_mark"}),
        kinds=frozenset({KIND}),
        objects=_marked,
        forget=_forget_marked,
        erase=_erase_marked,
    )
)
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
