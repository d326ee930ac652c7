"""What a pass over a card tells while it goes on."""

from __future__ import annotations

from dataclasses import dataclass

from candor.docking.cards.beside import Digest
from candor.docking.cards.choosing import Choice
from candor.docking.cards.grouping import Remark
from candor.footage.intake import Received

__all__ = ["BesideTaken", "Chosen", "ClipTaken", "NotTaken", "Outcome", "Progress", "Remarked"]


@dataclass(frozen=True)
class Chosen:
    """How the card is read, said before anything is taken in. `files` and `size` of what is not in yet."""

    choice: Choice
    files: int
    size: int


@dataclass(frozen=True)
class ClipTaken:
    """A recording's file that is in. `whole`: False when the card gave only its beginning."""

    path: str
    received: Received
    whole: bool = True


@dataclass(frozen=True)
class BesideTaken:
    """A small file that is in; `digests` against the seals."""

    path: str
    sidecar_id: str
    sha256: bytes
    size: int
    of: tuple[str, ...]
    digests: tuple[Digest, ...]


@dataclass(frozen=True)
class NotTaken:
    """A file or folder that could not be read, or not to its end, or is not read at all; `event_id` is the custody
    event that says so."""

    path: str
    reason: str
    event_id: str


@dataclass(frozen=True)
class Remarked:
    """Something to say of two files that might be one recording."""

    remark: Remark


Outcome = Chosen | ClipTaken | BesideTaken | NotTaken | Remarked


@dataclass(frozen=True)
class Progress:
    """How far a pass is: files, and bytes as far as the sizes found beforehand are right."""

    path: str
    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int
