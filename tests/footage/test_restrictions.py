"""Restrictions: whom they hide a recording from, the same in every question; and who may change them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from tests.footage.clips import mp4
from tests.footage.conftest import Archive
from tests.footage.entries import add_entry

from candor.core.database import Database
from candor.custody.events import Event
from candor.custody.record import history
from candor.footage import classification, hits, label_restrictions, restrictions
from candor.footage.access_policy import AccessPolicy, AskPurpose, change_policy, read_policy
from candor.footage.catalogue import change
from candor.footage.errors import RecordingUnknown
from candor.footage.openings import end_openings, open_to
from candor.footage.query import Query, Sort
from candor.footage.regrouping import regroup
from candor.footage.restricting import end_person, keep_out, let_in, lift, may_manage, restrict, why_not
from candor.footage.restriction_errors import (
    AccessPolicyWrong,
    RestrictedAlready,
    RestrictionFollows,
    RestrictionOwn,
    RestrictionUnknown,
    RestrictionWordsMissing,
)
from candor.footage.restriction_rules import RULES, Hidden, RestrictionKind
from candor.footage.restriction_tables import restricted_place, restriction
from candor.footage.restrictions import name_person, place, restrictions_of, take_away
from candor.footage.rules import changeable_by, reach, visible_to
from candor.footage.search import find, find_ids, row_of
from candor.footage.tables import recording
from candor.footage.viewing import begin_viewing
from candor.law.vocabulary import Label
from candor.people.errors import Refused
from candor.people.rules import Actor, Permission, Role, system_actor

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WHY = "because"


@pytest.fixture(autouse=True)
def no_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cases ask before somebody is let in is tested with the cases."""
    monkeypatch.setattr(restrictions, "BEFORE_LET_IN", [])


def _add(archive: Archive, at: int = 0, **values: object) -> str:
    with archive.database.write() as tx:
        return add_entry(tx, DAY + timedelta(hours=at), **values)


def _place(archive: Archive, one: str, kind: RestrictionKind, ref: str = "") -> str:
    with archive.database.write() as tx:
        return place(tx, one, kind, ref=ref, reason=WHY, actor="system:test", clock=archive.clock)


def _name(archive: Archive, restriction_id: str, actor: Actor, *, may: bool) -> None:
    with archive.database.write() as tx:
        name_person(tx, restriction_id, actor.account_id, may=may, reason=WHY, actor="system:test", clock=archive.clock)


def _sees(archive: Archive, actor: Actor, one: str) -> bool:
    """By every question that there is; they have to agree."""
    with archive.database.read() as tx:
        by_rule = tx.execute(
            sa.select(recording.c.id).where(recording.c.id == one, visible_to(actor).expression)
        ).first()
        answers = {
            by_rule is not None,
            row_of(tx, actor, one) is not None,
            one in {row.id for row in find(tx, actor, Query()).rows},
            one in {row.id for row in find(tx, actor, Query(text="plain")).rows},
            one in find_ids(tx, actor, Query(text="plain")),
            one in {row.id for row in find(tx, actor, Query(sort=Sort.TITLE)).rows},
        }
    assert len(answers) == 1, answers
    return answers.pop()


@pytest.mark.parametrize(
    ("kind", "wearer", "supervisor", "technician"),
    [
        (RestrictionKind.LABEL, True, False, True),
        (RestrictionKind.CASE, False, False, False),
        (RestrictionKind.COMPELLED, False, False, False),
        (RestrictionKind.ERASED, False, False, False),
        (RestrictionKind.OFFICER, True, True, True),
        (RestrictionKind.STATEMENT, True, True, True),
    ],
)
@sqlite_only
def test_what_each_kind_hides_from_whom(
    archive: Archive, kind: RestrictionKind, wearer: bool, supervisor: bool, technician: bool
) -> None:
    one = _add(archive, title="plain", wearer_id=archive.officer.account_id, unit_id=archive.north)
    assert _sees(archive, archive.officer, one)
    made = _place(archive, one, kind)
    people = (archive.officer, archive.supervisor, archive.technician)
    assert tuple(_sees(archive, actor, one) for actor in people) == (wearer, supervisor, technician)
    assert _sees(archive, system_actor("test"), one), "whoever holds the keys of the machine"
    for actor in people:
        _name(archive, made, actor, may=False)
        assert not _sees(archive, actor, one), "to be kept out by name beats roles and wearing it"
    if kind not in (RestrictionKind.OFFICER, RestrictionKind.STATEMENT):
        for actor in people:
            _name(archive, made, actor, may=True)
            assert _sees(archive, actor, one)
    _name(archive, made, archive.other_officer, may=True)
    assert not _sees(archive, archive.other_officer, one), "to be let in widens no role"
    with archive.database.write() as tx:
        take_away(tx, made, reason=WHY, actor="system:test", clock=archive.clock)
    assert all(_sees(archive, actor, one) for actor in people)


