"""An archive that cards are read into, and cards made of real recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.footage.conftest import Archive, archive, cheap_passwords, make_archive

from candor.docking.cards.claims import CardOrders
from candor.docking.cards.found import Reader
from candor.docking.cards.listing import Card, CardFile, Listing
from candor.docking.cards.outcomes import BesideTaken, Chosen, ClipTaken, NotTaken, Outcome, Remarked
from candor.docking.cards.taking import CardPass, Memory
from candor.people.rules import Actor

__all__ = ["archive", "cheap_passwords", "make_archive"]


def listing(*files: str | tuple[str, int], name: str = "card") -> Listing:
    """A listing of files, each of so many bytes."""
    pairs = [(file, 1000) if isinstance(file, str) else file for file in files]
    return Listing(name, tuple(sorted((CardFile(path, size) for path, size in pairs), key=lambda file: file.path)))


@dataclass
class Told:
    """What passes over a card told."""

    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def clips(self) -> dict[str, str]:
        """Path -> recording."""
        return {one.path: one.received.recording_id for one in self.outcomes if isinstance(one, ClipTaken)}

    @property
    def besides(self) -> dict[str, BesideTaken]:
        return {one.path: one for one in self.outcomes if isinstance(one, BesideTaken)}

    @property
    def failed(self) -> dict[str, str]:
        return {one.path: one.reason for one in self.outcomes if isinstance(one, NotTaken)}

    @property
    def remarks(self) -> list[str]:
        return [one.remark.kind.value for one in self.outcomes if isinstance(one, Remarked)]

    @property
    def reader(self) -> str:
        return next(one.choice.contents.reader for one in self.outcomes if isinstance(one, Chosen))


@dataclass
class Desk:
    """Where cards are put in."""

    archive: Archive
    place: Path
    orders: CardOrders
    memory: Memory = field(default_factory=Memory)

    def put(self, path: str, content: bytes) -> Path:
        file = self.place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def read(
        self,
        *,
        but: Iterable[str] = (),
        mapped: Reader | None = None,
        orders: CardOrders | None = None,
        anew: bool = True,
    ) -> Told:
        """One pass; `but`: paths that still grow; `anew`: as a process does that has just begun."""
        memory = Memory() if anew else self.memory
        with Card(self.place) as card:
            found = card.listing()
            ready = {file.path for file in found.files} - set(but)
            passing = CardPass(self.archive.intake, card, orders or self.orders, memory, mapped)
            return Told(list(passing.run(found, ready)))


@pytest.fixture
def technician(archive: Archive) -> Actor:
    return archive.technician


@pytest.fixture
def make_desk(archive: Archive, tmp_path: Path) -> Callable[..., Desk]:
    def make(**orders: object) -> Desk:
        place = tmp_path / "card"
        place.mkdir(exist_ok=True)
        return Desk(archive, place, CardOrders(archive.technician, **orders))  # type: ignore[arg-type]

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk(serial="CAM1", zone="UTC")
