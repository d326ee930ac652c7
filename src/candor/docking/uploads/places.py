"""Who is being received from in this process: each upload by one connection, and so many connections at most."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from candor.docking.uploads.errors import UploadBusy, UploadsWait
from candor.docking.uploads.rules import Owner

if TYPE_CHECKING:
    from candor.docking.uploads.turn import Turn

__all__ = ["BY_LINKS", "BY_ONE_LINK", "MOST_AT_ONCE", "Places"]

MOST_AT_ONCE = 64
"""Connections that one process receives from at a time: about 10 MiB of memory each."""
BY_ONE_LINK, BY_LINKS = 3, 32
"""Of those, how many are for what the public sends, by one link and by all: whoever has a link and lets files trickle
in takes the agency's own places from nobody."""


class Places:
    """Shared by the threads of a process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._turns: dict[str, Turn | None] = {}
        #: Of these, what comes by links: upload and link.
        self._public: dict[str, str] = {}

    def take(self, upload_id: str, owner: Owner | None) -> None:
        """Be the only one at an upload; whoever is there hears of it. Raises UploadBusy, UploadsWait."""
        with self._guard:
            if upload_id in self._turns:
                other = self._turns[upload_id]
                if other is not None:
                    other.challenged()
                raise UploadBusy()
            if len(self._turns) >= MOST_AT_ONCE:
                raise UploadsWait()
            if owner is not None and owner.kind == "link":
                mine = sum(link == owner.id for link in self._public.values())
                if mine >= BY_ONE_LINK or len(self._public) >= BY_LINKS:
                    raise UploadsWait()
                self._public[upload_id] = owner.id
            self._turns[upload_id] = None

    def seat(self, upload_id: str, turn: Turn) -> None:
        """Say whose turn it is, so that it can be told when somebody else comes."""
        with self._guard:
            self._turns[upload_id] = turn

    def leave(self, upload_id: str) -> None:
        """Have others come to the upload."""
        with self._guard:
            self._turns.pop(upload_id, None)
            self._public.pop(upload_id, None)
