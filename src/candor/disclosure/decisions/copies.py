"""What a redacted copy hides, as its signed edit list says, laid beside the pictures and edits that it was made of.

The list names masks by their first and last time. A mask over the whole picture can have a gap in it all the same, and
a list that sums masks up says less than it was made of; so the edits that the copy was made of are asked too, and what
counts as hidden is what both say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.errors import NotFound
from candor.custody.tables import log_head
from candor.disclosure.decisions.errors import ReleaseForbidden
from candor.disclosure.decisions.pictures import milliseconds
from candor.disclosure.decisions.places import places_of
from candor.footage.tables import part
from candor.redaction.documents import document_at
from candor.redaction.errors import CopyUnknown
from candor.redaction.masks import Mask as RedactionMask
from candor.redaction.masks import Masks
from candor.redaction.model import FrameTimes, Kind, Mode, PartDocument, Picture, Shape, Span, Style, Track
from candor.redaction.rules import CopyState
from candor.redaction.tables import redacted_copy, redaction, redaction_part
from candor.store import Vault
from candor.verify.edit_list import EditList, Mask, Sound, verify_edit_list
from candor.verify.errors import VerifyError
from candor.verify.note import VerifierKey

__all__ = ["CopyFacts", "WholeMask", "copy_facts"]

_LARGEST = 4 << 20  # bytes of a signed edit list: no verifier reads a larger one
_SAMPLES = 200  # moments of a track at which it is looked whether it lies in the picture


@dataclass(frozen=True)
class WholeMask:
    """Everything in the picture is hidden from `first` to `last`, milliseconds of the part, both times included."""

    first: int
    last: int
    style: str


@dataclass(frozen=True)
class CopyFacts:
    """A copy as it is checked before it goes out.

    `begin`, `end`: where its part stands on the recording's clock, milliseconds; None: not known. `frames`: when each
    picture of the part is shown; None: not known. `whole`: where the whole picture
    is hidden; `touched`: where anything in it is, first and last time; `everywhere`: something is hidden all through.
    `sound`: what of the sound is hidden; `silent`: the copy has no sound at all. `exemptions`: every one that a mask or
    a stretch of sound names.
    """

    copy_id: str
    recording_id: str
    part_number: int
    begin: int | None
    end: int | None
    frames: FrameTimes | None = field(repr=False)
    whole: Sequence[WholeMask]
    touched: Sequence[tuple[int, int]]
    everywhere: bool
    sound: Sequence[Sound]
    silent: bool
    exemptions: frozenset[str]
    listed: EditList = field(repr=False)

    @property
    def hides(self) -> bool:
        """Whether anything is hidden in it."""
        return bool(self.everywhere or self.touched or self.sound)


def copy_facts(tx: Connection, vault: Vault, copy_id: str) -> CopyFacts:
    """What a copy that is ready hides, by its signed edit list, whose signature is checked. Whoever calls has checked
    that the copy may be seen. Raises CopyUnknown, ReleaseForbidden when it is not ready or its list is not the one that
    was signed, and what `Vault.open` raises."""
    row = _row(tx, copy_id)
    listed = _listed(tx, vault, row)
    said = _said(tx, vault, row)
    frames = None if row.frames is None else FrameTimes.from_json(row.frames)
    place = next(one for one in places_of(tx, row.recording_id) if one.part_id == row.part_id)
    whole = _whole_of_list(listed) if said is None else _whole_of_edits(row, said[0], said[1], frames, listed)
    length = None if place.begin is None or place.end is None else place.end - place.begin
    idle = frozenset[str]() if said is None or frames is None else _idle(row, said[0], frames)
    return CopyFacts(
        copy_id=copy_id,
        recording_id=row.recording_id,
        part_number=row.number,
        begin=place.begin,
        end=place.end,
        frames=frames,
        whole=whole,
        touched=[(one.first, one.last) for one in _hiding(listed, idle, said)],
        everywhere=listed.mode == Mode.SHOW_ONLY.value or listed.overlay,
        sound=[*(one for one in listed.sound if _within(one, length)), *_muted(listed)],
        silent=listed.facts.get("sound") in ("none", "left-out"),
        exemptions=_exemptions(listed, None if said is None else said[0], idle, length),
        listed=listed,
    )


def _row(tx: Connection, copy_id: str) -> sa.Row[Any]:
    query = (
        sa.select(
            redacted_copy, redaction.c.recording_id, part.c.number, redaction_part.c.frames, redaction_part.c.picture
        )
        .select_from(redacted_copy)
        .join(redaction, redaction.c.id == redacted_copy.c.redaction_id)
        .join(part, part.c.id == redacted_copy.c.part_id)
        .outerjoin(
            redaction_part,
            sa.and_(
                redaction_part.c.redaction_id == redacted_copy.c.redaction_id,
                redaction_part.c.part_id == redacted_copy.c.part_id,
            ),
        )
        .where(redacted_copy.c.id == copy_id)
    )
    row = tx.execute(query).first()
    if row is None:
        raise CopyUnknown(id=copy_id)
    if row.state != CopyState.READY.value or row.list_object_id is None:
        raise _refused(row, f"its redacted copy {copy_id} is not ready.", "Wait until it is made and proved.")
    return row


def _listed(tx: Connection, vault: Vault, row: sa.Row[Any]) -> EditList:
    """The list, when the log's key signed it and it is of this very copy."""
    vkey = tx.scalar(sa.select(log_head.c.vkey))
    if vkey is None:
        raise NotFound(what="custody log", id="here")
    with vault.open(tx, row.list_object_id) as stream:
        data = stream.read_at(0, min(stream.size, _LARGEST))
    try:
        _, listed = verify_edit_list(data, [VerifierKey.parse(vkey)])
    except VerifyError as error:
        words = f"the edit list of its redacted copy {row.id} is not one that the log’s key signed."
        raise _refused(row, words, "Make a new copy of the redaction.") from error
    if (listed.copy_id, listed.copy.sha256, listed.recording) != (row.id, row.sha256.hex(), row.recording_id):
        words = f"the edit list of its redacted copy {row.id} is one of another copy or another recording."
        raise _refused(row, words, "Make a new copy of the redaction.")
    return listed


