"""Whether redacted copies may go out under the decisions that stand: asked when a release is prepared, when it is
approved, and in the transaction in which it is handed out.

What is withheld has to be hidden in the copy, to the picture and to the millisecond of sound: every picture that is on
the screen at any moment of a withheld stretch is hidden as a whole and for good, and its sound is taken out. What was
decided to be released as it is has to be there.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.disclosure.decisions.copies import CopyFacts, copy_facts
from candor.disclosure.decisions.deciding import forbidden
from candor.disclosure.decisions.errors import ReleaseForbidden
from candor.disclosure.decisions.obstacles import Obstacle, obstacles
from candor.disclosure.decisions.pictures import milliseconds, on_screen
from candor.disclosure.decisions.rules import Decision, Weighing
from candor.disclosure.decisions.standing import Answer, Decisions, Made, rows_of
from candor.disclosure.decisions.stretches import LATEST_MS, Counted, clock_words, counted, told
from candor.disclosure.decisions.subjects import About, Subject, about
from candor.people.rules import Actor, Permission
from candor.redaction.model import FrameTimes

__all__ = ["CopyFacts", "copy_facts", "must_be_releasable"]

_RULE = "disclosure.decisions"
#: What is left of a picture under anything weaker can be of use to somebody.
_FOR_GOOD = ("solid",)
#: A distorted voice is understood by some.
_TAKEN_OUT = ("mute", "bleep")
#: How far the mask beside a withheld stretch may reach into what is released: a picture, or the smear of an encoder.
_EDGE_MS = 100


def must_be_releasable(
    tx: Connection,
    actor: Actor,
    subject: Subject,
    copies: Sequence[CopyFacts],
    *,
    known: tuple[About, Decisions] | None = None,
    clock: Clock | None = None,
) -> None:
    """Raise ReleaseForbidden, which names the recording, the rule with its citation and what to do, unless every copy
    may go out: its recording is decided on, nothing that is withheld is in it, whatever stands in the way at this
    moment was answered, and what was answered by hiding is hidden in it under that rule. `known`: the subject and its
    decisions, read in this transaction. Raises Refused, SubjectUnknown, RecordingUnknown too."""
    actor.require(Permission.REQUESTS_VIEW)
    clock = clock or SystemClock()
    asked, decisions = known or (about(tx, subject), rows_of(tx, subject))
    for recording_id in dict.fromkeys(one.recording_id for one in copies):
        made = decisions.of(recording_id)
        if recording_id not in asked.recordings:
            raise _not(recording_id, f"{asked.number} is not about it.", "Say that it is meant first.", "meant")
        if decisions.whole(recording_id) is None:
            raise _not(recording_id, "nobody has decided on it.", "Decide what is done with it first.", "decision")
        if all(one.decision is Decision.WITHHOLD for one in made):
            whole = made[0]
            raise _not(recording_id, "it was decided to withhold it.", "", "withheld", whole.citation)
        mine = [one for one in copies if one.recording_id == recording_id]
        found = obstacles(tx, actor, recording_id, subject=subject, clock=clock)
        _must_be_answered(recording_id, found, decisions.answers(recording_id), mine)
        for copy in mine:
            _must_agree(copy, made)
        _must_hide(recording_id, made, mine)


def _must_be_answered(
    recording_id: str, found: Sequence[Obstacle], answers: dict[str, Answer], copies: Sequence[CopyFacts]
) -> None:
    for one in found:
        answer = answers.get(one.rule)
        if answer is None or not one.is_answered_by(answer.how, answer.exception):
            raise forbidden(recording_id, one)
        if answer.how is Weighing.HIDDEN and not any(_hidden_under(copy, one) for copy in copies):
            words = f"what {one.rule} protects was to be hidden, and nothing in the copy is hidden under it."
            todo = "Name that exemption at the masks or the stretches of sound that hide it, and make a new copy."
            raise _not(recording_id, words, todo, "not-hidden", one.citation)


def _hidden_under(copy: CopyFacts, obstacle: Obstacle) -> bool:
    """A rule of law is an exemption by its own name; what a label restricts is hidden by whatever hides it."""
    if obstacle.code == "restriction":
        return copy.hides
    return not copy.exemptions.isdisjoint(obstacle.hides or (obstacle.rule,))


def _must_hide(recording_id: str, made: Sequence[Made], copies: Sequence[CopyFacts]) -> None:
    """What was decided to go out in part has something hidden in it."""
    whole = made[0]
    if whole.decision is Decision.REDACT and not any(copy.hides for copy in copies):
        words = "it was decided to be released in part, and the copy hides nothing."
        raise _not(
            recording_id, words, "Make a copy in which that is hidden, or decide anew.", "redacted", whole.citation
        )


def _must_agree(copy: CopyFacts, made: Sequence[Made]) -> None:
    """Compare a copy with the decisions on its part of the recording's clock."""
    if copy.begin is None and len(made) > 1:
        words = f"nobody knows where part {copy.part_number} begins, so its stretches cannot be compared."
        raise _not(copy.recording_id, words, "Decide on the recording as a whole.", "place")
    begin = copy.begin or 0
    for one in _counted(copy, made):
        here = Counted(one.begin - begin, one.end - begin, one.by)
        if one.decision is Decision.WITHHOLD:
            _must_be_gone(copy, here, begin)
        elif one.decision is Decision.RELEASE:
            _must_be_there(copy, here, begin, made)
        elif one.by.begin_ms is not None and not _touches(copy, here):
            words = f"{told(one.begin, one.end)} was decided to be redacted, and the copy hides nothing there."
            raise _not(copy.recording_id, words, "Hide it there and make a new copy.", "redacted", _citation(one))


