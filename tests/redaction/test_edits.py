"""Acts: read strictly from JSON that anybody may have written, done, taken back."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.redaction.strategies import PARTS, edits

from candor.redaction.acts import Act, Detected, PutTrack, read_acts, write_acts
from candor.redaction.edits import apply, fold, inverse, touched_tracks
from candor.redaction.errors import EditWrong
from candor.redaction.model import Document, Key, Kind, Origin, Shape, Track

BOX = {"id": "t1", "part": "p1", "kind": "face", "origin": "person", "shape": "box", "keys": [[0, 0, 1, 2, 30, 40]]}
SPAN = {"id": "s1", "part": "p1", "begin": 0, "until": 900}


def put(**changed: Any) -> dict[str, Any]:
    return {"act": "put-track", "part": "p1", "track": {**BOX, **changed}}


def span(**changed: Any) -> dict[str, Any]:
    return {"act": "put-span", "part": "p1", "span": {**SPAN, **changed}}


Sequence = tuple[list[Document], list[tuple[Act, ...]]]


@settings(max_examples=80)
@given(edits())
def test_whatever_was_done_is_taken_back(made: Sequence) -> None:
    documents, done = made
    for before, after, acts in zip(documents, documents[1:], done, strict=False):
        back = inverse(before, acts)
        assert apply(after, back) == before
        assert apply(before, inverse(after, back)) == after


@settings(max_examples=50)
@given(edits(), st.lists(st.booleans(), max_size=20))
def test_undo_and_redo_in_any_order_give_the_document_of_that_place(made: Sequence, steps: list[bool]) -> None:
    """A person presses undo and redo as they like: each is an edit of its own, and what is seen is one of the documents
    that were there."""
    documents, done = made
    backs = [inverse(before, acts) for before, acts in zip(documents, done, strict=False)]
    place, document = len(done), documents[-1]
    for undo in steps:
        if undo and place:
            place -= 1
            document = apply(document, backs[place])
        elif not undo and place < len(done):
            document = apply(document, done[place])
            place += 1
        assert document == documents[place]


@settings(max_examples=80)
@given(edits())
def test_what_is_written_is_what_is_read(made: Sequence) -> None:
    documents, done = made
    read = [read_acts(json.loads(json.dumps(write_acts(acts)))) for acts in done]
    assert fold(Document(), read) == documents[-1]
    assert [write_acts(acts) for acts in read] == [write_acts(acts) for acts in done]
    assert Document.from_json(json.loads(json.dumps(documents[-1].to_json()))) == documents[-1]


@settings(max_examples=50)
@given(edits())
def test_no_act_reaches_another_part(made: Sequence) -> None:
    documents, done = made
    for before, after, acts in zip(documents, documents[1:], done, strict=False):
        spoken_of = {getattr(act, "part", None) for act in acts}
        for name in PARTS:
            assert name in spoken_of or after.part(name) == before.part(name)
            assert all(track.part == name for track in after.part(name).tracks.values())


@settings(max_examples=30)
@given(edits())
def test_the_document_that_is_given_stays_what_it_is(made: Sequence) -> None:
    documents, done = made
    told = [json.dumps(one.to_json()) for one in documents]
    fold(Document(), done)
    assert [json.dumps(one.to_json()) for one in documents] == told


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150)
@given(
    json_values, st.sampled_from(["act", "part", "id", "track", "keys", "values", "span", "drop"]), st.integers(0, 7)
)
def test_nothing_that_is_sent_does_anything_but_be_refused_or_read(value: Any, name: str, which: int) -> None:
    """One thing of a right act replaced by anything at all."""
    right: list[dict[str, Any]] = [
        put(),
        {"act": "drop-track", "part": "p1", "id": "t1"},
        {"act": "put-keys", "part": "p1", "id": "t1", "keys": [[5, 0, 1, 2, 3, 4]], "drop": [1]},
        {"act": "set-track", "part": "p1", "id": "t1", "values": {"hidden": False}},
        span(),
        {"act": "drop-span", "part": "p1", "id": "s1"},
        {"act": "set-part", "part": "p1", "values": {"mode": "hide"}},
        {"act": "set", "values": {"style": "mosaic"}},
    ]
    for sent in (value, [value], [{**right[which], name: value}]):
        with contextlib.suppress(EditWrong):
            acts = read_acts(sent)
            assert read_acts(write_acts(acts)) == acts


HOSTILE: dict[str, tuple[Any, str]] = {
    "no list": ({"act": "set"}, "list"),
    "nothing": ([], "at least one"),
    "too many": ([{"act": "set", "values": {"style": "solid"}}] * 5_001, "at most 5000"),
    "unknown": ([{"act": "detected", "part": "p1", "drop": []}], "no act of this name"),
    "more than is known": ([{**put(), "also": 1}], "not known: also"),
    "a field of a track": ([put(colour="red")], "not known: colour"),
    "another part's track": ([put(part="p2")], "another part"),
    "another part's span": ([span(part="p2")], "another part"),
    "a name that is a path": ([put(id="../x")], "no identifier"),
    "a long name": ([put(id="x" * 65)], "no identifier"),
    "times that stand still": ([put(keys=[[0, 0, 1, 2, 3, 4], [0, 0, 1, 2, 3, 4]])], "do not grow"),
    "times that go back": ([put(keys=[[9, 0, 1, 2, 3, 4], [0, 0, 1, 2, 3, 4]])], "do not grow"),
    "no key": ([put(keys=[])], "nowhere"),
    "a number that is none": ([put(keys=[[0, 0, float("nan"), 2, 3, 4]])], "no number"),
    "a number too long for a float": ([put(keys=[[0, 0, 10**400, 2, 3, 4]])], "further out"),
    "a box too far for a float": (
        [{"act": "set-part", "part": "p1", "values": {"overlay_boxes": [[0, 0, 10**400, 1]]}}],
        "further out",
    ),
    "endless": ([put(keys=[[0, 0, 1, 2, float("inf"), 4]])], "no number"),
    "far out": ([put(keys=[[0, 0, 1, 2, 1e9, 4]])], "further out"),
    "a truth as a number": ([put(keys=[[0, 0, True, 2, 3, 4]])], "no number"),
    "a truth as a time": ([put(keys=[[True, 0, 1, 2, 3, 4]])], "whole number"),
    "a time beyond JavaScript": ([put(keys=[[2**53, 0, 1, 2, 3, 4]])], "whole number"),
    "half outside": ([put(keys=[[0, 0.0, 1, 2, 3, 4]])], "neither 0 nor 1"),
    "a box without a size": ([put(keys=[[0, 0, 3, 2, 3, 4]])], "no size"),
    "a box that is rounded away": ([put(keys=[[0, 0, 3.01, 2, 3.04, 4]])], "no size"),
    "a box of five": ([put(keys=[[0, 0, 1, 2, 3, 4, 5]])], "four places"),
    "a polygon of two": ([put(shape="polygon", keys=[[0, 0, 1, 2, 3, 4]])], "corners"),
    "corners that change": ([put(shape="polygon", keys=[[0, 0, *range(6)], [1, 0, *range(8)]])], "corners"),
    "a whole with places": ([put(shape="whole")], "no places"),
    "an unknown kind": ([put(kind="suspect")], "none of"),
    "a kind that is a list": ([put(kind=[])], "none of"),
    "a label of two lines": ([put(label="a\nb")], "no line"),
    "an empty exemption": ([put(exemption=" ")], "is empty"),
    "an unknown doubt": ([put(doubts=["because"])], "a doubt"),
    "a doubt of 2": ([put(doubt=2)], "0 to 1"),
    "a span backwards": ([span(begin=900)], "ends before"),
    "a span before the beginning": ([span(begin=-1)], "whole number"),
    "no values": ([{"act": "set-track", "part": "p1", "id": "t1", "values": {}}], "nothing is changed"),
    "the track's keys as a value": (
        [{"act": "set-track", "part": "p1", "id": "t1", "values": {"keys": []}}],
        "not known",
    ),
    "its origin as a value": (
        [{"act": "set-track", "part": "p1", "id": "t", "values": {"origin": "model"}}],
        "not known",
    ),
    "no keys at all": ([{"act": "put-keys", "part": "p1", "id": "t1"}], "nothing is changed"),
    "too many boxes": (
        [{"act": "set-part", "part": "p1", "values": {"overlay_boxes": [[0, 0, 1, 1]] * 17}}],
        "at most 16",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_refused_says_why(name: str) -> None:
    value, words = HOSTILE[name]
    with pytest.raises(EditWrong, match=words):
        read_acts(value)


def test_the_act_that_is_wrong_is_named() -> None:
    with pytest.raises(EditWrong) as caught:
        read_acts([put(), put(id="t2"), put(kind="suspect")])
    assert caught.value.fields["act"] == 3
    first, second = read_acts([put(), {"act": "drop-track", "part": "p1", "id": "none"}])
    with pytest.raises(EditWrong, match=r"Change 2 of edit 1 .* no track none"):
        apply(Document(), [first, second])


def test_acts_that_fit_no_document() -> None:
    document = apply(Document(), read_acts([put(), span()]))
    wrong: dict[str, dict[str, Any]] = {
        "no part of this": {"act": "drop-track", "part": "p9", "id": "t1"},
        "no track x": {"act": "set-track", "part": "p1", "id": "x", "values": {"hidden": False}},
        "no key at 7": {"act": "put-keys", "part": "p1", "id": "t1", "drop": [7]},
        "nowhere": {"act": "put-keys", "part": "p1", "id": "t1", "drop": [0]},
        "four places": {"act": "put-keys", "part": "p1", "id": "t1", "keys": [[5, 0, 1, 2]]},
        "no stretch of sound x": {"act": "drop-span", "part": "p1", "id": "x"},
    }
    for words, act in wrong.items():
        with pytest.raises(EditWrong, match=words):
            apply(document, read_acts([act]), parts={"p1", "p2"})


def test_what_is_detected_anew_leaves_alone_what_somebody_touched() -> None:
    def found(name: str, x: float) -> Track:
        return Track(name, "p1", Kind.FACE, Origin.MODEL, Shape.BOX, (Key(0, (x, 0.0, x + 5, 5.0)),))

    acts = read_acts([{"act": "set-track", "part": "p1", "id": "b", "values": {"hidden": False}}])
    first = [Detected("p1", (found("a", 0), found("b", 10)))]
    document = fold(Document(), [first, acts])
    assert touched_tracks(acts) == {("p1", "b")}
    again = apply(document, [Detected("p1", (found("a.2", 1), found("b", 30)), ("a",))])
    assert {name: track.keys[0].numbers[0] for name, track in again.part("p1").tracks.items()} == {
        "b": 10,
        "a.2": 1,
        "b.x": 30,
    }
    assert again.part("p1").tracks["b"].hidden is False
    assert again.part("p1").tracks["b.x"].id == "b.x"
    with pytest.raises(EditWrong, match="not taken back"):
        inverse(document, [Detected("p1", ())])


def test_thousands_of_edits_of_a_big_document_are_quick() -> None:
    """Counted, not timed: the tracks are copied once for all edits, not once for each."""
    tracks = [
        Track(f"t{number}", "p1", Kind.FACE, Origin.MODEL, Shape.BOX, (Key(0, (0.0, 0.0, 5.0, 5.0)),))
        for number in range(2_000)
    ]
    big = fold(Document(), [[PutTrack("p1", one) for one in tracks]])
    moved = read_acts([{"act": "put-keys", "part": "p1", "id": "t7", "keys": [[3, 0, 1, 2, 3, 4]]}])
    after = fold(big, [moved] * 5_000)
    assert after.part("p1").tracks["t7"].keys[-1].at == 3
    same = [name for name, one in after.part("p1").tracks.items() if one is big.part("p1").tracks[name]]
    assert len(same) == 1_999
