"""What a watch remembers of a card between its passes."""

from __future__ import annotations

from dataclasses import dataclass, field

from candor.docking.cards.beside import FactsReading
from candor.docking.cards.listing import Card, CardFile, Listing
from candor.docking.cards.measuring import Measuring

__all__ = ["Memory"]


@dataclass
class Memory:
    """What a watch need not find out twice. One per place that is watched."""

    facts: FactsReading = field(default_factory=FactsReading)
    measuring: Measuring = field(default_factory=Measuring)
    fingerprints: dict[tuple[object, ...], bytes] = field(default_factory=dict)
    given_up: set[tuple[object, ...]] = field(default_factory=set)
    remarked: set[tuple[str, str]] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    """Keys of recordings that were completed."""
    chains: set[tuple[object, ...]] = field(default_factory=set)
    """Files that may go on from one another, all of which are in and were looked at."""

    def forget(self, card: Card, listing: Listing, whose: str) -> None:
        """Let go of what is no longer on the card, or has changed since; of everything when it is another card, whose
        files only look the same (clocks that were never set give them the same dates)."""
        held = [file for file in listing.files if file.as_it_was in self.fingerprints]
        if any(not self._same(card, file, whose) for file in (*held[:1], *held[-1:])):
            self.facts, self.measuring = FactsReading(), Measuring()
            self.fingerprints, self.given_up, self.settled, self.remarked = {}, set(), set(), set()
            self.chains = set()
        there = {file.as_it_was for file in listing.files}
        self.fingerprints = {key: value for key, value in self.fingerprints.items() if key in there}
        self.given_up &= there
        self.facts.forget(there)
        self.measuring.forget(there)

    def _same(self, card: Card, file: CardFile, whose: str) -> bool:
        try:
            return card.fingerprint(file, whose) == self.fingerprints[file.as_it_was]
        except OSError:
            return False
