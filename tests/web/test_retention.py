"""Retention's pages: who sees and does what, and that what is shown is what is so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.footage.entries import add_entry
from tests.people.place import Place
from tests.retention.law_in_force import put_in_force
from tests.web.visitor import Visitor

from candor.core.ids import new_id
from candor.custody import Event
from candor.custody.tables import custody_event
from candor.installation import Installation
from candor.law import changes
from candor.law.vocabulary import CaseKind
from candor.matters import service as matters
from candor.people.rules import Role
from candor.retention import holds, plans, proposing
from candor.retention.dispositions import DispositionKind, DispositionState, ItemState, disposition_of, items
from candor.retention.dispositions import all_dispositions as dispositions

SignedIn = Callable[..., Visitor]


@pytest.fixture
def old(installation: Installation, place: Place) -> str:
    """A recording that the law in force lets go."""
    at = installation.clock.now() - timedelta(days=400)
    with installation.database.write() as tx:
        put_in_force(tx, at)
        return add_entry(tx, at, title="Old stop", category="Traffic stop", duration_ms=3_600_000, size=1 << 20)


@pytest.fixture
def technician(signed_in: SignedIn, old: str) -> Visitor:
    return signed_in("tanaka", Role.EVIDENCE_TECHNICIAN)


@pytest.fixture
def counsel(signed_in: SignedIn, old: str) -> Visitor:
    return signed_in("counsel", Role.COUNSEL)


def test_the_plan_is_asked_for_and_shown(technician: Visitor, installation: Installation, old: str) -> None:
    assert "Not worked out yet" in technician.get("/retention").text
    assert technician.post("/retention/plan", {"act": "ask"}).status_code == 303
    with installation.database.read() as tx:
        found = plans.newest(tx)
    assert found is not None
    plans.work_out(installation.database, found.id, clock=installation.clock)
    page = technician.get("/retention").text
    for words in ("May be destroyed", "t-90-days", "Traffic stop", "xx-test 1"):
        assert words in page
    technician.post("/retention/plan", {"act": "ask"})
    technician.post("/retention/plan", {"act": "stop"})
    with installation.database.read() as tx:
        states = {plan.state for plan in [plans.newest(tx)] if plan}
    assert states == {plans.PlanState.STOPPED}


def test_a_hold_from_the_recordings_page_and_its_release(
    technician: Visitor, counsel: Visitor, signed_in: SignedIn, installation: Installation, old: str
) -> None:
    page = technician.get(f"/recordings/{old}").text
    assert "Hold this recording" in page
    sent = {"recording": old, "back": "recording", "kind": "litigation", "reason": "Doe v. City", "review_on": ""}
    answer = technician.post("/retention/holds", sent)
    assert answer.headers["location"] == f"/recordings/{old}?said=hold-placed"
    assert "Doe v. City" in technician.get(f"/recordings/{old}").text
    listed = counsel.get("/retention/holds").text
    assert "Doe v. City" in listed
    assert "Old stop" in listed
    overseer = signed_in("watcher", Role.OVERSIGHT)
    assert "Old stop" not in overseer.get("/retention/holds").text
    assert "Release or change" not in overseer.get("/retention/holds").text
    with installation.database.read() as tx:
        (held,) = holds.holds(tx)
    assert counsel.post(f"/retention/holds/{held.id}", {"act": "release", "reason": ""}).status_code == 422
    changed = {"act": "change", "review_on": "2027-01-01", "owner": counsel.actor.account_id}
    assert counsel.post(f"/retention/holds/{held.id}", changed).status_code == 303
    assert counsel.post(f"/retention/holds/{held.id}", {"review_on": "soon"}).status_code == 422
    assert counsel.post(f"/retention/holds/{held.id}", {"act": "release", "reason": "settled"}).status_code == 303
    with installation.database.read() as tx:
        assert not holds.hold(tx, held.id).open
    assert "settled" in technician.get(f"/recordings/{old}").text


def test_a_hold_on_a_case_stands_on_its_page(technician: Visitor, installation: Installation, old: str) -> None:
    with installation.database.write() as tx:
        owner = technician.actor.account_id
        case = matters.open_case(
            tx, technician.actor, "26-7", CaseKind.CIVIL, "Doe", owner_id=owner, clock=installation.clock
        )
    assert "Hold this case" in technician.get(f"/cases/{case}").text
    sent = {"case": "26-7", "kind": "discovery", "reason": "asked for by the defence"}
    assert technician.post("/retention/holds", sent).status_code == 303
    assert "asked for by the defence" in technician.get(f"/cases/{case}").text
    assert technician.post("/retention/holds", {"case": "26-8", "kind": "request", "reason": "r"}).status_code == 404


def test_one_proposes_another_approves_and_it_is_carried_out(
    technician: Visitor, counsel: Visitor, installation: Installation, old: str
) -> None:
    sent = {"number": "RC-1", "kind": "schedule", "which": "plan", "authority": "Schedule M4", "reason": "over"}
    page = technician.post("/retention/dispositions", sent | {"category": "Arrest"})
    assert page.status_code == 422
    assert "RC-1" in page.text
    answer = technician.post("/retention/dispositions", sent)
    assert answer.status_code == 303, answer.text
    where = answer.headers["location"].partition("?")[0]
    assert "Old stop" in technician.get(where).text
    assert "/decide" not in technician.get(where).text
    assert "/decide" in counsel.get(where).text
    assert technician.post(f"{where}/decide", {"act": "approve", "reason": "me"}).status_code == 403
    assert counsel.post(f"{where}/decide", {"act": "approve", "reason": ""}).status_code == 422
    assert counsel.post(f"{where}/decide", {"act": "approve", "reason": "seen"}).status_code == 303
    early = technician.post(f"{where}/run", {"act": "run"})
    assert early.status_code == 403
    assert "waits until" in early.text
    kept = {"recording": old, "reason": "asked for yesterday"}
    assert counsel.post(f"{where}/keep", kept).status_code == 303
    assert "asked for yesterday" in technician.get(f"/recordings/{old}").text
    with installation.database.read() as tx:
        found = disposition_of(tx, "RC-1")
        assert found.state is DispositionState.APPROVED
        assert [one.state for one in items(tx, found.id)] == [ItemState.KEPT]
    assert technician.post(f"{where}/keep", {"act": "withdraw", "reason": "nothing left"}).status_code == 303
    named = sent | {"number": "RC-2", "which": "named", "recordings": old}
    assert technician.post("/retention/dispositions", named).status_code == 303
    with installation.database.read() as tx:
        assert [one.number for one in dispositions(tx)] == ["RC-2", "RC-1"]
    assert "RC-2" in counsel.get("/retention").text


def test_a_run_is_begun_and_stopped(
    technician: Visitor, counsel: Visitor, installation: Installation, old: str
) -> None:
    clock = installation.clock
    with installation.database.write() as tx:
        made = proposing.propose(
            tx,
            technician.actor,
            number="CV-1",
            kind=DispositionKind.ERASURE,
            authority="Order 1",
            reason="expunged",
            choice=proposing.Choice((old,)),
            clock=clock,
        )
    where = f"/retention/dispositions/{made}"
    decided = {"act": "approve", "reason": "seen", "at_once": "1"}
    assert counsel.post(f"{where}/decide", decided).status_code == 303
    assert technician.post(f"{where}/run", {"act": "run"}).status_code == 303
    with installation.database.read() as tx:
        found = disposition_of(tx, made)
        assert found.state is DispositionState.RUNNING
        assert found.job_id is not None
        kinds = [row.kind for row in tx.execute(custody_event.select().order_by(custody_event.c.id.desc()).limit(1))]
    assert kinds == [Event.DISPOSITION_RUN]
    assert technician.post(f"{where}/run", {"act": "stop"}).status_code == 303
    assert "Go on with it" in technician.get(where).text


def test_a_change_of_law_is_proposed_tried_out_and_decided(
    chief: Visitor, counsel: Visitor, installation: Installation, old: str
) -> None:
    assert chief.post("/retention/changes", {"what": "pack", "pack": "no-such", "reason": "r"}).status_code == 404
    policy = {"what": "policy", "policy": "id: [", "reason": "ours"}
    wrong = chief.post("/retention/changes", policy)
    assert wrong.status_code == 422
    assert "line" in wrong.text
    words = policy | {"policy": "id: xx-own\nkind: policy\ncolour: green\n"}
    assert '<li translate="no">policy:3: unknown key' in chief.post("/retention/changes", words).text
    answer = counsel.post("/retention/changes", {"what": "removal", "pack": "xx-test", "reason": "not ours"})
    assert answer.status_code == 303, answer.text
    where = answer.headers["location"].partition("?")[0]
    change = where.rpartition("/")[2]
    assert chief.post(where, {"act": "approve", "reason": "yes"}).status_code == 422  # it was not tried out yet
    with installation.database.read() as tx:
        found = plans.dry_run_of(tx, change)
    assert found is not None
    plans.work_out(installation.database, found.id, clock=installation.clock)
    shown = chief.get(where).text
    assert "Could not any more" in shown
    assert "Old stop" not in shown  # the administrator sees no footage
    assert "Old stop" in counsel.get(where).text  # without law it has to stay
    listed = chief.get(f"{where}/recordings.csv")
    assert listed.text.splitlines() == ["recording,becomes", f"{old},kept"]
    assert chief.get(f"{where}/recordings.json").json()["recordings"] == [{"recording": old, "becomes": "kept"}]
    assert "Put in force" not in counsel.get(where).text
    assert chief.post(where, {"act": "try"}).status_code == 303
    assert chief.post(where, {"act": "approve", "reason": "read"}).status_code == 303
    with installation.database.read() as tx:
        assert changes.change(tx, change).state is changes.ChangeState.IN_FORCE
    assert "No law is in force here" in chief.get("/retention").text
    answer = counsel.post("/retention/changes", {"what": "pack", "pack": "us-ct", "reason": "ours"})
    where = answer.headers["location"].partition("?")[0]
    assert "compiled-on: 2026-11-2" in chief.get(where).text  # whoever decides can read what is proposed
    with installation.database.read() as tx:
        found = plans.dry_run_of(tx, where.rpartition("/")[2])
    assert found is not None
    plans.work_out(installation.database, found.id, clock=installation.clock)
    assert chief.post(where, {"act": "approve", "reason": "read"}).status_code == 303
    adopting = counsel.get("/retention/changes").text
    assert "ct-postc-2015-every-recording" in adopting
    rules = {"what": "adoption", "rule": "ct-postc-2015-every-recording", "reason": "read it"}
    adopted = counsel.post("/retention/changes", rules)
    assert adopted.status_code == 303
    where = adopted.headers["location"].partition("?")[0]
    assert "Every recording is kept for at least 90 days." in chief.get(where).text
    assert counsel.post(where, {"act": "withdraw", "reason": "oh"}).status_code == 303


def test_what_is_not_there(counsel: Visitor) -> None:
    for path in ("changes/no", "dispositions/no", f"changes/{new_id()}/recordings.csv"):
        assert counsel.get(f"/retention/{path}").status_code == 404
