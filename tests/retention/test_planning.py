"""The plan agrees with the law's answer for every single recording, whatever holds, cases and labels there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import sqlalchemy as sa
from tests.retention.conftest import Office
from tests.retention.law_in_force import put_in_force

from candor.core.errors import CandorError
from candor.footage import classification, erasing
from candor.footage.facts import facts_of
from candor.footage.tables import recording
from candor.law import changes
from candor.law.books import book_now, book_with
from candor.law.engine import retention_of
from candor.law.errors import ChangeBySamePerson, ChangeNotTried
from candor.law.tables import law_change
from candor.law.vocabulary import CaseKind, HoldKind, Label
from candor.matters import service as matters
from candor.people.errors import Refused
from candor.retention import errors, holds, law_changes, planning, plans
from candor.retention.dispositions import DispositionKind
from candor.retention.staying import must_stay


@pytest.fixture
def mixed(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Sixty recordings of every sort, read eleven at a time."""
    monkeypatch.setattr(planning, "CHUNK", 11)
    random, clock = Random(11), office.archive.clock
    with office.archive.database.write() as tx:
        ids = [
            office.old(
                tx,
                days=random.choice((1, 60, 89, 91, 400, 1500)),
                category=random.choice(("Traffic stop", "Use of force", None, "Unheard of")),
                duration_ms=random.choice((None, 60_000, 7_200_000)),
                state=random.choice(("sealed", "sealed", "sealed", "sealed", "destroyed", "receiving")),
            )
            for _ in range(60)
        ]
        sealed = list(tx.scalars(sa.select(recording.c.id).where(recording.c.state == "sealed")))
        case = matters.open_case(
            tx, office.technician, "26-1", CaseKind.CIVIL, "Doe", owner_id=office.technician.account_id, clock=clock
        )
        matters.add_recordings(tx, office.technician, case, random.sample(sealed, 5), reason="in it", clock=clock)
        for one in random.sample(sealed, 7):
            holds.place(tx, office.counsel, HoldKind.REQUEST, recording_id=one, reason="asked for", clock=clock)
        classification.label(tx, office.technician, sealed[0], Label.EVIDENTIARY, reason="it is", clock=clock)
        erasing.seal_away(tx, office.technician, office.old(tx), authority="CV-9", reason="an order", clock=clock)
        assert len(ids) == 60
    return office


def test_the_plan_says_of_each_what_the_law_says(mixed: Office) -> None:
    now = mixed.archive.clock.now()
    with mixed.archive.database.read() as tx:
        book = book_now(tx)
        rows = tx.execute(sa.select(recording).where(recording.c.state == "sealed")).all()
        answers = {row.id: retention_of(book, facts_of(tx, row.id), now) for row in rows}
        told: list[float] = []
        made = planning.plan(tx, book, now, progress=told.append)
        listed = [one.id for one in planning.purgeable(tx, book, now)]
        narrowed = list(planning.purgeable(tx, book, now, recording.c.category == "Use of force"))
        stays = {row.id: must_stay(tx, DispositionKind.SCHEDULE, book, row.id, now) for row in rows}
    goes = {one for one, why in stays.items() if why is None}
    (closed,) = {one for one, answer in answers.items() if answer.purgeable} - goes
    assert "closed by order" in (stays[closed] or "")
    assert listed == sorted(goes)
    assert {one.id for one in narrowed} == {row.id for row in rows if row.id in goes and row.category == "Use of force"}
    assert (made.purgeable.recordings, made.kept.recordings) == (len(goes), len(answers) - len(goes))
    assert made.purgeable.duration_ms == sum(row.duration_ms or 0 for row in rows if row.id in goes)
    codes = ["closed", *(answer.blocks[0].code for answer in answers.values() if answer.blocks)]
    assert {code: one.recordings for code, one in made.by_block.items()} == {
        code: codes.count(code) for code in set(codes)
    }
    assert {"hold", "open-case", "uncategorised", "not-over"} <= set(codes)
    assert sum(gone.recordings + kept.recordings for gone, kept in made.by_rules.values()) == len(answers)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_the_outlook_says_in_which_month(office: Office) -> None:
    with office.archive.database.write() as tx:
        office.old(tx, days=60, size=7)
        office.old(tx, days=1)
        made = planning.plan(tx, book_now(tx), office.archive.clock.now()).to_json()
    by_month = {one["month"]: (one["recordings"], one["size"]) for one in made["outlook"] if one["recordings"]}
    assert by_month == {"2026-12": (1, 7), "2027-02": (1, 1)}
    assert len(made["outlook"]) == 13


