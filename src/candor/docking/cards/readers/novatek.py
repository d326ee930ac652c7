"""Cameras with Novatek chips, and cheap recorders like them: YYYY_MMDD_HHMMSS_NNNA.MP4, files cut every few minutes.

A folder RO keeps what was locked against being written over. Locked files go on from the others, so they are of the
same series.
"""

from __future__ import annotations

from candor.docking.cards.found import Clip, Contents, Facts, Look, Mark, is_media
from candor.docking.cards.listing import CardFile, Listing
from candor.docking.cards.names import novatek
from candor.docking.cards.readers.shares import contents, part_of_media, series_of


class NovatekCard:
    """Files named by the second in which they began."""

    name = "novatek"

    def look(self, listing: Listing, facts: Facts) -> Look | None:
        fits, there = part_of_media(listing, lambda file: novatek(file.stem) is not None)
        if not fits:
            return None
        return Look(80 if 2 * fits >= there else 50, f"{fits} of {there} recordings are named YYYY_MMDD_HHMMSS_…")

    def read(self, listing: Listing, facts: Facts) -> Contents:
        look = self.look(listing, facts) or Look(0, "chosen by hand")
        clips = [clip for file in listing.files if is_media(file) and (clip := _clip(file)) is not None]
        return contents(self.name, look, listing, facts, clips)


def _clip(file: CardFile) -> Clip | None:
    named = novatek(file.stem)
    if named is None:
        return None
    above, _, last = file.folder.rpartition("/")
    locked = last.upper() == "RO"
    return Clip(
        file,
        series=series_of(above if locked else file.folder, named.lens.upper(), named.digits, file.suffix),
        start=named.start,
        number=named.number,
        wraps=10**named.digits if named.number is not None else None,
        marks=(Mark.LOCKED,) if locked else (),
        said={"lens": named.lens.upper()},
    )
