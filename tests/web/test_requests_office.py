"""What the office does with many requests: at once from the queue, from a table, by month."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.people.place import Place
from tests.web.requests_place import ask, led_to
from tests.web.test_law_pages import put_in_force
from tests.web.visitor import Visitor

from candor.core.clock import FixedClock
from candor.installation import Installation
from candor.people.rules import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def clerk(signed_in: Callable[..., Visitor]) -> Visitor:
    """Somebody of the records office."""
    return signed_in("robin", Role.RECORDS_OFFICER)


def rows_of(text: str) -> list[str]:
    """The rows of the table of what was done, without their tags."""
    body = text[text.index("<tbody") : text.index("</tbody")]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("</tr>")][:-1]


def test_several_are_assigned_noted_and_extended_and_each_is_told(
    installation: Installation, place: Place, clerk: Visitor, fixed_clock: FixedClock
) -> None:
    put_in_force(installation, place, adopt=("ct-1-206-denial",), clock=fixed_clock)
    one, other, closed = (ask(installation, clerk, f"Number {n}") for n in range(3))
    led_to(clerk.post(f"/requests/{closed.id}/withdraw", {"reason": "By telephone"}))
    chosen = {"id": [one.id, other.id, closed.id], "back": "/requests?due=near"}
    done = clerk.post("/requests/bulk", {**chosen, "do": "assign", "account": clerk.actor.account_id})
    rows = rows_of(done.text)
    assert rows[0] == f"{one.number} – Done Given to Robin."
    assert rows[2].startswith(f"{closed.number} – Refused The request {closed.number} is withdrawn.")
    assert "2 done" in done.text
    assert "1 refused" in done.text
    assert 'href="/requests?due=near"' in done.text
    noted = clerk.post("/requests/bulk", {**chosen, "do": "note", "words": "Same caller"})
    assert all("The note is in it." in row for row in rows_of(noted.text))
    assert "Same caller" in clerk.get(f"/requests/{other.id}").text
    longer = clerk.post("/requests/bulk", {**chosen, "do": "extend", "reason": "People have to be told"})
    rows = rows_of(longer.text)
    assert "Extended to 20" in rows[0]
    assert "§ 1-206" in rows[0]
    assert "Refused" in rows[2]
    letters = rows_of(clerk.post("/requests/bulk", {**chosen, "do": "acknowledge"}).text)
    assert letters[0].endswith("Done The letter was sent.")
    assert "Refused" in letters[2]
    twice = rows_of(clerk.post("/requests/bulk", {**chosen, "do": "acknowledge"}).text)
    assert "It was acknowledged before" in twice[0]
    again = rows_of(clerk.post("/requests/bulk", {**chosen, "do": "extend", "reason": "Once more"}).text)
    assert "no rule that runs for it allows one" in again[0]
    assert led_to(clerk.post("/requests/bulk", {"do": "assign", "back": "//elsewhere.example"})) == "/requests"
    assert led_to(clerk.post("/requests/bulk", {**chosen, "do": "burn"})) == "/requests?due=near"
    many = clerk.post("/requests/bulk", {"id": [f"x{n}" for n in range(201)], "do": "note", "words": "So"})
    assert (many.status_code, "At most 200" in many.text) == (400, True)


TABLE = (
    "words,name,class,received,mail\r\n"
    "The stop,Ada,press,2026-11-20,\r\n"
    '"=HYPERLINK(""http://x"")",Bob,public,,nobody\r\n'
    ",Cleo,emperor,,\r\n"
)


def test_a_table_is_looked_at_first_and_then_taken_in(clerk: Visitor) -> None:
    assert clerk.get("/requests/import/template.csv").text.startswith("words,received,name")
    assert "Nothing is taken in before you have seen" in clerk.get("/requests/import").text
    seen = clerk.post("/requests/import", {"table": TABLE, "name": "mail.csv"})
    rows = rows_of(seen.text)
    assert len(rows) == 3
    assert rows[0].startswith("2 2026-11-20 00:00 Ada The stop")
    assert "mail address: it is none" in rows[1]
    assert "description: it is empty" in rows[2]
    assert "class of requester" in rows[2]
    assert "1 row is good" in seen.text
    assert "2 rows have faults" in seen.text
    assert 'value="all"' not in seen.text
    assert "No requests yet" in clerk.get("/requests").text
    whole = clerk.post("/requests/import", {"table": TABLE, "take": "all"})
    assert whole.status_code == 422
    assert "No requests yet" in clerk.get("/requests").text
    done = clerk.post("/requests/import", {"table": TABLE, "take": "good"})
    assert "1 request was taken in" in done.text
    assert re.search(r"CR-[0-9A-Z-]{20,}", done.text)
    assert done.headers["cache-control"] == "no-store"
    assert "R-2026-0001" in clerk.get("/requests").text
    again = clerk.post("/requests/import", {"table": TABLE, "take": "good"})
    assert again.status_code == 422
    assert "the very same table was taken in" in again.text
    assert "although the same table was taken in before" in again.text
    clerk.post("/requests/import", {"table": TABLE, "take": "good", "again": "yes"})
    assert "R-2026-0002" in clerk.get("/requests").text


@pytest.mark.parametrize("table", ["", "nothing", "words,colour\r\na,b", "PK\x03\x04", 'words\r\n"open', "words\r\n"])
def test_what_is_no_table_is_refused_in_words(clerk: Visitor, table: str) -> None:
    wrong = clerk.post("/requests/import", {"table": table})
    assert wrong.status_code == 422
    assert "cannot be read" in wrong.text
    assert "No requests yet" in clerk.get("/requests").text


def test_statistics_as_a_page_a_table_and_on_paper(
    installation: Installation, place: Place, clerk: Visitor, fixed_clock: FixedClock
) -> None:
    put_in_force(installation, place, clock=fixed_clock)
    for days in (40, 2, 1):
        made = ask(installation, clerk, received_at=fixed_clock.now() - timedelta(days=days))
        if days != 1:
            led_to(clerk.post(f"/requests/{made.id}/answer", {"outcome": "nothing-found"}))
    page = clerk.get("/requests/statistics").text
    assert page.count('<tr role="row">') == 13
    row = page[page.index("2026-11</th>") : page.index("2026-10</th>")]
    assert re.findall(r">([0-9.]+)</td>", row) == ["2", "2", "1", "1", "0", "0", "0", "0", "2", "0", "0.00"]
    assert "50 %" in page
    assert "2026-11: 1 answered late" in page
    assert "up to a week" in page
    table = clerk.get("/requests/statistics.csv?from=2026-10&to=2026-11")
    assert [line.split(",")[:3] for line in table.text.splitlines()][1:] == [
        ["2026-10", "1", "0"],
        ["2026-11", "2", "2"],
        ["all", "3", "2"],
    ]
    paper = clerk.get("/requests/statistics.pdf")
    assert paper.content.startswith(b"%PDF-")
    assert paper.headers["content-disposition"] == 'attachment; filename="requests-2025-12-2026-11.pdf"'
    assert clerk.get("/requests/statistics.pdf").content == paper.content
    wrong = clerk.get("/requests/statistics?from=November&to=2026-11")
    assert (wrong.status_code, "a month is written like" in wrong.text) == (400, True)
    assert clerk.get("/requests/statistics?from=1900-01&to=2026-11").status_code == 400
