"""Paper: letters, logs and lists as PDF, on the agency's letterhead, page after page with its number.

Whoever writes one says what stands on it, as plain text in blocks; here it is set. The same blocks give the same
bytes. The font is put into the file, so that it looks the same wherever it is opened. It has the letters of Western
Europe and the most used ones of Central Europe; of a letter with a mark that it does not have it shows the letter, and
where it has no such letter at all, that is said, so that nobody reads a row of boxes.
"""

from __future__ import annotations

import io
import os
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final
from xml.sax.saxutils import escape

import reportlab
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, LETTER, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

__all__ = [
    "Block",
    "Facts",
    "Gap",
    "Heading",
    "Letterhead",
    "Listing",
    "Point",
    "Size",
    "Title",
    "Words",
    "paper",
    "printed",
]

_SANS, _BOLD, _ITALIC = "CandorSans", "CandorSans-Bold", "CandorSans-Italic"
_FILES = {_SANS: "Vera.ttf", _BOLD: "VeraBd.ttf", _ITALIC: "VeraIt.ttf"}
_GREY, _LINE = colors.HexColor("#444444"), colors.HexColor("#999999")
_SIDE = 1.0 * inch
_PADDING = 6  # points between the frame of a page and its text
_UNPRINTED: Final = "[letters that this page does not print]"
#: A cell of a table is one line of a page at most so long; what is longer is cut, and says so.
_LONGEST_CELL: Final = 3000
#: Lines of a cell, and of one piece of a paragraph: the time that a paragraph takes which is continued on other pages
#: grows with the square of its lines, and strangers' words are quoted here.
_MOST_LINES: Final = 150
_PIECE_LINES: Final = 30
#: More empty lines than these say nothing more.
_EMPTY = re.compile(r"\n(?:[^\S\n]*\n){3,}")


class Size(StrEnum):
    """The paper, and which way it lies."""

    LETTER = "letter"
    A4 = "a4"
    LETTER_WIDE = "letter-wide"
    A4_WIDE = "a4-wide"


_SIZES: dict[Size, tuple[float, float]] = {
    Size.LETTER: LETTER,
    Size.A4: A4,
    Size.LETTER_WIDE: landscape(LETTER),
    Size.A4_WIDE: landscape(A4),
}


@dataclass(frozen=True)
class Letterhead:
    """What stands at the head of the first page: the agency, and below it an office and how to reach it."""

    agency: str
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class Title:
    """What the whole is."""

    text: str


@dataclass(frozen=True)
class Heading:
    """What the next blocks are about; never alone at the foot of a page."""

    text: str


@dataclass(frozen=True)
class Words:
    """A paragraph. Line breaks in it are kept. `small`: set smaller, as a note; `quoted`: somebody else's words."""

    text: str
    small: bool = False
    quoted: bool = False


@dataclass(frozen=True)
class Point:
    """One point of a list; `mark` is what stands before it, such as "1." or "•"."""

    text: str
    mark: str = "•"


@dataclass(frozen=True)
class Facts:
    """Two columns: what something is called, and what it is."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Listing:
    """A table with a head that comes again on every page. `widths`: shares of the page's width, one per column."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float] = ()


@dataclass(frozen=True)
class Gap:
    """Empty space, in points."""

    points: float = 10


Block = Title | Heading | Words | Point | Facts | Listing | Gap


def paper(head: Letterhead, blocks: Sequence[Block], *, title: str, foot: str = "", size: Size = Size.LETTER) -> bytes:
    """The PDF. title: what a reader of the file is told that it is; foot: what stands at the foot of every page, such
    as a number. The same arguments give the same bytes."""
    _fonts()
    total = 0
    out = io.BytesIO()
    for _ in range(2):  # the first time to learn how many pages there are
        out = io.BytesIO()
        document = SimpleDocTemplate(
            out,
            pagesize=_SIZES[size],
            leftMargin=_SIDE - _PADDING,
            rightMargin=_SIDE - _PADDING,
            topMargin=0.8 * inch,
            bottomMargin=0.95 * inch,
            title=printed(title),
            author=printed(head.agency),
            invariant=1,
        )
        frame = _frame(printed(foot), total, _SIZES[size][0])
        document.build(_story(head, blocks, _SIZES[size][0] - 2 * _SIDE), onFirstPage=frame, onLaterPages=frame)
        total = document.page
    return out.getvalue()


