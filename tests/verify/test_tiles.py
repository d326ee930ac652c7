from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.verify.errors import BadTile, Malformed, MissingTile, VerifyError
from candor.verify.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from candor.verify.tiles import (
    ENTRIES,
    Tile,
    TileReader,
    bundle_of,
    decode_bundle,
    encode_bundle,
    new_tiles,
    tiles_of,
)

VECTORS = json.loads((Path(__file__).parent / "vectors" / "custody-log.json").read_text("utf-8"))


def written(entries: list[bytes]) -> dict[str, bytes]:
    """All files of a log, made straight from the definition: hash i of tile n of level l covers 256**l leaves."""
    leaves = [leaf_hash(entry) for entry in entries]
    files = {}
    for tile in tiles_of(len(entries), entries=True):
        start = tile.index * 256
        if tile.level == ENTRIES:
            files[tile.path] = encode_bundle(entries[start : start + tile.width])
        else:
            span = 256**tile.level
            hashes = (root_of(leaves[i * span : (i + 1) * span]) for i in range(start, start + tile.width))
            files[tile.path] = b"".join(hashes)
    return files


def fetching(files: dict[str, bytes]) -> Callable[[Tile], bytes | None]:
    return lambda tile: files.get(tile.path)


SIZE = 70_000
ENTRY_LIST = [b"entry %d" % i for i in range(SIZE)]
LEAVES = [leaf_hash(entry) for entry in ENTRY_LIST]
ROOT = root_of(LEAVES)
FILES = written(ENTRY_LIST)


def test_vectors() -> None:
    entries = [text.encode() for text in VECTORS["leaves_utf8"]]
    assert encode_bundle(entries).hex() == VECTORS["bundle7_hex"]
    assert decode_bundle(bytes.fromhex(VECTORS["bundle7_hex"])) == entries
    files = written(entries)
    assert files["tile/0/000.p/7"].hex() == VECTORS["tile0_7_hex"]
    paths = VECTORS["paths"]
    assert Tile(0, 1_234_067).path == paths["level0_index1234067_full"]
    assert Tile(0, 273, 112).path == paths["level0_index273_w112"]
    assert bundle_of(3, 7).path == paths["entries_index0_w7"]
    assert Tile(1, 0, 17).path == paths["level1_index0_w17"]
    partial = [tile.path for tile in tiles_of(70_000) if tile.is_partial]
    assert partial == paths["tiles_of_size_70000_last"]
    assert [tile.path for tile in tiles_of(256)][-1:] == paths["tiles_of_size_256_last"]
    assert [tile.path for tile in new_tiles(256, 257)] == ["tile/0/001.p/1"]
    assert [tile.path for tile in tiles_of(257)][1:] == paths["tiles_of_size_257_last"]
    assert len(list(tiles_of(70_000))) == 277


@given(st.integers(-1, 63), st.integers(0, 2**63 - 1) | st.integers(0, 2000), st.integers(1, 256))
def test_paths_are_read_back(level: int, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert Tile.parse(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "/tile/0/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/07",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000/",
        "tile/0/../000",
        "tile/entries/000.p/1/..",
        "tile/entry/000",
        "tile/0/٠٠٠",
        "tile/0/000\n",
        "tile/0/" + "x999/" * 6 + "999",
        "tile/0/" + "x999/" * 60 + "999",
    ],
)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(Malformed, match="tile path"):
        Tile.parse(path)


@given(st.text(max_size=40))
def test_any_path_ends_in_a_tile_or_the_room_s_error(path: str) -> None:
    try:
        assert Tile.parse(path).path == path
    except VerifyError:
        return


def test_tiles_that_cannot_be_are_not_made() -> None:
    for arguments in ((-2, 0), (64, 0), (0, -1), (0, 0, 0), (0, 0, 257)):
        with pytest.raises(ValueError, match="no tile"):
            Tile(*arguments)
    with pytest.raises(ValueError, match="does not extend"):
        list(new_tiles(2, 1))


@given(st.integers(0, 3 * 65_536), st.integers(0, 2000))
def test_new_tiles_are_exactly_those_that_are_not_there_yet(old: int, more: int) -> None:
    before, after = set(tiles_of(old, entries=True)), set(tiles_of(old + more, entries=True))
    assert set(new_tiles(old, old + more, entries=True)) == after - before


