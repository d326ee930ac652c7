"""What is true of decisions. No database is asked here, no clock: values and decisions."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["DECISION_WORDS", "Decision", "Weighing"]


class Decision(StrEnum):
    """What is done with a recording or a stretch of it."""

    RELEASE = "release"
    REDACT = "redact"
    WITHHOLD = "withhold"


DECISION_WORDS: dict[Decision, str] = {
    Decision.RELEASE: "released",
    Decision.REDACT: "released in part",
    Decision.WITHHOLD: "withheld",
}


class Weighing(StrEnum):
    """How something that stands in the way of a release was answered."""

    WEIGHED = "weighed"  # somebody weighed it, in words
    EXCEPTION = "exception"  # an exception that the rule itself names
    HIDDEN = "hidden"  # what it protects cannot be seen or heard in what is released
