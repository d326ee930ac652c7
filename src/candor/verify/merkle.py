"""Merkle tree of RFC 6962 section 2.1 over SHA-256: roots, proofs, and verification (RFC 9162 section 2.1).

    leaf = SHA256(0x00 || entry)      node = SHA256(0x01 || left || right)      empty root = SHA256("")

Sizes and indexes are counts of leaves. Hashes are 32 bytes. A proof is a list of hashes, leaf side first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from candor.verify.encoding import HASH_SIZE, MAX_COUNT
from candor.verify.errors import BadConsistency, BadInclusion

__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "HashReader",
    "consistency_proof",
    "frontier_nodes",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root_of",
    "tree_root",
    "verify_consistency",
    "verify_inclusion",
]

EMPTY_ROOT = hashlib.sha256(b"").digest()

HashReader = Callable[[int, int], bytes]
"""read(level, index): the hash of the complete subtree of 2**level leaves that is number `index`."""

_sha256 = hashlib.sha256


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one entry as a leaf, 32 bytes."""
    return _sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of the parent of two nodes, 32 bytes."""
    return _sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: all that is needed to append leaves and to say the root.

    `hashes` are the roots of the complete subtrees that the tree of `size` leaves splits into, largest
    (leftmost) first: one per set bit of `size`.
    """

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        subtrees = bin(size).count("1")
        if size < 0 or len(self.hashes) != subtrees:
            raise ValueError(f"a tree of {size} leaves has {subtrees} subtrees, not {len(self.hashes)}")
        if any(len(h) != HASH_SIZE for h in self.hashes):
            raise ValueError(f"every hash has {HASH_SIZE} bytes")

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf by its hash. Constant time on average."""
        size, hashes, carried = self.size, self.hashes, leaf_hash
        self.size = size + 1
        while size & 1:
            carried = _sha256(b"\x01" + hashes.pop() + carried).digest()
            size >>= 1
        hashes.append(carried)

    def root(self) -> bytes:
        """Root of the tree so far (EMPTY_ROOT for none)."""
        return _fold(self.hashes)

    def copy(self) -> Frontier:
        """A frontier that grows on its own from here."""
        return Frontier(self.size, self.hashes)


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """Root of the tree with these leaf hashes, in order; EMPTY_ROOT for none."""
    frontier = Frontier()
    for one in leaf_hashes:
        frontier.append(one)
    return frontier.root()


def frontier_nodes(size: int, start: int = 0) -> list[tuple[int, int]]:
    """(level, index) of the complete subtrees that leaves start..size-1 split into, largest first.

    `start` must be a multiple of the largest power of two that fits in the rest, as it is where a right-hand
    subtree starts.
    """
    nodes = []
    while start < size:
        level = (size - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def tree_root(read: HashReader, size: int) -> bytes:
    """Root of the tree of the first `size` leaves."""
    return _fold([read(level, index) for level, index in frontier_nodes(size)])


def inclusion_proof(read: HashReader, index: int, size: int) -> list[bytes]:
    """Proof that leaf `index` is in the tree of `size` leaves (RFC 6962 section 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    return _path(read, 0, index, size)


def consistency_proof(read: HashReader, old: int, new: int) -> list[bytes]:
    """Proof that the tree of `new` leaves starts with the tree of `old` leaves (RFC 6962 section 2.1.2).

    Empty when old is 0 or equal to new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves does not extend one of {old}")
    if old in (0, new):
        return []
    # The largest complete subtree that ends where the old tree ends; if it is the old tree, it is not sent.
    level, node = 0, old - 1
    while node & 1:
        level, node = level + 1, node >> 1
    return ([read(level, node)] if node else []) + _path(read, level, node, new)


def _path(read: HashReader, level: int, node: int, size: int) -> list[bytes]:
    """Siblings on the way from subtree `node` of `level` up to the root of `size` leaves."""
    proof = []
    last = (size - 1) >> level
    while last:
        if node & 1:
            proof.append(read(level, node - 1))
        elif node < last:
            start = (node + 1) << level
            if start + (1 << level) <= size:
                proof.append(read(level, node + 1))
            else:
                proof.append(_fold([read(lv, ix) for lv, ix in frontier_nodes(size, start)]))
        level, node, last = level + 1, node >> 1, last >> 1
    return proof


def _fold(hashes: Sequence[bytes]) -> bytes:
    """Root of adjoining subtrees, largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = _sha256(b"\x01" + left + root).digest()
    return root


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Show that the leaf is number `index` in the tree of `size` leaves with this root (RFC 9162 2.1.3.2).

    Raises BadInclusion if the proof is too short, too long, or leads to another root.
    """
    if not 0 <= index < size <= MAX_COUNT:
        raise BadInclusion(index=index, size=size, reason="there is no such entry in a tree of this size")
    if any(len(h) != HASH_SIZE for h in (leaf_hash, root, *proof)):
        raise BadInclusion(index=index, size=size, reason=f"every hash has {HASH_SIZE} bytes")
    node, last, reached = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise BadInclusion(index=index, size=size, reason="the proof is too long")
        if node & 1 or node == last:
            reached = node_hash(sibling, reached)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise BadInclusion(index=index, size=size, reason="the proof is too short")
    if reached != root:
        raise BadInclusion(index=index, size=size, reason="the proof leads to another root")


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Show that the new tree starts with the whole old tree (RFC 9162 section 2.1.4.2).

    Raises BadConsistency if it does not, or the proof is not exactly the right one.
    """

    def bad(reason: str) -> BadConsistency:
        return BadConsistency(old_size=old_size, new_size=new_size, reason=reason)

    if not 0 <= old_size <= new_size <= MAX_COUNT:
        raise bad("the newer tree is smaller")
    if any(len(h) != HASH_SIZE for h in (old_root, new_root, *proof)):
        raise bad(f"every hash has {HASH_SIZE} bytes")
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise bad("the root of an empty tree is SHA-256 of nothing")
    if old_size == new_size and old_root != new_root:
        raise bad("two different trees of the same size: the log shows different histories")
    if old_size in (0, new_size):
        if proof:
            raise bad("the proof must be empty")
        return
    if not proof:
        raise bad("the proof is missing")
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    # The first hash is the old tree's last complete subtree; when that is the whole old tree it is not sent.
    first, rest = (proof[0], proof[1:]) if node else (old_root, proof)
    from_old = from_new = first
    for sibling in rest:
        if last == 0:
            raise bad("the proof is too long")
        if node & 1 or node == last:
            from_old, from_new = node_hash(sibling, from_old), node_hash(sibling, from_new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            from_new = node_hash(from_new, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise bad("the proof is too short")
    if from_old != old_root:
        raise bad("the proof does not lead to the older root")
    if from_new != new_root:
        raise bad("the proof does not lead to the newer root: entries were changed or removed")
