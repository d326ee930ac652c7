"""What is suggested for muting, over many phrases as machines and people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.footage.transcript_text import Cue, TranscriptText, Word, WordOrigin
from candor.redaction.speech.for_editor import cover, suggested
from candor.redaction.suggesting import KIND_WORDS, Suggested, suggestions_in


def found(text: str, *names: str) -> list[tuple[str, str]]:
    words = text.split()
    return [(one.kind.value, " ".join(words[one.first : one.last + 1])) for one in suggestions_in(words, names=names)]


@pytest.mark.parametrize(
    ("text", "plate"),
    [
        ("the plate is alpha bravo charlie one two three four", "alpha bravo charlie one two three four"),
        ("run the tag it's a b c dash one two three please", "a b c dash one two three"),
        ("connecticut registration AB12345", "AB12345"),
        ("connecticut registration AB-12345.", "AB-12345."),
        ("plate 7 x-ray kilo niner two", "7 x-ray kilo niner two"),
        ("adam boy charles four five six", "adam boy charles four five six"),
        ("b as in boy four d as in david two two", "b as in boy four d as in david two two"),
        ("it was one mary nora double four", "one mary nora double four"),
        ("marker zulu zero oh one, over", "zulu zero oh one,"),
        ("license plate number is A B C 1 2 3.", "A B C 1 2 3."),
        ("the car was 1ABC234", "1ABC234"),
    ],
)
def test_plates(text: str, plate: str) -> None:
    assert ("plate", plate) in found(text)


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("call me at eight six oh five five five oh one four two", "eight six oh five five five oh one four two"),
        ("my number is 860-555-0142 okay", "860-555-0142"),
        ("(860) 555-0142", "(860) 555-0142"),
        ("+1 860 555 0142.", "+1 860 555 0142."),
        ("one eight hundred five five five one two one two", "one eight hundred five five five one two one two"),
        ("reach me at 555-0142", "555-0142"),
        ("five five five uh oh one four two", "five five five uh oh one four two"),
        ("cell eight six oh fifty five five oh one forty two", "eight six oh fifty five five oh one forty two"),
        ("phone double five one double two double eight", "double five one double two double eight"),
    ],
)
def test_phones(text: str, phone: str) -> None:
    assert ("phone", phone) in found(text)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("my date of birth is march third nineteen eighty six", "march third nineteen eighty six"),
        ("dob 04/12/1986", "04/12/1986"),
        ("DOB: 4-12-86.", "4-12-86."),
        ("born on the 4th of July, 1991", "4th of July, 1991"),
        ("birthday is december twenty first two thousand one", "december twenty first two thousand one"),
        ("date of birth one twelve eighty eight", "one twelve eighty eight"),
        ("born in nineteen ninety one", "nineteen ninety one"),
        ("it was May 5 2002 I think", "May 5 2002"),
        ("he wrote 1986-04-12 there", "1986-04-12"),
    ],
)
def test_dates_of_birth(text: str, date: str) -> None:
    assert ("birth", date) in found(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("i live at 1245 Elm Street apartment 3B", "1245 Elm Street apartment 3B"),
        ("twelve forty five west main street unit four", "twelve forty five west main street unit four"),
        ("it's 7 Old Post Rd.", "7 Old Post Rd."),
        ("number 12B Martin Luther King Boulevard", "12B Martin Luther King Boulevard"),
        ("send it to PO box 1234", "PO box 1234"),
        ("one sixteen maple avenue", "one sixteen maple avenue"),
    ],
)
def test_addresses(text: str, address: str) -> None:
    assert ("address", address) in found(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("my name is john smith and i live here", "john smith"),
        ("My name is Maria Gonzalez. I was home.", "Maria Gonzalez."),
        ("My name's O'Brien, I was home", "O'Brien,"),
        ("this is officer okafor speaking", "okafor"),
        ("hello this is John Smith speaking", "John Smith"),
        ("Then Mr. Delgado ran to the car.", "Delgado"),
        ("ask doctor lee about it", "lee"),
        ("her name is keisha", "keisha"),
        ("they call me ricky", "ricky"),
        ("that is jessica's car", "jessica's"),
        ("We saw Bob Stone near there.", "Bob Stone"),
        ("last name is delacroix", "delacroix"),
        ("spell it s m i t h", "s m i t h"),
        ("spelled D-E-L-A-C-R-O-I-X okay", "D-E-L-A-C-R-O-I-X"),
        ("MY NAME IS JOHN SMITH AND I LIVE HERE NOW", "JOHN SMITH"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert ("name", name) in found(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("social security number one two three four five six seven eight nine",) * 2,
        ("badge number 4412", "4412"),
        ("my pin is double four one two", "double four one two"),
        ("zip code 06106", "06106"),
        ("card four one one one two two two two three three three three four four four four",) * 2,
        ("license number 123456789", "123456789"),
        ("123-45-6789", "123-45-6789"),
    ],
)
def test_numbers(text: str, number: str) -> None:
    number = number.split("number ")[-1] if number == text else number
    assert ("number", number.removeprefix("card ")) in found(text)


def test_names_that_are_known_here() -> None:
    assert ("name", "ines okafor") in found("tell ines okafor that i am here", "Ines Okafor")
    assert ("name", "okafor's") in found("it is okafor's camera", "Ines Okafor")
    assert found("nothing of it here", "Ines Okafor", "", "X") == []


@pytest.mark.parametrize(
    "text",
    [
        "this is crazy",
        "i am tired and i'm going home",
        "he fired two to three shots for no reason",
        "he went two blocks that way",
        "i want to go to the hotel for a drink",
        "it's a 9mm at 7pm and 21st or so",
        "one two three",
        "i have four kids and two dogs",
        "5 minutes away, no way",
        "we took i-95 for 20 miles",
        "okay okay oh oh okay",
        "may i see it? may I?",
        "you may march on to the drive",
        "a b",
        "Stop. Drop it. Now. Hands up. Turn around. Do it.",
        "",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_how_sure_a_suggestion_is_and_why() -> None:
    said = ["alpha", "bravo", "one", "two", "three"]
    (plain,), (bare,) = suggestions_in(["the", "plate", "is", *said]), suggestions_in(said)
    assert plain.confidence > bare.confidence
    assert plain.why == "letters and digits said one by one"
    assert set(KIND_WORDS) == set(Suggested)


_WORDS = (
    "my name is this one two double nine twenty hundred alpha mike b as in like 12 1986 May third street "
    "born at Mr. (860) 555-0142 oh o to AB123 4/5/86 Anna's dash uh . -- ’ apt 3B name's"
)
_said = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.sampled_from(_WORDS.split()),
    ),
    max_size=25,
)


@given(_said, st.lists(st.text(max_size=12), max_size=3))
def test_it_takes_any_words(words: list[str], names: list[str]) -> None:
    """Never a failure; always words that are there, in order, none within another."""
    suggestions = suggestions_in(words, names=names)
    for one in suggestions:
        assert 0 <= one.first <= one.last < len(words)
        assert 0 < one.confidence <= 1
    spans = [(one.first, one.last) for one in suggestions]
    assert spans == sorted(spans)
    assert len(set(spans)) == len(spans)


def test_it_is_quick_over_hours_of_words() -> None:
    words = ["one", "two", "alpha", "b", "as", "in", "born", "march", "12"] * 4_000
    assert suggestions_in(words, names=["Ines Okafor"])


def test_what_is_muted_covers_what_is_said() -> None:
    """A word whose times were said, with a margin; one whose times were guessed, the whole of its line."""
    said = (Word(1000, 1200, "plate", 0.9), Word(1300, 1400, "AB12345", 0.9))
    guessed = (Word(5000, 6000, "plate", None, WordOrigin.FILE, False),)
    guessed += (Word(6000, 7000, "CD12345", None, WordOrigin.FILE, False),)
    text = TranscriptText((Cue(1000, 1500, said), Cue(5000, 8000, guessed)))
    covers = cover(text)
    assert covers == [(850, 1350), (1150, 1550), (4850, 8150), (4850, 8150)]
    told = suggested(text.words, covers)
    assert [(one["words"], one["cover"], one["kind"]) for one in told] == [
        ([1, 1], [1150, 1550], "plate"),
        ([3, 3], [4850, 8150], "plate"),
    ]
