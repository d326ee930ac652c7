"""The cases of a recording, on its page."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection

from candor.footage.rules import RecordingState
from candor.footage.search import Row
from candor.law.vocabulary import CASE_KIND_WORDS
from candor.matters import service
from candor.matters.rules import LONGEST_REASON
from candor.people.rules import Actor, Permission
from candor.web.pages.cases import offered_cases

__all__ = ["cases_told"]


def cases_told(tx: Connection, actor: Actor, row: Row) -> dict[str, Any]:
    """The cases of a recording that the reader may see, and what the form needs by which it is added to one."""
    addable = row.state != RecordingState.REGROUPED and bool(actor.may(Permission.CASES_MANAGE))
    return {
        "in_cases": service.cases_of(tx, row.id, seen_by=actor),
        "may_add_to_case": addable,
        "offered_cases": offered_cases(tx, actor) if addable else [],
        "case_kind_words": CASE_KIND_WORDS,
        "longest_case_reason": LONGEST_REASON,
    }