def _counted(copy: CopyFacts, made: Sequence[Made]) -> list[Counted]:
    """What counts of the part. Content may run on after what it says of its own length: the last decision counts to its
    very last picture."""
    begin = copy.begin or 0
    end = LATEST_MS if copy.begin is None or copy.end is None else max(copy.end, begin + 1)
    found = counted(made, begin, end)
    after = begin
    if copy.frames is not None and len(copy.frames):
        after += milliseconds(copy.frames, copy.frames.at(len(copy.frames) - 1)) + 2
    return [*found[:-1], replace(found[-1], end=max(found[-1].end, after))]


def _must_be_gone(copy: CopyFacts, here: Counted, begin: int) -> None:
    """Nothing of a withheld stretch is in the picture or in the sound."""
    shown = _first_shown(copy, here)
    if shown is not None:
        at = clock_words(max(0, shown) + begin)
        words = f"{told(here.begin + begin, here.end + begin)} is withheld, and the copy shows a picture of it at {at}."
        raise _not(copy.recording_id, words, _HOW_TO_HIDE, "withheld", _citation(here))
    heard = _first_heard(copy, here)
    if heard is not None:
        at = clock_words(heard + begin)
        words = f"{told(here.begin + begin, here.end + begin)} is withheld, and its sound can be heard at {at}."
        raise _not(copy.recording_id, words, _HOW_TO_HIDE, "withheld", _citation(here))


_HOW_TO_HIDE = (
    "Put the withheld stretches into the redaction, as solid whole pictures and muted sound, and make a new copy."
)


def _first_shown(copy: CopyFacts, here: Counted) -> int | None:
    """The time of the first picture on the screen within the stretch that is not hidden as a whole and for good."""
    masks = _joined([(one.first, one.last) for one in copy.whole if one.style in _FOR_GOOD])
    if copy.frames is None:
        return None if any(first <= here.begin and here.end <= last for first, last in masks) else here.begin
    for number in on_screen(copy.frames, here.begin, here.end):
        time = milliseconds(copy.frames, copy.frames.at(number))
        place = bisect.bisect_right(masks, time, key=lambda one: one[0]) - 1
        if place < 0 or masks[place][1] < time:
            return time
    return None


