"""The form that decides on a recording: from what was typed to choices and answers, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from candor.disclosure.decisions.deciding import Weighed
from candor.disclosure.decisions.errors import DecisionWrong
from candor.disclosure.decisions.rules import Decision, Weighing
from candor.disclosure.decisions.standing import Made
from candor.disclosure.decisions.stretches import MOST_STRETCHES, Choice
from candor.web.csrf import Form

__all__ = ["Answered", "Row", "Typed", "place_words", "typed_of", "typed_of_decisions"]

#: Rows for stretches that stand empty below those that are filled in.
_SPARE = 2
_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,7})(?:[.,](\d{1,3}))?", re.ASCII)
_FIELDS = ("from", "to", "decision", "exemption", "reason")


@dataclass(frozen=True)
class Row:
    """A stretch as it is typed: from and to as m:ss.t."""

    begin: str = ""
    end: str = ""
    decision: str = Decision.WITHHOLD.value
    exemption: str = ""
    reason: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing of it was filled in."""
        return not (self.begin.strip() or self.end.strip() or self.reason.strip())


@dataclass(frozen=True)
class Answered:
    """How something that stands in the way is answered, as it is typed."""

    how: str = ""
    reason: str = ""
    exception: str = ""
    document: str = ""


@dataclass(frozen=True)
class Typed:
    """Everything that was typed. `answers`: by rule; `again`: why what stood is taken back, where it is decided
    anew."""

    decision: str = ""
    exemption: str = ""
    reason: str = ""
    rows: tuple[Row, ...] = ()
    answers: Mapping[str, Answered] = field(default_factory=dict)
    again: str = ""

    @property
    def shown_rows(self) -> tuple[Row, ...]:
        """The rows with some empty ones below."""
        filled = tuple(one for one in self.rows if not one.empty)
        return filled + (Row(),) * max(1, _SPARE - len(filled), len(self.rows) - len(filled))

    def more_rows(self) -> Typed:
        """With another empty row."""
        return replace(self, rows=(*self.shown_rows, Row()))

    def choices(self) -> list[Choice]:
        """What is chosen for the whole and for each stretch. Raises DecisionWrong."""
        if self.decision not in set(Decision):
            raise DecisionWrong(reason="say what is done with the recording as a whole")
        chosen = [_choice(None, None, self.decision, self.exemption, self.reason)]
        for one in self.rows:
            if not one.empty:
                begin, end = _milliseconds(one.begin), _milliseconds(one.end)
                chosen.append(_choice(begin, end, one.decision, one.exemption, one.reason))
        return chosen

    def weighed(self) -> list[Weighed]:
        """The answers that were given. Raises DecisionWrong."""
        found = []
        for rule, one in self.answers.items():
            if not one.how:
                continue
            if one.how not in set(Weighing):
                raise DecisionWrong(reason=f"“{one.how[:40]}” is no way to answer what stands in the way")
            how = Weighing(one.how)
            exception = one.exception if how is Weighing.EXCEPTION else ""
            found.append(Weighed(rule, how, one.reason, one.document or None, exception))
        return found


def _choice(begin: int | None, end: int | None, decision: str, exemption: str, reason: str) -> Choice:
    if decision not in set(Decision):
        raise DecisionWrong(reason="say of each stretch whether it is released, redacted or withheld")
    chosen = Decision(decision)
    return Choice(begin, end, chosen, "" if chosen is Decision.RELEASE else exemption, reason)


def _milliseconds(text: str) -> int:
    """A place in a recording: 1:02:03.5, 2:03.5, or seconds. Raises DecisionWrong."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        said = f"“{text.strip()[:40]}” is no place in it" if text.strip() else "a stretch has a beginning and an end"
        raise DecisionWrong(reason=f"{said}; write minutes and seconds, like 1:05.0")
    hours, minutes, seconds, rest = found.groups()
    if minutes is not None and int(seconds) > 59:
        raise DecisionWrong(reason=f"“{text.strip()}” has more than 59 seconds in a minute; write it like 1:05.0")
    if hours is not None and int(minutes) > 59:
        raise DecisionWrong(reason=f"“{text.strip()}” has more than 59 minutes in an hour; write it like 1:02:03.0")
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds)
    return whole * 1000 + int((rest or "0").ljust(3, "0"))


def place_words(milliseconds: int) -> str:
    """A place as it is typed: 1:05.0, 1:02:03.250."""
    seconds, rest = divmod(milliseconds, 1000)
    part = f"{rest // 100}" if rest % 100 == 0 else f"{rest:03d}"
    if seconds >= 3600:
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{part}"
    return f"{seconds // 60}:{seconds % 60:02d}.{part}"


def typed_of(form: Form) -> Typed:
    """What a form holds. Raises DecisionWrong for more rows than a recording has stretches."""
    columns = [form.getlist(f"stretch_{name}") for name in _FIELDS]
    if max(map(len, columns)) > MOST_STRETCHES + _SPARE:
        raise DecisionWrong(reason=f"a recording has at most {MOST_STRETCHES} stretches")
    rows = tuple(Row(*one) for one in zip_longest(*columns, fillvalue=""))
    answers = {}
    for number, rule in enumerate(form.getlist("rule")):
        fields = (form.get(f"{name}_{number}", "") for name in ("how", "weighed", "exception", "document"))
        answers[rule] = Answered(*fields)
    decision, exemption, reason = (form.get(name, "") for name in ("decision", "exemption", "reason"))
    return Typed(decision, exemption, reason, rows, answers, form.get("again", ""))


def typed_of_decisions(made: Sequence[Made], suggested: str = "") -> Typed:
    """The form as it stands before anybody types: filled in with what was decided, to be decided anew."""
    whole = next((one for one in made if one.begin_ms is None), None)
    if whole is None:
        return Typed(decision=suggested)
    rows = tuple(
        Row(place_words(one.begin_ms), place_words(one.end_ms or 0), one.decision.value, one.exemption, one.reason)
        for one in made
        if one.begin_ms is not None
    )
    answers = {
        one.rule: Answered(one.how.value, one.reason, one.exception, one.document or "")
        for each in made
        for one in each.weighed
    }
    return Typed(whole.decision.value, whole.exemption, whole.reason, rows, answers)
