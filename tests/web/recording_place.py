"""A recording with a viewing copy, for tests of its page."""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass
from typing import Any

from tests.footage.clips import mp4

from candor.footage.intake import Claim, Intake, Received
from candor.footage.renditions import renditions_of
from candor.footage.tables import rendition
from candor.installation import Installation

#: More than two of the pieces that a stretch is sent in.
COPY_SIZE = 1_300_007


@dataclass(frozen=True)
class Film:
    """A recording, its viewing copy, and the copy's bytes."""

    received: Received
    proxy_id: str
    copy: bytes
    original: bytes

    @property
    def path(self) -> str:
        """Of its page."""
        return f"/recordings/{self.received.recording_id}"


def take_in(here: Installation, data: bytes, name: str = "film.mp4", **claims: Any) -> Received:
    """One file through the gate."""
    said = {"name": name, "source": f"/card/{name}", "face": "cli", "actor": "system:cli-tester", **claims}
    claim = Claim(**said)
    return Intake(here.database, here.vault, here.jobs, here.clock).take_in(io.BytesIO(data), claim)


def make_film(here: Installation, **claims: Any) -> Film:
    """A film whose viewing copy is there: sealed bytes of a length that is no round number."""
    original = mp4(seed=len(claims) + 3)
    received = take_in(here, original, **claims)
    copy = os.urandom(COPY_SIZE)
    sealed = here.vault.seal("proxy", io.BytesIO(copy))
    with here.database.write() as tx:
        here.vault.record(tx, sealed)
        found = next(one for one in renditions_of(tx, received.part_id) if one.kind == "proxy")
        ready = {
            "state": "ready",
            "object_id": sealed.object_id,
            "media_type": "video/mp4",
            "details": {"duration": 1.0, "pictures": 10, "sound": True},
        }
        tx.execute(rendition.update().where(rendition.c.id == found.id).values(**ready))
    return Film(received, found.id, copy, original)


def viewing_of(location: str) -> str:
    """The viewing that an address names."""
    found = re.search(r"viewing=([0-9a-f-]{36})", location)
    assert found, location
    return found.group(1)
