"""The part of the walk in which something comes in by the portal."""

from __future__ import annotations

from typing import Any

from candor.core.settings import Settings
from candor.installation import Installation


def portal(site: Any) -> None:
    """An entry that nobody can open is put aside, and its state is told."""
    with Installation.open(Settings.load()) as here:
        here.publishing.round()
        _, inbox = here.publishing.places()
        inbox.append("request", b"not sealed to anybody", clock=here.clock)
        here.publishing.round()
    site.run("candor portal status", code=6)
