"""What decisions say to the room of requests: when a request can be answered, and with what; what was withheld when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.decisions.rules import Decision
from candor.disclosure.decisions.standing import changed_at, rows_of
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.decisions.tables import release_decision
from candor.disclosure.requests import answering, letters, statistics
from candor.disclosure.requests.rules import OUTCOME_WORDS, DocumentKind, Meant, Outcome
from candor.disclosure.requests.tables import request_document, request_recording

__all__ = ["not_answerable", "withheld"]

#: Answers that hold something back: by law they are given in writing, with reasons.
_IN_WRITING = (Outcome.WITHHELD, Outcome.RELEASED_IN_PART)


def not_answerable(tx: Connection, request_id: str, outcome: Outcome) -> str | None:
    """Why a request cannot be answered with an outcome yet: it is another one by the decisions that stand, a recording
    is not decided on, or what is held back was not put in a letter."""
    follows = letters.outcome_of(rows_of(tx, Subject.of_request(request_id)), letters.meant_by(tx, request_id))
    if follows is None:
        return "not every recording that it means is decided on"
    if follows is not outcome:
        return f"by the decisions that stand, {OUTCOME_WORDS[follows]}"
    mine = request_document.c.request_id == request_id, request_document.c.kind == DocumentKind.LETTER.value
    decided = request_document.c.letter == letters.LetterKind.DECISION.value
    if outcome not in _IN_WRITING:
        return None
    newest = sa.func.max(request_document.c.added_at, type_=request_document.c.added_at.type)
    written = tx.scalar(sa.select(newest).where(*mine, decided))
    if written is None:
        return "what is held back is told in a letter, with the law and the reason; write the letter of decision first"
    changed = changed_at(tx, Subject.of_request(request_id))
    if changed is not None and changed > written:
        return "the letter of decision tells of decisions that were changed since; write it again"
    return None


def withheld(tx: Connection, begin: datetime, end: datetime) -> Mapping[str, int]:
    """By exemption, of how many recordings that are meant something was held back by decisions of that time that
    stand."""
    table = release_decision.c
    meant = request_recording.c.meant == Meant.MEANT.value
    its = request_recording.c.request_id == table.request_id, request_recording.c.recording_id == table.recording_id
    held_back = table.decision.in_([Decision.WITHHOLD.value, Decision.REDACT.value])
    within = table.decided_at >= begin, table.decided_at < end, table.withdrawn_at.is_(None)
    count = sa.func.count(table.recording_id.distinct())
    query = sa.select(table.exemption, count).where(held_back, *within, sa.exists().where(*its, meant))
    return {row[0]: row[1] for row in tx.execute(query.group_by(table.exemption))}


answering.BEFORE_ANSWER.append(not_answerable)
statistics.WITHHELD.append(withheld)
