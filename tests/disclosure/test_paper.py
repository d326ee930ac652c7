"""Paper: what is written on it is text, whatever stands in it; the same blocks give the same bytes."""

from __future__ import annotations

import re
import time

import pytest

from candor.disclosure.paper import (
    Block,
    Facts,
    Gap,
    Heading,
    Letterhead,
    Listing,
    Point,
    Size,
    Title,
    Words,
    paper,
    printed,
)

HEAD = Letterhead("State Troop Q & Co. <b>", ("Records office", "1 Main Street"))
BLOCKS: list[Block] = [
    Title("Decision <font size=90> & more"),
    Words("Dear Łukasz Nguyễn,\nwe <i>have</i> decided."),
    Words("“quoted” & </para>", quoted=True),
    Words("small", small=True),
    Heading("A heading"),
    Facts([("Number", "R-2026-0001"), ("Long", "x" * 2_000)]),
    Point("a point", "1."),
    Gap(),
    Listing(("a", "b"), [["<img src='x'/>", "word " * 3_000], *([["1", "2"]] * 80)], (1, 3)),
]


@pytest.mark.parametrize("size", Size)
def test_the_same_blocks_give_the_same_bytes(size: Size) -> None:
    first = paper(HEAD, BLOCKS, title="A decision", foot="R-2026-0001", size=size)
    assert first == paper(HEAD, BLOCKS, title="A decision", foot="R-2026-0001", size=size)
    assert first.startswith(b"%PDF-")
    boxes = {one.split()[2:] == [b"612", b"792"] for one in re.findall(rb"/MediaBox \[ ([\d. ]+) \]", first)}
    assert boxes == {size is Size.LETTER}
    assert first.count(b"/FontFile2") >= 2, "its fonts are in it"


def test_a_page_without_blocks_is_a_page() -> None:
    assert paper(HEAD, [], title="").startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Müller § 5 “so” – 3 €", "Müller § 5 “so” – 3 €"),
        ("Łukasz Žižek", "Łukasz Žižek"),
        ("Nguyễn Thị", "Nguyên Thi"),
        ("a\u202eb\x00c\td", "a b c d"),
        ("one\ntwo", "one\ntwo"),
        ("Dear 山田 太郎, hello", "Dear [letters that this page does not print], hello"),
        ("e\u0301", "é"),
    ],
)
def test_letters_that_the_font_has_not(text: str, shown: str) -> None:
    assert printed(text) == shown


@pytest.mark.parametrize("text", ["a" + "\n" * 9_990 + "b", "a\n" * 4_999, " \n" * 5_000 + "x"])
def test_a_strangers_lines_cost_little(text: str) -> None:
    """Ten thousand line ends in a request took most of a minute to be quoted in a letter."""
    began = time.process_time()
    whole = paper(HEAD, [Words(text, quoted=True), Facts([("Asked", text)]), Listing(("a",), [[text]])], title="A")
    assert time.process_time() - began < 8
    assert whole.startswith(b"%PDF")
