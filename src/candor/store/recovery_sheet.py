"""The recovery sheet: a key-encryption key as words on paper.

For each key 7 numbered lines of 4 words and a check word. The 28 words are, 10 bits each, first bit first:

    key[32] || check value[0:3]                                (the check value of `candor.store.keys`)

    check word = first 10 bits of SHA-256("bwc/sheet-line/v1\\0" || epoch ":" line number ":" the 4 words, by spaces)

So a mistyped word, a line in the wrong place and a line of another epoch's sheet are each noticed in their line, and
lines of two sheets that were mixed are noticed by the 24 bits for the whole. No check says anything of the key that is
not on the sheet.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import fill

from candor.core.clock import iso
from candor.store.key_errors import SheetEpochUnsure, SheetLineCount, SheetLineWrong, SheetMixed
from candor.store.keys import KEY_SIZE, KeyRing, check_value_of, fingerprint_of
from candor.store.paper import BEGIN_KEY, END, Block, TypedLine, blocks
from candor.store.words import as_bytes, as_words, number_of, word_of

__all__ = ["LINES", "WORDS", "KeyWords", "SheetLine", "is_check_word", "read_sheet", "sheet_text", "words_of_key"]

LINES = 7
"""Lines of words for a key."""
WORDS = 4
"""Words on a line, without the check word."""
_WHOLE = 3
_EPOCHS = range(1, 1001)
#: Fewer lines than these that fit, and nothing can be said of the others.
_ENOUGH = 4


@dataclass(frozen=True)
class SheetLine:
    """One line of the sheet. `number` from 1."""

    number: int
    words: tuple[str, ...]
    check: str


@dataclass(frozen=True)
class KeyWords:
    """One key as it stands on the sheet."""

    epoch: int
    fingerprint: str
    lines: tuple[SheetLine, ...]

    def __repr__(self) -> str:
        return f"KeyWords(epoch={self.epoch}, fingerprint={self.fingerprint!r})"  # never the words


def words_of_key(keys: KeyRing, epoch: int) -> KeyWords:
    """The lines of an epoch's key."""
    check = keys.check_value(epoch)
    words = as_words(keys.secret(epoch) + check[:_WHOLE])
    lines = []
    for number in range(1, LINES + 1):
        line = tuple(words[(number - 1) * WORDS : number * WORDS])
        lines.append(SheetLine(number, line, _check_word(epoch, number, line)))
    return KeyWords(epoch, fingerprint_of(check), tuple(lines))


def is_check_word(line: SheetLine, typed: str) -> bool:
    """Whether somebody typed the check word of a line. Raises WordUnknown."""
    return word_of(number_of(typed, f"Line {line.number}")) == line.check


def read_sheet(text: str) -> dict[int, bytes]:
    """The keys on a sheet by epoch, from its whole text or from the words as somebody typed them.

    Raises a PaperWrong that names the word or the line that is wrong.
    """
    return dict(_read(block) for block in blocks(text))


def _read(block: Block) -> tuple[int, bytes]:
    lines = _in_order(block.lines)
    numbers = [
        [number_of(word, _place(at, column)) for column, word in enumerate(line.words, 1)]
        for at, line in enumerate(lines, 1)
    ]
    words = [tuple(word_of(number) for number in line) for line in numbers]
    epoch = block.epoch if block.epoch is not None else _likely_epoch(words)
    wrong = [at for at, line in enumerate(words, 1) if not _fits(epoch, at, line)]
    if wrong:
        at = wrong[0]
        hint = (_repair(epoch, at, numbers) if len(wrong) == 1 else "") or _why(epoch, at, words)
        raise SheetLineWrong(line=at, first=(at - 1) * WORDS + 1, last=at * WORDS, hint=hint)
    key = _whole(epoch, numbers)
    if key is None:
        raise SheetMixed(epoch=epoch)
    return epoch, key


def _place(line: int, column: int) -> str:
    return f"Line {line}, " + (f"word {(line - 1) * WORDS + column}" if column <= WORDS else "its check word")


def _in_order(lines: Sequence[TypedLine]) -> list[TypedLine]:
    """The lines by their numbers, where all are numbered, else as they come. Raises SheetLineCount."""
    for at, line in enumerate(lines, 1):
        if len(line.words) != WORDS + 1:
            problem = f"line {line.number or at} has {len(line.words)}"
            raise SheetLineCount(lines=LINES, problem=problem)
    by_number: Mapping[int | None, TypedLine] = {line.number: line for line in lines}
    if None not in by_number and len(by_number) == len(lines):
        missing = [str(number) for number in range(1, LINES + 1) if number not in by_number]
        if missing:
            raise SheetLineCount(lines=LINES, problem=f"line {missing[0]} is missing")
        if len(lines) == LINES:
            return [by_number[number] for number in range(1, LINES + 1)]
    if len(lines) != LINES:
        raise SheetLineCount(lines=LINES, problem=f"this has {len(lines)}")
    return list(lines)


