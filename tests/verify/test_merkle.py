from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.verify.errors import BadConsistency, BadInclusion
from candor.verify.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    frontier_nodes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

VECTORS = json.loads((Path(__file__).parent / "vectors" / "custody-log.json").read_text("utf-8"))
SIZES = 300
LEAVES = [leaf_hash(b"entry %d" % i) for i in range(SIZES)]


def naive_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of RFC 6962 section 2.1.2."""
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def split(n: int) -> int:
    """The largest power of two below n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


_complete: dict[tuple[int, int], bytes] = {}


def read(level: int, index: int) -> bytes:
    """A reader that hands out complete subtrees of LEAVES only, and fails for any other."""
    assert (index + 1) << level <= SIZES
    if (level, index) not in _complete:
        _complete[level, index] = naive_root(LEAVES[index << level : (index + 1) << level])
    return _complete[level, index]


def reader_of(size: int) -> Callable[[int, int], bytes]:
    def bounded(level: int, index: int) -> bytes:
        assert (index + 1) << level <= size, "a subtree that the tree does not hold yet"
        return read(level, index)

    return bounded


def refuses(error: type[Exception], check: Callable[..., None], *arguments: object) -> bool:
    try:
        check(*arguments)
    except error:
        return True
    return False


def test_reference_leaves_of_certificate_transparency() -> None:
    entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    roots = [root_of(leaf_hash(bytes.fromhex(e)) for e in entries[:n]).hex()[:8] for n in range(1, 9)]
    assert " ".join(roots) == "6e340b9c fac54203 aeb6bcfe d37ee418 4e3bbb1f 76e67dad ddb89be4 5dc9da79"


def test_vectors() -> None:
    leaves = [leaf_hash(text.encode()) for text in VECTORS["leaves_utf8"]]
    assert [leaf.hex() for leaf in leaves] == VECTORS["leaf_hashes"]
    assert VECTORS["empty_root"] == EMPTY_ROOT.hex()

    def own(level: int, index: int) -> bytes:
        return naive_root(leaves[index << level : (index + 1) << level])

    for size, root in VECTORS["roots_by_size"].items():
        assert root_of(leaves[: int(size)]).hex() == root
    root = root_of(leaves)
    assert set(VECTORS["inclusion_size7"]) == set("0123456")
    for index, proof in VECTORS["inclusion_size7"].items():
        assert [h.hex() for h in inclusion_proof(own, int(index), 7)] == proof
        verify_inclusion(leaves[int(index)], int(index), 7, [bytes.fromhex(h) for h in proof], root)
    for old, proof in VECTORS["consistency_to_7"].items():
        assert [h.hex() for h in consistency_proof(own, int(old), 7)] == proof
        verify_consistency(int(old), root_of(leaves[: int(old)]), 7, root, [bytes.fromhex(h) for h in proof])


def test_roots_of_every_size_equal_the_definition() -> None:
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT == root_of([]) == tree_root(read, 0)
    for size in range(1, SIZES + 1):
        frontier.append(LEAVES[size - 1])
        expected = naive_root(LEAVES[:size])
        assert frontier.size == size
        assert frontier.root() == expected == tree_root(reader_of(size), size)
        assert frontier.hashes == [read(level, index) for level, index in frontier_nodes(size)]


@given(st.integers(0, SIZES), st.integers(0, SIZES))
def test_a_frontier_goes_on_from_its_parts(first: int, rest: int) -> None:
    start = Frontier()
    for leaf in LEAVES[:first]:
        start.append(leaf)
    again = Frontier(start.size, start.hashes)
    copied = start.copy()
    for leaf in LEAVES[first : first + rest]:
        again.append(leaf)
        copied.append(leaf)
    assert again.root() == copied.root() == root_of(LEAVES[: first + rest])
    assert start.size == first
    assert start.root() == root_of(LEAVES[:first])


@pytest.mark.parametrize(("size", "hashes"), [(3, [bytes(32)]), (0, [bytes(32)]), (-1, []), (1, []), (1, [b"short"])])
def test_a_frontier_refuses_parts_that_do_not_fit(size: int, hashes: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"a tree of|every hash"):
        Frontier(size, hashes)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 255, 256, 257, 300])
