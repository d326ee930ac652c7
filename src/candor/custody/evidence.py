"""What is known of a log that may be behind, what its surviving copies are worth, and what follows from both. Pure
but for reading the copies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from candor.custody.surviving import Copy, Together
from candor.verify.checkpoint import Checkpoint
from candor.verify.errors import VerifyError
from candor.verify.merkle import tree_root
from candor.verify.note import Note
from candor.verify.tiles import TileReader

#: What can be done: nothing is missing; take a copy in; only a handover is left.
WHOLE, TAKE_IN, HAND_OVER = "whole", "take-in", "handover"


@dataclass(frozen=True)
class Known:
    """A checkpoint that the log's key signed, and where it was found."""

    where: str
    note: Note
    checkpoint: Checkpoint


@dataclass(frozen=True)
class CopyFound:
    """What a surviving copy is worth: `reaches` is the size it proves, None when `words` say what does not fit."""

    place: str
    reaches: int | None
    words: str


@dataclass(frozen=True)
class Plan:
    """What is known of a log that may be behind, and the `way` out: "whole", "take-in" or "handover".

    `size` and `signed` are the database's, `newest` the newest checkpoint known from anywhere. `place` is the copy to
    take in, `first` the place from which entries come from it, `missing` how many. `why` says it in words.
    """

    origin: str
    vkey: str
    size: int
    root: bytes
    signed: int
    newest: Known | None
    known: tuple[Known, ...]
    copies: tuple[CopyFound, ...]
    silent: tuple[str, ...]
    key_problem: str | None
    way: str
    why: str
    place: str | None = None
    first: int = 0
    missing: int = 0


def examine(
    copy: Copy | Together, newest: Checkpoint, known: Sequence[Known], refused: str | None
) -> tuple[CopyFound, TileReader | None]:
    """Whether every entry up to the newest checkpoint can be read from the copy, and proven; if not, up to where."""
    try:
        return CopyFound(copy.place, newest.size, f"whole up to {newest.size:,} entries"), _read_whole(copy, newest)
    except VerifyError as error:
        words = str(error) if refused is None else f"{refused}; {error}"
    for one in known:
        if one.where == copy.place and one.checkpoint.size < newest.size:
            try:
                _read_whole(copy, one.checkpoint)
            except VerifyError as error:
                return CopyFound(copy.place, None, str(error)), None
            words = f"whole up to {one.checkpoint.size:,} entries only; {newest.size:,} were signed"
            return CopyFound(copy.place, one.checkpoint.size, words), None
    return CopyFound(copy.place, None, words), None


def _read_whole(copy: Copy | Together, checkpoint: Checkpoint) -> TileReader:
    """A reader of the copy after every entry up to the checkpoint was read and proven. Raises VerifyError."""
    reader = TileReader(checkpoint.size, checkpoint.root, copy.fetch)
    for _ in reader.entries():
        pass
    return reader


def two_histories(known: Sequence[Known]) -> str | None:
    """Words on two checkpoints of one size with different roots, both signed by the key; None when there are none."""
    roots: dict[int, Known] = {}
    for one in known:
        other = roots.setdefault(one.checkpoint.size, one)
        if other.checkpoint.root != one.checkpoint.root:
            return (
                f"the key signed two different histories of {one.checkpoint.size:,} entries, one known from "
                f"{other.where}, one from {one.where}: keep both, they are evidence"
            )
    return None


def not_in_tree(known: Sequence[Known], reader: TileReader, place: str) -> str | None:
    """Words on a checkpoint of the key that is no beginning of the tree; None when all are."""
    for one in known:
        size = one.checkpoint.size
        if 0 < size <= reader.size and tree_root(reader.read, size) != one.checkpoint.root:
            return (
                f"the key signed two different histories: the checkpoint of {size:,} entries known from {one.where} is "
                f"no beginning of the one in {place}: keep both, they are evidence"
            )
    return None


def first_difference(have: Iterator[str], want: Iterator[bytes], upto: int) -> int | None:
    """The first place below `upto` at which the database has another entry, or none; None when there is no such."""
    same = 0
    for leaf, entry in zip(have, want, strict=False):
        if leaf.encode() != entry:
            break
        same += 1
    return None if same == upto else same
