"""Requests come in: numbers, clocks, what is kept and what is not, bounds, hidden characters, the moment of receipt."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.disclosure.requests.place import RequestPlace

from candor.custody.events import Event
from candor.custody.tables import custody_event
from candor.disclosure.requests import clocks, errors, naming, reading
from candor.disclosure.requests.intake import Intake, receive
from candor.disclosure.requests.naming import Named
from candor.disclosure.requests.rules import Channel, ClockState, RequesterClass, RequestState
from candor.disclosure.requests.tables import records_request
from candor.disclosure.requests.words import LONGEST_WORDS, checked_line, checked_text
from candor.people.errors import Refused
from candor.published.tracking import digest_of, new_code


def test_a_request_gets_the_next_number_and_a_code_that_is_kept_nowhere(here: RequestPlace) -> None:
    first, second = here.ask(name="Ada Miller", mail="ada@example.org"), here.ask()
    assert (first.number, second.number) == ("R-2026-0001", "R-2026-0002")
    assert first.code is not None
    assert first.number in first.acknowledgement
    with here.database.read() as tx:
        assert reading.request_by_tracking(tx, digest_of(first.code)) == first.id
        for table in sa.inspect(tx).get_table_names():
            for row in tx.exec_driver_sql(f'SELECT * FROM "{table}"'):
                assert first.code[3:] not in str(row), table
    found = here.read("r-2026-0001")
    assert (found.id, found.requester_name, found.contact) == (first.id, "Ada Miller", {"mail": "ada@example.org"})
    assert (found.state, found.channel, found.version) == (RequestState.RECEIVED, Channel.CLERK, 1)


def test_the_log_holds_no_name_and_no_word_of_whoever_asked(here: RequestPlace) -> None:
    named = Named(person="Grace Hopper", officer="Okafor", place="Elm Street")
    asked = here.ask("Where Grace fell down.", name="Ada Miller", post="1 Elm Street", named=named)
    with here.database.read() as tx:
        events = tx.execute(sa.select(custody_event.c.kind, custody_event.c.payload)).all()
        history, total = reading.history_of_request(tx, here.records, asked.id)
    mine = [row.payload for row in events if row.kind == Event.REQUEST_RECEIVED]
    assert len(mine) == total == len(history) == 1
    for words in ("Grace", "Ada", "Elm", "Okafor"):
        assert words not in mine[0]
    assert history[0].details["number"] == asked.number


def test_clocks_run_from_the_day_of_receipt_also_where_it_is_past(here: RequestPlace) -> None:
    here.law()
    before = here.clock.now() - timedelta(days=9)
    asked = here.ask(received_at=before)
    found = here.read(asked.id)
    with here.database.read() as tx:
        running = clocks.answer_of(tx, asked.id, clock=here.clock).clocks
        kept = reading.clocks_of_request(tx, asked.id)
    assert found.received_at == before
    assert found.due_at == asked.due_at == min(one.clock.due for one in running)
    assert {(one.rule, one.due_at) for one in kept} == {(one.clock.rule.id, one.clock.due) for one in running}
    assert all(one.started_at == before for one in kept)
    assert found.clock(here.clock.now()) is ClockState.OVER
    assert found.due_rule is not None
    assert found.book is not None
    assert "By law" in asked.acknowledgement


def test_without_law_no_clock_runs_and_nothing_is_made_up(here: RequestPlace) -> None:
    asked = here.ask()
    assert asked.due_at is None
    assert asked.missing == ()
    assert "By law" not in asked.acknowledgement
    assert here.read(asked.id).clock(here.clock.now()) is ClockState.NONE


def test_what_the_law_wants_named_and_is_not_is_said(here: RequestPlace) -> None:
    here.law("us-tx")
    vague = here.ask()
    assert vague.missing
    assert all(one in vague.acknowledgement for one in vague.missing)
    began = here.clock.now() - timedelta(days=1)
    named = Named(person="Grace", place="Pike Street", began=began, ended=began + timedelta(hours=1))
    assert here.ask(named=named).missing == ()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"words": " \n "}, "description"),
        ({"words": "x" * (LONGEST_WORDS + 1)}, "description"),
        ({"words": "x" * 10_000_000}, "description"),
        ({"words": None}, "description"),
        ({"name": "x" * 201}, "name"),
        ({"name": ["a"]}, "name"),
        ({"mail": "nobody"}, "mail address"),
        ({"mail": "a@example.org\r\nBcc: b@example.org"}, "mail address"),
        ({"requester_class": "king"}, "class"),
        ({"wants": "everything"}, "kind of access"),
        ({"channel": "pigeon"}, "way in"),
        ({"tracking_digest": b"short"}, "tracking code"),
        ({"received_at": datetime(2026, 1, 1)}, "time zone"),
        ({"received_at": datetime(2999, 1, 1, tzinfo=UTC)}, "future"),
        ({"received_at": datetime(1999, 1, 1, tzinfo=UTC)}, "five years"),
        ({"named": Named(began=datetime(2026, 2, 1, tzinfo=UTC), ended=datetime(2026, 1, 1, tzinfo=UTC))}, "before"),
        ({"named": Named(began=datetime(1, 1, 1, tzinfo=UTC))}, "earliest"),
        ({"named": Named(person="p" * 201)}, "person"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(here: RequestPlace, more: dict[str, object], field: str) -> None:
    given: dict[str, object] = {"words": "The stop.", **more}
    with here.database.write() as tx, pytest.raises(errors.RequestFieldWrong, match=field):
        receive(tx, here.records, Intake(**given), clock=here.clock)  # type: ignore[arg-type]
    with here.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(records_request)) == 0


def test_a_code_that_another_request_has_is_refused(here: RequestPlace) -> None:
    given = digest_of(new_code())
    assert here.ask(tracking_digest=given).code is None
    with pytest.raises(errors.RequestFieldWrong, match="another request"):
        here.ask(tracking_digest=given)


def test_hidden_characters_are_written_out_and_nothing_is_refused_for_them(here: RequestPlace) -> None:
    words = "a\0b \u202etxt.exe\r\nsecond\tline\x1b[31m \ud800"
    found = here.read(here.ask(words, name="Eve\u202e\n Smith\0").id)
    assert found.words == "a\\x00b \\u202etxt.exe\nsecond\tline\\x1b[31m \\xed\\xa0\\x80"
    assert found.requester_name == "Eve\\u202e Smith\\x00"


def test_only_whoever_answers_requests_takes_them_in_and_only_who_may_sees_them(here: RequestPlace) -> None:
    asked = here.ask()
    with here.database.write() as tx:
        for actor in (here.counsel, here.officer):
            with pytest.raises(Refused):
                receive(tx, actor, Intake("The stop."), clock=here.clock)
        assert reading.records_request(tx, here.counsel, asked.id).id == asked.id
        with pytest.raises(Refused):
            reading.records_request(tx, here.officer, asked.id)
        with pytest.raises(errors.RequestUnknown):
            reading.records_request(tx, here.records, "R-2026-0999")


def test_the_class_is_what_they_say_until_somebody_confirms_it(here: RequestPlace) -> None:
    said = here.read(here.ask(requester_class="next-of-kin").id)
    assert (said.requester_class, said.class_confirmed_by) == (RequesterClass.NEXT_OF_KIN, None)
    assert here.read(here.ask(requester_class="press", class_confirmed=True).id).class_confirmed_by is not None


_LINES = st.text(max_size=60)
_MOMENTS = st.none() | st.datetimes(
    min_value=datetime(1990, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC)
)


@given(st.builds(Named, _LINES, _LINES, _LINES, _LINES, _LINES, _MOMENTS, _MOMENTS, st.booleans()))
def test_what_is_named_comes_back_as_it_was_kept(named: Named) -> None:
    try:
        checked = named.checked()
    except errors.RequestFieldWrong:
        assert named.began is not None or max(len(repr(one)) for one in (named.person, named.place)) > 0
        return
    again = Named.from_json(json.loads(json.dumps(checked.to_json())))
    assert again == checked == checked.checked()
    assert checked.nameable <= set(naming.NAMEABLE)
    assert ("time" in checked.nameable) <= ("date" in checked.nameable)
    assert all(one.isprintable() for one in (again.person, again.officer, again.place))


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(_ANYTHING)
def test_anything_at_all_as_what_is_named_is_taken_or_refused(value: object) -> None:
    for given_one in (value, {"person": value, "began": value}, {"ended": value, "whole_days": value}):
        try:
            Named.from_json(given_one)  # type: ignore[arg-type]
        except errors.RequestFieldWrong:
            continue


@given(st.text(max_size=80))
def test_what_was_made_safe_is_safe_and_stays_as_it_is(text: str) -> None:
    line = checked_line("name", text, 2_000)
    assert line.isprintable()
    assert checked_line("name", line, 2_000) == line
    several = checked_text("words", text, 2_000)
    assert several.replace("\n", "").replace("\t", "").isprintable()
    assert checked_text("words", several, 2_000) == several
