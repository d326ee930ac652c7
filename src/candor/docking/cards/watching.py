"""Watching a card, a folder of exports, or a folder in which cards get mounted: pass after pass, what has stopped
growing is taken in. Stopped at any moment and begun again, it goes on where it was."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from candor.docking.cards.claims import CardOrders
from candor.docking.cards.errors import CameraOfSeveral, CardError, CardGone
from candor.docking.cards.found import Reader
from candor.docking.cards.listing import Card, Listing
from candor.docking.cards.outcomes import Outcome, Progress
from candor.docking.cards.taking import CardPass, Memory
from candor.footage.intake import Intake

__all__ = ["Settling", "Watch", "cards_under"]

#: Folders that make a folder a camera's card, by name in capitals.
_OF_A_CARD = frozenset({"DCIM", "MOVIE", "WIDKEY", "PRIVATE"})


def cards_under(place: Path, is_mount: Callable[[str], bool] = os.path.ismount) -> list[Path]:
    """What is to be read under a place: the cards that are mounted in it, or the place itself.

    A place is a folder in which cards get mounted when it holds no file of its own, is no card, and every folder in it
    is a mounted one or looks like a card. Raises CardGone.
    """
    try:
        with os.scandir(place) as found:
            entries = sorted(found, key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        raise CardGone(place=place, reason=error.strerror or str(error)) from error
    folders = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    if len(folders) < len(entries) or not folders or _like_a_card({entry.name for entry in folders}):
        return [place]
    cards = [place / entry.name for entry in folders]
    return cards if all(is_mount(str(card)) or _is_card(card) for card in cards) else [place]


def _like_a_card(names: set[str]) -> bool:
    return any(name.upper() in _OF_A_CARD or name.upper().startswith("DPB") for name in names)


def _is_card(folder: Path) -> bool:
    try:
        return _like_a_card({name for name in os.listdir(folder) if (folder / name).is_dir()})
    except OSError:
        return False


@dataclass
class Settling:
    """Which files have stopped growing: those that two looks, at least `seconds` apart, found alike."""

    seconds: float
    waiting: list[str] = field(default_factory=list)
    """Paths that were not ready at the last look."""
    _seen: dict[str, tuple[tuple[object, ...], float]] = field(default_factory=dict)

    def ready(self, listing: Listing, now: float) -> set[str]:
        """The paths of files that are ready at this moment of a steady clock."""
        held: dict[str, tuple[tuple[object, ...], float]] = {}
        found = set()
        for file in listing.files:
            before = self._seen.get(file.path)
            since = before[1] if before is not None and before[0] == file.as_it_was else now
            held[file.path] = (file.as_it_was, since)
            if now - since >= self.seconds:
                found.add(file.path)
        self._seen = held
        self.waiting = [path for path in held if path not in found]
        return found


@dataclass
class Watch:
    """Looks at a place again and again. `settle`, `pause`: seconds that a file must stay as it is, and between looks.

    `wait` sleeps; `told` hears what became of each file; `trouble` hears of a card that cannot be read now.
    """

    intake: Intake
    place: Path
    orders: CardOrders
    mapped: Reader | None = None
    settle: float = 5.0
    pause: float = 5.0
    wait: Callable[[float], None] = time.sleep
    progress: Callable[[Progress], None] = lambda progress: None
    _memory: dict[Path, tuple[Memory, Settling]] = field(default_factory=dict)

    def once(self) -> Generator[Outcome, None, None]:
        """Take in everything that is there and does not grow, then end. Raises CardGone, CameraOfSeveral."""
        cards = self._cards()
        for card in cards:
            self._look(card)
        if self.settle:
            self.wait(self.settle)
        for card in cards:
            yield from self._pass(card)

    def on_and_on(self, trouble: Callable[[CardError], None]) -> Generator[Outcome, None, None]:
        """Look again and again, until whoever iterates stops. A card that was taken out is waited for."""
        while True:
            try:
                cards = self._cards()
            except CardError as error:
                trouble(error)
                cards = []
            self._memory = {card: held for card, held in self._memory.items() if card in cards}
            for card in cards:
                try:
                    yield from self._pass(card)
                except CardError as error:
                    trouble(error)
            self.wait(self.pause)

    def growing(self) -> list[Path]:
        """Files that the last look found changed, or new: they wait."""
        return [place / path for place, (_, settling) in self._memory.items() for path in settling.waiting]

    def _cards(self) -> list[Path]:
        cards = cards_under(self.place)
        if self.orders.serial is not None and len(cards) > 1:
            raise CameraOfSeveral(place=self.place, cards=len(cards))
        return cards

    def _held(self, place: Path) -> tuple[Memory, Settling]:
        return self._memory.setdefault(place, (Memory(), Settling(self.settle)))

    def _look(self, place: Path) -> None:
        with Card(place) as card:
            self._held(place)[1].ready(card.listing(), time.monotonic())

    def _pass(self, place: Path) -> Iterator[Outcome]:
        memory, settling = self._held(place)
        with Card(place) as card:
            listing = card.listing()
            ready = settling.ready(listing, time.monotonic())
            if ready or listing.left_out:
                passing = CardPass(self.intake, card, self.orders, memory, self.mapped, self.progress)
                yield from passing.run(listing, ready)
