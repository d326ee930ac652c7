"""The releases of a request, as its page tells of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.releases import reading
from candor.disclosure.releases.rules import ReleaseState
from candor.people.rules import Actor
from candor.web.i18n import noted

__all__ = ["RELEASE_BADGES", "Released", "newest_by_recording", "releases_told"]

RELEASE_BADGES: dict[ReleaseState, tuple[str, str, str]] = {
    ReleaseState.PREPARED: (noted("Release waits for a second person"), "note", "witness"),
    ReleaseState.SENT_BACK: (noted("Release sent back"), "warn", "warning"),
    ReleaseState.APPROVED: (noted("Release being made"), "note", "activity"),
    ReleaseState.PUBLISHED: (noted("Released"), "ok", "external"),
    ReleaseState.FAILED: (noted("Release failed"), "bad", "bad"),
    ReleaseState.RECALLED: (noted("Release recalled"), "bad", "history"),
    ReleaseState.DISCARDED: (noted("Release discarded"), "", "trash"),
}


@dataclass(frozen=True)
class Released:
    """A release of a request, and the recordings in it that the reader may see."""

    id: str
    number: str
    state: ReleaseState
    title: str
    recordings: frozenset[str]

    @property
    def waits(self) -> bool:
        """Whether a second person has to look at it."""
        return self.state is ReleaseState.PREPARED


def releases_told(tx: Connection, actor: Actor, request_id: str) -> list[Released]:
    """The releases of a request, the newest first."""
    return [
        Released(
            one.id,
            one.number,
            one.state,
            one.title,
            frozenset(copy.recording_id for copy in reading.copies_of_release(tx, actor, one.id)[0]),
        )
        for one in reading.releases_of(tx, actor, Subject.of_request(request_id))
    ]


def newest_by_recording(releases: list[Released]) -> dict[str, Released]:
    """Of each recording the newest of these releases that holds it and was not discarded."""
    found: dict[str, Released] = {}
    for one in (each for each in releases if each.state is not ReleaseState.DISCARDED):
        for recording_id in one.recordings:
            found.setdefault(recording_id, one)
    return found
