"""The queue: its order, filters, pages, counts, whose turn; and that it opens at once beside many past requests."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests.disclosure.requests.place import RequestPlace

from candor.core.ids import new_id
from candor.disclosure.releases.tables import release
from candor.disclosure.requests import answering, assigning, errors, meant, messages
from candor.disclosure.requests.queue import QueueQuery, QueueRow, counts, queue
from candor.disclosure.requests.rules import ClockState, RequesterClass, Turn
from candor.disclosure.requests.tables import records_request
from candor.people.errors import Refused


def test_what_is_due_first_comes_first_and_what_has_no_clock_last(here: RequestPlace) -> None:
    bare = here.ask()
    here.law()
    now = here.clock.now()
    asked = [here.ask(received_at=now - timedelta(hours=hours)) for hours in (1, 50, 20)]
    rows = _rows(here)
    assert [row.id for row in rows] == [asked[1].id, asked[2].id, asked[0].id, bare.id]
    assert rows[-1].clock is ClockState.NONE
    assert rows[0].clock in (ClockState.NEAR, ClockState.RUNNING)
    pages = []
    query = QueueQuery(limit=1)
    while True:
        with here.database.read() as tx:
            page = queue(tx, here.records, query, clock=here.clock)
        pages += [row.id for row in page.rows]
        if page.after is None:
            break
        query = query.following(page.after)
    assert pages == [row.id for row in rows]
    assert page.total == 4


def test_closed_and_all_are_paged_by_their_own_time(here: RequestPlace) -> None:
    asked = []
    for _ in range(3):
        here.clock.advance(60)
        asked.append(here.ask().id)
    for one in (asked[1], asked[0]):
        here.clock.advance(60)
        with here.database.write() as tx:
            answering.answer(tx, here.records, one, "nothing-found", clock=here.clock)
    for state, wanted in (("closed", [asked[0], asked[1]]), ("all", asked[::-1]), ("answered", asked[1::-1][::-1])):
        found, after = [], ""
        for _ in range(len(wanted)):
            with here.database.read() as tx:
                page = queue(tx, here.records, QueueQuery(state=state, limit=1, after=after), clock=here.clock)
            found += [row.id for row in page.rows]
            after = page.after or ""
        assert (found, after) == (wanted, ""), state
    (first, _) = _rows(here, state="closed")
    assert (first.turn, first.clock) == (Turn.NOBODY, ClockState.MET)


def test_whose_turn_it_is_and_what_it_waits_for(here: RequestPlace) -> None:
    free, given, asking, second = (here.ask(name=name) for name in ("Ada", "Ben", "Cy", "Dee"))
    one, other = here.record(), here.record(hours=1)
    with here.database.write() as tx:
        for asked in (given, second):
            assigning.assign(tx, here.records, asked.id, here.second.account_id, clock=here.clock)
        meant.mean(tx, here.records, given.id, [one, other], why="It is.", clock=here.clock)
        messages.send(tx, here.records, asking.id, "Which day?", asks=True, clock=here.clock)
        row = {"id": new_id(), "number": "RL-2026-0001", "request_id": second.id, "audience": "requester"}
        row |= {"state": "prepared", "title": "", "summary": "", "prepared_by": "x", "prepared_at": here.clock.now()}
        tx.execute(release.insert(), {**row, "basis": {}, "version": 1})
        messages.receive_message(tx, here.records, free.id, "Are you there?", clock=here.clock)
    rows = {row.id: row for row in _rows(here)}
    assert {one: row.turn for one, row in rows.items()} == {
        free.id: Turn.OFFICE,
        given.id: Turn.ASSIGNED,
        asking.id: Turn.REQUESTER,
        second.id: Turn.SECOND,
    }
    assert rows[given.id].waits_for == "Singh, to decide on 2 of 2 recordings"
    assert rows[free.id].waits_for.endswith("to read what whoever asked wrote")
    assert rows[free.id].unread == 1
    assert rows[asking.id].waits_for == "whoever asked"
    assert "second person" in rows[second.id].waits_for
    for turn in (Turn.OFFICE, Turn.ASSIGNED, Turn.REQUESTER, Turn.SECOND):  # the condition is the same rule
        assert [row.turn for row in _rows(here, turn=turn)] == [turn]
    with here.database.read() as tx:
        found = counts(tx, here.second, clock=here.clock)
    assert (found.open, found.unassigned, found.mine, found.clarifying, found.second, found.unread) == (
        4,
        2,
        2,
        1,
        1,
        1,
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"text": "ELM street"}, {"one"}),
        ({"text": "r-2026-0002"}, {"two"}),
        ({"text": "100%"}, {"two"}),
        ({"text": "_"}, set()),
        ({"requester_class": RequesterClass.PRESS}, {"two"}),
        ({"assigned": "nobody"}, {"one", "two"}),
        ({"assigned": "somebody"}, set()),
        ({"due": "over"}, set()),
        ({"state": "working"}, set()),
        ({"turn": Turn.NOBODY}, set()),
    ],
)
def test_filters_narrow(here: RequestPlace, given: dict[str, Any], wanted: set[str]) -> None:
    names = {here.ask("On Elm  Street.").id: "one", here.ask("It is 100% mine.", requester_class="press").id: "two"}
    assert {names[row.id] for row in _rows(here, **given)} == wanted


@pytest.mark.parametrize(
    "given",
    [
        {"text": "x" * 201},
        {"state": "every"},
        {"due": "never"},
        {"limit": 0},
        {"limit": 10_000},
        {"after": "1 OR 1=1"},
        {"after": "99999999999999999999.x"},
    ],
)
def test_a_query_that_cannot_be_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(errors.RequestsQueryWrong):
        QueueQuery(**given)


def test_only_whoever_may_sees_the_queue(here: RequestPlace) -> None:
    with here.database.read() as tx:
        for read in (queue, counts):
            with pytest.raises(Refused):
                read(tx, here.officer, clock=here.clock)
    assert (
        QueueQuery(text="a b", due="over", requester_class=RequesterClass.PRESS).to_text()
        == "text=a+b&class=press&due=over"
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_queue_asks_an_index_however_many_are_past(here: RequestPlace) -> None:
    """Many past requests cost the queue nothing: the plan names the index, and the time stays that of what is open."""
    _past(here, 5_000)
    for _ in range(60):
        here.ask()
    took = []
    for _ in range(5):
        begun = time.process_time()
        rows = _rows(here)
        took.append(time.process_time() - begun)
    assert len(rows) == 50
    assert min(took) < 0.1
    with here.database.read() as tx:
        for query in (
            "SELECT id FROM records_request WHERE closed_at IS NULL ORDER BY due_at IS NULL, due_at, id LIMIT 50",
            "SELECT id FROM records_request WHERE closed_at IS NOT NULL ORDER BY closed_at DESC, id DESC LIMIT 50",
        ):
            plan = str(tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all())
            assert "ix_records_request_open" in plan or "ix_records_request_closed" in plan, plan


def _past(here: RequestPlace, count: int) -> None:
    """So many requests that were answered, as rows alone."""
    here.ask()
    with here.database.write() as tx:
        row = dict(tx.execute(sa.select(records_request)).one()._mapping)
        now = here.clock.now()
        rows = []
        for number in range(count):
            closed = now - timedelta(hours=number)
            own = {"id": new_id(), "number": f"R-2020-{number:05d}", "tracking_digest": number.to_bytes(32, "big")}
            ended = {"state": "answered", "closed_at": closed, "answered_at": closed, "outcome": "released"}
            rows.append({**row, **own, **ended, "received_at": closed - timedelta(days=3)})
        tx.execute(records_request.insert(), rows)


def _rows(here: RequestPlace, **given: Any) -> tuple[QueueRow, ...]:
    with here.database.read() as tx:
        return queue(tx, here.records, QueueQuery(**given), clock=here.clock).rows
