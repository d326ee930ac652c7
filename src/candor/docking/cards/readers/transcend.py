"""Transcend DrivePro Body: a folder DPB<nn> on the card names the model. How files are named is not known."""

from __future__ import annotations

import re

from candor.docking.cards.found import Contents, Facts, Look, is_media
from candor.docking.cards.listing import Listing
from candor.docking.cards.readers.shares import contents, numbered_clip

_MODEL = re.compile(r"DPB(\d{1,3})", re.I)


class Transcend:
    """Recordings of a DrivePro Body, which carry their places in freeGPS blocks."""

    name = "transcend"

    def look(self, listing: Listing, facts: Facts) -> Look | None:
        model = _model(listing)
        return Look(90, f"the card has a folder {model[0]}") if model else None

    def read(self, listing: Listing, facts: Facts) -> Contents:
        look = self.look(listing, facts) or Look(0, "chosen by hand")
        model = _model(listing)
        clips = [numbered_clip(file) for file in listing.files if is_media(file)]
        return contents(
            self.name, look, listing, facts, clips, make="Transcend",
            model=f"DrivePro Body {model[1]}" if model else None,
        )  # fmt: skip


def _model(listing: Listing) -> tuple[str, str] | None:
    """(folder, number) of the one model folder on the card itself; none when there are several."""
    tops = {file.path.split("/")[0] for file in listing.files if "/" in file.path}
    found = sorted((top, match[1]) for top in tops if (match := _MODEL.fullmatch(top)))
    return found[0] if len(found) == 1 else None