def _check_word(epoch: int, number: int, words: Iterable[str]) -> str:
    content = f"{epoch}:{number}:{' '.join(words)}".encode()
    digest = hashlib.sha256(b"bwc/sheet-line/v1\0" + content).digest()
    return word_of(int.from_bytes(digest[:2], "big") >> 6)


def _fits(epoch: int, number: int, line: Sequence[str]) -> bool:
    return _check_word(epoch, number, line[:WORDS]) == line[WORDS]


def _likely_epoch(words: Sequence[Sequence[str]]) -> int:
    """The epoch under which most lines fit. By chance two lines fit under some epoch, never four."""
    fitting = {epoch: sum(_fits(epoch, at, line) for at, line in enumerate(words, 1)) for epoch in _EPOCHS}
    best = max(fitting, key=lambda epoch: fitting[epoch])
    if fitting[best] < _ENOUGH:
        raise SheetEpochUnsure()
    return best


def _why(epoch: int, at: int, words: Sequence[Sequence[str]]) -> str:
    """What a line that does not fit may be instead."""
    line = words[at - 1]
    for number in range(1, LINES + 1):
        if number != at and _fits(epoch, number, line):
            return f" It seems to be line {number}."
    for other in (epoch - 1, epoch + 1, epoch - 2, epoch + 2):
        if other >= 1 and _fits(other, at, line):
            return f" It seems to be of the sheet of epoch {other}, and this one is of epoch {epoch}."
    return ""


def _repair(epoch: int, at: int, numbers: Sequence[Sequence[int]]) -> str:
    """The one word that would make the line and the whole sheet right, if there is just one: 34 bits speak for it."""
    found = []
    line = list(numbers[at - 1])
    for column in range(WORDS):
        for number in range(1 << 10):
            changed = [*line[:column], number, *line[column + 1 :]]
            if _fits(epoch, at, [word_of(one) for one in changed]):
                whole = [*numbers[: at - 1], changed, *numbers[at:]]
                if _whole(epoch, whole) is not None:
                    found.append(f" Word {(at - 1) * WORDS + column + 1} is probably “{word_of(number)}”.")
    if not found and _whole(epoch, numbers) is not None:
        return " The words are right; it is the check word that was mistyped."
    return found[0] if len(found) == 1 else ""


def _whole(epoch: int, numbers: Sequence[Sequence[int]]) -> bytes | None:
    """The key, when the 24 bits for the whole fit it."""
    data = as_bytes([number for line in numbers for number in line[:WORDS]], KEY_SIZE + _WHOLE)
    key = data[:KEY_SIZE]
    return key if hmac.compare_digest(data[KEY_SIZE:], check_value_of(key, epoch)[:_WHOLE]) else None


def sheet_text(keys: Sequence[KeyWords], *, agency: str, origin: str, made: datetime) -> str:
    """The sheet as text for a printer, 76 columns, one page for one key."""

    def paragraph(text: str) -> str:
        return fill(text, 76, break_long_words=False, break_on_hyphens=False)

    parts = [
        "CANDOR RECOVERY SHEET",
        "",
        f"Agency        {agency}",
        f"Custody log   {origin}",
        f"Printed       {iso(made)[:16].replace('T', ' ')} UTC",
        "",
        paragraph(
            "These words are the key that every recording is encrypted under. Whoever has this sheet and a backup can "
            "read everything. Whoever has a backup and not this key can read nothing, and neither can you."
        ),
        "",
        paragraph(
            "Keep it on paper, in two places that do not burn down together, where nobody goes alone: a safe of the "
            "agency, a bank, the court. Keep no photograph and no file of it, and never keep it with a backup."
        ),
        "",
        paragraph(
            "To use it on an empty machine: install Candor, run `candor key restore --sheet -`, type the lines below "
            "and end with Ctrl-D; then run `candor restore --verify` with the backup. Four letters of a word are "
            "enough. The last word of a line checks the line. `candor key check --sheet -` only tries the sheet."
        ),
        "",
    ]
    for key in keys:
        parts += [f"Key of epoch {key.epoch}, fingerprint {key.fingerprint}", "", f"{BEGIN_KEY} {key.epoch}", ""]
        for line in key.lines:
            parts += [f"{line.number:>2}   " + "".join(f"{word:<12}" for word in line.words) + f"|  {line.check}"]
        parts += ["", END, ""]
    parts.append("Confirmed by ____________________________   Date ______________   Place kept __________")
    return "\n".join(parts) + "\n"
