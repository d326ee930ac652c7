"""Making discovery of a case: one transaction in which the package for both sides is handed out and put on record.

Every recording that the case has at that moment is in the package, or is named as withheld with its count of events,
the reason, the rule, and in which role somebody decided it. The log's event of the discovery commits to all of that;
the last event of each recording commits to which of its events are not opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from candor.core.canonical import canonical_json
from candor.core.clock import Clock, SystemClock, iso
from candor.core.errors import NotFound
from candor.core.ids import new_id
from candor.custody import Event, append, history, rotate_tag_key
from candor.custody.tables import log_head
from candor.disclosure.describe import described
from candor.disclosure.discovery import findings, marks
from candor.disclosure.discovery.errors import CaseIsOther, NeverGiven, NothingToGive, NotInCase
from candor.disclosure.discovery.rules import PartySide, numbered, role_of
from candor.disclosure.discovery.standing import BY_RULE, Standing, recordings_in, standings, upon
from candor.disclosure.discovery.tables import discovery, discovery_counter
from candor.disclosure.discovery.withholding import REASONS, kept_back, watchers
from candor.disclosure.discovery.words import clean
from candor.disclosure.documents import digests, documents
from candor.disclosure.errors import NoFiles, RecordingGone
from candor.disclosure.handing_out import held, must_be_verifiable, plan_of
from candor.disclosure.making import JOB
from candor.disclosure.packages import PackageState
from candor.disclosure.tables import package, package_recording
from candor.jobs import Jobs
from candor.matters.holding import note
from candor.matters.reading import Case, case
from candor.matters.tables import matter
from candor.people.rules import Actor, Permission
from candor.people.tables import agency
from candor.verify.discovery import DISCOVERY
from candor.verify.note import VerifierKey

__all__ = ["Keep", "Made", "make"]

#: To whom the hand-out is, as its events say.
RECIPIENT = "both sides of the case"


@dataclass(frozen=True)
class Keep:
    """That somebody withholds a recording: why, and by which rule."""

    reason: str
    citation: str


@dataclass(frozen=True)
class Made:
    """A discovery that was made; its package follows."""

    id: str
    number: str
    package_id: str


@dataclass(frozen=True)
class _Withheld:
    recording_id: str
    reason: str
    citation: str
    decided_by: str


def make(
    tx: Connection,
    jobs: Jobs,
    actor: Actor,
    matter_id: str,
    *,
    withheld: Mapping[str, Keep] | None = None,
    although: Mapping[str, str] | None = None,
    reviews: bool = False,
    watermark: bool = False,
    seen: str | None = None,
    clock: Clock | None = None,
) -> Made:
    """Make discovery of a case, for both sides, and have its package made.

    `withheld`: recordings that are kept back, with reason and rule. `although`: recordings that a restriction would
    keep back and that are given all the same, with the reason, by somebody who may lift restrictions. `reviews`:
    whether events of reviews before a statement are not opened. `watermark`: whether each side watches copies with its
    own mark in the picture; they are made for both sides and all recordings. `seen`: `standing.upon` of what whoever
    decides saw.

    Raises Refused, CaseUnknown, NotInCase, NeverGiven, CaseIsOther, NothingToGive, DiscoveryWordsMissing, TooMuch.
    """
    actor.require(Permission.DISCOVERY_MANAGE)
    clock = clock or SystemClock()
    found = case(tx, actor, matter_id)
    # From here on nothing comes into the case, and no history of it goes on: what narrows who may see a recording is an
    # event of that history, so nobody closes one in the moment in which it is given.
    tx.execute(sa.select(matter.c.id).where(matter.c.id == found.id).with_for_update())
    counts = held(tx, recordings_in(tx, found.id))
    stand = standings(tx, actor, found.id)
    if seen is not None and seen != upon(stand):
        raise CaseIsOther(number=found.number)
    given, absent = _sorted(tx, actor, found, stand, withheld or {}, although or {}, clock)
    given, gone = _readable(tx, actor, given)
    absent += gone
    if not given:
        raise NothingToGive(number=found.number, count=len(stand))
    now = clock.now()
    act = _Act(tx, actor, found, now, new_id(), new_id(), _next_number(tx, now.year), reviews, watermark, clock)
    return act.done(jobs, given, absent, counts)


@dataclass(frozen=True)
class _Act:
    """One making, with what all of its steps need."""

    tx: Connection
    actor: Actor
    case: Case
    now: datetime
    discovery_id: str
    package_id: str
    number: str
    reviews: bool
    watermark: bool
    clock: Clock

    def done(self, jobs: Jobs, given: list[str], absent: list[_Withheld], counts: Mapping[str, int]) -> Made:
        who = watchers(self.tx)
        closed = {one: kept_back(history(self.tx, one), self.case.id, who, reviews=self.reviews) for one in given}
        told = findings.to_disclose(self.tx, self.case.id, given)
        said = self._said(given, absent, counts, closed, told)
        more = {DISCOVERY: canonical_json(said).decode()}
        plan, manifest = plan_of(self.tx, self.actor, given, self.package_id, RECIPIENT, self.now, more)
        plan["discovery"] = {"discovery": self.discovery_id, "withheld": closed}
        must_be_verifiable({one: counts[one] for one in given}, plan)
        self._hand_out(plan, manifest, given, counts)
        details = {
            "discovery": self.discovery_id,
            "number": self.number,
            "package": self.package_id,
            "manifest_sha256": manifest.hex(),
            "recordings": len(given) + len(absent),
            "given": len(given),
            "withheld": len(absent),
            "findings": len(told),
            "sides": [side.value for side in PartySide],
            "watermark": self.watermark,
        }
        event = note(self.tx, Event.DISCOVERY_MADE, self.actor, self.case.id, details, clock=self.clock)
        plan["discovery"]["event"] = event
        self._rows(jobs, plan, manifest, event, said)
        if self.watermark:
            marks.want(self.tx, jobs, self.discovery_id, given, clock=self.clock)
        findings.disclosed(self.tx, [one["finding"] for one in told], self.discovery_id)
        return Made(self.discovery_id, self.number, self.package_id)

    def _said(
        self,
        given: Sequence[str],
        absent: Sequence[_Withheld],
        counts: Mapping[str, int],
        closed: Mapping[str, Mapping[str, list[int]]],
        told: list[dict[str, Any]],
    ) -> dict[str, Any]:
        """data/discovery.json."""
        names = sorted({reason for numbers in closed.values() for reason in numbers})
        return {
            "agency": self.tx.scalar(sa.select(agency.c.name)) or "(no agency named)",
            "case": self.case.number,
            "discovery": self.discovery_id,
            "findings": told,
            "given": [
                {"recording": one, "events": counts[one] + 1, "withheld": sum(map(len, closed[one].values()))}
                for one in given
            ],
            "made": iso(self.now),
            "number": self.number,
            "package": self.package_id,
            "reasons": {name: REASONS[name].words for name in names},
            "recordings": len(given) + len(absent),
            "sides": [side.value for side in PartySide],
            "v": 1,
            "withheld": [
                {
                    "recording": one.recording_id,
                    "events": counts[one.recording_id],
                    "reason": one.reason,
                    "citation": one.citation,
                    "decided_by": one.decided_by,
                }
                for one in absent
            ],
        }

    def _hand_out(self, plan: dict[str, Any], manifest: bytes, given: Sequence[str], counts: Mapping[str, int]) -> None:
        """The last event of each history, and new keys for what comes after it."""
        head = self.tx.execute(sa.select(log_head.c.size, log_head.c.vkey)).first()
        if head is None:
            raise NotFound(what="custody log", id="here")
        log = VerifierKey.parse(head.vkey)
        made = documents(plan, package=self.package_id, created_at=self.now, recipient=RECIPIENT, log=log)
        plan["documents"] = digests(made)
        for recording_id in sorted(given):  # in one order everywhere: see handing_out.py
            plan["events"][recording_id] = append(
                self.tx,
                Event.RECORDING_DISCLOSED,
                actor=self.actor.account_id,
                recording=recording_id,
                details={
                    "discovery": self.discovery_id,
                    "package": self.package_id,
                    "manifest_sha256": manifest.hex(),
                    "documents": plan["documents"],
                    "events": counts[recording_id] + 1,
                    "log_size": head.size,
                    "recipient": RECIPIENT,
                    "purpose": f"Discovery {self.number} in case {self.case.number}",
                    "withheld": plan["discovery"]["withheld"][recording_id],
                },
                clock=self.clock,
            )
            rotate_tag_key(self.tx, recording_id, actor=self.actor.account_id, clock=self.clock)

    def _rows(self, jobs: Jobs, plan: dict[str, Any], manifest: bytes, event: str, said: dict[str, Any]) -> None:
        self.tx.execute(
            package.insert(),
            {
                "id": self.package_id,
                "state": PackageState.WAITING.value,
                "created_at": self.now,
                "actor": self.actor.account_id,
                "recipient": RECIPIENT,
                "purpose": f"Discovery {self.number} in case {self.case.number}",
                "name": f"candor-discovery-{self.number}",
                "manifest_sha256": manifest,
                "plan": plan,
                "job_id": jobs.enqueue(self.tx, JOB, {"package": self.package_id}),
            },
        )
        rows = [
            {"package_id": self.package_id, "recording_id": one, "event_id": its} for one, its in plan["events"].items()
        ]
        self.tx.execute(package_recording.insert(), rows)
        self.tx.execute(
            discovery.insert(),
            {
                "id": self.discovery_id,
                "number": self.number,
                "matter_id": self.case.id,
                "package_id": self.package_id,
                "event_id": event,
                "made_by": self.actor.account_id,
                "made_at": self.now,
                "watermark": self.watermark,
                "said": said,
            },
        )


def _sorted(
    tx: Connection,
    actor: Actor,
    found: Case,
    stand: Sequence[Standing],
    withheld: Mapping[str, Keep],
    although: Mapping[str, str],
    clock: Clock,
) -> tuple[list[str], list[_Withheld]]:
    """What is given, and what is withheld by a rule or by a decision."""
    known = {one.recording_id for one in stand}
    for one in (*withheld, *although):
        if one not in known:
            raise NotInCase(id=one, number=found.number)
    given, absent = [], []
    for each in stand:
        keep = withheld.get(each.recording_id)
        if keep is not None:
            words, rule = clean("why it is withheld", keep.reason), clean("the rule", keep.citation)
            absent.append(_Withheld(each.recording_id, words, rule, role_of(actor)))
        elif each.reason is None:
            given.append(each.recording_id)
        elif each.recording_id in although:
            actor.require(Permission.RESTRICTIONS_MANAGE)
            if each.never:
                raise NeverGiven(id=each.recording_id, reason=each.reason, rule=each.citation)
            why = clean("why it is given all the same", although[each.recording_id])
            details = {"recording": each.recording_id, "rule": each.citation, "reason": why}
            note(tx, Event.DISCOVERY_GIVEN_ALTHOUGH, actor, found.id, details, clock=clock)
            given.append(each.recording_id)
        else:
            absent.append(_Withheld(each.recording_id, each.reason, each.citation, BY_RULE))
    return given, absent


def _readable(tx: Connection, actor: Actor, given: Sequence[str]) -> tuple[list[str], list[_Withheld]]:
    """Those whose files are there; the others are withheld, because there is nothing to give."""
    there, gone = [], []
    for one in given:
        try:
            described(tx, actor, one, 1)
            there.append(one)
        except (NoFiles, RecordingGone):
            reason = "No file of it is there any more; its history remains."
            gone.append(_Withheld(one, reason, "footage.state gone", BY_RULE))
    return there, gone


def _next_number(tx: Connection, year: int) -> str:
    insert: Any = sqlite_insert if tx.dialect.name == "sqlite" else postgresql_insert
    counted = (
        insert(discovery_counter)
        .values(year=year, last=1)
        .on_conflict_do_update(index_elements=["year"], set_={"last": discovery_counter.c.last + 1})
        .returning(discovery_counter.c.last)
    )
    return numbered(year, tx.execute(counted).scalar_one())