def _said(tx: Connection, vault: Vault, row: sa.Row[Any]) -> tuple[PartDocument, Style] | None:
    """What the edits said of the part when the copy was made; None where they say nothing any more."""
    _, document = document_at(tx, vault, row.redaction_id, row.edit)
    said = document.part(row.part_id)
    return (said, document.style) if said.tracks or said.spans or said != PartDocument() else None


def _exemptions(listed: EditList, said: PartDocument | None, idle: Set[str], length: int | None) -> frozenset[str]:
    """Those under which something is hidden: by the list, or, since it may sum masks up without their words, by the
    edits."""
    if said is None:
        found = {one.exemption for one in listed.masks}
    else:
        found = {one.exemption or "" for one in said.tracks.values() if one.hidden and one.id not in idle}
        spans = [one for one in said.spans.values() if one.hidden and _within(one, length)]
        found |= {one.exemption or "" for one in spans}
    found |= {one.exemption for one in listed.sound if _within(one, length)}
    return frozenset(found - {""})


def _within(one: Sound | Span, length: int | None) -> bool:
    """Whether a stretch of sound lies in the film at all; where nobody knows its length, nobody can say."""
    return one.until > 0 and (length is None or one.begin < length)


def _idle(row: Any, said: PartDocument, frames: FrameTimes) -> frozenset[str]:
    """Tracks that hide nothing of any picture, since they lie beside it all the time."""
    if row.picture is None or not len(frames):
        return frozenset()
    picture = Picture.from_json(row.picture)
    hidden = (one for one in said.tracks.values() if one.hidden and one.shape is not Shape.WHOLE)
    return frozenset(one.id for one in hidden if not _hides_something(one, picture, frames))


