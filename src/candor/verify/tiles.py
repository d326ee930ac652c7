"""Tiles (C2SP tlog-tiles v0.1.0): the tree and its entries as static files, and a reader trusting none of them.

    tile/<level>/<index>[.p/<width>]      hashes, 32 bytes each; a full tile holds 256
    tile/entries/<index>[.p/<width>]      entry bundle: (uint16 big-endian length || entry) …

The index is written in groups of three digits, all but the last after an x: 1234067 is x001/x234/067. Only the
tile at the right edge of a level is partial (width 1 to 255). Hash i of tile n of level l is the root of the
complete subtree of 256**l leaves number n * 256 + i.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from candor.verify.encoding import HASH_SIZE, MAX_COUNT, decimal, reading
from candor.verify.errors import BadTile, Malformed, MissingTile
from candor.verify.merkle import leaf_hash, root_of, tree_root

__all__ = [
    "ENTRIES",
    "MAX_ENTRY_SIZE",
    "TILE_HEIGHT",
    "TILE_WIDTH",
    "Tile",
    "TileReader",
    "bundle_of",
    "decode_bundle",
    "encode_bundle",
    "new_tiles",
    "tiles_of",
]

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_ENTRY_SIZE = 65_535
MAX_LEVEL = 63
ENTRIES = -1
"""The `level` of an entry bundle."""

_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?")


@dataclass(frozen=True, order=True)
class Tile:
    """One file of the log: level 0 to 63 or ENTRIES, index, width (256 when full)."""

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        fits = ENTRIES <= self.level <= MAX_LEVEL and 0 <= self.index <= MAX_COUNT
        if not (fits and 1 <= self.width <= TILE_WIDTH):
            raise ValueError(f"there is no tile {self.level}/{self.index} of width {self.width}")

    @property
    def path(self) -> str:
        """Where the file is, below the log's prefix."""
        digits = str(self.index)
        digits = digits.zfill((len(digits) + 2) // 3 * 3)
        groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        index = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{index}" + (f".p/{self.width}" if self.is_partial else "")

    @property
    def is_partial(self) -> bool:
        """Whether this is a tile of fewer than 256."""
        return self.width < TILE_WIDTH

    @property
    def full(self) -> Tile:
        """The full tile that a partial one grows into."""
        return Tile(self.level, self.index)

    @classmethod
    def parse(cls, path: str) -> Tile:
        """The tile at a path. Raises Malformed for any path that `Tile.path` does not write."""
        with reading("tile path"):
            match = _PATH.fullmatch(path)
            if match is None:
                raise ValueError(path[:80])
            level = ENTRIES if match[1] == "entries" else decimal(match[1])
            index = int(match[2].replace("/", "").replace("x", ""))
            tile = cls(level, index, decimal(match[3]) if match[3] else TILE_WIDTH)
            if tile.path != path:
                raise ValueError(path[:80])
        return tile


def bundle_of(index: int, size: int) -> Tile:
    """The bundle that holds entry `index` in a log of `size` entries."""
    return _tile_at(ENTRIES, index // TILE_WIDTH, size)


def tiles_of(size: int, *, entries: bool = False) -> Iterator[Tile]:
    """Every tile of a tree of `size` leaves: from level 0 up, left to right; with bundles first if asked."""
    return new_tiles(0, size, entries=entries)


def new_tiles(old: int, new: int, *, entries: bool = False) -> Iterator[Tile]:
    """The tiles that a tree of `new` leaves has and its beginning of `old` leaves has not."""
    if not 0 <= old <= new <= MAX_COUNT:
        raise ValueError(f"a tree of {new} leaves does not extend one of {old}")
    levels = ([ENTRIES] if entries else []) + list(range(MAX_LEVEL + 1))
    for level in levels:
        shift = TILE_HEIGHT * max(level, 0)
        had, have = old >> shift, new >> shift
        if not have:
            return
        for index in range(had // TILE_WIDTH, (have + TILE_WIDTH - 1) // TILE_WIDTH):
            tile = _tile_at(level, index, new)
            if index * TILE_WIDTH + tile.width > had:
                yield tile


def _tile_at(level: int, index: int, size: int) -> Tile:
    """The tile as a tree of `size` leaves has it: partial at the right edge."""
    have = size >> TILE_HEIGHT * max(level, 0)
    return Tile(level, index, min(TILE_WIDTH, have - index * TILE_WIDTH))


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries as a bundle. Raises ValueError for an entry over MAX_ENTRY_SIZE bytes."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_SIZE:
            raise ValueError(f"an entry has at most {MAX_ENTRY_SIZE} bytes, not {len(entry)}")
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)


def decode_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle, at most 256. Raises Malformed."""
    entries, at = [], 0
    with reading("entry bundle"):
        while at < len(data):
            end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            if at + 2 > len(data) or end > len(data):
                raise ValueError("it ends within an entry")
            entries.append(data[at + 2 : end])
            at = end
            if len(entries) > TILE_WIDTH:
                raise ValueError(f"more than {TILE_WIDTH} entries")
    return entries


class TileReader:
    """Hashes and entries of a log, read from its files and never used before they are proven under a signed root.

    The partial tiles at the right edge fold, all together, into the root; every full tile folds into one hash
    of its parent tile, which is proven first. So each hash returned is under `root`, and a changed, truncated
    or swapped file is refused whatever its level (the flaw of CVE-2026-56865 was to skip this for some tiles).
    Several threads may read from one.
    """

    def __init__(self, size: int, root: bytes, fetch: Callable[[Tile], bytes | None], *, kept_tiles: int = 512) -> None:
        """`fetch(tile)` gives a file's bytes or None; `kept_tiles` bounds memory (8 KiB each).

        Raises BadTile or MissingTile if the right edge does not fold into `root`.
        """
        self.size, self.root = size, root
        self._fetch, self._kept_tiles = fetch, kept_tiles
        self._full: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._edge: dict[tuple[int, int], bytes] = {}
        self._lock = threading.RLock()
        level = 0
        while size >> TILE_HEIGHT * level:
            count = size >> TILE_HEIGHT * level
            if count % TILE_WIDTH:
                edge = _tile_at(level, count // TILE_WIDTH, size)
                self._edge[level, edge.index] = self._hashes(edge)
            level += 1
        if tree_root(self._read_edge, size) != root:
            paths = ", ".join(_tile_at(lv, ix, size).path for lv, ix in self._edge) or "(empty)"
            raise BadTile(path=paths, size=size, reason="the hashes do not fold into the signed root")

    def read(self, level: int, index: int) -> bytes:
        """A `merkle.HashReader`: the hash of complete subtree `index` of 2**level leaves, proven."""
        if level < 0 or not 0 <= index < self.size >> level:
            raise ValueError(f"no complete subtree {index} of level {level} in a tree of {self.size}")
        return self._subtree(self._tile, level, index)

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Entries start to end-1 (to the last one by default), each proven to be at its place."""
        end = self.size if end is None else end
        if not 0 <= start <= end <= self.size:
            raise ValueError(f"a log of {self.size} entries has no entries {start} to {end}")
        for number in range(start // TILE_WIDTH, (end + TILE_WIDTH - 1) // TILE_WIDTH):
            first = number * TILE_WIDTH
            yield from self._bundle(number)[max(start - first, 0) : end - first]

    def _bundle(self, number: int) -> list[bytes]:
        tile = _tile_at(ENTRIES, number, self.size)
        hashes = self._tile(0, number)
        try:
            entries = decode_bundle(self._bytes(tile))[: tile.width]
        except Malformed as error:
            raise BadTile(path=tile.path, size=self.size, reason=error.fields["reason"]) from error
        if len(entries) != tile.width or b"".join(map(leaf_hash, entries)) != hashes:
            raise BadTile(path=tile.path, size=self.size, reason="its entries are not those of the tree")
        return entries

    def _tile(self, level: int, index: int) -> bytes:
        """The hashes of a tile of this tree, joined, after they are proven."""
        if (level, index) in self._edge:
            return self._edge[level, index]
        with self._lock:
            if (level, index) in self._full:
                self._full.move_to_end((level, index))
                return self._full[level, index]
            tile = _tile_at(level, index, self.size)
            hashes = self._hashes(tile)
            # A full tile always has a parent; the chain of parents ends in a partial tile, proven at the start.
            parent = self._tile(level + 1, index // TILE_WIDTH)
            if root_of(_split(hashes)) != _nth(parent, index % TILE_WIDTH):
                raise BadTile(path=tile.path, size=self.size, reason="its hashes do not fold into those above it")
            self._full[level, index] = hashes
            if len(self._full) > self._kept_tiles:
                self._full.popitem(last=False)
            return hashes

    def _read_edge(self, level: int, index: int) -> bytes:
        return self._subtree(lambda tile_level, tile_index: self._edge[tile_level, tile_index], level, index)

    @staticmethod
    def _subtree(tile: Callable[[int, int], bytes], level: int, index: int) -> bytes:
        """The hash of a subtree out of the tile that holds it, or the hashes below it."""
        tile_level, rest = divmod(level, TILE_HEIGHT)
        first = index << rest
        hashes = tile(tile_level, first // TILE_WIDTH)
        start = first % TILE_WIDTH
        return root_of(_nth(hashes, i) for i in range(start, start + (1 << rest)))

    def _hashes(self, tile: Tile) -> bytes:
        data = self._bytes(tile)[: tile.width * HASH_SIZE]
        if len(data) != tile.width * HASH_SIZE:
            raise BadTile(path=tile.path, size=self.size, reason=f"it must hold {tile.width} hashes")
        return data

    def _bytes(self, tile: Tile) -> bytes:
        """The file of a tile; a partial tile may be gone once the full one, which begins with it, exists."""
        data = self._fetch(tile)
        if data is None and tile.is_partial:
            data = self._fetch(tile.full)
        if data is None:
            raise MissingTile(path=tile.path, size=self.size)
        return data


def _nth(hashes: bytes, n: int) -> bytes:
    return hashes[n * HASH_SIZE : (n + 1) * HASH_SIZE]


def _split(hashes: bytes) -> Sequence[bytes]:
    return [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]
