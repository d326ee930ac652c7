"""The releases that show a recording, and the critical incidents that it belongs to, for its page."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection

from candor.disclosure.critical.finding import incidents_of_recording
from candor.disclosure.releases.reading import releases_of_recording
from candor.people.rules import Actor
from candor.web.pages.request_releases import RELEASE_BADGES

__all__ = ["releases_told"]


def releases_told(tx: Connection, actor: Actor, recording_id: str) -> dict[str, Any]:
    """What the page tells of them; nothing to somebody who may not see requests, or not the recording."""
    return {
        "critical_incidents": incidents_of_recording(tx, actor, recording_id),
        "released_in": releases_of_recording(tx, actor, recording_id),
        "release_badges": RELEASE_BADGES,
    }
