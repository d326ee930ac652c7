"""WebVTT in and out: what the standard's files say, what is refused and where, and the way there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.footage import vtt
from candor.footage.transcript_text import Cue, TranscriptText, Word, WordOrigin

ONE = "00:01.000 --> 00:04.000\n"


def words_of(text: str) -> list[str]:
    return [word.text for word in vtt.read(f"WEBVTT\n\n{text}".encode()).words]


def test_a_file_with_everything_in_it() -> None:
    data = (
        b"\xef\xbb\xbfWEBVTT - some title\r\nKind: captions\r\nLanguage: en-US\r\n\r\n"
        b"NOTE written by somebody\r\nover two lines\r\n\r\n"
        b"STYLE\r\n::cue { color: red }\r\n\r\nREGION\r\nid:fred\r\n\r\n"
        b"2\r\n00:00:05.000 --> 01:00:06.500 position:10% align:start\r\n- Later\r\nand on two lines\r\n\r\n"
        b"first one\r\n00:01.000 --> 00:04.000\r\n<v.loud Mary &amp; Co>Hello <00:02.000><c.yellow><i>my</i></c>"
        b"<00:02.500> <00:00:03.000>dear&nbsp;&lt;friend&gt;"
    )
    text = vtt.read(data)
    assert text.language == "en-US"
    first, second = text.cues  # in the order of time
    assert (first.begin, first.until, first.voice) == (1000, 4000, "Mary & Co")
    assert [(word.text, word.begin, word.until, word.timed) for word in first.words] == [
        ("Hello", 1000, 2000, True),
        ("my", 2000, 2500, True),
        ("dear", 3000, 3333, False),
        ("<friend>", 3333, 4000, False),
    ]
    assert (second.begin, second.until, second.text) == (5000, 3_606_500, "- Later and on two lines")
    assert all(word.origin is WordOrigin.FILE and word.confidence is None for word in text.words)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending(ending: str) -> None:
    text = vtt.read(f"WEBVTT\n\n{ONE}Hello\n\n".replace("\n", ending).encode())
    assert [word.text for word in text.words] == ["Hello"]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("plain words", ["plain", "words"]),
        ("<b>bold</b><u>er</u> <ruby>a<rt>b</rt></ruby>", ["bolder", "ab"]),
        ("<lang en>hello</lang> <unknown.thing>there", ["hello", "there"]),
        ("&amp; &lt;3 &gt; &eacute; &nosuch;", ["&", "<3", ">", "é", "&nosuch;"]),
        ("mark\u200es of &lrm;direction\u202e", ["marks", "of", "direction"]),
        ("nul\0 goes", ["nul\ufffd", "goes"]),
        ("   ", []),
        ("<v Anna></v>", []),
        ("a > b", ["a", ">", "b"]),
    ],
)
def test_what_stands_in_a_cue(payload: str, words: list[str]) -> None:
    assert words_of(ONE + payload) == words


def test_voices() -> None:
    text = vtt.read(f"WEBVTT\n\n{ONE}<v Anna>yes</v> <v\tBob>no</v> <v Anna>yes".encode())
    assert text.cues[0].voice == "Anna, Bob"


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "WEBVTT"),
        ("WEBVTTX\n\n", 1, "WEBVTT"),
        ("1\n00:00:01,000 --> 00:00:02,000\nSubRip", 1, "WEBVTT"),
        ("WEBVTT\n\nstray words", 3, "neither a cue nor a note"),
        ("WEBVTT\n\nid\n00:01 --> 00:02\nno thousandths", 4, "times of a cue"),
        ("WEBVTT\n\n00:01.000 -> 00:02.000\nx", 4, "times of a cue"),
        ("WEBVTT\n\n00:61.000 --> 00:62.000\nx", 3, "times of a cue"),
        ("WEBVTT\n\n00:02.000 --> 00:01.000\nx", 3, "ends before it begins"),
        ("WEBVTT\n\n00:02.000 --> 00:02.000\nx", 3, "ends before it begins"),
        ("WEBVTT\n\n00:02.000 --> 999:59:59.000\nx", 3, "later than any recording"),
        (f"WEBVTT\n\n{ONE}one\n00:05.000 --> 00:06.000\ntwo", 3, "blank line"),
        (f"WEBVTT\n\n{ONE}an <i unclosed tag", 3, "&lt;"),
        (f"WEBVTT\n\n{ONE}a < b > c < d", 3, "&lt;"),
        (f"WEBVTT\n\n{ONE}<00:03.000>a <00:02.000>b", 3, "<00:02.000>"),
        (f"WEBVTT\n\n{ONE}<00:09.000>a", 3, "<00:09.000>"),
        (f"WEBVTT\n\n{ONE}" + "x" * 20_001, 3, "20000 characters"),
    ],
)
def test_what_is_refused_and_where(text: str, line: int, why: str) -> None:
    with pytest.raises(vtt.VttWrong, match=f"line {line}: ") as refused:
        vtt.read(text.encode())
    assert why in str(refused.value)


def test_what_is_no_text_or_too_much() -> None:
    with pytest.raises(vtt.VttWrong, match="line 2: it is not UTF-8"):
        vtt.read(b"WEBVTT\n\xff\xfe")
    with pytest.raises(vtt.VttWrong, match="MiB"):
        vtt.read(b"WEBVTT\n" + bytes(vtt.MAX_BYTES))
    with pytest.raises(vtt.VttWrong, match="50000 cues"):
        vtt.read(b"WEBVTT\n" + b"\n00:01.000 --> 00:02.000\nx\n" * 50_001)


@given(st.binary(max_size=400), st.sampled_from([b"", b"WEBVTT\n\n", b"WEBVTT\n\n00:01.000 --> 00:02.000\n"]))
def test_hostile_bytes_are_read_or_refused(data: bytes, before: bytes) -> None:
    try:
        text = vtt.read(before + data)
    except vtt.VttWrong:
        return
    for cue in text.cues:
        assert cue.begin < cue.until
        assert all(cue.begin <= word.begin <= word.until <= cue.until and word.text for word in cue.words)


_letters = st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters="\0"), min_size=1, max_size=8)


@st.composite
def _texts(draw: st.DrawFn) -> TranscriptText:
    """Texts whose words were timed, or not, as files and machines give them."""
    cues, at = [], draw(st.integers(0, 3_600_000))
    for _ in range(draw(st.integers(1, 4))):
        begin = at = at + draw(st.integers(0, 2_000))
        words = []
        for _ in range(draw(st.integers(1, 5))):
            at += draw(st.sampled_from([0, 0, 1, 300]))
            until = at + draw(st.integers(1, 900))
            words.append(Word(at, until, draw(_letters), None, WordOrigin.FILE))
            at = until
        at += draw(st.sampled_from([0, 1, 250]))
        voice = draw(st.sampled_from(["", "Anna & <Bob>", "Officer 7"]))
        cues.append(Cue(begin, at, tuple(words), voice))
    return TranscriptText(tuple(cues), draw(st.sampled_from(["", "en", "pt-BR"])))


@given(_texts(), st.booleans())
def test_there_and_back(text: TranscriptText, marked: bool) -> None:
    """Every word, its times, voices and the language; classes and notes change nothing."""
    written = vtt.write(text, notes=["made by a machine --> here", "two\nlines"], marked=marked)
    assert vtt.read(written.encode()) == text


def test_who_wrote_a_word_can_stand_in_its_class() -> None:
    words = (
        Word(0, 500, "sure", 0.97),
        Word(500, 1000, "mended", None, WordOrigin.PERSON),
        Word(1000, 1500, "told", None, WordOrigin.FILE),
    )
    written = vtt.write(TranscriptText((Cue(0, 1500, words),)), marked=True)
    assert "<c.machine.confidence-97>sure</c>" in written
    assert "<c.person>mended</c>" in written
    assert "<00:00:01.000>told" in written
