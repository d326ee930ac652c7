"""Verification of discovery: the whole of a case, of which some recordings and some events are kept back, each named.

A package that holds data/discovery.json is discovery. Beyond what every package of originals must show:

    8   the event of the discovery is in the log at its place (custody/discovery.tlog-proof)
    9   it is the one the log holds
    10  every recording that the case had is in the package, or named as withheld with its count of events and a reason;
        every event that is not opened has a reason that is explained
    12  that event commits to this package, and to how many recordings the case had, were given and were withheld

That the case had no further recording rests on the agency's word, given in the log at that moment: it cannot say
otherwise afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from candor.verify.bag import Bag, quoted
from candor.verify.checkpoint import Checkpoint
from candor.verify.contents import (
    MAX_RECORDINGS,
    Contents,
    History,
    count_of,
    list_of,
    object_of,
    strict_json,
    text_of,
    uuid_of,
)
from candor.verify.encoding import alike, reading
from candor.verify.errors import VerifyError, shown
from candor.verify.leaf import parse_time
from candor.verify.merkle import leaf_hash, verify_inclusion
from candor.verify.note import Note
from candor.verify.opening import EventPayload, Opening
from candor.verify.report import Step
from candor.verify.tlogproof import MAX_PROOF_SIZE, TlogProof

__all__ = [
    "DISCLOSED",
    "DISCOVERY",
    "MADE",
    "MADE_PROOF",
    "Discovery",
    "Given",
    "Made",
    "Withheld",
    "check_everything_named",
    "check_made",
    "read_discovery",
    "read_made",
]

DISCOVERY = "data/discovery.json"
"""A package that holds this file is discovery."""
MADE_PROOF = "custody/discovery.tlog-proof"
MADE = "discovery:made"
DISCLOSED = "recording:disclosed"
"""The last event of each history in a package of discovery."""
MOST_REASONS = 100


class NotShown(VerifyError):
    """The event of the discovery is not shown as it should be: {reason}."""

    exit_code = 28


@dataclass(frozen=True)
class Given:
    """A recording that is in the package: how many events it had, and how many of them are not opened."""

    recording: str
    events: int
    withheld: int


@dataclass(frozen=True)
class Withheld:
    """A recording of the case that is not in the package: how many events it had, why, by which rule, and who said."""

    recording: str
    events: int
    reason: str
    citation: str
    decided_by: str


@dataclass(frozen=True)
class Discovery:
    """data/discovery.json. `recordings`: how many the case had; `reasons`: why events are not opened, in words."""

    discovery: str
    number: str
    case: str
    package: str
    made: str
    sides: tuple[str, ...]
    recordings: int
    given: tuple[Given, ...]
    withheld: tuple[Withheld, ...]
    reasons: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """What a report says of it."""
        return {
            "discovery": self.discovery,
            "number": self.number,
            "case": self.case,
            "made": self.made,
            "sides": list(self.sides),
            "recordings": self.recordings,
            "given": len(self.given),
            "withheld": [vars(one) for one in self.withheld],
            "events": sum(one.events for one in self.given),
            "withheld_events": sum(one.withheld for one in self.given),
        }


@dataclass(frozen=True)
class Made:
    """The event of the discovery as it is shown: its place, its opening."""

    index: int
    opening: Opening


def read_discovery(data: bytes) -> Discovery:
    """Read data/discovery.json. Raises Malformed."""
    with reading("description of the discovery (data/discovery.json)"):
        found = object_of(strict_json(data))
        if count_of(found.get("v")) != 1:
            raise ValueError("it is of another version than 1")
        given = tuple(
            Given(uuid_of(one.get("recording")), count_of(one.get("events")), count_of(one.get("withheld")))
            for one in map(object_of, list_of(found.get("given")))
        )
        withheld = tuple(
            Withheld(
                uuid_of(one.get("recording")),
                count_of(one.get("events")),
                *(_words(one.get(name)) for name in ("reason", "citation", "decided_by")),
            )
            for one in map(object_of, list_of(found.get("withheld")))
        )
        if len(given) + len(withheld) > MAX_RECORDINGS:
            raise ValueError(f"it lists more than {MAX_RECORDINGS:,} recordings")
        reasons = {name: _words(words) for name, words in object_of(found.get("reasons")).items()}
        if len(reasons) > MOST_REASONS:
            raise ValueError(f"it explains more than {MOST_REASONS:,} reasons")
        made = text_of(found.get("made"))
        parse_time(made)
        return Discovery(
            uuid_of(found.get("discovery")),
            _words(found.get("number")),
            _words(found.get("case")),
            uuid_of(found.get("package")),
            made,
            tuple(_words(side) for side in list_of(found.get("sides"))),
            count_of(found.get("recordings")),
            given,
            withheld,
            reasons,
        )


def _words(value: object) -> str:
    text = text_of(value)
    if not text.strip():
        raise ValueError("a text in it is empty")
    return text


def read_made(bag: Bag, note: Note, checkpoint: Checkpoint) -> Made:
    """Step 8 of the event of the discovery: it is in the log at its place. Raises VerifyError."""
    proof = TlogProof.parse(bag.read(MADE_PROOF, MAX_PROOF_SIZE))
    if proof.extra is None:
        raise NotShown(reason=f"{quoted(MADE_PROOF)} does not carry it")
    if proof.checkpoint != note:
        raise NotShown(reason="it is proved for another checkpoint than the package's")
    opening = Opening.parse(proof.extra)
    verify_inclusion(leaf_hash(opening.leaf), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return Made(proof.index, opening)


def check_everything_named(found: Discovery, contents: Contents, histories: Mapping[str, History], step: Step) -> None:
    """Step 10: nothing of the case is left unsaid. The recordings in the package are those that are listed as given, no
    recording is listed twice, and the counts are those of the histories."""
    given = {one.recording: one for one in found.given}
    withheld = [one.recording for one in found.withheld]
    everything = [*(one.recording for one in found.given), *withheld]
    packaged = [one.id for one in contents.recordings]
    for recording in sorted(given.keys() - set(packaged)):
        step.fail(f"recording {recording} is listed as given and is not in the package: it was left out")
    for recording in sorted(set(packaged) - given.keys()):
        step.fail(f"recording {recording} is in the package and is not listed as given: it was added")
    if len(set(everything)) != len(everything):
        step.fail("a recording is listed twice in data/discovery.json")
    if len(everything) != found.recordings:
        step.fail(
            f"the case had {found.recordings:,} recordings; {len(found.given):,} are listed as given and "
            f"{len(withheld):,} as withheld"
        )
    for recording, one in given.items():
        history = histories.get(recording)
        if history is not None:
            _check_counts(one, history, found.reasons, step)
    if not step.failed:
        step.words += f"; {found.recordings:,} recordings of the case, {len(given):,} given, {len(withheld):,} withheld"
        for each in found.withheld:
            step.note(
                f"recording {each.recording} is withheld, with {each.events:,} events: {shown(each.reason)} "
                f"({shown(each.citation)}; decided by {shown(each.decided_by)})"
            )
        for reason in sorted({event.reason for history in histories.values() for event in history.withheld}):
            step.note(f"not opened, {shown(reason)}: {shown(found.reasons[reason])}")


def _check_counts(one: Given, history: History, reasons: Mapping[str, str], step: Step) -> None:
    if one.events != history.length or one.withheld != len(history.withheld):
        step.fail(
            f"recording {one.recording}: data/discovery.json says {one.events:,} events and {one.withheld:,} not "
            f"opened; shown are {history.length:,} and {len(history.withheld):,}"
        )
    for event in history.withheld:
        if event.reason not in reasons:
            step.fail(
                f"event {event.n} of recording {one.recording} is not opened, and its reason "
                f"{shown(event.reason)} is not explained"
            )


def check_made(
    made: EventPayload,
    index: int,
    manifest_sha256: str,
    found: Discovery,
    hand_outs: Sequence[EventPayload],
    step: Step,
) -> None:
    """Step 12: the event of the discovery is of this package and says how much the case had; the hand-out of every
    recording names this discovery."""
    details = made.details
    if made.kind != MADE or made.recording is not None:
        step.fail(f"{quoted(MADE_PROOF)} is not of the event by which discovery is made")
        return
    expected = {
        "discovery": found.discovery,
        "number": found.number,
        "package": found.package,
        "manifest_sha256": manifest_sha256,
        "recordings": found.recordings,
        "given": len(found.given),
        "withheld": len(found.withheld),
    }
    other = [name for name, value in expected.items() if not alike(details.get(name), value)]
    if other:
        step.fail(f"the log's event of this discovery says otherwise than the package: {', '.join(other)}")
    for one in hand_outs:
        if one.details.get("discovery") != found.discovery:
            step.fail(f"event {one.n} of recording {one.recording} is the hand-out of another discovery")
    if not step.failed:
        step.note(f"discovery {shown(found.number)} in case {shown(found.case)} is entry {index:,} of the log")
