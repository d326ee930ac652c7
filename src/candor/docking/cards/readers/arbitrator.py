"""Panasonic Arbitrator: a folder WIDKEY with text files of the officers, vehicles, shifts, areas and classifications
that were set up (AG-CPD20P manual). How recordings are named is not known: each is taken in by itself."""

from __future__ import annotations

from candor.docking.cards.found import Clip, Contents, Facts, Look, is_media
from candor.docking.cards.listing import CardFile, Listing
from candor.docking.cards.readers.shares import contents, steps

_TEXTS = frozenset({"WOFFICER.TXT", "WADMIN.TXT", "CLASSIFY.TXT", "WSOURCE.TXT", "WSHIFT.TXT", "WAREA.TXT"})


class Arbitrator:
    """A card set up for an Arbitrator."""

    name = "arbitrator"

    def look(self, listing: Listing, facts: Facts) -> Look | None:
        texts = [file.name for file in listing.files if _is_text(file)]
        return Look(90, f"the folder WIDKEY has {', '.join(sorted(texts))}") if texts else None

    def read(self, listing: Listing, facts: Facts) -> Contents:
        look = self.look(listing, facts) or Look(0, "chosen by hand")
        clips = [Clip(file) for file in listing.files if is_media(file)]
        return contents(self.name, look, listing, facts, clips, make="Panasonic", model="Arbitrator", kind="in-car")


def _is_text(file: CardFile) -> bool:
    return steps(file.path)[:-1][-1:] == ["WIDKEY"] and file.name.upper() in _TEXTS
