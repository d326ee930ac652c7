"""What a release holds back, and why: mask by mask, stretch by stretch, and recordings that are withheld as a whole.

Taken from the signed edit lists of the copies and from the decisions that stand. Nothing here says where in a picture
something is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.disclosure.decisions.copies import CopyFacts
from candor.disclosure.decisions.rules import Decision
from candor.disclosure.decisions.standing import Decisions, Made
from candor.redaction.exemptions import Exemption, exemptions

__all__ = ["Hidden", "clock_text", "hidden_in", "stretch_text", "what_words"]

#: Rows of one release; a list of edits has at most 4,000 masks, or sums them up.
_PICTURE: Final[dict[str, tuple[str, str]]] = {
    "face": ("a face", "faces"),
    "plate": ("a licence plate", "licence plates"),
    "screen": ("a screen", "screens"),
    "document": ("a document", "documents"),
    "person": ("a person", "persons"),
    "region": ("a part of the picture", "parts of the picture"),
    "frame": ("the whole picture", "the whole picture"),
}
#: How far a mask reaches beyond the stretch that it hides: it begins with the picture that is on the screen by then.
_EDGE_MS: Final = 100
_HOW: Final[dict[str, str]] = {
    "solid": "covered",
    "mosaic": "coarsened",
    "blur": "blurred",
    "mute": "taken out",
    "bleep": "replaced by a tone",
    "distort": "changed so that the voice is another",
}


@dataclass(frozen=True)
class Hidden:
    """Something that is held back. `number`: of the copy in the release, from 1; None: no copy of the recording is in
    it. `kind`: that of a mask, "sound", or "recording"; `count`: how many masks the row stands for. Times in
    milliseconds of the recording's own clock, None where nobody knows them. `exemption`: in words."""

    number: int | None
    recording_id: str
    kind: str
    count: int
    begin_ms: int | None
    end_ms: int | None
    how: str
    exemption: str
    citation: str
    reason: str = ""

    @property
    def words(self) -> str:
        """What it is and where: faces, from 0:12 to 0:34."""
        stretch = ""
        if self.begin_ms is not None and self.end_ms is not None:
            stretch = f", from {stretch_text(self.begin_ms, self.end_ms)}"
        return f"{what_words(self.kind, self.count)}{stretch}"


def what_words(kind: str, count: int) -> str:
    """A kind in words, with how many there are."""
    if kind == "sound":
        return "sound"
    if kind == "recording":
        return "the whole recording"
    one, several = _PICTURE.get(kind, ("something in the picture", "things in the picture"))
    return one if count == 1 or kind == "frame" else f"{count:,} {several}"


def clock_text(milliseconds: int) -> str:
    """A place in a recording for people: 1:02:03, or 2:03."""
    seconds = max(0, milliseconds) // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"


def stretch_text(begin: int, end: int) -> str:
    """From when to when, for people; what is over within a second says tenths."""
    first, last = clock_text(begin), clock_text(end)
    if first == last:
        first, last = (f"{clock_text(at)}.{max(0, at) % 1000 // 100}" for at in (begin, end))
    return f"{first} to {last}"


def hidden_in(
    tx: Connection,
    copies: Sequence[CopyFacts],
    decided: Decisions,
    *,
    about: Collection[str],
    reasons: bool,
    clock: Clock,
) -> list[Hidden]:
    """Everything that is held back, the copies first, in their order. about: the recordings that are meant; what was
    decided on one that is not meant any more is nobody's business. reasons: with what was said when it was decided;
    that may name somebody, so it is for whoever asked alone."""
    found: list[Hidden] = []
    shown = {one.recording_id for one in copies}
    for number, copy in enumerate(copies, 1):
        named = {one.key: one for one in exemptions(tx, copy.recording_id, clock=clock)}
        found += _in_copy(number, copy, _Why(decided.of(copy.recording_id), named, reasons))
    for recording_id, made in decided.by_recording.items():
        if recording_id in shown or recording_id not in about:
            continue
        named = {one.key: one for one in exemptions(tx, recording_id, clock=clock)}
        found += [_withheld(one, named, reasons) for one in made if one.decision is Decision.WITHHOLD]
    return found