def test_every_question_answers_alike(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random restrictions, people and openings; the list, the search, each order and the counts against the rule."""
    monkeypatch.setattr(hits, "MOST_COUNTED", 12)
    monkeypatch.setattr("candor.footage.search.MOST_COUNTED", 12)
    chance = random.Random(5)
    people = [archive.officer, archive.other_officer, archive.supervisor, archive.technician]
    entries = []
    for at in range(40):
        wearer = chance.choice([archive.officer, archive.other_officer])
        unit = archive.north if wearer is archive.officer else archive.south
        title = f"{chance.choice(['plain', 'other'])} {at:02}"
        entries.append(_add(archive, at, title=title, wearer_id=wearer.account_id, unit_id=unit))
    with archive.database.write() as tx:
        for one in chance.sample(entries, 26):
            for kind in chance.sample(list(RestrictionKind), chance.choice([1, 1, 2])):
                made = place(tx, one, kind, reason=WHY, actor="system:test", clock=archive.clock)
                for actor in chance.sample(people, 2):
                    may = chance.random() < 0.6
                    name_person(tx, made, actor.account_id, may=may, reason=WHY, actor="system:test")
                if chance.random() < 0.2:
                    take_away(tx, made, reason=WHY, actor="system:test", clock=archive.clock)
        for one in chance.sample(entries, 8):
            open_to(tx, one, chance.choice(people).account_id, ref=one, reason=WHY, actor="system:test")
    for actor in people:
        with archive.database.read() as tx:
            rows = tx.execute(sa.select(recording.c.id, recording.c.title).where(visible_to(actor).expression)).all()
            visible = {row.id for row in rows}
            assert 0 < len(visible) < 40
            plain = {row.id for row in rows if row.title.startswith("plain")}
            for sort in Sort:
                for text, wanted in (("", visible), ("plain", plain), ("pla", plain)):
                    found, after = [], ""
                    while True:
                        page = find(tx, actor, Query(text=text, sort=sort, limit=7, after=after))
                        found += [row.id for row in page.rows]
                        assert page.total == min(len(wanted), 12), "a count tells of nothing that is hidden"
                        assert page.more == (len(wanted) > 12)
                        if page.after is None:
                            break
                        after = page.after
                    assert sorted(found) == sorted(wanted), (actor.display_name, sort, text)
            changeable = set(tx.scalars(sa.select(recording.c.id).where(changeable_by(actor).expression)))
            hidden = Hidden.from_actor(actor)
            assert hidden is not None
            by_role = set(tx.scalars(sa.select(recording.c.id).where(reach(actor).by_role())))
            hiding = set(tx.scalars(sa.select(recording.c.id).where(hidden.of_recording())))
            assert visible == by_role - hiding
            assert not changeable & hiding


def test_a_restricted_recording_that_moves_stays_restricted(archive: Archive) -> None:
    one = _add(archive, title="plain", wearer_id=archive.officer.account_id, unit_id=archive.north)
    _place(archive, one, RestrictionKind.LABEL, "minor")
    with archive.database.write() as tx:
        change(tx, one, {"start": DAY - timedelta(days=3)}, archive.technician, clock=archive.clock)
    assert not _sees(archive, archive.supervisor, one)
    with archive.database.read() as tx:
        keys = tx.execute(
            sa.select(restricted_place.c.key, recording.c.started_key).join(
                recording, recording.c.id == restricted_place.c.recording_id
            )
        ).one()
    assert keys.key == keys.started_key


@sqlite_only
def test_parts_that_join_another_bring_their_restrictions(archive: Archive) -> None:
    whole, other = (
        archive.worn(mp4(seed=seed), f"{seed}.mp4", device_id=archive.camera).recording_id for seed in (1, 2)
    )
    made = _place(archive, other, RestrictionKind.CASE, "case")
    _name(archive, made, archive.technician, may=True)
    with archive.database.write() as tx:
        kept = regroup(tx, archive.technician, [whole, other], reason=WHY, clock=archive.clock)
    assert kept in (whole, other)
    assert not _sees_row(archive, archive.supervisor, kept)
    assert _sees_row(archive, archive.technician, kept)


def _sees_row(archive: Archive, actor: Actor, one: str) -> bool:
    with archive.database.read() as tx:
        return row_of(tx, actor, one) is not None


@sqlite_only
def test_a_label_restricts_and_its_going_lifts(archive: Archive) -> None:
    one = _add(archive, title="plain", wearer_id=archive.officer.account_id, unit_id=archive.north)
    with archive.database.write() as tx:
        classification.label(tx, archive.technician, one, Label.MINOR, reason="a child speaks", clock=archive.clock)
        classification.label(tx, archive.technician, one, Label.HOSPITAL, reason="a ward", clock=archive.clock)
    assert not _sees(archive, archive.supervisor, one)
    assert _sees(archive, archive.officer, one)
    assert _sees(archive, archive.technician, one)
    with archive.database.read() as tx:
        found = restrictions_of(tx, one)
        kinds = [event.kind for event in history(tx, one)]
    assert [(each.kind, each.ref) for each in found] == [(RestrictionKind.LABEL, "minor")]
    assert Event.RECORDING_RESTRICTED in kinds
    with archive.database.write() as tx:
        classification.unlabel(tx, archive.technician, one, Label.MINOR, reason="of age", clock=archive.clock)
    assert _sees(archive, archive.supervisor, one)
    with archive.database.read() as tx:
        lifted = tx.execute(sa.select(restriction)).one()
        assert (lifted.lift_reason, lifted.lifted_by) == ("of age", archive.technician.account_id)
    assert label_restrictions.follow_label in classification.AFTER


@sqlite_only
def test_which_labels_restrict_is_the_agencys_choice(archive: Archive) -> None:
    one = _add(archive, title="plain", wearer_id=archive.officer.account_id, unit_id=archive.north)
    with archive.database.write() as tx:
        classification.label(tx, archive.technician, one, Label.HOSPITAL, reason="a ward", clock=archive.clock)
        with pytest.raises(Refused):
            change_policy(tx, archive.supervisor, {"restricting_labels": []}, clock=archive.clock)
        change_policy(tx, archive.technician, {"restricting_labels": ["hospital"]}, clock=archive.clock)
    assert not _sees(archive, archive.supervisor, one)
    with archive.database.write() as tx:
        change_policy(tx, archive.technician, {"restricting_labels": []}, clock=archive.clock)
    assert _sees(archive, archive.supervisor, one)
    with archive.database.write() as tx:
        for wrong in ({"restricting_labels": ["sunny"]}, {"purpose": "never"}, {"colour": 1}):
            with pytest.raises(AccessPolicyWrong):
                change_policy(tx, archive.technician, wrong, clock=archive.clock)
        assert read_policy(tx).restricting_labels == frozenset()
        with pytest.raises(AccessPolicyWrong):
            change_policy(tx, archive.technician, {"purposes": [], "other_purposes": False}, clock=archive.clock)


def test_the_policy_is_read_as_it_was_written(archive: Archive) -> None:
    wanted = AccessPolicy(frozenset({Label.HOME}), False, AskPurpose.OTHERS, ("Court", "Training"), False)
    with archive.database.write() as tx:
        assert read_policy(tx) == AccessPolicy()
        assert change_policy(tx, archive.technician, wanted.plain(), clock=archive.clock) == wanted
        assert read_policy(tx) == wanted
    assert wanted.asks(own=False)
    assert not wanted.asks(own=True)


@sqlite_only
def test_nobody_opens_to_themselves_what_is_closed_to_them(archive: Archive) -> None:
    one = _add(archive, title="plain", wearer_id=archive.officer.account_id, unit_id=archive.north)
    second = archive.place.add("second", Role.EVIDENCE_TECHNICIAN, password=None)
    with archive.database.write() as tx:
        made = restrict(tx, archive.technician, one, RestrictionKind.CASE, reason=WHY, clock=archive.clock)
    assert _sees(archive, archive.technician, one)
    assert not _sees(archive, second, one)
    with archive.database.write() as tx:
        with pytest.raises(RestrictedAlready):
            restrict(tx, archive.technician, one, RestrictionKind.CASE, reason=WHY, clock=archive.clock)
        with pytest.raises(RestrictionOwn):
            let_in(tx, second, made, second.account_id, reason=WHY, clock=archive.clock)
        with pytest.raises(RestrictionOwn):
            lift(tx, second, made, reason=WHY, clock=archive.clock)
        assert why_not(tx, second, one) == [RULES[RestrictionKind.CASE]]
        assert why_not(tx, archive.technician, one) == []
        for unable in (archive.officer, archive.supervisor, archive.administrator):
            with pytest.raises(Refused):
                may_manage(tx, unable, one)
        let_in(tx, archive.technician, made, second.account_id, reason=WHY, clock=archive.clock)
    assert _sees(archive, second, one)
    with archive.database.write() as tx:
        with pytest.raises(RestrictionOwn):
            end_person(tx, second, made, second.account_id, reason=WHY, clock=archive.clock)
        keep_out(tx, second, made, archive.technician.account_id, reason=WHY, clock=archive.clock)
        with pytest.raises(RecordingUnknown):
            lift(tx, archive.technician, made, reason=WHY, clock=archive.clock)
        with pytest.raises(RestrictionWordsMissing):
            lift(tx, second, made, reason=" ", clock=archive.clock)
        lift(tx, second, made, reason=WHY, clock=archive.clock)
        with pytest.raises(RestrictionUnknown):
            lift(tx, second, made, reason=WHY, clock=archive.clock)
    assert _sees(archive, archive.technician, one)


@sqlite_only
def test_what_follows_from_elsewhere_is_not_placed_or_lifted_by_hand(archive: Archive) -> None:
    mine = _add(archive, title="plain", wearer_id=archive.technician.account_id)
    one = _add(archive, 1, title="plain", wearer_id=archive.officer.account_id)
    labelled = _place(archive, one, RestrictionKind.LABEL, "minor")
    with archive.database.write() as tx:
        for kind in (RestrictionKind.LABEL, RestrictionKind.COMPELLED, RestrictionKind.ERASED):
            with pytest.raises(RestrictionFollows):
                restrict(tx, archive.technician, one, kind, reason=WHY, clock=archive.clock)
        with pytest.raises(RestrictionFollows):
            lift(tx, archive.technician, labelled, reason=WHY, clock=archive.clock)
        with pytest.raises(RestrictionOwn):
            restrict(tx, archive.technician, mine, RestrictionKind.CASE, reason=WHY, clock=archive.clock)
        made = restrict(
            tx,
            archive.technician,
            one,
            RestrictionKind.OFFICER,
            account_id=archive.officer.account_id,
            reason=WHY,
            clock=archive.clock,
        )
    assert not _sees(archive, archive.officer, one)
    assert _sees(archive, archive.technician, one)
    with archive.database.write() as tx:
        end_person(tx, archive.technician, made, archive.officer.account_id, reason=WHY, clock=archive.clock)
    assert _sees(archive, archive.officer, one)


def test_an_opening_opens_one_recording_to_one_person_until_it_ends(archive: Archive) -> None:
    one = _add(archive, title="plain", wearer_id=archive.officer.account_id, unit_id=archive.north)
    other = archive.other_officer
    _name(archive, _place(archive, one, RestrictionKind.STATEMENT, "case"), archive.officer, may=False)
    assert not _sees(archive, other, one)
    assert not _sees(archive, archive.officer, one)
    with archive.database.write() as tx:
        for actor in (other, archive.officer):
            open_to(tx, one, actor.account_id, ref="review", reason=WHY, actor="system:test", clock=archive.clock)
    assert _sees(archive, other, one)
    assert _sees(archive, archive.officer, one)
    with archive.database.read() as tx:
        held = sa.select(recording.c.id).where(changeable_by(other).expression)
        assert tx.execute(held).first() is None, "an opening is for looking"
    _place(archive, one, RestrictionKind.LABEL, "minor")
    assert _sees(archive, other, one)
    walled = _place(archive, one, RestrictionKind.COMPELLED, "case")
    assert not _sees(archive, other, one)
    assert not _sees(archive, archive.officer, one)
    with archive.database.write() as tx:
        take_away(tx, walled, reason=WHY, actor="system:test", clock=archive.clock)
        end_openings(tx, "review", actor="system:test", clock=archive.clock)
    assert not _sees(archive, other, one)
    assert not _sees(archive, archive.officer, one)


@sqlite_only
def test_a_hidden_recording_is_not_opened(archive: Archive) -> None:
    one = archive.worn(mp4(seed=4)).recording_id
    _place(archive, one, RestrictionKind.COMPELLED)
    for actor in (archive.officer, archive.supervisor, archive.technician):
        with archive.database.write() as tx, pytest.raises(RecordingUnknown):
            begin_viewing(tx, actor, one, "Court", clock=archive.clock)


def test_lifting_one_leaves_the_other(archive: Archive) -> None:
    """What stands beside the recording follows all restrictions, whoever placed them in which transaction."""
    one = _add(archive, title="plain", wearer_id=archive.officer.account_id)
    first = _place(archive, one, RestrictionKind.LABEL, "minor")
    _place(archive, one, RestrictionKind.CASE, "case")
    with archive.database.write() as tx:
        take_away(tx, first, reason=WHY, actor="system:test", clock=archive.clock)
    assert not _sees(archive, archive.technician, one)
    with archive.database.read() as tx:
        assert tx.scalar(sa.select(restricted_place.c.level)) == 2


def _plan(database: Database, statement: sa.Select[str]) -> str:
    with database.read() as tx:
        text = str(statement.compile(tx, compile_kwargs={"literal_binds": True}))
        return "\n".join(str(row[-1]) for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))


@sqlite_only
def test_what_is_hidden_is_looked_up_not_searched(archive: Archive) -> None:
    shown = sa.select(recording.c.id).where(visible_to(archive.technician).expression)
    steps = _plan(archive.database, shown.order_by(recording.c.started_key).limit(50))
    assert not {step for step in steps.splitlines() if step.startswith("SCAN restrict")}, steps
    assert archive.technician.may(Permission.RECORDINGS_VIEW_RESTRICTED)