def test_without_law_nothing_may_go(archive: object, make_archive: object, office: Office) -> None:
    with office.archive.database.write() as tx:
        office.old(tx, days=4000)
        tx.execute(law_change.delete())
        made = planning.plan(tx, book_now(tx), office.archive.clock.now())
    assert made.purgeable.recordings == 0
    assert {code: one.recordings for code, one in made.by_block.items()} == {"no-law": 1}


def test_a_change_is_tried_out_and_shows_exactly_what_becomes_purgeable(mixed: Office) -> None:
    database, clock, now = mixed.archive.database, mixed.archive.clock, mixed.archive.clock.now()
    with database.write() as tx:
        change = put_in_force(tx, now, minimum="30 days", number=2)
        open_again = {"state": "proposed", "number": None, "decided_by": None, "decided_at": None}
        tx.execute(law_change.update().where(law_change.c.id == change).values(**open_again))
        plan_id = plans.ask(tx, mixed.counsel, change_id=change, clock=clock)
        rows = tx.scalars(sa.select(recording.c.id).where(recording.c.state == "sealed")).all()
        before, after = book_now(tx), book_with(tx, change)
        expected = {
            one
            for one in rows
            if retention_of(after, facts_of(tx, one), now).purgeable
            and not retention_of(before, facts_of(tx, one), now).purgeable
        }
        with pytest.raises(ChangeNotTried):
            law_changes.decide(tx, mixed.counsel, change, approve=True, reason="yes", clock=clock)
    plans.work_out(database, plan_id, clock=clock)
    with database.write() as tx:
        found = plans.of_id(tx, plan_id)
        assert found.state is plans.PlanState.DONE
        assert expected
        assert dict(plans.differing(tx, plan_id)) == dict.fromkeys(expected, "purgeable")
        noted = changes.change(tx, change)
        assert noted.dry_run is not None
        assert noted.dry_run["becomes_purgeable"]["recordings"] == len(expected)
        assert noted.dry_run["recordings"] == len(rows)
        assert law_changes.staleness(tx, noted) == 0
    clock.advance(timedelta(days=4).total_seconds())
    with database.write() as tx:
        with pytest.raises(errors.DryRunOld):
            law_changes.decide(tx, mixed.counsel, change, approve=True, reason="yes", clock=clock)
        again = plans.ask(tx, mixed.counsel, change_id=change, clock=clock)
    plans.work_out(database, again, clock=clock)
    with database.write() as tx:
        law_changes.decide(tx, mixed.counsel, change, approve=True, reason="yes", clock=clock)
        assert book_now(tx).id == after.id
        assert changes.last_in_force(tx) == clock.now()
        with pytest.raises(CandorError):
            law_changes.decide(tx, mixed.counsel, change, approve=False, reason="no", clock=clock)


def test_whoever_proposes_a_change_does_not_decide_it(office: Office) -> None:
    database, clock = office.archive.database, office.archive.clock
    with database.write() as tx:
        change = changes.propose_pack(tx, office.counsel, "us-ct", reason="ours", clock=clock)
        plan_id = plans.ask(tx, office.counsel, change_id=change, clock=clock)
        with pytest.raises(Refused):
            plans.ask(tx, office.archive.officer, change_id=change, clock=clock)
    plans.work_out(database, plan_id, clock=clock)
    with database.write() as tx:
        with pytest.raises(ChangeBySamePerson):
            law_changes.decide(tx, office.counsel, change, approve=True, reason="yes", clock=clock)
        with pytest.raises(Refused):
            law_changes.decide(tx, office.technician, change, approve=True, reason="yes", clock=clock)
        law_changes.decide(tx, office.archive.administrator, change, approve=True, reason="yes", clock=clock)


def test_a_plan_that_is_stopped_says_so(mixed: Office) -> None:
    database, clock = mixed.archive.database, mixed.archive.clock
    with database.write() as tx:
        plan_id = plans.ask(tx, mixed.technician, clock=clock)
    with pytest.raises(errors.PlanStopped):
        plans.work_out(database, plan_id, clock=clock, cancelled=lambda: True)
    with database.write() as tx:
        assert plans.of_id(tx, plan_id).state is plans.PlanState.STOPPED
        assert plans.newest(tx, done=True) is None
        for _ in range(plans.KEPT_PLANS + 3):
            clock.advance(1)
            plans.ask(tx, mixed.technician, clock=clock)
        assert tx.scalar(sa.text("SELECT count(*) FROM retention_plan")) <= plans.KEPT_PLANS + 1
        with pytest.raises(errors.PlanUnknown):
            plans.of_id(tx, "no such plan")


def test_months_end_where_they_should() -> None:
    made = planning._months(datetime(2027, 1, 31, tzinfo=UTC))
    assert made[:3] == ["2027-01", "2027-02", "2027-03"]
    assert len(set(made)) == 13
