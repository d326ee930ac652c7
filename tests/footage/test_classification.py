"""Categories and labels: who said what and why, what was put right, what is found by them, and what categories mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from tests.footage.conftest import Archive
from tests.footage.entries import add_entry
from tests.retention.law_in_force import put_in_force

from candor.core.outbox import outbox_notice
from candor.custody.events import Event
from candor.custody.record import history, recent
from candor.footage import classification, indexing, register
from candor.footage.catalogue import (
    bulk_change,
    change,
    law_classes,
    meanings_changed_at,
    set_categories,
    set_meaning,
)
from candor.footage.categories import class_named
from candor.footage.classification import AFTER, Basis, bulk_label, history_of, label, labels_for, labels_of, unlabel
from candor.footage.classification_rows import basis_of
from candor.footage.classification_tables import classification as classification_table
from candor.footage.errors import (
    CategoryUnknown,
    ClassUnknown,
    LabelReasonMissing,
    LabelUnknown,
    RecordingUnknown,
    RegroupWrong,
    TooManyAtOnce,
)
from candor.footage.fields import DEFAULT_CATEGORIES, DEFAULT_CLASSES
from candor.footage.query import Query
from candor.footage.regrouping import regroup
from candor.footage.rules import Flag
from candor.footage.search import find, find_ids
from candor.footage.tables import recording_words
from candor.footage.uncategorised import Share, remind_uncategorised, shares
from candor.footage.uses import uses_between
from candor.law import changes as law
from candor.law.books import book_now, book_with
from candor.law.errors import ChangeNotTried
from candor.law.vocabulary import Label, LawClass
from candor.people.errors import Refused
from candor.people.rules import Actor, Role

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def entry(archive: Archive) -> str:
    """A recording of the officer, without a category."""
    with archive.database.write() as tx:
        return add_entry(tx, DAY, title="Stop", wearer_id=archive.officer.account_id, unit_id=archive.north)


def _put(archive: Archive, recording_id: str, which: Label, reason: str = "seen") -> str | None:
    with archive.database.write() as tx:
        return label(tx, archive.officer, recording_id, which, reason=reason, clock=archive.clock)


def test_a_label_is_kept_with_who_said_so_and_why(archive: Archive, entry: str) -> None:
    assert _put(archive, entry, Label.MINOR, "  The boy says\nhe is twelve ") is not None
    assert _put(archive, entry, Label.MINOR, "Once more") is None
    with archive.database.read() as tx:
        (said,) = history_of(tx, entry)
        (event,) = [one for one in history(tx, entry) if one.kind is Event.LABEL_PUT]
        assert labels_of(tx, entry) == {Label.MINOR}
    assert (said.kind, said.value, said.said_by, said.said_at) == (
        "label",
        "minor",
        archive.officer.account_id,
        archive.clock.now(),
    )
    assert (said.basis, said.reason, said.ended_at) == (Basis.PERSON, "The boy says he is twelve", None)
    assert event.details == {"label": "minor", "reason": "The boy says he is twelve", "basis": "person"}


def test_a_wrong_label_is_put_right_and_stays_in_the_history(archive: Archive, entry: str) -> None:
    _put(archive, entry, Label.MINOR, "looked young")
    archive.clock.advance(60)
    with archive.database.write() as tx:
        assert unlabel(tx, archive.technician, entry, Label.MINOR, reason="She is nineteen", clock=archive.clock)
        assert unlabel(tx, archive.technician, entry, Label.MINOR, reason="Again", clock=archive.clock) is None
    archive.clock.advance(60)
    _put(archive, entry, Label.MINOR, "another one is")
    with archive.database.read() as tx:
        now, before = history_of(tx, entry)
        assert labels_of(tx, entry) == {Label.MINOR}
    assert (now.reason, now.ended_at) == ("another one is", None)
    assert (before.reason, before.ended_by, before.end_reason) == (
        "looked young",
        archive.technician.account_id,
        "She is nineteen",
    )


def test_whoever_may_not_describe_it_may_not_label_it(archive: Archive, entry: str) -> None:
    with archive.database.write() as tx:
        with pytest.raises(RecordingUnknown):
            label(tx, archive.other_officer, entry, Label.MINOR, reason="x", clock=archive.clock)
        for reason in ("", " ", "x" * 501, "a\u202eb"):
            with pytest.raises(LabelReasonMissing):
                label(tx, archive.officer, entry, Label.MINOR, reason=reason, clock=archive.clock)
        with pytest.raises(LabelUnknown):
            classification.label_named("nonsense")
        assert classification.label_named(" Minor ") is Label.MINOR
        assert labels_of(tx, entry) == frozenset()


def test_the_database_itself_keeps_a_label_from_holding_twice(archive: Archive, entry: str) -> None:
    row = {"recording_id": entry, "kind": "label", "value": "minor", "said_by": "x", "said_at": DAY, "basis": "person"}
    with pytest.raises(IntegrityError), archive.database.write() as tx:
        tx.execute(classification_table.insert(), [{**row, "id": "1"}, {**row, "id": "2"}])
    category = {**row, "kind": "category"}
    with pytest.raises(IntegrityError), archive.database.write() as tx:
        tx.execute(classification_table.insert(), [{**category, "id": "1"}, {**category, "id": "2", "value": "b"}])
    with archive.database.write() as tx:
        ended = {**row, "id": "3", "ended_at": DAY}
        tx.execute(classification_table.insert(), ended)
        tx.execute(classification_table.insert(), {**row, "id": "4"})


def test_what_follows_a_label_happens_in_the_same_transaction(
    archive: Archive, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    monkeypatch.setattr(
        "candor.footage.classification.AFTER", [*AFTER, lambda _tx, *rest: told.append((*rest[:3], rest[4]))]
    )
    _put(archive, entry, Label.HOSPITAL, "a ward")
    with archive.database.write() as tx:
        unlabel(tx, archive.officer, entry, Label.HOSPITAL, reason="a school", clock=archive.clock)
    assert told == [(entry, Label.HOSPITAL, True, "a ward"), (entry, Label.HOSPITAL, False, "a school")]

    def fails(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("candor.footage.classification.AFTER", [fails])
    with pytest.raises(RuntimeError):
        _put(archive, entry, Label.BREAK)
    with archive.database.read() as tx:
        assert labels_of(tx, entry) == frozenset()


def test_many_at_once_or_none(archive: Archive, entry: str) -> None:
    with archive.database.write() as tx:
        other = add_entry(tx, DAY + timedelta(hours=1), wearer_id=archive.officer.account_id)
        strange = add_entry(tx, DAY + timedelta(hours=2), wearer_id=archive.other_officer.account_id)
        events = bulk_label(
            tx, archive.officer, [entry, other, entry], Label.HOME, put=True, reason="all", clock=archive.clock
        )
        assert len(events) == 2
        assert labels_for(tx, [entry, other, strange]) == {
            entry: {Label.HOME},
            other: {Label.HOME},
            strange: frozenset(),
        }
        with pytest.raises(TooManyAtOnce):
            bulk_label(tx, archive.officer, [str(n) for n in range(501)], Label.HOME, put=True, reason="x")
    with pytest.raises(RecordingUnknown), archive.database.write() as tx:
        bulk_label(tx, archive.officer, [entry, strange], Label.BREAK, put=True, reason="x", clock=archive.clock)
    with archive.database.write() as tx:
        assert labels_of(tx, entry) == {Label.HOME}
        assert len(bulk_label(tx, archive.officer, [entry, other], Label.HOME, put=False, reason="no")) == 2


def test_recordings_are_found_by_label_and_by_having_no_category(archive: Archive, entry: str) -> None:
    with archive.database.write() as tx:
        other = add_entry(tx, DAY + timedelta(hours=1), category="Test", wearer_id=archive.officer.account_id)
    _put(archive, entry, Label.VICTIM_OR_WITNESS)

    def found(**query: object) -> list[str]:
        with archive.database.read() as tx:
            return find_ids(tx, archive.technician, Query(**query))  # type: ignore[arg-type]

    assert found(label=Label.VICTIM_OR_WITNESS) == [entry]
    assert found(label=Label.MINOR) == []
    assert found(uncategorised=True) == [entry]
    with archive.database.write() as tx:
        change(tx, entry, {"category": "Arrest"}, archive.officer, clock=archive.clock)
        change(tx, other, {"category": ""}, archive.officer, clock=archive.clock)
        unlabel(tx, archive.officer, entry, Label.VICTIM_OR_WITNESS, reason="no", clock=archive.clock)
    assert found(uncategorised=True) == [other]
    assert found(label=Label.VICTIM_OR_WITNESS) == []
    text = Query(label=Label.MINOR, uncategorised=True).to_text()
    assert text == "label=minor&uncategorised=yes"
    assert Query.from_text(text) == Query(label=Label.MINOR, uncategorised=True)


def test_an_index_of_an_earlier_version_is_filled_in(archive: Archive, entry: str) -> None:
    with archive.database.write() as tx:
        other = add_entry(tx, DAY + timedelta(hours=1), category="Test", title="word")
        for recording_id, words in ((entry, ["stop"]), (other, ["word"])):
            which = recording_words.c.recording_id == recording_id
            tx.execute(recording_words.update().where(which).values(words=indexing.stored(tx, words)))
        assert find(tx, archive.technician, Query(uncategorised=True)).rows == []
        indexing.fill_in(tx)
        before = tx.execute(sa.select(sa.cast(recording_words.c.words, sa.Text)).order_by(recording_words.c.key)).all()
        indexing.fill_in(tx)
        after = tx.execute(sa.select(sa.cast(recording_words.c.words, sa.Text)).order_by(recording_words.c.key)).all()
        assert before == after
        assert [row.id for row in find(tx, archive.technician, Query(uncategorised=True)).rows] == [entry]
        assert [row.id for row in find(tx, archive.technician, Query(text="stop")).rows] == [entry]


def test_a_category_is_kept_with_who_chose_it_and_why(archive: Archive, entry: str) -> None:
    with archive.database.write() as tx:
        change(
            tx, entry, {"category": "Arrest", "category_reason": "He was held"}, archive.officer, clock=archive.clock
        )
        (event,) = [one for one in history(tx, entry) if one.kind is Event.RECORDING_CHANGED]
        assert event.details["category_reason"] == "He was held"
    archive.clock.advance(60)
    with archive.database.write() as tx:
        bulk_change(tx, [entry], {"category": "Search"}, archive.technician, clock=archive.clock)
        (now, before) = history_of(tx, entry)
    assert (now.value, now.said_by, now.reason) == ("Search", archive.technician.account_id, None)
    assert (before.value, before.said_by, before.reason) == ("Arrest", archive.officer.account_id, "He was held")
    assert before.ended_by == archive.technician.account_id


def test_a_category_from_before_these_rows_is_not_lost(archive: Archive) -> None:
    with archive.database.write() as tx:
        entry = add_entry(tx, DAY, category="Arrest")
        change(tx, entry, {"category": ""}, archive.technician, clock=archive.clock)
        (said,) = history_of(tx, entry)
    assert (said.value, said.basis, said.said_by) == ("Arrest", Basis.IMPORT, "system:before")
    assert said.ended_by == archive.technician.account_id


@one_database
@pytest.mark.parametrize(
    ("known", "basis"),
    [
        ({}, Basis.PERSON),
        ({"face": "axis"}, Basis.CAMERA),
        ({"face": "card"}, Basis.CAMERA),
        ({"face": "tus", "dock_id": "d"}, Basis.DOCK),
    ],
)
def test_a_category_that_comes_with_a_file_says_on_what_it_rests(
    archive: Archive, known: dict[str, str], basis: Basis
) -> None:
    received = archive.take(b"no film", category="Arrest", **known)
    with archive.database.read() as tx:
        (said,) = history_of(tx, received.recording_id)
    assert (said.kind, said.value, said.basis) == ("category", "Arrest", basis)
    assert basis_of("axis") is Basis.CAMERA
    assert basis_of("tus") is Basis.DOCK


@one_database
def test_what_becomes_one_keeps_the_labels_and_is_of_one_category(archive: Archive, entry: str) -> None:
    with archive.database.write() as tx:
        other = add_entry(
            tx, DAY + timedelta(hours=1), category="Test", wearer_id=archive.officer.account_id, unit_id=archive.north
        )
    _put(archive, other, Label.MINOR, "a boy")
    both = [entry, other]
    with pytest.raises(RegroupWrong, match="category"), archive.database.write() as tx:
        regroup(tx, archive.technician, both, reason="one stop", clock=archive.clock)
    with archive.database.write() as tx:
        change(tx, entry, {"category": "Test"}, archive.technician, clock=archive.clock)
        regroup(tx, archive.technician, both, reason="one stop", clock=archive.clock)
        assert labels_of(tx, entry) == {Label.MINOR}
        (added,) = [one for one in history(tx, entry) if one.kind is Event.RECORDING_PART_ADDED]
    assert added.details["labels"] == ["minor"]


@one_database
def test_a_purge_forgets_why_and_an_erasure_forgets_all(archive: Archive, entry: str) -> None:
    _put(archive, entry, Label.MINOR, "the boy in the red coat")
    (kept,) = [one for one in register.all_kept() if one.name == "classification"]
    with archive.database.write() as tx:
        kept.forget(tx, entry)
        (said,) = history_of(tx, entry)
        assert (said.value, said.reason) == ("minor", None)
        kept.erase(tx, entry, lambda content: content)
        assert history_of(tx, entry) == []


# -- what categories mean


@one_database
def test_categories_mean_something_to_the_law_from_the_start(archive: Archive) -> None:
    assert set(DEFAULT_CLASSES) == set(DEFAULT_CATEGORIES)
    with archive.database.read() as tx:
        assert law_classes(tx) == DEFAULT_CLASSES
        assert dict(book_now(tx).classes) == DEFAULT_CLASSES
        assert meanings_changed_at(tx) is None


@one_database
def test_a_meaning_is_changed_with_a_reason_and_counts_as_a_change_of_law(archive: Archive) -> None:
    with archive.database.write() as tx:
        book = book_now(tx).id
        set_meaning(tx, archive.technician, "Test", LawClass.EVIDENCE, reason="Tests are kept", clock=archive.clock)
        assert set_meaning(tx, archive.technician, "Test", LawClass.EVIDENCE, reason="Again") is None
        assert law_classes(tx)["Test"] is LawClass.EVIDENCE
        assert law_classes(tx)["Arrest"] is LawClass.ARREST
        assert meanings_changed_at(tx) == archive.clock.now()
        assert book_now(tx).id != book
        (event,) = recent(tx, kinds=[Event.CATEGORY_MEANING_CHANGED])
    assert event.details == {"category": "Test", "old": "test", "new": "evidence", "reason": "Tests are kept"}
    with archive.database.write() as tx:
        with pytest.raises(Refused):
            set_meaning(tx, archive.officer, "Test", None, reason="x")
        with pytest.raises(CategoryUnknown):
            set_meaning(tx, archive.technician, "Nothing", None, reason="x")
        with pytest.raises(LabelReasonMissing):
            set_meaning(tx, archive.technician, "Test", None, reason="")
        with pytest.raises(ClassUnknown):
            class_named("nothing")
        set_meaning(tx, archive.technician, "Test", None, reason="Nobody knows", clock=archive.clock)
        assert "Test" not in law_classes(tx)


@one_database
def test_the_list_keeps_meanings_and_what_it_lost_means_nothing(archive: Archive) -> None:
    with archive.database.write() as tx:
        set_categories(tx, archive.technician, ["Arrest", "Zoo", "Test"], clock=archive.clock)
        assert law_classes(tx) == {"Arrest": LawClass.ARREST, "Test": LawClass.TEST}
        changed = meanings_changed_at(tx)
        assert changed == archive.clock.now(), "what the list lost lost its meaning"
        set_meaning(tx, archive.technician, "Zoo", LawClass.OTHER, reason="Animals", clock=archive.clock)
    archive.clock.advance(60)
    with archive.database.write() as tx:
        set_categories(tx, archive.technician, ["Zoo", "Test", "Arrest"], clock=archive.clock)
        assert law_classes(tx)["Zoo"] is LawClass.OTHER
        assert meanings_changed_at(tx) == changed, "an order is no meaning"
        set_categories(tx, archive.technician, ["Zoo"], clock=archive.clock)
        assert law_classes(tx) == {"Zoo": LawClass.OTHER}
        assert meanings_changed_at(tx) == archive.clock.now()


def test_while_law_is_in_effect_a_meaning_takes_two_people_and_a_dry_run(archive: Archive) -> None:
    counsel = Actor("counsel", frozenset({Role.COUNSEL}), None, "Counsel")
    with archive.database.write() as tx:
        put_in_force(tx, archive.clock.now())
    archive.clock.advance(60)

    def say(name: str, meaning: LawClass | None) -> str | None:
        with archive.database.write() as tx:
            said = set_meaning(tx, archive.technician, name, meaning, reason="Shorter", clock=archive.clock)
            assert said is not None
            return said.change

    waits = say("Use of force", LawClass.TEST)
    assert waits is not None
    with archive.database.read() as tx:
        assert law_classes(tx)["Use of force"] is book_now(tx).classes["Use of force"] is LawClass.FORCE
        assert book_with(tx, waits).classes["Use of force"] is LawClass.TEST
        assert meanings_changed_at(tx) is None
    for who, error in ((archive.technician, Refused), (counsel, ChangeNotTried)):
        with pytest.raises(error), archive.database.write() as tx:
            law.decide(tx, who, waits, approve=True, reason="x", clock=archive.clock)
    with archive.database.write() as tx:
        law.note_dry_run(tx, waits, {}, clock=archive.clock)
        law.decide(tx, counsel, waits, approve=True, reason="Looked at", clock=archive.clock)
        assert law_classes(tx)["Use of force"] is book_now(tx).classes["Use of force"] is LawClass.TEST
        assert meanings_changed_at(tx) == archive.clock.now()
        (event,) = recent(tx, kinds=[Event.CATEGORY_MEANING_CHANGED])
        assert (event.actor, event.details["reason"]) == ("counsel", "Shorter")
    assert say("Use of force", None) is None, "kept longest: so at once, by one person"
    with archive.database.write() as tx:
        set_categories(tx, archive.technician, ["Traffic stop"], clock=archive.clock)
        set_categories(tx, archive.technician, ["Traffic stop", "Arrest"], clock=archive.clock)
        assert law_classes(tx) == {"Traffic stop": LawClass.TRAFFIC_STOP}, "what comes back means nothing yet"


# -- what waits for a category, and what duties ask


def test_how_many_wait_for_a_category(archive: Archive) -> None:
    now = archive.clock.now()
    with archive.database.write() as tx:
        for hours, known in ((1, {}), (30, {}), (40, {"category": "Test"}), (24 * 91, {})):
            add_entry(tx, now - timedelta(hours=hours + 2), unit_id=archive.north, **known)
        add_entry(tx, now - timedelta(hours=9), unit_id=archive.south, category="Test")
        found = shares(tx, now)
        assert shares(tx, now, unit_id=archive.south) == [Share(archive.south, "South", 1, 0, None)]
    north, south = found
    assert (north.unit_name, north.total, north.without, north.percent) == ("North", 3, 2, 67)
    assert north.oldest_at == now - timedelta(hours=30)
    assert (south.without, south.percent) == (0, 0)


def test_whoever_wore_it_is_reminded_once_and_hears_that_it_is_over(archive: Archive) -> None:
    with archive.database.write() as tx:
        received = archive.clock.now()
        entry = add_entry(tx, received - timedelta(hours=2), wearer_id=archive.officer.account_id)
    within = timedelta(hours=72)
    archive.clock.advance(71 * 3600)
    assert remind_uncategorised(archive.database, archive.clock, within=within) == 0
    archive.clock.advance(3600)
    assert remind_uncategorised(archive.database, archive.clock, within=timedelta(0)) == 0
    assert remind_uncategorised(archive.database, archive.clock, within=within) == 1
    assert remind_uncategorised(archive.database, archive.clock, within=within) == 0
    told = sa.select(outbox_notice).where(outbox_notice.c.kind == "recording:uncategorised")
    with archive.database.write() as tx:
        (row,) = tx.execute(told).all()
        assert (row.recipients, row.details, row.times) == ([archive.officer.account_id], {"recordings": 1}, 1)
        change(tx, entry, {"category": "Test"}, archive.officer, clock=archive.clock)
    remind_uncategorised(archive.database, archive.clock, within=within)
    with archive.database.read() as tx:
        (row,) = tx.execute(told).all()
    assert row.resolved_at == archive.clock.now()


def test_duties_learn_when_cameras_were_used(archive: Archive) -> None:
    worn = {"device_id": archive.camera, "device_kind": "body", "wearer_id": archive.officer.account_id}
    with archive.database.write() as tx:
        used = add_entry(tx, DAY, **worn)
        add_entry(tx, DAY + timedelta(minutes=1), **{**worn, "wearer_id": None})
        add_entry(tx, DAY + timedelta(minutes=2), **{**worn, "device_kind": "in-car"})
        add_entry(tx, DAY + timedelta(minutes=3), **worn, flags=[Flag.TIME_UNLIKELY.value])
        add_entry(tx, DAY + timedelta(hours=1), **worn)
        found = list(uses_between(tx, DAY, DAY + timedelta(hours=1)))
    assert [(one.ref, one.account_id, one.at) for one in found] == [(used, archive.officer.account_id, DAY)]
