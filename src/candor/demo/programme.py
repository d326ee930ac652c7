"""What the demo's agency goes by and has under way: law in effect, a case with a hold, labels, a change that waits,
tested cameras, training."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.demo.footage.incident import NUMBER
from candor.fleet.assignments import assignments_of_account
from candor.fleet.duties.service import mark_tested
from candor.fleet.duties.training import record_training
from candor.footage import categories, classification
from candor.footage.tables import recording
from candor.installation import Installation
from candor.law import changes
from candor.law.books import book_now
from candor.law.vocabulary import CaseKind, HoldKind, Label, LawClass
from candor.matters import contents, membership
from candor.matters import service as matters
from candor.matters.rules import Part, Side
from candor.people import service as people
from candor.people.rules import Actor
from candor.retention import holds, law_changes, plans

__all__ = ["set_up"]

PACK = "us-ct"
#: What counsel compared with the text, in this story: what is kept, and that footage is released on request.
ADOPTED = ("ct-postc-2015-every-recording", "ct-29-6d-f2-request")
#: Waits for a second person, so that there is a dry run to look at.
POLICY = b"""\
# The demonstration's own policy: whatever shows force or a pursuit is kept for six years.
id: csp-demo-policy
kind: policy
name: Administrative order 13.15 (a demonstration)
jurisdiction: US-CT
version: "1"
compiled-on: 2026-11-01
time-zone: America/New_York
over: us-ct
rules:
  - id: keep-force
    kind: retention
    text: Footage of force and of pursuits is kept for six years.
    citation: Administrative order 13.15 (a demonstration), section 4
    in-force-from: 2026-11-01
    verification: official text
    verified-on: 2026-11-01
    measured: decided
    when:
      classes: [force, deadly-force, pursuit]
    minimum: 6 years
"""
CASE = "FR-26-0031"
#: What the troop's own categories mean to the law.
MEANINGS = {
    "Assist motorist": LawClass.CONTACT,
    "Collision report": LawClass.ACCIDENT,
    "Patrol": LawClass.OTHER,
    "Community contact": LawClass.CONTACT,
}


def set_up(installation: Installation) -> None:
    """All of it, once: harmless to repeat."""
    with installation.database.read() as tx:
        if book_now(tx).packs:
            return
        admin, counsel, technician = (_account(tx, name) for name in ("admin", "counsel", "technician"))
    _law(installation, admin, counsel)
    _case(installation, counsel, technician)
    _cameras(installation)
    _plan(installation, technician)


def _law(installation: Installation, admin: Actor, counsel: Actor) -> None:
    """The pack of the state in effect, one rule adopted, a policy that waits: each tried out first."""
    database, clock = installation.database, installation.clock
    with database.write() as tx:
        offered = categories.categories(tx)
        for name, meaning in MEANINGS.items():
            if name in offered:
                why = "What the troop means by it."
                categories.set_meaning(tx, admin, name, meaning, reason=why, clock=clock)
        pack = changes.propose_pack(tx, admin, PACK, reason="The law of this state.", clock=clock)
    _try_out(installation, admin, pack)
    with database.write() as tx:
        law_changes.decide(tx, counsel, pack, approve=True, reason="Read, and tried out.", clock=clock)
        adoption = changes.propose_adoption(
            tx, counsel, ADOPTED, reason="Compared with the official texts.", clock=clock
        )
    _try_out(installation, counsel, adoption)
    with database.write() as tx:
        law_changes.decide(tx, admin, adoption, approve=True, reason="Nothing is old enough yet.", clock=clock)
        policy = changes.propose_policy(tx, admin, POLICY, reason="Order 13.15 was revised.", clock=clock)
    _try_out(installation, admin, policy)


def _try_out(installation: Installation, actor: Actor, change_id: str) -> None:
    with installation.database.write() as tx:
        plan = plans.ask(tx, actor, change_id=change_id, clock=installation.clock)
    plans.work_out(installation.database, plan, clock=installation.clock)


def _case(installation: Installation, counsel: Actor, technician: Actor) -> None:
    """The incident that four cameras saw: a review of force with a hold; and a label that restricts."""
    database, clock = installation.database, installation.clock
    with database.write() as tx:
        chosen = list(tx.scalars(sa.select(recording.c.id).where(recording.c.incident_number == NUMBER)))
        case = matters.open_case(
            tx,
            counsel,
            CASE,
            CaseKind.FORCE_REVIEW,
            "Four cameras at one incident",
            note_text="Opened so that all footage of the incident stays together.",
            clock=clock,
        )
        contents.add_recordings(tx, counsel, case, chosen, reason="All cameras of the incident.", clock=clock)
        membership.add_person(
            tx, counsel, case, Part.INVESTIGATOR, Side.ADMINISTRATIVE, account_id=technician.account_id, clock=clock
        )
        membership.add_person(tx, counsel, case, Part.WITNESS, name="A passer-by (fictional)", clock=clock)
        holds.place(
            tx,
            counsel,
            HoldKind.INVESTIGATION,
            matter_id=case,
            reason="The review is going on.",
            owner_id=counsel.account_id,
            review_on=(clock.now() + timedelta(days=90)).date(),
            clock=clock,
        )
        others = sa.select(recording.c.id).where(recording.c.incident_number.is_distinct_from(NUMBER))
        first = tx.scalar(others.order_by(recording.c.started_key).limit(1))
        if first is not None:
            reason = "A child is in the back seat; no parent has agreed."
            classification.label(tx, technician, first, Label.MINOR, reason=reason, clock=clock)


def _cameras(installation: Installation) -> None:
    """Two troopers were trained, and one tested the camera that was given out."""
    database, clock = installation.database, installation.clock
    with database.write() as tx:
        lead, trooper = _account(tx, "lindqvist"), _account(tx, "alvarez")
        day = (clock.now() - timedelta(days=340)).date()
        record_training(tx, lead, trooper.account_id, "Body-worn cameras, annual", day, clock=clock)
        for one in assignments_of_account(tx, trooper.account_id)[:1]:
            mark_tested(tx, trooper, one.device_id, True, clock=clock)


def _plan(installation: Installation, technician: Actor) -> None:
    """What is kept until when, worked out once, so that the page has something to show."""
    with installation.database.write() as tx:
        plan = plans.ask(tx, technician, clock=installation.clock)
    plans.work_out(installation.database, plan, clock=installation.clock)


def _account(tx: Connection, name: str) -> Actor:
    found = people.account_named(tx, name)
    assert found is not None, name
    return people.actor_of(found)
