"""Exports of Axon systems. A file is called by the title of the evidence, which anyone can edit: nothing is joined by
it. Pictures of markers, extracted sound and the audit trail come as files of their own beside the recordings."""

from __future__ import annotations

from dataclasses import replace

from candor.docking.cards.found import Beside, Clip, Contents, Facts, Look, is_media
from candor.docking.cards.listing import CardFile, Listing
from candor.docking.cards.names import axon
from candor.docking.cards.readers.shares import contents, part_of_media

#: A marker's picture, extracted sound. An audit trail (PDF, CSV) is a small file anywhere.
_EXTRACTS = {".png": "unknown", ".m4a": "unknown"}


class AxonExport:
    """Recordings with the title that the system gives by itself, and what was exported with them."""

    name = "axon"

    def look(self, listing: Listing, facts: Facts) -> Look | None:
        fits, there = part_of_media(listing, lambda file: axon(file.stem) is not None)
        if not fits:
            return None
        return Look(60, f"{fits} of {there} recordings have the title that Axon systems give, which can be edited")

    def read(self, listing: Listing, facts: Facts) -> Contents:
        look = self.look(listing, facts) or Look(0, "chosen by hand")
        films = [file for file in listing.files if is_media(file) and file.suffix not in _EXTRACTS]
        found = contents(self.name, look, listing, facts, [_clip(file) for file in films], make="Axon")
        paths = {clip.file.path: clip for clip in found.clips}
        extracts = [file for file in listing.files if file.suffix in _EXTRACTS and paths.get(file.path)]
        besides = (*found.besides, *(_extract(file, films) for file in extracts))
        clips = tuple(clip for clip in found.clips if clip.file.suffix not in _EXTRACTS)
        return replace(found, clips=clips, besides=besides)


def _clip(file: CardFile) -> Clip:
    named = axon(file.stem)
    return Clip(file) if named is None else Clip(file, start=named[0], said={"model": named[1]})


def _extract(file: CardFile, films: list[CardFile]) -> Beside:
    """An extract, beside the one recording whose title its own name begins with."""
    near = [film.path for film in films if film.folder == file.folder and file.stem.startswith(film.stem)]
    return Beside(file, tuple(near) if len(near) == 1 else (), _EXTRACTS[file.suffix])