def _first_heard(copy: CopyFacts, here: Counted) -> int | None:
    """The first millisecond within the stretch whose sound is not taken out."""
    if copy.silent:
        return None
    at = here.begin
    for begin, until in sorted((one.begin, one.until) for one in copy.sound if one.style in _TAKEN_OUT):
        if begin > at:
            break
        at = max(at, until)
    return at if at < _sounding_end(copy, here) else None


def _sounding_end(copy: CopyFacts, here: Counted) -> int:
    """To where sound has to be taken out: the stretch's end, or that of the part where it is known."""
    if copy.begin is None or copy.end is None:
        return here.end
    return min(here.end, copy.end - copy.begin)


def _must_be_there(copy: CopyFacts, here: Counted, begin: int, made: Sequence[Made]) -> None:
    """Nothing is hidden in what was decided to be released as it is, but for the very edge of what is not."""
    if copy.everywhere:
        raise _too_much(copy, here, begin, here.begin, "hides something in every picture")
    for first, last in copy.touched:
        at = _first_hidden(copy, here, first, last)
        if at is not None and not _of_another(copy, (first, last), begin, made):
            raise _too_much(copy, here, begin, at, "hides something in the picture")
    for one in copy.sound:
        at = max(one.begin, here.begin + _EDGE_MS)
        if at < min(one.until, here.end - _EDGE_MS):
            raise _too_much(copy, here, begin, at, "takes sound out")


def _first_hidden(copy: CopyFacts, here: Counted, first: int, last: int) -> int | None:
    """The first picture under a mask that is on the screen within the stretch alone, not beside it too."""
    earliest = here.begin + _EDGE_MS if here.begin > 0 else -LATEST_MS
    latest = here.end - _EDGE_MS
    if copy.frames is None:
        at = max(first, earliest)
        return at if at <= min(last, latest) else None
    for number in on_screen(copy.frames, max(first, earliest), latest):
        time = milliseconds(copy.frames, copy.frames.at(number))
        if time > last:
            break
        if time >= max(first, earliest) and _gone(copy.frames, number) <= latest:
            return time
    return None


def _gone(frames: FrameTimes, number: int) -> int:
    """When the next picture comes; for the last, at once."""
    return milliseconds(frames, frames.at(min(number + 1, len(frames) - 1)))


def _too_much(copy: CopyFacts, here: Counted, begin: int, at: int, what: str) -> ReleaseForbidden:
    words = f"{_stretch_words(here, begin)} was decided to be released as it is, and the copy {what} "
    words += f"at {clock_words(max(at, 0) + begin)}."
    todo = "Decide that it is redacted, with an exemption, or make a copy that hides nothing there."
    return _not(copy.recording_id, words, todo, "released")


def _of_another(copy: CopyFacts, where: tuple[int, int], begin: int, made: Sequence[Made]) -> bool:
    """Whether a mask of which only its first and last time is known is one that was summed up with others."""
    summed = any((one.first, one.last) == where and one.count > 1 for one in copy.listed.masks)
    return summed and any(one.decision is not Decision.RELEASE for one in counted(made, *(at + begin for at in where)))


def _touches(copy: CopyFacts, here: Counted) -> bool:
    if copy.everywhere:
        return True
    spans = [*copy.touched, *((one.begin, one.until - 1) for one in copy.sound)]
    return any(first < here.end and here.begin <= last for first, last in spans)


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that overlap as one, growing."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _stretch_words(here: Counted, begin: int) -> str:
    return "the recording" if here.by.begin_ms is None else told(here.begin + begin, here.end + begin)


def _citation(one: Counted) -> str:
    return one.by.citation if isinstance(one.by, Made) else ""


def _not(recording_id: str, words: str, todo: str, rule: str, citation: str = "") -> ReleaseForbidden:
    name = f"{_RULE} {rule}"
    cited = f" ({citation})" if citation else ""
    return ReleaseForbidden(
        recording=recording_id, words=words, reason=words, rule=name, citation=citation, cited=cited, todo=todo
    )
