"""What a face gives the protocol: who is there, what they say of a file, what they learn of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from starlette.requests import Request

from candor.core.errors import CandorError
from candor.docking.uploads.reception import Uploads
from candor.docking.uploads.rules import Limits, Owner, Upload
from candor.footage.intake import Claim

__all__ = ["Door"]


class Door(Protocol):
    """All that do not say otherwise run in a thread and may wait; what it raises is the face's to answer."""

    def uploads(self, request: Request) -> Uploads:
        """The desk of the installation that the request came to. Does not wait."""

    def owner(self, request: Request) -> Owner:
        """Who is there. Raises whatever the face has for those who may not."""

    def claim(self, request: Request, said: Mapping[str, str]) -> Claim:
        """What is claimed of a file by what its metadata say, checked."""

    def limits(self, request: Request, owner: Owner) -> Limits | None:
        """What the owner may have; None: as usual."""

    def told(self, request: Request, upload: Upload) -> dict[str, Any]:
        """What the owner learns of an upload, beside its state and size."""

    def at_work(self, request: Request) -> None:
        """Called now and then during a long upload: somebody is at work by it."""

    def words(self, error: CandorError) -> str:
        """What is said to whoever is there of what went wrong. Does not wait."""
