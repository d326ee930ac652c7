"""A plain card by the design rule for camera file systems (DCF, JEITA CP-3461): DCIM/100XXXXX/ABCD0001.MP4."""

from __future__ import annotations

from candor.docking.cards.found import Contents, Facts, Look, is_media
from candor.docking.cards.listing import Listing
from candor.docking.cards.readers.shares import contents, numbered_clip, part_of_media, steps


class Dcim:
    """Recordings anywhere below a folder DCIM. Their names have a number at most; their times are the files' own."""

    name = "dcim"

    def look(self, listing: Listing, facts: Facts) -> Look | None:
        fits, _ = part_of_media(listing, lambda file: "DCIM" in steps(file.path)[:-1])
        return Look(40, f"{fits} recordings lie below a folder DCIM") if fits else None

    def read(self, listing: Listing, facts: Facts) -> Contents:
        look = self.look(listing, facts) or Look(0, "chosen by hand")
        return contents(
            self.name, look, listing, facts, [numbered_clip(file) for file in listing.files if is_media(file)]
        )
