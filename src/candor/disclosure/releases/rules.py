"""What is true of releases. No database is asked here, no clock: values and decisions."""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "AUDIENCE_WORDS",
    "LONGEST_SUMMARY",
    "LONGEST_TITLE",
    "MOST_COPIES",
    "STATE_WORDS",
    "TO_APPROVE",
    "TO_RECALL",
    "TO_REVISE",
    "Audience",
    "ReleaseState",
]

LONGEST_TITLE, LONGEST_SUMMARY = 200, 20_000  # characters
MOST_COPIES = 500  # in one release


class Audience(StrEnum):
    """For whom a release is."""

    REQUESTER = "requester"  # whoever holds the tracking code
    PUBLIC = "public"  # everybody


class ReleaseState(StrEnum):
    """How far a release is."""

    PREPARED = "prepared"
    SENT_BACK = "sent-back"
    APPROVED = "approved"  # a job makes the package and publishes it
    PUBLISHED = "published"
    FAILED = "failed"
    RECALLED = "recalled"


STATE_WORDS: dict[ReleaseState, str] = {
    ReleaseState.PREPARED: "waits for a second person",
    ReleaseState.SENT_BACK: "was sent back",
    ReleaseState.APPROVED: "is being made",
    ReleaseState.PUBLISHED: "is published",
    ReleaseState.FAILED: "could not be made",
    ReleaseState.RECALLED: "was recalled",
}

AUDIENCE_WORDS: dict[Audience, str] = {
    Audience.REQUESTER: "for whoever asked",
    Audience.PUBLIC: "for everybody",
}

#: In which states it may be changed by who prepared it, approved (one that could not be made is tried again), recalled.
TO_REVISE = (ReleaseState.PREPARED, ReleaseState.SENT_BACK, ReleaseState.FAILED)
TO_APPROVE = (ReleaseState.PREPARED, ReleaseState.FAILED)
TO_RECALL = (ReleaseState.APPROVED, ReleaseState.PUBLISHED, ReleaseState.FAILED)