def _hides_something(track: Track, picture: Picture, frames: FrameTimes) -> bool:
    if not track.keys:
        return False
    numbers = range(frames.number_at(track.first), frames.number_at(track.last) + 1)
    times = {frames.at(one) for one in numbers[:: max(1, len(numbers) // _SAMPLES)]}
    times |= {one.at for one in track.keys[:: max(1, len(track.keys) // _SAMPLES)]}
    for time in times:
        places = track.at(min(max(time, track.first), track.last))
        if places is None:
            continue
        if len(places) < 4:
            return True  # a shape that makes no sense hides the whole picture
        left, top, right, bottom = RedactionMask(Style.SOLID, track.shape, places, track.id, "").box(picture)
        if left < right and top < bottom:
            return True
    return False


def _hiding(listed: EditList, idle: Set[str], said: tuple[PartDocument, Style] | None) -> list[Mask]:
    """The masks of the list without those that hide nothing. It names them by their place among those of the edits;
    where it sums them up nothing can be told apart."""
    if not idle or said is None or any(one.count > 1 for one in listed.masks):
        return list(listed.masks)
    tracks = sorted(
        (one for one in said[0].tracks.values() if one.hidden and one.keys),
        key=lambda one: (one.first, one.last, one.id),
    )
    names = {str(number) for number, one in enumerate(tracks, 1) if one.id in idle}
    return [one for one in listed.masks if one.track not in names]


def _whole_of_list(listed: EditList) -> list[WholeMask]:
    """Where masks are summed up nothing is known of what lies between the first and the last."""
    if listed.mode != Mode.HIDE.value:
        return []
    return [WholeMask(one.first, one.last, one.style) for one in listed.masks if one.kind == "frame" and one.count == 1]


def _whole_of_edits(
    row: Any, said: PartDocument, style: Style, frames: FrameTimes | None, listed: EditList
) -> list[WholeMask]:
    """The runs of pictures of which nothing is left to be seen, by the one answer that rendering goes by, and of which
    the signed list says so too."""
    if frames is None or row.picture is None or not len(frames):
        return []
    seen, rows = _first_seen(frames), [one for one in listed.masks if one.kind == Kind.FRAME.value]
    masks = Masks(Picture.from_json(row.picture), said, style, times=frames)
    found: list[WholeMask] = []
    before = -2
    for number in _candidates(said, frames):
        time = frames.at(number)
        how = [one.style.value for one in masks.at(time) if one.shape is Shape.WHOLE and not one.holes]
        at = milliseconds(frames, time)
        if not how or not _named(rows, how[-1], at, seen):
            continue
        style_of = how[-1]  # solid ones are painted last
        goes_on = before == number - 1 and found[-1].style == style_of
        found.append(WholeMask(found.pop().first if goes_on else at, at, style_of))
        before = number
    return found


def _candidates(said: PartDocument, frames: FrameTimes) -> Iterable[int]:
    """Pictures that may be hidden as a whole: under a track of the whole picture, and those before the viewing copy's
    zero where one begins with the first that anybody saw."""
    if said.mode is Mode.SHOW_ONLY:
        return range(len(frames))
    numbers: set[int] = set()
    for track in said.tracks.values():
        if track.hidden and track.shape is Shape.WHOLE and track.keys:
            first = frames.number_at(track.first)
            first = 0 if first <= frames.number_at(frames.zero) + 1 else first
            numbers.update(range(first, frames.number_at(track.last) + 1))
    return sorted(numbers)


def _named(rows: Sequence[Mask], style: str, at: int, first_seen: int) -> bool:
    """Whether the signed list says of a picture what the edits say. Those before the first that anybody saw are in no
    list."""
    return any(one.style == style and one.first <= max(at, first_seen) and at <= one.last for one in rows)


def _first_seen(frames: FrameTimes) -> int:
    """When the first picture stands that the viewing copy shows, milliseconds."""
    number = frames.number_at(frames.zero)
    number += frames.at(number) < frames.zero
    return milliseconds(frames, frames.at(min(number, len(frames) - 1)))


def _muted(listed: EditList) -> list[Sound]:
    return [Sound("mute", "", -(2**40), 2**40)] if listed.muted else []


def _refused(row: Any, words: str, todo: str) -> ReleaseForbidden:
    rule = "disclosure.decisions copy"
    return ReleaseForbidden(
        recording=row.recording_id, words=words, reason=words, rule=rule, citation="", cited="", todo=todo
    )
