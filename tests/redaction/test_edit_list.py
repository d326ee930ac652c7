"""The signed edit list stays one that verifiers read, whatever is hidden and whatever it is for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.redaction.conftest import plan_of

from candor.core.clock import FixedClock
from candor.redaction.edit_list import EditList, Sealed, list_of
from candor.redaction.errors import ListTooLong
from candor.redaction.model import Key, Kind, Origin, PartDocument, Shape, Span, Style, Track
from candor.redaction.proving import Proof
from candor.redaction.rules import Verdict
from candor.verify.note import MAX_NOTE_SIZE

ID = "019aa8a0-0000-7000-8000-000000000001"


def told(part: PartDocument, clock: FixedClock) -> EditList:
    proof = Proof(Verdict.HOLDS, {"verdict": "holds", "reasons": {}})
    named = {"recording": ID, "number": 1, "redaction": ID, "copy_id": ID, "edit": 1}
    files = {"original": Sealed("00" * 32, 1), "copy": Sealed("11" * 32, 1)}
    return list_of(plan_of(), part, Style.SOLID, {}, proof, made_at=clock.now(), **named, **files)


def masked(count: int, words: Callable[[int], str]) -> PartDocument:
    keys = (Key(0, (1.0, 1.0, 9.0, 9.0)), Key(9_000, (1.0, 1.0, 9.0, 9.0)))
    tracks = [
        Track(f"t{number}", "p", Kind.FACE, Origin.PERSON, Shape.BOX, keys, exemption=words(number))
        for number in range(count)
    ]
    return PartDocument(tracks={one.id: one for one in tracks})


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (3_999, lambda _number: "a short one"),
        (4_001, lambda _number: "a short one"),
        (3_999, lambda _number: "é" * 120),
        (3_999, lambda number: f"{number} {'鰯' * 110}"),
        (9_000, lambda number: f"{number}"),
    ],
)
def test_whatever_is_hidden_it_can_be_read(count: int, words: Callable[[int], str], fixed_clock: FixedClock) -> None:
    found = told(masked(count, words), fixed_clock)
    text = found.format("test.invalid/log")
    assert len(text.encode()) < MAX_NOTE_SIZE - 1_000, "a signature has room"
    _, read = EditList.parse(text)
    assert sum(one.count for one in read.masks) == count
    assert {(one.kind, one.first, one.last) for one in read.masks} == {("face", 0, 100)}


def test_more_sound_than_anybody_can_check_is_refused(fixed_clock: FixedClock) -> None:
    spans = [Span(f"s{number}", "p", number * 10, number * 10 + 5, exemption="é" * 100) for number in range(2_000)]
    part = PartDocument(spans={one.id: one for one in spans})
    with pytest.raises(ListTooLong, match="2000 stretches"):
        told(part, fixed_clock)
    few = PartDocument(spans={one.id: one for one in spans[:900]})
    assert len(told(few, fixed_clock).sound) == 900
