"""Exports of Motorola and WatchGuard systems: Officer_YYYYMMDDHHMM_Device-Segment.mp4."""

from __future__ import annotations

from candor.docking.cards.found import Clip, Contents, Facts, Look, is_media
from candor.docking.cards.listing import CardFile, Listing
from candor.docking.cards.names import motorola
from candor.docking.cards.readers.shares import contents, part_of_media, series_of


class MotorolaExport:
    """Files named by minute, device and segment. Their zone is not known."""

    name = "motorola"

    def look(self, listing: Listing, facts: Facts) -> Look | None:
        fits, there = part_of_media(listing, lambda file: motorola(file.stem) is not None)
        if not fits:
            return None
        return Look(
            80 if 2 * fits >= there else 50, f"{fits} of {there} recordings are named Officer_time_Device-Segment"
        )

    def read(self, listing: Listing, facts: Facts) -> Contents:
        look = self.look(listing, facts) or Look(0, "chosen by hand")
        clips = [clip for file in listing.files if is_media(file) and (clip := _clip(file)) is not None]
        return contents(self.name, look, listing, facts, clips, make="Motorola Solutions")


def _clip(file: CardFile) -> Clip | None:
    named = motorola(file.stem)
    if named is None:
        return None
    whole = series_of(file.folder, file.stem.rpartition("-")[0], file.suffix)
    return Clip(
        file,
        series=whole,
        start=named.start,
        whole=whole,
        segment=named.segment,
        serial=named.serial,
        wearer=named.officer,
        said={"officer": named.officer, "device": named.device, "segment": named.segment},
    )
