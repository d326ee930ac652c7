"""Which cases somebody may see, and how they are found: the rule is one for the list and the single case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.matters.case_place import CasePlace

from candor.footage.search import Query, find, find_ids
from candor.law.vocabulary import CaseKind, LawEvent
from candor.matters import rules, service
from candor.matters.errors import CaseUnknown
from candor.matters.reading import CaseQuery
from candor.matters.rules import CaseState, Part, moment_of, number_key
from candor.matters.tables import matter
from candor.people.rules import GUESTS, Actor, Permission, Role, system_actor


@pytest.fixture
def walls() -> Iterator[None]:
    """Walls that a test puts up come down again."""
    before = list(rules.WALLS)
    yield
    rules.WALLS[:] = before


def numbers(here: CasePlace, actor: Actor, **query: object) -> list[str]:
    with here.database.read() as tx:
        return [one.number for one in service.cases(tx, actor, CaseQuery(**query)).rows]  # type: ignore[arg-type]


def seen_alone(here: CasePlace, actor: Actor, number: str) -> bool:
    try:
        return here.read(number, actor).number == number
    except CaseUnknown:
        return False


def test_who_sees_which_case_in_the_list_and_alone(here: CasePlace) -> None:
    officer, guest = here.officer, here.place.add("guest", Role.DEFENCE_GUEST, password=None)
    owner = here.place.add("owner", Role.ADMINISTRATOR, password=None)
    here.open("A-1")
    mine = here.open("A-2")
    here.open("A-3", owner_id=owner.account_id)
    with here.database.write() as tx:
        entry = service.add_person(
            tx, here.keeper, mine, Part.INVOLVED_OFFICER, account_id=officer.account_id, clock=here.clock
        )
        service.add_person(tx, here.keeper, mine, Part.COUNSEL, account_id=guest.account_id, clock=here.clock)
    everything = ["A-3", "A-2", "A-1"]
    table = [
        (here.keeper, everything),
        (here.supervisor, everything),
        (system_actor("cli-root"), everything),
        (officer, ["A-2"]),
        (owner, ["A-3"]),
        (guest, []),
        (here.place.administrator, []),
    ]
    for actor, expected in table:
        assert numbers(here, actor) == expected, actor.display_name
        for number in everything:
            assert seen_alone(here, actor, number) is (number in expected), (actor.display_name, number)
    with here.database.write() as tx:
        service.end_person(tx, here.keeper, mine, entry, reason="Left", clock=here.clock)
    assert numbers(here, officer) == []


def test_a_wall_closes_what_membership_and_rights_open(here: CasePlace, walls: None) -> None:
    case_id = here.open("A-1", CaseKind.DISCIPLINARY)
    here.open("A-2")
    with here.database.write() as tx:
        account_id = here.officer.account_id
        service.add_person(tx, here.keeper, case_id, Part.OTHER, account_id=account_id, clock=here.clock)
    rules.WALLS.append(lambda actor: matter.c.kind == CaseKind.DISCIPLINARY.value)
    assert (numbers(here, here.keeper), numbers(here, here.officer)) == (["A-2"], [])
    assert not seen_alone(here, here.keeper, "A-1")
    with pytest.raises(CaseUnknown), here.database.write() as tx:
        service.close_case(tx, here.keeper, case_id, reason="So", clock=here.clock)
    recording_id = here.record()
    rules.WALLS.pop()
    with here.database.write() as tx:
        service.add_recordings(tx, here.keeper, case_id, [recording_id], reason="Shows it", clock=here.clock)
    rules.WALLS.append(lambda actor: matter.c.kind == CaseKind.DISCIPLINARY.value)
    with here.database.read() as tx:
        assert service.cases_of(tx, recording_id, seen_by=here.keeper) == []
        assert [one.number for one in service.cases_of(tx, recording_id)] == ["A-1"]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_role_sees_all_cases_or_none_of_others(here: CasePlace, role: Role) -> None:
    here.open("A-1")
    actor = here.place.add("somebody", role, password=None)
    may = bool(actor.may(Permission.CASES_VIEW)) and role not in GUESTS
    assert numbers(here, actor) == (["A-1"] if may else [])


def test_cases_are_found_by_words_state_kind_owner_and_unit(here: CasePlace) -> None:
    here.open("26-100", title="Stop on PIKE Street", unit_id=here.place.unit_id)
    here.clock.advance(1)
    closed = here.open("26-200", CaseKind.REQUEST, "Anfrage Straße 5%", owner_id=here.supervisor.account_id)
    with here.database.write() as tx:
        service.close_case(tx, here.keeper, closed, reason="Answered", clock=here.clock)
    for query, expected in [
        ({"text": "pike st"}, ["26-100"]),
        ({"text": "street 26"}, ["26-100"]),
        ({"text": "STRASSE"}, ["26-200"]),
        ({"text": "5%"}, ["26-200"]),
        ({"text": "%"}, ["26-200"]),
        ({"text": "_"}, []),
        ({"text": "26-"}, ["26-200", "26-100"]),
        ({"state": CaseState.OPEN}, ["26-100"]),
        ({"state": CaseState.CLOSED}, ["26-200"]),
        ({"kind": CaseKind.REQUEST}, ["26-200"]),
        ({"owner": here.keeper.account_id}, ["26-100"]),
        ({"unit": here.place.unit_id}, ["26-100"]),
        ({"unit": here.place.unit_id, "text": "anfrage"}, []),
    ]:
        assert numbers(here, here.keeper, **query) == expected, query


def test_pages_hold_each_case_once_also_of_one_moment(here: CasePlace) -> None:
    for number in range(5):
        here.open(f"A-{number}")
        here.clock.advance(number % 2)
    found: list[str] = []
    query = CaseQuery(limit=2)
    with here.database.read() as tx:
        for _ in range(3):
            page = service.cases(tx, here.keeper, query)
            assert page.total == 5
            found += [one.number for one in page.rows]
            query = query.following(page.after or "")
    assert (sorted(found), len(found), query.after) == ([f"A-{n}" for n in range(5)], 5, "")


def test_a_hundred_thousand_cases_are_read_by_an_index(here: CasePlace) -> None:
    """The first page is read off an index, not sorted: what SQLite or PostgreSQL says it will do."""
    if not here.database.is_sqlite:
        pytest.skip("PostgreSQL plans by the size of the table, which is empty here")
    for state in (None, CaseState.OPEN):
        narrowed = "" if state is None else "WHERE state = 'open'"
        with here.database.read() as tx:
            asked = f"EXPLAIN QUERY PLAN SELECT * FROM matter {narrowed} ORDER BY opened_at DESC, id DESC LIMIT 50"
            plan = " ".join(row[3] for row in tx.exec_driver_sql(asked))
        assert "USING INDEX ix_matter" in plan
        assert "TEMP B-TREE" not in plan


def test_recordings_are_found_by_the_number_of_a_case_that_one_may_see(here: CasePlace, walls: None) -> None:
    case_id, inside_it, beside_it = here.open("A 1"), here.record(hours=1), here.record()

    def found(actor: Actor, number: str) -> list[str]:
        with here.database.read() as tx:
            return [row.id for row in find(tx, actor, Query(case=number)).rows]

    with here.database.write() as tx:
        both = [inside_it, beside_it]
        service.add_recordings(tx, here.keeper, case_id, both, reason="Both", clock=here.clock)
        service.remove_recording(tx, here.keeper, case_id, beside_it, reason="Not this one", clock=here.clock)
    assert found(here.keeper, "a1") == found(here.keeper, case_id) == [inside_it]
    assert found(here.keeper, "A 2") == []
    with here.database.read() as tx:
        assert find_ids(tx, here.keeper, Query(case="A 1")) == [inside_it]
    rules.WALLS.append(lambda actor: matter.c.id == case_id)
    assert found(here.keeper, "a1") == []


# -- pure rules

MOMENTS = st.lists(st.datetimes(timezones=st.just(UTC)), max_size=4)


@given(st.sampled_from(list(LawEvent)), MOMENTS, MOMENTS, st.datetimes(timezones=st.just(UTC)))
def test_one_more_open_case_never_keeps_shorter_and_never_obliges_later(
    event: LawEvent, running: list[datetime], ended: list[datetime], more: datetime
) -> None:
    before, after = moment_of(event, running, ended), moment_of(event, [*running, more], ended)
    assert after is not None
    if event in (LawEvent.CASE_CLOSED, LawEvent.COMPLAINT_MADE):
        assert before is None or after >= before
    elif running:
        assert before is not None
        assert after <= before
    else:
        assert after == more


@given(st.text(max_size=40))
def test_a_number_is_compared_without_capitals_and_spaces(number: str) -> None:
    key = number_key(number)
    assert key == number_key(f" {number} ") == number_key(key)
    assert not any(character.isspace() for character in key)


@pytest.mark.parametrize(("running", "ended"), list(product([[], [1]], [[], [2], [3, 2]])))
def test_closings_and_moments_by_example(running: list[int], ended: list[int]) -> None:
    first = datetime(2026, 11, 22, tzinfo=UTC)
    days = [[first + timedelta(days=n) for n in some] for some in (running, ended)]
    latest = max([*days[0], *days[1]], default=None)
    assert moment_of(LawEvent.COMPLAINT_MADE, *days) == latest
    obliging = days[0][0] if running else max(days[1], default=None)
    assert moment_of(LawEvent.REQUEST_RECEIVED, *days) == obliging


def test_the_rule_is_an_expression_on_the_case_alone() -> None:
    for role in Role:
        found = rules.visible_cases(Actor("x" * 36, frozenset({role}), None, "X"))
        tables = {table.name for table in sa.select(matter.c.id).where(found).get_final_froms()}
        assert tables == {"matter"}