@dataclass(frozen=True)
class _Why:
    """Under what something of a recording is held back. A mask that names no exemption is there because of what was
    decided on the place that it lies in. `reasons`: with what was said when it was decided."""

    decisions: Sequence[Made]
    named: Mapping[str, Exemption]
    reasons: bool

    def of(self, exemption: str, first: int | None, last: int | None) -> tuple[str, str, str]:
        """Words, citation and reason for what is hidden from `first` to `last`, milliseconds."""
        made = self._decided(exemption, first, last)
        words, citation = _named(exemption or (made.exemption if made else ""), self.named)
        if made is None:
            return words, citation, ""
        return words, (citation if exemption else made.citation or citation), made.reason if self.reasons else ""

    def _decided(self, exemption: str, first: int | None, last: int | None) -> Made | None:
        """The decision to hold it back, under this exemption where it names one: on the shortest stretch that it lies
        in, but for a picture at its edges; on the recording as a whole; on the stretch in which most of it lies."""
        holding = [one for one in self.decisions if one.decision is not Decision.RELEASE and one.exemption]
        holding = [one for one in holding if not exemption or one.exemption == exemption]
        whole = [one for one in holding if one.begin_ms is None]
        if first is None or last is None:
            return whole[0] if whole else None
        of_times = [(one.begin_ms or 0, one.end_ms or 0, one) for one in holding if one.begin_ms is not None]
        touched = [(begin, end, one) for begin, end, one in of_times if begin <= last and first < end]
        touched.sort(key=lambda each: max(first, each[0]) - min(last, each[1]))
        inside = [each for each in touched if each[0] - _EDGE_MS <= first and last <= each[1] + _EDGE_MS]
        inside.sort(key=lambda each: each[1] - each[0])
        found = [*(one for _, _, one in inside), *whole, *(one for _, _, one in touched)]
        return found[0] if found else None


def _in_copy(number: int, copy: CopyFacts, why: _Why) -> list[Hidden]:
    begin, listed, rows = copy.begin, copy.listed, []
    for mask in listed.masks:
        first, last = _moved(begin, mask.first), _moved(begin, mask.last)
        how, because = _HOW.get(mask.style, mask.style), why.of(mask.exemption, first, last)
        rows.append(Hidden(number, copy.recording_id, mask.kind, mask.count, first, last, how, *because))
    for sound in listed.sound:
        first, last = _moved(begin, sound.begin), _moved(begin, sound.until)
        how, because = _HOW.get(sound.style, sound.style), why.of(sound.exemption, first, last)
        rows.append(Hidden(number, copy.recording_id, "sound", 1, first, last, how, *because))
    if listed.muted:
        how = "left out of the whole copy"
        rows.append(Hidden(number, copy.recording_id, "sound", 1, None, None, how, *why.of("", None, None)))
    if listed.overlay:
        rows.append(
            Hidden(number, copy.recording_id, "region", 1, None, None, "the camera’s own lettering is covered", "", "")
        )
    return rows


def _withheld(one: Made, named: Mapping[str, Exemption], reasons: bool) -> Hidden:
    words, citation = _named(one.exemption, named)
    kind = "recording" if one.begin_ms is None else "frame"
    return Hidden(
        None,
        one.recording_id,
        kind,
        1,
        one.begin_ms,
        one.end_ms,
        "withheld",
        words,
        one.citation or citation,
        one.reason if reasons else "",
    )


def _named(key: str, named: Mapping[str, Exemption]) -> tuple[str, str]:
    """An exemption's words and citation; what no law here knows by that name stands as it was written."""
    found = named.get(key)
    return (key, "") if found is None else (found.words, found.citation)


def _moved(begin: int | None, milliseconds: int) -> int | None:
    return None if begin is None else max(0, begin + milliseconds)