def test_every_inclusion_proof_equals_the_definition_and_verifies(size: int) -> None:
    root = naive_root(LEAVES[:size])
    for index in range(size):
        proof = inclusion_proof(reader_of(size), index, size)
        if size <= 65 or index in (0, 1, size // 2, size - 2, size - 1):
            assert proof == naive_path(index, LEAVES[:size])
        verify_inclusion(LEAVES[index], index, size, proof, root)


@pytest.mark.parametrize("new", [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 64, 65, 100, 128, 256, 257, 300])
def test_every_consistency_proof_equals_the_definition_and_verifies(new: int) -> None:
    new_root = naive_root(LEAVES[:new])
    for old in range(new + 1):
        proof = consistency_proof(reader_of(new), old, new)
        expected = naive_subproof(old, LEAVES[:new], True) if old else []
        assert proof == expected
        verify_consistency(old, naive_root(LEAVES[:old]), new, new_root, proof)


@given(st.data())
def test_a_changed_inclusion_proof_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, SIZES))
    index = data.draw(st.integers(0, size - 1))
    root = root_of(LEAVES[:size])
    proof = inclusion_proof(read, index, size)
    changes = {
        "longer": (LEAVES[index], index, size, [*proof, bytes(32)], root),
        "longer at the start": (LEAVES[index], index, size, [LEAVES[0], *proof], root),
        "another leaf": (leaf_hash(b"another"), index, size, proof, root),
        "another root": (LEAVES[index], index, size, proof, leaf_hash(b"root")),
        "beyond the tree": (LEAVES[index], size, size, proof, root),
        "before the tree": (LEAVES[index], -1, size, proof, root),
        "leaf cut": (LEAVES[index][:31], index, size, proof, root),
    }
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        flipped = proof[at][:-1] + bytes([proof[at][-1] ^ 1])
        changes["shorter"] = (LEAVES[index], index, size, proof[:-1], root)
        changes["without its first"] = (LEAVES[index], index, size, proof[1:], root)
        changes["a hash flipped"] = (LEAVES[index], index, size, [*proof[:at], flipped, *proof[at + 1 :]], root)
        changes["a hash cut"] = (LEAVES[index], index, size, [*proof[:at], proof[at][:-1], *proof[at + 1 :]], root)
        changes["another index"] = (LEAVES[index], index ^ 1 if index ^ 1 < size else index - 1, size, proof, root)
    for what, arguments in changes.items():
        assert refuses(BadInclusion, verify_inclusion, *arguments), what


@given(st.data())
def test_a_changed_consistency_proof_is_refused(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, SIZES))
    old = data.draw(st.integers(1, new - 1))
    old_root, new_root = root_of(LEAVES[:old]), root_of(LEAVES[:new])
    proof = consistency_proof(read, old, new)
    at = data.draw(st.integers(0, len(proof) - 1))
    flipped = proof[at][:-1] + bytes([proof[at][-1] ^ 1])
    forked = root_of([*LEAVES[: old - 1], leaf_hash(b"forked")])
    for what, arguments in {
        "empty": (old, old_root, new, new_root, []),
        "shorter": (old, old_root, new, new_root, proof[:-1]),
        "longer": (old, old_root, new, new_root, [*proof, bytes(32)]),
        "a hash flipped": (old, old_root, new, new_root, [*proof[:at], flipped, *proof[at + 1 :]]),
        "a fork": (old, forked, new, new_root, proof),
        "another new root": (old, old_root, new, leaf_hash(b"x"), proof),
        "a smaller tree": (new, new_root, old, old_root, proof),
        "from nothing": (0, EMPTY_ROOT, new, new_root, proof),
        "from nothing with a root": (0, old_root, new, new_root, []),
        "same size, other root": (new, new_root, new, leaf_hash(b"x"), []),
        "same size, a proof": (new, new_root, new, new_root, proof),
        "root cut": (old, old_root[:31], new, new_root, proof),
    }.items():
        assert refuses(BadConsistency, verify_consistency, *arguments), what


@given(
    st.integers(-1, 2**64),
    st.integers(-1, 2**64),
    st.lists(st.binary(min_size=31, max_size=33), max_size=70),
)
def test_any_proof_ends_in_a_verdict(index: int, size: int, proof: list[bytes]) -> None:
    with pytest.raises(BadInclusion):
        verify_inclusion(bytes(32), index, size, proof, b"\x01" * 32)
    with pytest.raises(BadConsistency):
        verify_consistency(index, bytes(32), size, b"\x01" * 32, proof)


def test_proofs_of_what_is_not_there_are_not_made() -> None:
    for index, size in [(0, 0), (5, 5), (-1, 3)]:
        with pytest.raises(ValueError, match="no leaf"):
            inclusion_proof(read, index, size)
    for old, new in [(3, 2), (-1, 2)]:
        with pytest.raises(ValueError, match="does not extend"):
            consistency_proof(read, old, new)


def test_a_leaf_is_never_taken_for_a_node() -> None:
    left, right = LEAVES[0], LEAVES[1]
    assert leaf_hash(left + right) != node_hash(left, right)
