"""Texts with words of keys in them: finding the words among what else stands on a printed page, or was typed.

On paper the words stand between a line that begins them and a line that ends them:

    Words of epoch 1                      Words of the share
     1   academic  acid  acne  acquire  acrobat
    End of the words

Somebody who types them may leave all of that out, and the numbers, capitals and spaces as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from candor.store.key_errors import PaperWrong

__all__ = ["BEGIN_KEY", "BEGIN_SHARE", "END", "Block", "TypedLine", "blocks"]

BEGIN_KEY = "Words of epoch"
BEGIN_SHARE = "Words of the share"
END = "End of the words"

LARGEST = 64 * 1024
"""Characters; a page of words has three thousand."""

_BEGIN = re.compile(r"\W*(?:words\s+of\s+)?(?:epoch\W*(?P<epoch>\d{1,6})|the\s+share)\W*", re.IGNORECASE)
_END = re.compile(r"\W*end\s+of\s+the\s+words\b.*", re.IGNORECASE)
_NUMBERED = re.compile(r"\s*(?P<number>\d{1,3})\s*[.):]?(?=\s|$)")
_TOKEN = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class TypedLine:
    """A line of words: the number that was typed before it, if any, and the words as typed."""

    number: int | None
    words: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """Lines of words that belong together; `epoch` when it was said."""

    epoch: int | None
    lines: tuple[TypedLine, ...]


def blocks(text: str) -> list[Block]:
    """The blocks of words in a text. Raises PaperWrong when there is none."""
    if len(text) > LARGEST:
        raise PaperWrong(reason="it is far too long for a sheet or a share")
    lines = text.splitlines()
    found: list[Block] = []
    if any(_BEGIN.fullmatch(line) for line in lines):
        epoch: int | None = None
        open_lines: list[str] | None = None
        for line in [*lines, END]:
            begin = _BEGIN.fullmatch(line)
            if begin is None and _END.fullmatch(line) is None:
                if open_lines is not None:
                    open_lines.append(line)
                continue
            if open_lines is not None:
                found.append(Block(epoch, _typed(open_lines)))
            open_lines = None
            if begin is not None:
                epoch, open_lines = int(begin["epoch"]) if begin["epoch"] else None, []
    else:
        found.append(Block(None, _typed(lines)))
    found = [block for block in found if block.lines]
    if not found:
        raise PaperWrong(reason="there are no words in it")
    return found


def _typed(lines: list[str]) -> tuple[TypedLine, ...]:
    found = []
    for line in lines:
        numbered = _NUMBERED.match(line)
        words = tuple(_TOKEN.findall(line[numbered.end() :] if numbered else line))
        if words:
            found.append(TypedLine(int(numbered["number"]) if numbered else None, words))
    return tuple(found)
