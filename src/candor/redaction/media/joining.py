"""From the pieces that stretches gave to the tracks of a part. Pure.

A stretch is looked through a little beyond its end; where a piece of it lies on a piece of the next one there, they
are one, and in those pictures what either of them hides is hidden.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from candor.redaction.media.analysis import SegmentResult
from candor.redaction.media.pieces import Boxes, Piece
from candor.redaction.media.plan import Plan
from candor.redaction.media.thinning import keys_of
from candor.redaction.model import Kind, Origin, Shape, Track

__all__ = ["join"]

_SAME: Final = 0.25  # mean overlap where both are, from which two pieces are one
_PLAINLY: Final = 0.5  # and below which that is doubtful
_SHORT: Final = 0.5  # seconds
_WEAK: Final = (0.4, 0.3)  # best and mean score
_FILLED: Final = (0.7, 0.5)  # seconds without a sighting; share of the looks that saw it
_SMALL: Final = 24.0  # pixels
_FAST: Final = 0.6  # widths of the picture a second
_ALL: Final = 0.95  # share of one track's area that another covers, from which it says nothing of its own

_WEIGHTS: Final = {
    "weak": 0.45,
    "filled": 0.35,
    "short": 0.3,
    "lost": 0.25,
    "fast": 0.2,
    "joined": 0.2,
    "small": 0.15,
    "edge": 0.05,
    "cut": 0.05,
}


class _Strand:
    """Pieces that are one thing."""

    def __init__(self, piece: Piece) -> None:
        self.kind, self.label, self.model = piece.kind, piece.label, piece.model
        self.pieces = [piece]
        self.times = np.asarray(piece.times, np.int64)
        self.boxes: Boxes = piece.boxes
        self.doubtful = False

    def shared(self, piece: Piece) -> float:
        """The mean overlap where both are; 0 where they never are together."""
        if (self.kind, self.label, self.model) != (piece.kind, piece.label, piece.model):
            return 0.0
        _, mine, other = np.intersect1d(self.times, np.asarray(piece.times, np.int64), return_indices=True)
        if not len(mine):
            return 0.0
        return float(_overlaps(self.boxes[mine], piece.boxes[other]).mean())

    def take(self, piece: Piece, shared: float) -> None:
        """Go on with a piece."""
        self.pieces.append(piece)
        self.doubtful = self.doubtful or shared < _PLAINLY
        times = np.union1d(self.times, np.asarray(piece.times, np.int64))
        boxes = np.empty((len(times), 4), np.float32)
        boxes[:, :2], boxes[:, 2:] = np.inf, -np.inf
        for own, rows in ((self.times, self.boxes), (np.asarray(piece.times, np.int64), piece.boxes)):
            places = np.searchsorted(times, own)
            boxes[places, :2] = np.minimum(boxes[places, :2], rows[:, :2])
            boxes[places, 2:] = np.maximum(boxes[places, 2:], rows[:, 2:])
        self.times, self.boxes = times, boxes


def join(plan: Plan, results: Iterable[SegmentResult], *, part: str) -> list[Track]:
    """The tracks of one part, in the order of their first times. part: its id.

    results: of every stretch, in the order of their numbers; taken one after another, so that they need not be in
    memory together. The same results give the same tracks, ids included.
    """
    strands: list[_Strand] = []
    open_: list[_Strand] = []
    for result in results:
        until = result.segment.until
        # What begins after its end, the next stretch sees for itself.
        pieces = [one for one in result.pieces if until is None or one.times[0] < until]
        begin = result.segment.begin
        open_ = [one for one in open_ if begin is not None and one.times[-1] >= begin]
        fresh = _assign(open_, pieces)
        strands += fresh
        open_ += fresh
    strands = _without_doubles(strands)
    tracks = [_track(plan, one, part) for one in strands]
    return _distinct(sorted(tracks, key=lambda one: (one.first, one.last, one.id)))


def _assign(strands: Sequence[_Strand], pieces: Sequence[Piece]) -> list[_Strand]:
    """Give pieces to strands, the best fitting first; what begins new."""
    pairs = sorted(
        (-shared, row, column)
        for row, strand in enumerate(strands)
        for column, piece in enumerate(pieces)
        for shared in (strand.shared(piece),)
        if shared >= _SAME
    )
    taken: dict[int, tuple[int, float]] = {}
    used: set[int] = set()
    for shared, row, column in pairs:
        if column not in taken and row not in used:
            taken[column] = (row, -shared)
            used.add(row)
    fresh: list[_Strand] = []
    for column, piece in enumerate(pieces):
        if column in taken:
            row, shared = taken[column]
            strands[row].take(piece, shared)
        else:
            fresh.append(_Strand(piece))
    return fresh


def _without_doubles(strands: list[_Strand]) -> list[_Strand]:
    """Without what another model's track of the same kind covers all the time."""
    kinds: dict[Kind, set[str]] = {}
    for one in strands:
        kinds.setdefault(one.kind, set()).add(one.model)
    if all(len(models) < 2 for models in kinds.values()):
        return strands
    kept: list[_Strand] = []
    for one in sorted(strands, key=lambda strand: (-len(strand.times), strand.model, int(strand.times[0]))):
        if not any(other.kind is one.kind and other.model != one.model and _covers(other, one) for other in kept):
            kept.append(one)
    return kept