def printed(text: str) -> str:
    """The text in letters that the font has: of others without their marks, or the words that they are not printed.
    Line breaks stay; what cannot be seen becomes a space."""
    known = _letters()
    shown: list[str] = []
    for one in unicodedata.normalize("NFC", text):
        if one == "\n" or (ord(one) in known and one.isprintable()):
            shown.append(one)
        elif one.isspace() or unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp"):
            shown.append(" ")
        else:
            shown.append(_without_marks(one, known))
    return _RUNS.sub(_UNPRINTED, "".join(shown))


#: Stands for a letter that cannot be shown until runs of them are told of once; no text of people's has it.
_MISSING = "\uf8ff"
_RUNS = re.compile(f"{_MISSING}(?:[ .,-]*{_MISSING})*")


def _without_marks(one: str, known: frozenset[int]) -> str:
    marks = unicodedata.normalize("NFD", one)
    while len(marks) > 1:
        marks = marks[:-1]
        whole = unicodedata.normalize("NFC", marks)
        if len(whole) == 1 and ord(whole) in known:
            return whole
    return "" if unicodedata.combining(one) else _MISSING


@cache
def _fonts() -> None:
    folder = os.path.join(os.path.dirname(reportlab.__file__), "fonts")
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, os.path.join(folder, file)))


@cache
def _letters() -> frozenset[int]:
    _fonts()
    return frozenset(pdfmetrics.getFont(_SANS).face.charToGlyph)


def _style(name: str, **values: Any) -> ParagraphStyle:
    given = {"fontName": _SANS, "fontSize": 9.5, "leading": 14, "spaceAfter": 7, "splitLongWords": True}
    return ParagraphStyle(name, **{**given, **values})


@cache
def _styles() -> dict[str, ParagraphStyle]:
    """By what they are for; fonts are loaded when the first page is set."""
    _fonts()
    return {
        "agency": _style("agency", fontName=_BOLD, fontSize=13, leading=17, spaceAfter=2),
        "office": _style("office", fontSize=8.5, leading=11.5, spaceAfter=0, textColor=_GREY),
        "title": _style("title", fontName=_BOLD, fontSize=13, leading=17, spaceAfter=8),
        "heading": _style("heading", fontName=_BOLD, fontSize=10.5, leading=14, spaceBefore=8, spaceAfter=4),
        "words": _style("words", allowWidows=0, allowOrphans=0),
        "small": _style("small", fontSize=8, leading=11.5, spaceAfter=5, textColor=_GREY),
        "quoted": _style("quoted", fontName=_ITALIC, leftIndent=14),
        "point": _style("point", leftIndent=18, bulletIndent=4, bulletFontName=_SANS, bulletFontSize=9.5, spaceAfter=4),
        "name": _style("name", fontName=_BOLD, fontSize=8.5, leading=12, spaceAfter=0),
        "cell": _style("cell", fontSize=8, leading=10.5, spaceAfter=0),
        "head": _style("head", fontName=_BOLD, fontSize=8, leading=10.5, spaceAfter=0),
    }


def _text(text: str, style: str, **more: Any) -> Paragraph:
    """Plain text as a paragraph: nothing in it is taken for markup."""
    return Paragraph(escape(printed(text)).replace("\n", "<br/>"), _styles()[style], **more)


def _cell(text: str, style: str) -> Paragraph:
    lines = _EMPTY.sub("\n\n\n", text).split("\n")
    whole = "\n".join(lines[:_MOST_LINES])
    cut = len(whole) > _LONGEST_CELL or len(lines) > _MOST_LINES
    return _text(f"{whole[:_LONGEST_CELL]} … (cut here)" if cut else whole, style)


