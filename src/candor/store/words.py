"""The 1,024 words that keys are written in on paper: the list of SLIP-39, 10 bits a word.

No two words share their first four letters, so four letters are enough to type; capital letters make no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from shamir_mnemonic.wordlist import WORD_INDEX_MAP, WORDLIST

from candor.store.key_errors import WordUnknown

__all__ = ["BITS", "as_bytes", "as_words", "number_of", "word_of"]

BITS = 10
"""Bits that a word stands for."""
_PREFIX = 4
_BY_PREFIX = {word[:_PREFIX]: number for number, word in enumerate(WORDLIST)}


def word_of(number: int) -> str:
    """The word of a number from 0 to 1023."""
    word: str = WORDLIST[number]
    return word


def number_of(typed: str, place: str) -> int:
    """The number of a word as somebody typed it. Raises WordUnknown with `place` and the nearest words."""
    folded = typed.strip().casefold()
    number = WORD_INDEX_MAP.get(folded)
    if number is None:
        number = _BY_PREFIX.get(folded[:_PREFIX]) if len(folded) >= _PREFIX else None
        # More letters than four have to be the word's own: `acadmic` may be a slip for another word.
        if number is None or not WORDLIST[number].startswith(folded):
            raise WordUnknown(place=place, typed=typed, hint=_hint(folded))
    return int(number)


def _hint(folded: str) -> str:
    near = get_close_matches(folded, WORDLIST, n=3, cutoff=0.5)
    same = _BY_PREFIX.get(folded[:_PREFIX])
    if same is not None and WORDLIST[same] not in near:
        near = [WORDLIST[same], *near[:2]]
    return f" The nearest: {', '.join(near)}." if near else ""


def as_words(data: bytes) -> list[str]:
    """Bytes as words, first bit first, filled up with zero bits to a whole word."""
    count = -(-len(data) * 8 // BITS)
    value = int.from_bytes(data, "big") << (count * BITS - len(data) * 8)
    return [word_of(value >> (BITS * at) & 1023) for at in reversed(range(count))]


def as_bytes(numbers: Sequence[int] | Iterable[int], size: int) -> bytes:
    """The other way: the first `size` bytes that these numbers of words stand for."""
    value, bits = 0, 0
    for number in numbers:
        value, bits = value << BITS | number, bits + BITS
    return (value >> (bits - size * 8)).to_bytes(size, "big")
