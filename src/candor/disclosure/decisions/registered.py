"""What decisions keep of a recording, in the register: what was released and withheld of it, by which law, and why.

After a purge all of it stays: it is the agency’s answer to whoever asked. An order of erasure takes the words, which
tell what can be seen, and the letters in which they stand.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.decisions.rules import DECISION_WORDS, Decision
from candor.disclosure.decisions.tables import release_decision
from candor.disclosure.requests.rules import DocumentKind
from candor.disclosure.requests.tables import request_document
from candor.footage import register
from candor.footage.kept import ERASED
from candor.footage.register import Digest
from candor.store.tables import vault_object

__all__: list[str] = []


def _letters(tx: Connection, recording_id: str) -> Mapping[str, str]:
    """Letters of whatever it was decided on in: they name it, with what is withheld of it and why."""
    mine = sa.select(release_decision).where(release_decision.c.recording_id == recording_id).subquery()
    of = sa.or_(
        request_document.c.request_id.in_(sa.select(mine.c.request_id)),
        request_document.c.critical_id.in_(sa.select(mine.c.critical_id)),
    )
    letters = sa.select(request_document.c.object_id).where(of, request_document.c.kind == DocumentKind.LETTER.value)
    query = sa.select(vault_object.c.object_id, vault_object.c.kind).where(vault_object.c.object_id.in_(letters))
    return {row.object_id: row.kind for row in tx.execute(query)}


def _erase(tx: Connection, recording_id: str, _digest: Digest) -> None:
    mine = release_decision.c.recording_id == recording_id
    query = sa.select(release_decision.c.id, release_decision.c.weighed, release_decision.c.withdraw_reason)
    for row in tx.execute(query.where(mine)).all():
        weighed = [{**one, "reason": ERASED, "words": ERASED} for one in row.weighed]
        taken = None if row.withdraw_reason is None else ERASED
        gone = {"reason": ERASED, "weighed": weighed, "withdraw_reason": taken}
        tx.execute(release_decision.update().where(release_decision.c.id == row.id).values(gone))


def _refers(tx: Connection, recording_id: str) -> list[str]:
    mine = release_decision.c.recording_id == recording_id, release_decision.c.withdrawn_at.is_(None)
    query = sa.select(release_decision.c.decision).where(*mine, release_decision.c.begin_ms.is_(None))
    return [
        f"A decision in a request or a critical incident that it is {DECISION_WORDS[Decision(one)]}"
        for one in tx.scalars(query.order_by(release_decision.c.decided_at))
    ]


register.register(
    register.Kept(
        name="decisions on releases",
        words="what of it was released, redacted and withheld, by which law and why",
        goes="nothing; an order of erasure takes the reasons, and the letters in which they stand",
        stays="the decisions: they are the agency’s answer to whoever asked",
        tables=frozenset({"release_decision"}),
        by_order=_letters,
        erase=_erase,
        refers=_refers,
    )
)