def _covers(other: _Strand, one: _Strand) -> bool:
    if other.times[0] > one.times[0] or other.times[-1] < one.times[-1]:
        return False
    _, there, here = np.intersect1d(other.times, one.times, return_indices=True)
    if len(here) < len(one.times):
        return False
    inner = _inner(other.boxes[there], one.boxes[here])
    return bool((inner >= _ALL * _areas(one.boxes[here])).all())


def _track(plan: Plan, strand: _Strand, part: str) -> Track:
    doubts = _doubts(plan, strand)
    left = 1.0
    for one in doubts:
        left *= 1 - _WEIGHTS[one]
    first = strand.boxes[0]
    words = (part, strand.kind.value, strand.label, strand.model, *map(str, strand.times[[0, -1]].tolist()))
    named = "\n".join((*words, *(f"{one:.1f}" for one in first.tolist())))
    return Track(
        id="m" + hashlib.sha256(named.encode()).hexdigest()[:16],
        part=part,
        kind=strand.kind,
        origin=Origin.MODEL,
        shape=Shape.BOX,
        keys=keys_of(strand.times.tolist(), strand.boxes),
        label=strand.label,
        doubt=round(1 - left, 3),
        doubts=doubts,
        model=strand.model,
        score=round(max(piece.score for piece in strand.pieces), 3),
    )


def _doubts(plan: Plan, strand: _Strand) -> tuple[str, ...]:
    """Keys of DOUBTS, the gravest first."""
    pieces = strand.pieces
    clock = plan.frames.clock
    picture = float((plan.frames.at(len(plan.frames) - 1) - plan.frames.at(0)) * clock) / max(1, len(plan.frames) - 1)
    seen, looked = sum(one.seen for one in pieces), sum(one.looked for one in pieces)
    mean = sum(one.mean * one.seen for one in pieces) / seen
    ends = {pieces[0].begins, pieces[-1].ends}
    reasons = {
        "weak": max(one.score for one in pieces) < _WEAK[0] or mean < _WEAK[1],
        "filled": max(one.longest for one in pieces) * picture > _FILLED[0] or seen < _FILLED[1] * looked,
        "short": float((strand.times[-1] - strand.times[0]) * clock) < _SHORT,
        "lost": pieces[-1].ends == "lost",
        "fast": max(one.speed for one in pieces) > _FAST,
        "joined": strand.doubtful,
        "small": min(one.size for one in pieces) < _SMALL,
        "edge": "edge" in ends,
        "cut": "cut" in ends,
    }
    return tuple(name for name, holds in reasons.items() if holds)


def _distinct(tracks: list[Track]) -> list[Track]:
    """No id twice. Of what is the same in every respect, one is enough; what only begins alike and lasts as long, as
    two things do that fill the picture at first, stays, under a name of its own."""
    kept: dict[str, Track] = {}
    for one in tracks:
        name, same = one.id, 1
        while name in kept and kept[name].keys != one.keys:
            same += 1
            name = f"{one.id}-{same}"
        kept.setdefault(name, replace(one, id=name))
    return list(kept.values())


def _areas(boxes: Boxes) -> Boxes:
    areas: Boxes = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
    return areas


def _inner(one: Boxes, other: Boxes) -> Boxes:
    low, high = np.maximum(one[:, :2], other[:, :2]), np.minimum(one[:, 2:], other[:, 2:])
    inner: Boxes = np.prod(np.maximum(high - low, 0), axis=1)
    return inner


def _overlaps(one: Boxes, other: Boxes) -> Boxes:
    inner = _inner(one, other)
    shared: Boxes = inner / np.maximum(_areas(one) + _areas(other) - inner, 1e-3)
    return shared
