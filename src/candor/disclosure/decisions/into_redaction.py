"""Putting withheld stretches into a redaction, so that nobody has to draw them: the whole picture solid, the sound
muted, each under its exemption, as edits of whoever asks for it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.disclosure.decisions.errors import DecisionWrong
from candor.disclosure.decisions.pictures import on_screen
from candor.disclosure.decisions.places import Place, places_of
from candor.disclosure.decisions.rules import Decision
from candor.disclosure.decisions.standing import Made, rows_of
from candor.disclosure.decisions.stretches import LATEST_MS, counted
from candor.disclosure.decisions.subjects import Subject
from candor.people.rules import Actor, Permission
from candor.redaction import acts
from candor.redaction.act_values import LONGEST_EXEMPTION
from candor.redaction.documents import document_at
from candor.redaction.model import FrameTimes, Key, Kind, Origin, PartDocument, Shape, SoundStyle, Span, Style, Track
from candor.redaction.redactions import get, parts_of
from candor.redaction.saving import release, save_edits
from candor.store import Vault

__all__ = ["put_into_redaction"]

#: How the tracks and stretches that come from decisions are named, so that they are found again.
_NAME = "decision."
_PAGE = "decisions"


def put_into_redaction(
    tx: Connection,
    vault: Vault,
    actor: Actor,
    subject: Subject,
    recording_id: str,
    redaction_id: str,
    *,
    page: str | None = None,
    clock: Clock | None = None,
) -> int:
    """Put what is withheld of a recording by the decisions that stand into a redaction of it, and take out what came
    from decisions that do not stand any more; the number of the newest edit. A second call changes nothing.

    page: the key of an open editor page that holds the redaction; None: held for this act alone. Raises Refused,
    RedactionUnknown, RedactionClosed, RecordingDestroyed, HeldByAnother, DecisionWrong.
    """
    actor.require(Permission.REQUESTS_MANAGE)
    found = get(tx, actor, redaction_id)
    if found.recording_id != recording_id:
        raise DecisionWrong(reason="the redaction is one of another recording")
    made = rows_of(tx, subject).of(recording_id)
    if not any(one.begin_ms is None for one in made):
        raise DecisionWrong(reason="nobody has decided on the recording yet")
    _, document = document_at(tx, vault, redaction_id)
    changes: list[acts.Act] = []
    places = {one.part_id: one for one in places_of(tx, recording_id)}
    for one in parts_of(tx, redaction_id):
        wanted = _wanted(one.part_id, one.frames, places[one.part_id], made)
        changes += _changes(document.part(one.part_id), one.part_id, *wanted)
    if not changes:
        return found.edit
    edits = [{"words": "what is withheld by the decisions", "acts": acts.write_acts(changes)}]
    newest = save_edits(tx, vault, actor, redaction_id, base=found.edit, page=page or _PAGE, edits=edits, clock=clock)
    if page is None:
        release(tx, vault, actor, redaction_id, page=_PAGE, clock=clock)
    return newest


def _wanted(
    part_id: str, frames: FrameTimes | None, place: Place, made: Sequence[Made]
) -> tuple[dict[str, Track], dict[str, Span]]:
    """The tracks and stretches of sound of one part that hide what is withheld of it."""
    if place.begin is None:
        raise DecisionWrong(reason=f"nobody knows where part {place.number} begins; decide on the recording as a whole")
    tracks: dict[str, Track] = {}
    spans: dict[str, Span] = {}
    begin, end = place.begin, LATEST_MS if place.end is None else place.end
    for one in counted(made, begin, max(end, begin + 1)):
        if one.decision is not Decision.WITHHOLD or not isinstance(one.by, Made):
            continue
        name = f"{_NAME}{one.by.id.replace('-', '')[-20:]}.{one.begin}"
        last = one.end >= end  # of this part: also what its content says beyond its own length
        track = _track(name, part_id, frames, one.begin - begin, None if last else one.end - begin, one.by.exemption)
        if track is not None:
            tracks[name] = track
        until = one.end - begin + (60_000 if last else 0)
        spans[name] = Span(name, part_id, one.begin - begin, until, SoundStyle.MUTE, _exemption(one.by), reviewed=True)
    return tracks, spans


def _track(
    name: str, part_id: str, frames: FrameTimes | None, begin: int, end: int | None, exemption: str
) -> Track | None:
    """The whole picture, from that which is on the screen when the stretch begins to the last that comes before its
    end; None where the part has no pictures. `begin`, `end`: milliseconds of the part."""
    if frames is None or not len(frames):
        return None
    numbers = on_screen(frames, begin, LATEST_MS if end is None else end)
    if not numbers:
        return None
    first, last = frames.at(numbers[0]), frames.at(numbers[-1])
    keys = (Key(first, ()),) if first == last else (Key(first, ()), Key(last, ()))
    return Track(
        id=name,
        part=part_id,
        kind=Kind.FRAME,
        origin=Origin.PERSON,
        shape=Shape.WHOLE,
        keys=keys,
        exemption=exemption[:LONGEST_EXEMPTION],
        style=Style.SOLID,
        reviewed=True,
    )


def _exemption(made: Made) -> str:
    return made.exemption[:LONGEST_EXEMPTION]


def _changes(said: PartDocument, part_id: str, tracks: dict[str, Track], spans: dict[str, Span]) -> list[acts.Act]:
    """What has to be done so that the part's tracks and stretches from decisions are just these."""
    found: list[acts.Act] = []
    for name in sorted(said.tracks):
        if name.startswith(_NAME) and name not in tracks:
            found.append(acts.DropTrack(part_id, name))
    for name in sorted(said.spans):
        if name.startswith(_NAME) and name not in spans:
            found.append(acts.DropSpan(part_id, name))
    found += [acts.PutTrack(part_id, one) for name, one in tracks.items() if said.tracks.get(name) != one]
    found += [acts.PutSpan(part_id, one) for name, one in spans.items() if said.spans.get(name) != one]
    return found
