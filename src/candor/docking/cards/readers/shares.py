"""What several readers ask of a listing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from candor.docking.cards.found import Clip, Contents, Facts, Look, by_themselves, is_media
from candor.docking.cards.listing import CardFile, Listing
from candor.docking.cards.names import numbered

__all__ = ["contents", "numbered_clip", "part_of_media", "series_of", "steps"]


def steps(path: str) -> list[str]:
    """The folders of a path and its name, in capitals."""
    return path.upper().split("/")


def part_of_media(listing: Listing, fits: Callable[[CardFile], bool]) -> tuple[int, int]:
    """(how many recordings fit, how many there are), by their suffixes."""
    media = [file for file in listing.files if is_media(file)]
    return sum(1 for file in media if fits(file)), len(media)


def series_of(*steps: object) -> str:
    """A name for files of one camera and lens, in one place."""
    return "\x1f".join(str(step) for step in steps)


def numbered_clip(file: CardFile) -> Clip:
    """A recording whose name may have a number, and says nothing of its time. Its folder's own number counts above the
    file's: 100MEDIA/ABCD9999 comes before 101MEDIA/ABCD0001."""
    found = numbered(file.stem)
    if found is None:
        return Clip(file)
    above, _, last = file.folder.rpartition("/")
    counted = last[:3].isdecimal() and len(last) == 8
    place = (above, last[3:].upper()) if counted else (file.folder, "")
    number = (int(last[:3]) if counted else 0) * 9999 + found.number
    return Clip(file, series=series_of(*place, found.letters, file.suffix), number=number)


def contents(
    reader: str,
    look: Look,
    listing: Listing,
    facts: Facts,
    clips: Sequence[Clip],
    *,
    make: str | None = None,
    model: str | None = None,
    kind: str = "body",
    remarks: tuple[str, ...] = (),
) -> Contents:
    """A card with these recordings; all other files by themselves, or beside them."""
    taken = {clip.file.path for clip in clips}
    alone, besides = by_themselves([file for file in listing.files if file.path not in taken], clips, facts)
    return Contents(reader, look, (*clips, *alone), tuple(besides), make, model, kind, remarks)
