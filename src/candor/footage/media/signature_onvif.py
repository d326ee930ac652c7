"""ONVIF media signing: what a camera signed, and whether the pictures are still what it signed.

The camera closes a group of pictures with a message (SEI with the UUID of `signature_units.ONVIF`): one reserved byte,
then fields of tag (1 byte), length (2 bytes, big-endian) and value. Tags: 1 what is covered, 2 list of hashes, 3
signature, 4 algorithms, 5 vendor, 6 certificates, 7 other. The signature is over the message itself, from the unit's
header to the signature's field. The hash of the first slice of a group is H(slice) and the group's anchor; that of
every other is H(anchor || H(slice)). The message holds all of them (field 2), and H of them in a row (field 1), and
the first hash of the group before, so that groups hang together. A message without a signature counts like a slice of
the next group: the signature that follows vouches for it. (ONVIF Media Signing Specification; media-signing-framework
1.0.)

`Verifier` takes the units in the order of the file and keeps no picture. Its memory is bounded by `_MOST_WAITING`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

from candor.footage.media.signature_chain import Signer, signer_of
from candor.footage.media.signature_document import Document, iso_of, read_document
from candor.footage.media.signature_units import ONVIF, Codec, Message, message_of

#: Slices that wait for their signature. A camera signs at least every few seconds; more than these are unsigned.
_MOST_WAITING: Final = 20_000
_MOST_FAULTS: Final = 50  # that are told one by one
_COUNTED: Final = (
    "messages", "signatures", "signatures_bad", "groups_verified", "groups_failed", "groups_unsigned", "groups_missing",
    "slices_verified", "slices_failed", "slices_missing", "slices_unsigned", "slices_outside", "slices_between",
    "slices_behind", "longest_group", "messages_missing", "signers", "links_broken",
)  # fmt: skip


@dataclass
class _Item:
    """A slice, or an unsigned message, that waits for a signature. `vouches`: what that message vouches for."""

    digest: bytes | None
    begins: bool
    seconds: float
    vouches: _Group | None = None


@dataclass
class _Group:
    """A group of pictures that a message speaks of, checked against it."""

    good: list[_Item]
    bad: list[_Item]
    missing: int
    why: str


@dataclass
class Verifier:
    """Takes the units of one picture track in the order of the file; see `finish` for what comes out."""

    codec: Codec
    algorithm: str = "sha256"
    signer: Signer | None = None
    _anchor: bytes | None = None
    _waiting: list[_Item] = field(default_factory=list)
    _counter: int | None = None
    _first_of_last: bytes | None = None
    _counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTED, 0))
    _faults: list[dict[str, Any]] = field(default_factory=list)
    signers: list[Signer] = field(default_factory=list)
    _vendor: dict[str, str] = field(default_factory=dict)
    _moments: list[int] = field(default_factory=list)

    def take(self, unit: bytes, seconds: float) -> None:
        """One unit, at this place of the recording."""
        kind = self.codec.kind(unit)
        if kind in self.codec.messages:
            message = message_of(unit, self.codec)
            if message is not None and message.uuid == ONVIF:
                self._message(unit, message, seconds)
        elif kind in self.codec.intra or kind in self.codec.inter:
            self._slice(unit, kind, seconds)
        elif self.codec.is_slice(unit):
            self._counts["slices_outside"] += 1

    def _slice(self, unit: bytes, kind: int, seconds: float) -> None:
        digest: bytes | None = self._hash(unit)
        begins = kind in self.codec.intra and self.codec.begins_picture(unit)
        if begins:
            self._anchor = digest
        elif self._anchor is not None:
            digest = self._hash(self._anchor + (digest or b""))
        else:
            digest = None  # the recording begins in the middle of a group
        self._waiting.append(_Item(digest, begins, seconds))
        if len(self._waiting) > _MOST_WAITING:
            self._counts["slices_between"] += _MOST_WAITING // 2
            self._drop(self._waiting[: _MOST_WAITING // 2])
            del self._waiting[: _MOST_WAITING // 2]

    def _hash(self, data: bytes) -> bytes:
        return hashlib.new(self.algorithm, data).digest()

    # -- messages

    def _message(self, unit: bytes, message: Message, seconds: float) -> None:
        document = read_document(unit, message, hashlib.new(self.algorithm).digest_size)
        if document is None:
            return
        self._counts["messages"] += 1
        if document.algorithm is not None:
            self.algorithm = document.algorithm
        if document.certificates is not None and document.signature is not None:
            self._take_certificates(document.certificates)
        if document.vendor:
            self._vendor = document.vendor
        trusted = True
        if document.signature is not None:
            self._counts["signatures"] += 1
            trusted = self.signer is not None and self.signer.signed(
                document.signature, self._hash(document.signed), self.algorithm
            )
            if not trusted:
                self._counts["signatures_bad"] += 1
        if document.certificate_only:
            if not trusted:
                self._fault(seconds, "the camera's message with its certificate was changed")
            return
        self._judge(unit, document, trusted, seconds)

    def _take_certificates(self, pem: bytes) -> None:
        if self.signer is not None and self.signer.pem == pem:
            return
        signer = signer_of(pem)
        if signer is not None:
            self.signer = signer
            if signer.chain[0] not in [one.chain[0] for one in self.signers]:
                self._counts["signers"] += 1
                if len(self.signers) < 10:
                    self.signers.append(signer)

    def _judge(self, unit: bytes, document: Document, trusted: bool, seconds: float) -> None:
        """Compare what waits with what the message says of it."""
        skipped = 0
        if document.counter is not None and self._counter is not None:
            skipped = max(0, document.counter - self._counter - 1)
        begin = self._begin(document)
        if begin is None:
            if self._counter is None:
                self._counter = document.counter  # it speaks of pictures from before this file
                return
            begin = 0
        unsigned = self._waiting[:begin]
        items = self._waiting[begin : begin + self._length(begin, document.covered)]
        del self._waiting[: begin + len(items)]
        # What stands where messages are missing may be what they spoke of, or something else that was put there.
        self._counts["messages_missing"] += min(skipped, 1 << 20)
        linked = self._linked(document) if not skipped else True
        if unsigned:
            skipped -= sum(item.begins for item in unsigned)
            self._counts["slices_between"] += sum(item.vouches is None for item in unsigned)
            self._drop(unsigned)
        self._counts["groups_missing"] += max(0, min(skipped, 1 << 20))
        if items and trusted:
            self._counts["longest_group"] = max(self._counts["longest_group"], len(items))
        group = self._compare(document, items, trusted)
        self._counter = document.counter
        self._first_of_last = self._first_hash(document, group) if trusted else None
        if not linked:
            self._counts["links_broken"] += 1
            self._fault(seconds, "the group does not follow on the one before it as the camera signed it")
        if trusted:
            self._moments += [moment for moment in (document.begins, document.ends) if moment is not None][:2]
            self._moments = [min(self._moments), max(self._moments)] if self._moments else []
        if document.signature is None:
            self._waiting.append(_Item(self._hash(document.signed), False, seconds, group))
        else:
            self._settle(group, trusted, seconds)

    def _begin(self, document: Document) -> int | None:
        """Where among the waiting slices the group of this message begins; None when nothing of it is there."""
        starts = {0, *(place for place, item in enumerate(self._waiting) if item.begins or item.vouches is not None)}
        if document.hashes:
            first = {item.digest: place for place, item in reversed(list(enumerate(self._waiting)))}
            starts |= {first[digest] for digest in document.hashes[:1] if digest in first}
        known = set(document.hashes)
        best, most = None, 0
        for begin in sorted(starts):
            items = self._waiting[begin : begin + self._length(begin, document.covered)]
            if items and self._whole(document, items):
                return begin
            matching = sum(item.digest in known for item in items)
            if matching > most:
                best, most = begin, matching
        if best is not None or not self._waiting:
            return best
        # Nothing matches. Of the first message it cannot be told whether it speaks of what is here; later ones do.
        return None if self._counter is None and self._before_file(document) else 0

    def _before_file(self, document: Document) -> bool:
        """Whether the first message speaks of a group that ended before this file begins: at most one group waits, and
        it has not come to its end."""
        begun = sum(item.begins for item in self._waiting)
        return begun <= 1 and len(self._waiting) < document.covered

    def _length(self, begin: int, covered: int) -> int:
        """How many of the waiting slices belong to the group that begins at `begin`: up to the next, and no more than
        the camera counted."""
        slices = 0
        for place in range(begin, min(len(self._waiting), begin + covered)):
            if self._waiting[place].begins and slices:
                return place - begin
            slices += self._waiting[place].vouches is None
        return min(covered, len(self._waiting) - begin)

    def _whole(self, document: Document, items: list[_Item]) -> bool:
        if len(items) != document.covered or any(item.digest is None for item in items):
            return False
        return self._hash(b"".join(item.digest or b"" for item in items)) == document.group

    def _linked(self, document: Document) -> bool:
        if self._first_of_last is None or not any(document.link):
            return True
        # A camera that closes a group early, in the middle of a picture sequence, names the group's own first slice.
        return document.link in (self._first_of_last, *document.hashes[:1])

    def _first_hash(self, document: Document, group: _Group) -> bytes | None:
        """The first hash of a group as the camera signed it, whatever became of the slice."""
        if document.hashes:
            return document.hashes[0]
        return group.good[0].digest if group.good and not group.bad and not group.missing else None

    def _compare(self, document: Document, items: list[_Item], trusted: bool) -> _Group:
        if not trusted:
            return _Group([], items, 0, "the camera's signature does not fit its message")
        if self._whole(document, items):
            return _Group(items, [], 0, "")
        if not document.hashes:
            missing = max(0, document.covered - len(items))
            return _Group([], items, missing, "the pictures are not those that were signed")
        good, bad, at = [], [], 0
        for item in items:
            found = next((n for n in range(at, len(document.hashes)) if document.hashes[n] == item.digest), None)
            if found is None:
                bad.append(item)
            else:
                good.append(item)
                at = found + 1
        missing = max(0, len(document.hashes) - len(items))
        return _Group(good, bad, missing, "the pictures are not those that were signed")

    # -- what comes of it

    def _settle(self, group: _Group, trusted: bool, seconds: float) -> None:
        """Count a group whose signature was looked at, and those whose messages stand among its slices."""
        for item in group.good:
            if item.vouches is not None:
                self._settle(item.vouches, trusted, item.seconds)
        for item in group.bad:
            if item.vouches is not None:
                unvouched = _Group([], item.vouches.good + item.vouches.bad, item.vouches.missing, group.why)
                self._settle(unvouched, False, item.seconds)
        good = [item for item in group.good if item.vouches is None]
        bad = [item for item in group.bad if item.vouches is None]
        self._counts["slices_verified"] += len(good)
        self._counts["slices_failed"] += len(bad)
        self._counts["slices_missing"] += group.missing
        if bad or group.missing:
            self._counts["groups_failed"] += 1
            begin = min((item.seconds for item in group.good + group.bad), default=seconds)
            words = group.why if bad else "slices that were signed are missing"
            self._fault(begin, words)
        else:
            self._counts["groups_verified"] += 1

    def _drop(self, items: list[_Item]) -> None:
        """What no signature speaks of."""
        slices = [item for item in items if item.vouches is None]
        for item in items:
            if item.vouches is not None:
                self._drop(item.vouches.good + item.vouches.bad)
        self._counts["slices_unsigned"] += len(slices)
        self._counts["groups_unsigned"] += sum(item.begins for item in slices)

    def _fault(self, seconds: float, words: str) -> None:
        if len(self._faults) < _MOST_FAULTS:
            self._faults.append({"at_ms": round(seconds * 1000), "words": words})

    def finish(self) -> dict[str, Any]:
        """{"messages", … (counts, `_COUNTED`), "faults": [{"at_ms", "words"}], "vendor",
        "signed_from", "signed_to" (ISO 8601 or None), "algorithm"}. slices_outside: of kinds that this way of signing
        leaves out. slices_between: without a signature, and a signed group follows; slices_behind: none does;
        longest_group: slices of the longest one that was signed. Who signed stands in `signers`, of which there are so
        many as the count says."""
        self._counts["slices_behind"] = sum(item.vouches is None for item in self._waiting)
        self._drop(self._waiting)
        self._waiting = []
        moments = [iso_of(moment) for moment in self._moments]
        return {
            **self._counts,
            "algorithm": self.algorithm,
            "faults": self._faults,
            "vendor": self._vendor,
            "signed_from": moments[0] if moments else None,
            "signed_to": moments[-1] if moments else None,
        }
