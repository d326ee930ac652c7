"""Small files beside recordings: read in a limited process, kept raw and sealed, compared with what is sealed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, cast

from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.limited import LimitedUnavailable
from candor.custody import record as custody
from candor.custody.events import Event
from candor.docking.cards.found import Beside, is_small
from candor.docking.cards.listing import Card, CardFile, Listing
from candor.docking.cards.records import Known
from candor.docking.cards.tracking import Placed, keep_points
from candor.footage import names
from candor.footage.discrepancies import Conflict, Field, Why, note_conflict
from candor.footage.intake import Intake
from candor.footage.media.sidecar import facts_of, read_sidecar
from candor.footage.sidecars import KINDS, KeptSidecar, SidecarClaim, attach_sidecar, keep_sidecar, set_facts

__all__ = ["Digest", "FactsReading", "Sealed", "attach_late", "compared", "keep_beside"]

#: Small files of one card that are read before its recordings; any more are read when they are kept.
_MOST_READ_FIRST = 20_000
#: What of a small file no reader of cards needs, and can be much; so many of them are held all the same.
_LARGE = ("points", "lines")
_MOST_HELD = 20
#: Recordings that a small file lies beside, each with a copy of it.
_MOST_BESIDE = 20
#: Dialects of subtitles whose points have both a place in the recording and a receiver's time.
_TIMED = frozenset({"srt with NMEA sentences"})


@dataclass(frozen=True)
class Sealed:
    """A recording's file that is in."""

    path: str
    sha256: bytes
    placed: Placed


@dataclass(frozen=True)
class Digest:
    """A digest that came beside a file, against the seal."""

    path: str
    recording_id: str
    said: str
    sealed: str

    @property
    def agrees(self) -> bool:
        return self.said == self.sealed

    def to_json(self) -> dict[str, Any]:
        """For the sidecar's facts and the event."""
        told = {"file": names.kept(self.path), "said": self.said, "sealed": self.sealed}
        return {**told, "agrees": self.agrees}


@dataclass
class FactsReading:
    """Reads small files, each once as long as it stays as it is. Of many only what readers of cards need is held."""

    _found: dict[tuple[object, ...], tuple[dict[str, Any], bool]] = field(default_factory=dict)
    """(what is held of it, whether the file says more)."""

    def of(self, card: Card, file: CardFile) -> dict[str, Any]:
        """All that a small file says; nothing where it cannot be read now."""
        held = self._found.get(file.as_it_was)
        if held is not None and not held[1]:
            return held[0]
        return self._read(card, file)

    def _read(self, card: Card, file: CardFile) -> dict[str, Any]:
        try:
            with os.fdopen(card.open(file), "rb", buffering=0) as stream:
                read = read_sidecar(cast(BinaryIO, stream), file.name)
        except (OSError, LimitedUnavailable):
            return {}
        more = sum(len(read[name]) for name in _LARGE) > _MOST_HELD
        self._found[file.as_it_was] = ({**read, **{name: [] for name in _LARGE}} if more else read), more
        return read

    def _brief(self, card: Card, file: CardFile) -> dict[str, Any]:
        if file.as_it_was not in self._found and not self._read(card, file):
            return {}
        return self._found[file.as_it_was][0]

    def forget(self, there: set[tuple[object, ...]]) -> None:
        """Let go of every file but these."""
        self._found = {key: value for key, value in self._found.items() if key in there}

    def all(self, card: Card, listing: Listing, ready: set[str]) -> dict[str, Mapping[str, Any]]:
        """What the small files of a card say, those that are ready."""
        small = [file for file in listing.files if is_small(file) and file.path in ready]
        return {file.path: self._brief(card, file) for file in small[:_MOST_READ_FIRST]}


def compared(beside: Beside, facts: Mapping[str, Any], sealed: Sequence[Sealed]) -> list[Digest]:
    """The SHA-256 digests in a small file against the seals of the files that it names, or lies beside."""
    found = []
    by_name: dict[str, list[Sealed]] = {}
    for one in sealed:
        by_name.setdefault(one.path.rpartition("/")[2].lower(), []).append(one)
    for entry in facts.get("hashes", ()):
        if entry.get("algorithm") != "sha256":
            continue
        name = (entry.get("name") or "").replace("\\", "/").rpartition("/")[2].lower()
        meant = by_name.get(name, []) if name else list(sealed[:2])
        if not name and (len(meant) != 1 or len(facts["hashes"]) != 1):
            continue  # a digest without a name, and more than one file that it may mean
        found += [Digest(one.path, one.placed.recording_id, entry["hex"], one.sha256.hex()) for one in meant]
    return found


