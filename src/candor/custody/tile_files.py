"""The log as static files: tiles, entry bundles, checkpoint (C2SP tlog-tiles).

Everything here can be made again from the database, and gives the same bytes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.files import make_folder, sync_folder, write_durably, write_file
from candor.custody.leaves import leaves
from candor.custody.tables import log_node
from candor.verify.checkpoint import Checkpoint
from candor.verify.errors import VerifyError
from candor.verify.merkle import leaf_hash, root_of
from candor.verify.note import Note
from candor.verify.tiles import ENTRIES, Tile, encode_bundle, new_tiles

TILE_WIDTH = 256


Leaves = Callable[[Connection, int, int], Iterable[str]]
"""leaves(tx, start, end): the entries at positions start to end-1, in order."""


class LogFiles:
    """The folder that is served as it is. `entries` gives what it is made of; by default the present log's."""

    def __init__(self, folder: Path, entries: Leaves = leaves) -> None:
        self.folder = folder
        self._leaves = entries

    def fetch(self, tile: Tile) -> bytes | None:
        """A tile's bytes, None when it is not there."""
        try:
            return (self.folder / tile.path).read_bytes()
        except FileNotFoundError:
            return None

    def checkpoint(self) -> bytes | None:
        """The published checkpoint."""
        try:
            return (self.folder / "checkpoint").read_bytes()
        except FileNotFoundError:
            return None

    def published(self) -> Checkpoint | None:
        """What the published checkpoint says, its signatures unexamined; None when there is none that can be read."""
        try:
            note = self.checkpoint()
            return None if note is None else Checkpoint.parse(Note.parse(note).text)
        except (VerifyError, OSError):
            return None

    def publish(self, note: str) -> None:
        """Put the checkpoint in place, after every tile it needs."""
        make_folder(self.folder)
        write_durably(self.folder / "checkpoint", note.encode())

    def write_tiles(self, tx: Connection, old: int, new: int) -> list[dict[str, object]]:
        """Write what a log of `new` entries needs and one of `old` entries had not.

        Returns rows of log_node for the tiles that became full; they are to be stored with tiles_size.
        """
        start = old // TILE_WIDTH * TILE_WIDTH
        entries = [leaf.encode() for leaf in self._leaves(tx, start, new)]
        if len(entries) != new - start:
            raise ValueError(f"the database holds {len(entries)} entries from {start} on, not {new - start}")
        hashes = {0: (start, [leaf_hash(entry) for entry in entries])}
        fresh: list[dict[str, object]] = []
        folders: set[Path] = set()
        for tile in new_tiles(old, new, entries=True):
            begin = tile.index * TILE_WIDTH
            if tile.level == ENTRIES:
                data = encode_bundle(entries[begin - start : begin - start + tile.width])
            else:
                first, known = hashes[tile.level]
                own = known[begin - first : begin - first + tile.width]
                data = b"".join(own)
                self._carry(tx, tile, own, hashes, fresh)
            path = self.folder / tile.path
            make_folder(path.parent)
            write_file(path, data)
            folders.add(path.parent)
        for folder in folders:
            sync_folder(folder)
        return fresh

    def _carry(
        self,
        tx: Connection,
        tile: Tile,
        own: list[bytes],
        hashes: dict[int, tuple[int, list[bytes]]],
        fresh: list[dict[str, object]],
    ) -> None:
        """A tile that is full becomes one hash of the level above."""
        if tile.is_partial:
            return
        above = tile.level + 1
        root = root_of(own)
        fresh.append({"level": above, "index": tile.index, "hash": root})
        if above not in hashes:
            begin = tile.index // TILE_WIDTH * TILE_WIDTH
            known = tx.execute(
                sa.select(log_node.c.hash)
                .where(log_node.c.level == above, log_node.c.index >= begin, log_node.c.index < tile.index)
                .order_by(log_node.c.index)
            )
            hashes[above] = (begin, list(known.scalars()))
        hashes[above][1].append(root)

    def has_edge(self, size: int) -> bool:
        """Whether the files that every proof at this size needs first are there: a few looks, not a check of all.

        An emptied folder, or another disk in its place, has none of them.
        """
        return all(
            (self.folder / tile.path).is_file() or (tile.is_partial and (self.folder / tile.full.path).is_file())
            for tile in new_tiles(max(size - 1, 0), size, entries=True)
        )

    def drop_partials(self, old: int, new: int) -> None:
        """Remove partial tiles whose full tile exists (their bytes are a prefix of it)."""
        for tile in new_tiles(old, new, entries=True):
            if not tile.is_partial:
                shutil.rmtree(self.folder / (tile.path + ".p"), ignore_errors=True)

    def compare(self, tx: Connection, size: int) -> Iterator[str]:
        """Paths of files that are missing or differ from what the database says, for a log of `size` entries."""
        yield from self._compare(tx, new_tiles(0, size, entries=True), size)

    def _compare(self, tx: Connection, tiles: Iterable[Tile], size: int) -> Iterator[str]:
        for tile in tiles:
            begin = tile.index * TILE_WIDTH
            if tile.level <= 0:
                entries = [leaf.encode() for leaf in self._leaves(tx, begin, begin + tile.width)]
                want = encode_bundle(entries) if tile.level == ENTRIES else b"".join(map(leaf_hash, entries))
            else:
                nodes = tx.execute(
                    sa.select(log_node.c.hash)
                    .where(log_node.c.level == tile.level, log_node.c.index >= begin)
                    .where(log_node.c.index < begin + tile.width)
                    .order_by(log_node.c.index)
                )
                want = b"".join(nodes.scalars())
            have = self.fetch(tile)
            if have is None and tile.is_partial:
                have = (self.fetch(tile.full) or b"")[: len(want)]
            if have != want:
                yield tile.path
