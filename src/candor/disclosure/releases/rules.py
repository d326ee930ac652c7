"""What is true of releases. No database is asked here, no clock: values and decisions."""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "AUDIENCE_WORDS",
    "LONGEST_SUMMARY",
    "LONGEST_TITLE",
    "MOST_COPIES",
    "NOT_OUT",
    "STATE_WORDS",
    "TO_APPROVE",
    "TO_DISCARD",
    "TO_RECALL",
    "TO_REVISE",
    "Audience",
    "Needs",
    "ReleaseState",
    "may_be_recalled",
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
    DISCARDED = "discarded"  # before anybody approved it


STATE_WORDS: dict[ReleaseState, str] = {
    ReleaseState.PREPARED: "waits for a second person",
    ReleaseState.SENT_BACK: "was sent back",
    ReleaseState.APPROVED: "is being made",
    ReleaseState.PUBLISHED: "is published",
    ReleaseState.FAILED: "could not be made",
    ReleaseState.RECALLED: "was recalled",
    ReleaseState.DISCARDED: "was discarded",
}

AUDIENCE_WORDS: dict[Audience, str] = {
    Audience.REQUESTER: "for whoever asked",
    Audience.PUBLIC: "for everybody",
}

#: In which states it may be changed by who prepared it, approved (one that could not be made is tried again), recalled;
#: and discarded, unless it was approved before.
TO_REVISE = (ReleaseState.PREPARED, ReleaseState.SENT_BACK, ReleaseState.FAILED)
TO_APPROVE = (ReleaseState.PREPARED, ReleaseState.FAILED)
TO_RECALL = (ReleaseState.APPROVED, ReleaseState.PUBLISHED, ReleaseState.FAILED)
TO_DISCARD = (ReleaseState.PREPARED, ReleaseState.SENT_BACK)
#: In which states a release holds nothing back from another: what it held can be released anew.
NOT_OUT = (ReleaseState.RECALLED, ReleaseState.DISCARDED)


class Needs(StrEnum):
    """What a recording still needs to be released, in the order in which it is done."""

    RELEASE = "release"  # decided, with a copy that is ready, in no release
    COPY = "copy"  # decided that something of it is released, and no redacted copy is ready
    DECISION = "decision"
    NOTHING = "nothing"  # it is in a release
    WITHHELD = "withheld"


def may_be_recalled(state: ReleaseState, *, approved: bool) -> bool:
    """Whether a release is recalled when it is not wanted any more. approved: it was approved once, so something of it
    may have been seen, also where it could not be made and was prepared anew since."""
    return state in TO_RECALL or (approved and state in TO_DISCARD)