def keep_beside(
    intake: Intake,
    card: Card,
    beside: Beside,
    facts: Mapping[str, Any],
    sealed: Sequence[Sealed],
    claim: SidecarClaim,
) -> tuple[bytes, int, str, list[Digest]]:
    """Seal a small file, beside each of the recordings that it belongs to; (SHA-256, size, a sidecar's id, digests).
    A list of a whole export is kept once, beside none of them: what is compared stands in each one's history.

    `sealed`: the recordings' files that it belongs to. Raises OSError when it cannot be read.
    """
    kind = str(facts.get("kind") or "unknown")
    kind = kind if kind in KINDS and kind != "unknown" else beside.kind
    digests: dict[str, list[Digest]] = {}
    for one in compared(beside, facts, sealed):
        digests.setdefault(one.recording_id, []).append(one)
    recordings = list(dict.fromkeys(one.placed.recording_id for one in sealed))
    once = len(recordings) > _MOST_BESIDE
    kept: list[KeptSidecar] = []
    for recording_id in [None] if once or not recordings else recordings:
        told = facts_of(dict(facts))
        mine = digests.get(recording_id or "", [])
        if mine:
            told["compared"] = [one.to_json() for one in mine]
        saying = replace(claim, kind=kind, recording_id=recording_id)
        with os.fdopen(card.open(beside.file), "rb", buffering=0) as stream:
            kept.append(keep_sidecar(intake, cast(BinaryIO, stream), saying, facts=told))
        if recording_id is not None:
            with intake.database.write() as tx:
                _note(tx, kept[-1], told, mine, claim.actor, intake.clock)
                _tracks(tx, kept[-1].id, facts, [place.placed for place in sealed], recording_id, claim, intake.clock)
    for recording_id in recordings if once else ():
        with intake.database.write() as tx:
            _note(tx, kept[0], {}, digests.get(recording_id, []), claim.actor, intake.clock)
    done = kept[0]
    return done.sha256, done.size, done.id, [one for mine in digests.values() for one in mine]


def attach_late(
    intake: Intake, card: Card, beside: Beside, known: Known, sealed: Sequence[Sealed], claim: SidecarClaim
) -> list[Digest] | None:
    """Put a small file that is in, beside none, beside the recording that could not be read then; how its digests
    compare, None when it is not to be."""
    recordings = {one.placed.recording_id for one in sealed}
    if known.sidecar_id is None or known.recording_id is not None or len(recordings) != 1:
        return None
    facts = FactsReading().of(card, beside.file)
    digests = compared(beside, facts, sealed)
    (recording_id,) = recordings
    kept = KeptSidecar(known.sidecar_id, known.sha256, known.size, new=True)
    with intake.database.write() as tx:
        attach_sidecar(tx, kept.id, recording_id, actor=claim.actor, clock=intake.clock)
        if digests:
            set_facts(tx, kept.id, {"compared": [one.to_json() for one in digests]})
        _note(tx, kept, {}, digests, claim.actor, intake.clock)
        _tracks(tx, kept.id, facts, [one.placed for one in sealed], recording_id, claim, intake.clock)
    return digests


def _note(
    tx: Connection,
    kept: KeptSidecar,
    told: Mapping[str, Any],
    digests: Sequence[Digest],
    actor: str,
    clock: Clock,
) -> None:
    """Put on record how digests compare; one that differs is a conflict for a person to settle."""
    sidecar_id = kept.id
    if not kept.new and digests:
        set_facts(tx, sidecar_id, {"compared": told["compared"]})
    for one in digests:
        if kept.new:
            details = {"sidecar": sidecar_id, **one.to_json()}
            custody.append(
                tx, Event.SIDECAR_COMPARED, actor=actor, recording=one.recording_id, details=details, clock=clock
            )
        if not one.agrees:
            claims = (
                {"says": "sidecar", "value": one.said, "sidecar": sidecar_id, "file": names.kept(one.path)},
                {"says": "seal", "value": one.sealed, "file": names.kept(one.path)},
            )
            note_conflict(tx, one.recording_id, Conflict(Field.HASH, Why.DIFFERS, claims), actor=actor, clock=clock)


def _tracks(
    tx: Connection,
    sidecar_id: str,
    facts: Mapping[str, Any],
    places: Sequence[Placed],
    recording_id: str,
    claim: SidecarClaim,
    clock: Clock,
) -> None:
    """Keep the points of a small file as a track of the recording that it lies beside; of one, and no more."""
    mine = [place for place in places if place.recording_id == recording_id]
    if not facts.get("points") or not mine or len({place.recording_id for place in places}) > 1:
        return
    dialect = str(facts.get("dialect") or facts.get("kind"))
    placed = mine[0] if len(mine) == 1 else Placed(recording_id, None, mine[0].device_id, mine[0].started_at)
    with contextlib.suppress(ValueError):  # a time that no calendar has
        keep_points(
            tx, placed, facts, source=f"{dialect} beside the recording", sidecar_id=sidecar_id,
            compare=dialect in _TIMED, utc=True, actor=claim.actor, clock=clock,
        )  # fmt: skip
