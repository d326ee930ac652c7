"""The audit page: searching, names beside ids, files that alter nothing, and the event of having looked."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.people.place import Place
from tests.web.visitor import Visitor

from candor.core.clock import FixedClock
from candor.custody import CustodyEvent, Event, append, recent
from candor.people import service
from candor.people.auditing import COLUMNS
from candor.people.rules import Role
from candor.people.service import NewAccount

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def events(place: Place, *kinds: Event) -> list[CustodyEvent]:
    with place.database.read() as tx:
        return list(recent(tx, kinds=list(kinds) or None, limit=1000))


def rows_of(text: str) -> list[str]:
    """The kinds on a page, in order."""
    return re.findall(r'<span class="second mono" translate="no">([a-z]+:[a-z-]+)</span>', text)


@pytest.fixture
def auditor(signed_in: Callable[..., Visitor]) -> Visitor:
    return signed_in("watcher", Role.OVERSIGHT)


def test_who_may(signed_in: Callable[..., Visitor], auditor: Visitor, chief: Visitor) -> None:
    assert auditor.get("/audit").status_code == 200
    assert chief.get("/audit").status_code == 200
    officer = signed_in("officer", Role.OFFICER, Role.EVIDENCE_TECHNICIAN)
    for path in ("/audit", "/audit/export"):
        assert officer.get(path).status_code == 403
    assert "/audit" in auditor.get("/account").text
    assert 'href="/audit"' not in officer.get("/account").text


def test_what_a_line_says(auditor: Visitor, place: Place) -> None:
    text = auditor.get("/audit?kind=account:signed-in").text
    assert rows_of(text) == ["account:signed-in"]
    assert "Watcher" in text
    assert auditor.actor.account_id in text, "the id stands beside the name"
    assert "192.0.2.7" in text
    assert "2026-11-22 07:00:00.00" in text, "to hundredths, in the agency's zone"
    assert "2026-11-22 12:00:00 UTC" in text, "and UTC to look up"


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("kind=account:sign-in-failed", {"account:sign-in-failed"}),
        ("outcome=failure", {"account:sign-in-failed"}),
        ("kind=sign-in", {"account:signed-in", "account:sign-in-failed"}),
        ("who=system:sign-in", {"account:sign-in-failed"}),
        ("account=maria&outcome=failure", {"account:sign-in-failed"}),
        ("account=Maria+Alvarez", {"account:created", "account:sign-in-failed"}),
        ("who=1200&kind=account:created", set()),
        ("who=nobody-at-all", set()),
        ("address=192.0.2.99", {"account:sign-in-failed"}),
        ("address=192.0.2.98", set()),
        ("text=State+Troop", {"agency:created"}),
        ("from=2026-11-23", set()),
        ("to=2026-11-21", set()),
        ("kind=agency:created&from=2026-11-22&to=2026-11-22", {"agency:created"}),
        ("kind=agency:created&from=2026-11-22T12:00:00Z&to=2026-11-22T12:00:01Z", {"agency:created"}),
    ],
)
def test_filters(app: object, auditor: Visitor, place: Place, query: str, kinds: set[str]) -> None:
    with place.database.write() as tx:
        new = NewAccount("maria", "Maria Alvarez", [Role.OFFICER], badge="1200")
        service.create_account(tx, place.administrator, new, clock=place.clock)
    Visitor(app, "192.0.2.99").sign_in("maria", "wrong password here")  # type: ignore[arg-type]
    answer = auditor.get(f"/audit?{query}")
    assert answer.status_code == 200
    assert set(rows_of(answer.text)) == kinds


@pytest.mark.parametrize(
    "query",
    ["kind=none", "outcome=maybe", "from=yesterday", "to=2026-13-45", "order=x", "after=x", f"text={'x' * 300}"],
)
def test_what_cannot_be_searched_is_said(auditor: Visitor, query: str) -> None:
    answer = auditor.get(f"/audit?{query}")
    assert answer.status_code == 400
    assert "The search cannot be made" in answer.text


def test_pages_and_both_orders(auditor: Visitor, place: Place) -> None:
    with place.database.write() as tx:
        for number in range(120):
            clock = FixedClock(datetime(2026, 11, 1, 0, number // 60, number % 60, tzinfo=UTC))
            append(tx, Event.UNIT_CREATED, actor="system:test", details={"number": number}, clock=clock)
    for order, wanted in (("newest", range(119, -1, -1)), ("oldest", range(120))):
        path, seen = f"/audit?kind=unit:created&who=system:test&order={order}", []
        for _ in range(5):
            text = auditor.get(path).text
            seen += [int(n) for n in re.findall(r"&#34;number&#34;:(\d+)|\"number\":(\d+)", text) for n in n if n]
            found = re.search(r'id="next-page" href="([^"]+)"', text)
            if not found:
                break
            path = found[1].replace("&amp;", "&")
        assert seen == list(wanted)


def test_each_page_that_is_read_is_an_event(auditor: Visitor, place: Place) -> None:
    auditor.get("/audit")
    auditor.get("/audit?who=chief&kind=accounts")
    auditor.get("/audit?who=chief&kind=accounts&after=0-0")
    told = [event.details for event in events(place, Event.AUDIT_SEARCHED)]
    search = {"kind": "accounts", "who": "chief"}
    assert [one["filter"] for one in told] == [{**search, "after": "0-0"}, search, {}], "so is a made-up cursor"
    assert told[0]["address"] == "192.0.2.7"
    auditor.get("/audit?kind=none")
    assert len(events(place, Event.AUDIT_SEARCHED)) == 3, "a search that was not made"


def test_a_file_alters_nothing(auditor: Visitor, place: Place) -> None:
    with place.database.write() as tx:
        evil = '=HYPERLINK("http://x")'
        service.create_account(tx, place.administrator, NewAccount("evil", evil, [Role.OFFICER]), clock=place.clock)
    before = {event.id: event for event in events(place)}
    answer = auditor.get("/audit/export?format=csv&order=oldest")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert tuple(rows[0]) == COLUMNS
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    shared = [row for row in rows if row["event"] in before]
    assert len(shared) == len(before)
    for row in shared:
        assert row["payload"] == before[row["event"]].payload
        assert row["actor"] == before[row["event"]].actor
    assert any(row["account_name"].startswith("'=HYPERLINK") for row in rows), "no formula for a spreadsheet"
    document = json.loads(auditor.get("/audit/export?format=json").text)
    assert [one["event"] for one in document["events"]][-len(rows) :] == [row["event"] for row in rows][::-1]
    assert json.loads(auditor.get("/audit/export?format=json&who=nobody").text) == {"events": []}
    exports = events(place, Event.AUDIT_EXPORTED)
    assert [event.details["format"] for event in exports] == ["json", "json", "csv"]
    assert auditor.get("/audit/export?kind=none").status_code == 400
    assert len(events(place, Event.AUDIT_EXPORTED)) == 3


def test_the_event_comes_before_the_first_byte_of_a_file(auditor: Visitor, place: Place) -> None:
    text = auditor.get("/audit/export?kind=audit:exported&format=json").text
    assert len(json.loads(text)["events"]) == 1, "the file already holds the event of itself"