@given(st.integers(1, 2**40))
def test_the_right_edge_of_large_logs(size: int) -> None:
    # One more leaf: one tile of level 0, and one more level for each tile that became full.
    tiles = list(new_tiles(size - 1, size))
    assert tiles[0] == Tile(0, (size - 1) // 256, (size - 1) % 256 + 1)
    assert [tile.level for tile in tiles] == list(range(len(tiles)))
    assert all(not tile.is_partial for tile in tiles[:-1])
    assert tiles[-1].is_partial or size >> 8 * len(tiles) == 0


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_are_read_back(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries)) == entries


def test_bundles_have_limits() -> None:
    assert decode_bundle(encode_bundle([bytes(65_535)])) == [bytes(65_535)]
    with pytest.raises(ValueError, match="65535"):
        encode_bundle([bytes(65_536)])
    for data in (b"\0", b"\0\1", b"\0\1ab", b"\xff\xff" + bytes(65_534), bytes(2 * 257)):
        with pytest.raises(Malformed, match="entry bundle"):
            decode_bundle(data)


@given(st.binary(max_size=600))
def test_any_bundle_ends_in_entries_or_the_room_s_error(data: bytes) -> None:
    try:
        assert encode_bundle(decode_bundle(data)) == data
    except VerifyError:
        return


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513, 1000, 65_535, 65_536, 65_537, 70_000])
def test_proofs_out_of_tiles_verify(size: int) -> None:
    root = root_of(LEAVES[:size])
    files = FILES if size == SIZE else written(ENTRY_LIST[:size])
    reader = TileReader(size, root, fetching(files))
    for index in {0, 1, 255, 256, size // 3, size - 2, size - 1} & set(range(size)):
        proof = inclusion_proof(reader.read, index, size)
        verify_inclusion(LEAVES[index], index, size, proof, root)
    for old in {0, 1, 255, 256, 257, size // 2, size - 1, size} & set(range(size + 1)):
        proof = consistency_proof(reader.read, old, size)
        verify_consistency(old, root_of(LEAVES[:old]), size, root, proof)
    assert list(reader.entries()) == ENTRY_LIST[:size]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_hash_read_is_that_of_the_tree(data: st.DataObject) -> None:
    reader = TileReader(SIZE, ROOT, fetching(FILES))
    level = data.draw(st.integers(0, 16))
    index = data.draw(st.integers(0, (SIZE >> level) - 1))
    assert reader.read(level, index) == root_of(LEAVES[index << level : (index + 1) << level])


def test_what_is_not_in_the_tree_is_not_read() -> None:
    reader = TileReader(SIZE, ROOT, fetching(FILES))
    for level, index in ((0, SIZE), (0, -1), (-1, 0), (17, 0), (16, 1), (8, 273)):
        with pytest.raises(ValueError, match="no complete subtree"):
            reader.read(level, index)
    for start, end in ((-1, 3), (3, 2), (0, SIZE + 1)):
        with pytest.raises(ValueError, match="has no entries"):
            list(reader.entries(start, end))
    assert list(reader.entries(254, 514)) == ENTRY_LIST[254:514]
    assert list(reader.entries(7, 7)) == []


def tampered(path: str, at: int = 0, by: int = 1) -> dict[str, bytes]:
    data = bytearray(FILES[path])
    data[at] ^= by
    return {**FILES, path: bytes(data)}


def test_a_tampered_level_0_tile_is_refused() -> None:
    """CVE-2026-56865: some full tiles were used unchecked. Here none is, whichever of its hashes is asked for."""
    tile = Tile.parse("tile/0/005")
    first = tile.index * 256
    for index in (first, first + 17, first + 255):
        reader = TileReader(SIZE, ROOT, fetching(tampered(tile.path, at=(index - first) * 32)))
        for asked in (index, first, first + 254):
            with pytest.raises(BadTile) as caught:
                reader.read(0, asked)
            assert caught.value.fields["path"] == tile.path
            assert caught.value.exit_code == 28
        with pytest.raises(BadTile):
            inclusion_proof(reader.read, index ^ 1, SIZE)
        with pytest.raises(BadTile):
            list(reader.entries(first, first + 1))
        # The rest of the log is not affected.
        assert reader.read(0, 0) == LEAVES[0]


def test_tiles_swapped_with_each_other_are_refused() -> None:
    swapped = {**FILES, "tile/0/005": FILES["tile/0/006"], "tile/0/006": FILES["tile/0/005"]}
    reader = TileReader(SIZE, ROOT, fetching(swapped))
    for index in (5 * 256, 6 * 256):
        with pytest.raises(BadTile):
            reader.read(0, index)


@pytest.mark.parametrize("path", ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"])
def test_a_tampered_edge_is_refused_at_once(path: str) -> None:
    for at in range(0, len(FILES[path]), 32):
        with pytest.raises(BadTile, match="do not fold into the signed root"):
            TileReader(SIZE, ROOT, fetching(tampered(path, at)))


@pytest.mark.parametrize(
    "path", ["tile/0/000", "tile/0/272", "tile/1/000", "tile/entries/000", "tile/entries/273.p/112"]
)
def test_every_tampered_file_is_noticed_by_reading_the_log(path: str) -> None:
    for files in (
        tampered(path, at=40),
        {**FILES, path: FILES[path][:-1]},
        {**FILES, path: FILES[path][32:]},
        {**FILES, path: b""},
    ):
        with pytest.raises(VerifyError):
            list(TileReader(SIZE, ROOT, fetching(files)).entries())


def test_another_root_or_size_is_refused() -> None:
    with pytest.raises(BadTile):
        TileReader(SIZE, leaf_hash(b"another"), fetching(FILES))
    with pytest.raises(BadTile):
        TileReader(0, ROOT, fetching({}))
    assert TileReader(0, EMPTY_ROOT, fetching({})).size == 0
    with pytest.raises(VerifyError):
        TileReader(SIZE - 1, ROOT, fetching(FILES))
    assert list(TileReader(SIZE, ROOT, fetching(FILES)).entries(SIZE - 1)) == ENTRY_LIST[-1:]


def test_an_older_tree_is_read_from_full_tiles_when_its_partial_ones_are_gone() -> None:
    old = 66_000
    reader = TileReader(old, root_of(LEAVES[:old]), fetching(FILES | written_edge(old)))
    assert list(reader.entries(old - 300)) == ENTRY_LIST[old - 300 : old]
    without = {path: data for path, data in FILES.items() if path != "tile/0/256"}
    with pytest.raises(MissingTile, match=r"tile/0/257\.p/208|tile/0/256"):
        list(TileReader(old, root_of(LEAVES[:old]), fetching(without | written_edge(old))).entries(old - 300))


def written_edge(size: int) -> dict[str, bytes]:
    """The partial tiles of levels above 0 that a later tree has no full tile for."""
    files = {}
    for tile in tiles_of(size):
        if tile.is_partial and tile.level > 0:
            span, start = 256**tile.level, tile.index * 256
            hashes = [root_of(LEAVES[i * span : (i + 1) * span]) for i in range(start, start + tile.width)]
            files[tile.path] = b"".join(hashes)
    return files


def test_a_missing_tile_is_named() -> None:
    without = {path: data for path, data in FILES.items() if path != "tile/0/003"}
    reader = TileReader(SIZE, ROOT, fetching(without))
    with pytest.raises(MissingTile, match="tile/0/003"):
        reader.read(0, 800)


def test_memory_is_bounded_and_the_edge_is_fetched_once() -> None:
    fetched: list[str] = []

    def fetch(tile: Tile) -> bytes | None:
        fetched.append(tile.path)
        return FILES.get(tile.path)

    reader = TileReader(SIZE, ROOT, fetch, kept_tiles=4)
    for index in range(0, SIZE, 256):
        assert reader.read(0, index) == LEAVES[index]
    assert len(reader._full) <= 4
    assert sum(path == "tile/2/000.p/1" for path in fetched) == 1
    assert len(fetched) < 3 + 273 * 2


def test_threads_that_ask_for_the_same_tile_share_one_fetch() -> None:
    fetched: list[str] = []
    read: list[bytes] = []

    def fetch(tile: Tile) -> bytes | None:
        fetched.append(tile.path)
        time.sleep(0.02)
        return FILES.get(tile.path)

    reader = TileReader(SIZE, ROOT, fetch)
    fetched.clear()
    threads = [threading.Thread(target=lambda: read.append(reader.read(0, 800))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert read == [LEAVES[800]] * 6
    assert fetched == ["tile/0/003", "tile/1/000"]
