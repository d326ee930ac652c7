"""Which word of a share is wrong: decoding one error of SLIP-39's checksum, RS1024.

RS1024 is a Reed-Solomon code over GF(1024) with three check words, so any two right shares differ in at least four
words. When replacing one word makes a share right, at most one other share could be as near only if three words or more
were wrong; with one or two wrong words the word found is the wrong one, or none is found.
"""

from __future__ import annotations

from collections.abc import Sequence

from shamir_mnemonic.constants import (
    CUSTOMIZATION_STRING_EXTENDABLE,
    CUSTOMIZATION_STRING_ORIG,
)
from shamir_mnemonic.wordlist import WORD_INDEX_MAP

from candor.store.words import BITS, word_of

__all__ = ["wrong_word"]

#: The generator of RS1024 (SLIP-39, “Checksum”).
_GENERATOR = (
    0xE0E040,
    0x1C1C080,
    0x3838100,
    0x7070200,
    0xE0E0009,
    0x1C0C2412,
    0x38086C24,
    0x3090FC48,
    0x21B1F890,
    0x3F3F120,
)
#: The word that says which of two customization strings the checksum is over: its fifth bit from the end.
_FLAG_WORD, _FLAG_BIT = 1, 4


def wrong_word(words: Sequence[str]) -> tuple[int, str] | None:
    """The place (from 1) of the one wrong word of a share, and the word it should be; None when it is not one word."""
    numbers = [WORD_INDEX_MAP[word] for word in words]
    extendable = numbers[_FLAG_WORD] >> _FLAG_BIT & 1
    found = _one_error(numbers, bool(extendable), _FLAG_WORD)
    # The wrong word may be the very one that holds the flag.
    found += _one_error(numbers, not extendable, None)
    return (found[0][0] + 1, word_of(found[0][1])) if len(found) == 1 else None


def _one_error(numbers: Sequence[int], extendable: bool, flag_kept: int | None) -> list[tuple[int, int]]:
    """(place from 0, right number) of each single replacement that makes the checksum fit and the flag `extendable`."""
    custom = CUSTOMIZATION_STRING_EXTENDABLE if extendable else CUSTOMIZATION_STRING_ORIG
    syndrome = _polymod([*custom, *numbers], 1) ^ 1
    places = range(len(numbers)) if flag_kept is not None else [_FLAG_WORD]
    found = []
    for place in places:
        # The checksum is linear: what a changed word does to it is the sum of what its changed bits do.
        after = [0] * (len(numbers) - place - 1)
        effects = [_polymod([1 << bit, *after], 0) for bit in range(BITS)]
        changed = _solve(effects, syndrome)
        if changed is None or changed == 0:
            continue
        number = numbers[place] ^ changed
        if place != _FLAG_WORD or bool(number >> _FLAG_BIT & 1) == extendable:
            found.append((place, number))
    return found


def _polymod(values: Sequence[int], start: int) -> int:
    checksum = start
    for value in values:
        top = checksum >> 20
        checksum = (checksum & 0xFFFFF) << 10 ^ value
        for bit in range(BITS):
            if top >> bit & 1:
                checksum ^= _GENERATOR[bit]
    return checksum


def _solve(effects: Sequence[int], wanted: int) -> int | None:
    """The bits whose effects sum (by exclusive or) to `wanted`; None when none do. The effects are independent."""
    rows: list[tuple[int, int]] = []
    for bit, effect in enumerate(effects):
        mask = 1 << bit
        for value, of in rows:
            if effect ^ value < effect:
                effect, mask = effect ^ value, mask ^ of
        if effect:
            rows.append((effect, mask))
            rows.sort(reverse=True)
    bits = 0
    for value, of in rows:
        if wanted ^ value < wanted:
            wanted, bits = wanted ^ value, bits ^ of
    return bits if wanted == 0 else None