def _words(text: str, style: str) -> list[Flowable]:
    """A paragraph of any number of lines, in pieces that stand close to each other."""
    lines = _EMPTY.sub("\n\n\n", text).split("\n")
    pieces = ["\n".join(lines[at : at + _PIECE_LINES]) for at in range(0, len(lines), _PIECE_LINES)]
    found: list[Flowable] = [_text(one, style) for one in pieces]
    for one in found[:-1]:
        one.spaceAfter = 0
    return found


def _story(head: Letterhead, blocks: Sequence[Block], width: float) -> list[Flowable]:
    story: list[Flowable] = [_text(head.agency, "agency"), *(_text(line, "office") for line in head.lines)]
    rule = Table([[""]], colWidths=[width], rowHeights=[6])
    rule.setStyle(TableStyle([("LINEBELOW", (0, 0), (-1, -1), 0.8, colors.black)]))
    story += [rule, Spacer(1, 14)]
    for block in blocks:
        story += _set(block, width)
    return story


def _set(block: Block, width: float) -> list[Flowable]:
    if isinstance(block, Title):
        return [_text(block.text, "title")]
    if isinstance(block, Heading):
        return [CondPageBreak(0.9 * inch), _text(block.text, "heading")]
    if isinstance(block, Words):
        return _words(block.text, "quoted" if block.quoted else "small" if block.small else "words")
    if isinstance(block, Point):
        return [_text(block.text, "point", bulletText=printed(block.mark))]
    if isinstance(block, Gap):
        return [Spacer(1, block.points)]
    if isinstance(block, Facts):
        return [_facts(block, width), Spacer(1, 8)] if block.rows else []
    return [_listing(block, width), Spacer(1, 8)]


def _facts(block: Facts, width: float) -> Table:
    rows = [[_cell(name, "name"), _cell(value, "words")] for name, value in block.rows]
    table = Table(rows, colWidths=[0.28 * width, 0.72 * width], splitInRow=1)
    table.setStyle(_table_style([("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 0)]))
    return table


def _listing(block: Listing, width: float) -> Table:
    shares = list(block.widths) or [1.0] * len(block.heads)
    rows = [[_cell(one, "head") for one in block.heads], *([_cell(one, "cell") for one in row] for row in block.rows)]
    # A row may be longer than a page: then it is continued on the next one.
    table = Table(rows, colWidths=[width * one / sum(shares) for one in shares], repeatRows=1, splitInRow=1)
    lines = [
        ("LINEABOVE", (0, 0), (-1, 0), 0.8, colors.black),
        ("LINEBELOW", (0, 0), (-1, 0), 0.5, colors.black),
        ("LINEBELOW", (0, 1), (-1, -1), 0.25, _LINE),
        ("RIGHTPADDING", (0, 0), (-1, -1), 6),
    ]
    table.setStyle(_table_style(lines))
    return table


def _table_style(more: Sequence[tuple[Any, ...]]) -> TableStyle:
    return TableStyle(
        [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0), *more],
    )


def _frame(foot: str, total: int, width: float) -> Callable[[Canvas, object], None]:
    """What stands around the text of every page."""

    def draw(canvas: Canvas, _document: object) -> None:
        canvas.saveState()
        canvas.setStrokeColor(_LINE)
        canvas.setFillColor(_GREY)
        canvas.setLineWidth(0.6)
        canvas.line(_SIDE, 0.72 * inch, width - _SIDE, 0.72 * inch)
        canvas.setFont(_SANS, 8)
        canvas.drawString(_SIDE, 0.54 * inch, foot.replace("\n", " ")[:90])
        canvas.drawRightString(width - _SIDE, 0.54 * inch, f"Page {canvas.getPageNumber()} of {total}")
        canvas.restoreState()

    return draw
