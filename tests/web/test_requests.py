"""The queue of requests, entering one, and its page: what each reader sees, and what is done there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.footage.entries import add_entry
from tests.people.place import Place
from tests.web.requests_place import NAMING_LAW, ask, law_of, led_to
from tests.web.test_law_pages import put_in_force
from tests.web.visitor import Visitor

from candor.core.clock import FixedClock
from candor.disclosure.requests.naming import Named
from candor.installation import Installation
from candor.people.rules import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SignedIn = Callable[..., Visitor]


@pytest.fixture
def clerk(signed_in: SignedIn) -> Visitor:
    """Somebody of the records office."""
    return signed_in("robin", Role.RECORDS_OFFICER)


def test_an_empty_queue_says_what_to_do(clerk: Visitor, signed_in: SignedIn) -> None:
    text = clerk.get("/requests").text
    assert "No requests yet" in text
    assert 'href="/requests/new"' in text
    reader = signed_in("noor", Role.COUNSEL).get("/requests").text
    assert "No requests yet" in reader
    assert 'href="/requests/new"' not in reader


def test_the_page_of_a_request(installation: Installation, clerk: Visitor) -> None:
    made = ask(installation, clerk, words="The <b>stop</b>", name="Ada & Co")
    text = clerk.get(f"/requests/{made.id}").text
    assert "The &lt;b&gt;stop&lt;/b&gt;" in text
    assert made.number in clerk.get("/requests").text


def test_the_queue_shows_what_is_due_first_with_shape_word_and_turn(
    installation: Installation, place: Place, clerk: Visitor, fixed_clock: FixedClock
) -> None:
    put_in_force(installation, place, clock=fixed_clock)
    late = ask(installation, clerk, "The older one", received_at=fixed_clock.now() - timedelta(days=30))
    soon = ask(installation, clerk, "The newer <one>", name="Ada", requester_class="press")
    text = clerk.get("/requests").text
    assert text.index(late.number) < text.index(soon.number)
    row = text[text.index("<tbody") : text.index(soon.number)]
    assert 'class="due late"' in row
    assert "late by" in row
    assert "<svg" in row
    assert "The newer &lt;one&gt;" in text
    assert "somebody of the press" in text
    assert "somebody to take it" in text
    assert late.number in clerk.get("/requests?due=over").text
    assert soon.number not in clerk.get("/requests?due=over").text
    assert soon.number in clerk.get("/requests?class=press&text=newer+ada").text
    assert "No request fits" in clerk.get("/requests?text=elm").text
    assert "Everything is answered" not in text
    wrong = clerk.get("/requests?due=never")
    assert (wrong.status_code, "cannot be narrowed like that" in wrong.text) == (400, True)
    part = clerk.get("/requests?text=newer", **{"HX-Request": "true"})
    assert "<html" not in part.text
    assert part.headers["HX-Replace-Url"] == "/requests?text=newer"


def test_a_clerk_enters_a_request_is_told_what_the_law_wants_named_and_gets_a_receipt(
    installation: Installation, place: Place, clerk: Visitor, fixed_clock: FixedClock
) -> None:
    law_of(installation, NAMING_LAW, fixed_clock)
    assert "What came at the counter" in clerk.get("/requests/new").text
    given = {
        "words": "The stop <b>",
        "name": "Ada",
        "class": "public",
        "wants": "copy",
        "account": clerk.actor.account_id,
    }
    warned = clerk.post("/requests", given)
    assert warned.status_code == 422
    assert "wants this named" in warned.text
    assert "The stop &lt;b&gt;" in warned.text
    receipt = clerk.post("/requests", {**given, "anyway": "yes"})
    assert receipt.status_code == 200
    assert receipt.headers["cache-control"] == "no-store"
    code = re.search(r'class="tracking-code"[^>]*>(CR-[0-9A-Z-]+)<', receipt.text)
    assert code
    assert "R-2026-0001" in receipt.text
    queue = clerk.get("/requests?assigned=me").text
    assert "R-2026-0001" in queue
    assert code.group(1) not in queue
    complete = clerk.post(
        "/requests", {**given, "from_date": "2026-11-19", "from_time": "10:00", "place": "Route 9", "person": "Ada"}
    )
    assert "R-2026-0002" in complete.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"words": ""}, "it is empty"),
        ({"mail": "nobody"}, "mail address"),
        ({"from_time": "10:00"}, "name the day"),
        ({"from_date": "2026-11-19", "to_date": "2026-11-01"}, "before the earliest"),
        ({"from_date": "yesterday"}, "write it like"),
        ({"received": "2036-01-01T10:00"}, "future"),
        ({"class": "emperor"}, "is not one of"),
        ({"words": "x" * 50_000}, "more than"),
        ({"wants": "steal"}, "kind of access"),
    ],
)
def test_what_cannot_be_taken_in_is_said_and_kept(clerk: Visitor, fields: dict[str, str], words: str) -> None:
    given = {"words": "The stop", "name": "Ada Byron", "class": "public", "wants": "copy"}
    wrong = clerk.post("/requests", {**given, **fields})
    assert wrong.status_code == 422
    assert words in wrong.text
    assert "Ada Byron" in wrong.text
    assert "No requests yet" in clerk.get("/requests").text


# -- one request


@pytest.fixture
def place_of_one(
    installation: Installation, place: Place, clerk: Visitor, fixed_clock: FixedClock
) -> tuple[str, list[str]]:
    """A request under the law of Connecticut, and three recordings of the incident that it names."""
    put_in_force(installation, place, clock=fixed_clock)
    began = fixed_clock.now() - timedelta(days=2)
    with installation.database.write() as tx:
        made = [
            add_entry(tx, began + timedelta(minutes=n), title=f"Stop, camera {n}", incident_number="2026-0442")
            for n in range(3)
        ]
    named = Named(incident="2026-0442", began=began, ended=began + timedelta(hours=1))
    return ask(installation, clerk, "The stop of that night", name="Ada", named=named).id, made


def test_recordings_are_proposed_meant_and_not_meant(place_of_one: tuple[str, list[str]], clerk: Visitor) -> None:
    request_id, (first, second, third) = place_of_one
    path = f"/requests/{request_id}"
    text = clerk.get(path).text
    proposed = text[text.index('id="proposed"') :]
    assert "its incident number is 2026-0442" in proposed
    assert "it was recorded within the time that is named" in proposed
    assert "Somebody has to take it." in text
    led_to(clerk.post(f"{path}/assign", {"me": "yes"}))
    assert "Find the recordings that are meant" in clerk.get(path).text
    led_to(clerk.post(f"{path}/meant", {"recording": first, "meant": "yes", "why": "It shows the stop"}))
    led_to(clerk.post(f"{path}/meant", {"ids": f"http://x/recordings/{second}?viewing=1", "meant": "yes", "why": "So"}))
    wrong = clerk.post(f"{path}/meant", {"recording": third, "meant": "no", "why": ""})
    assert (wrong.status_code, "Say why" in wrong.text) == (422, True)
    led_to(clerk.post(f"{path}/meant", {"recording": third, "meant": "no", "why": "Another car"}))
    text = clerk.get(path).text
    meant = text[text.index('id="meant"') : text.index('id="proposed"')]
    assert "2 recordings" in meant
    assert "It shows the stop" in meant
    assert "1 recording that was looked at and is not meant" in meant
    assert "Another car" in meant
    assert f"{path}/decide?recording={first}" in meant
    assert "Decide on 2 recordings." in text
    assert "Of everything that was proposed somebody has said" in text
    assert "R-2026-0001" in clerk.get(f"/recordings/{first}").text
    assert "R-2026-0001" not in clerk.get(f"/recordings/{third}").text
    unknown = clerk.post(f"{path}/meant", {"ids": "nothing", "form": "name", "meant": "yes", "why": "So"})
    assert unknown.status_code == 404
    assert 'value="nothing"' in unknown.text
    # One clock that is the same for both is told once, with both recordings.
    side = text[text.index('id="clocks"') : text.index('id="work"')]
    assert side.count("The law asks for its release within 96 hours") == 1, re.sub(
        r"\s+", " ", re.sub(r"<[^>]+>", " ", side)
    )
    assert "Stop, camera 0" in side
    assert "Stop, camera 1" in side
    assert "Conn. Gen. Stat. § 29-6d" in side


def test_clocks_are_extended_as_their_rule_allows(
    installation: Installation, place: Place, clerk: Visitor, fixed_clock: FixedClock
) -> None:
    put_in_force(installation, place, adopt=("ct-1-206-denial",), clock=fixed_clock)
    made = ask(installation, clerk)
    path = f"/requests/{made.id}"
    text = clerk.get(path).text
    clock_id = re.search(r'name="clock" value="([^"]+)"', text)
    assert clock_id, text[text.index('id="clocks"') :][:3000]
    given = {"clock": clock_id.group(1), "version": "1"}
    wrong = clerk.post(f"{path}/extend", {**given, "reason": ""})
    assert (wrong.status_code, "Say why" in wrong.text) == (422, True)
    led_to(clerk.post(f"{path}/extend", {**given, "reason": "Forty cameras <all>"}))
    side = clerk.get(path).text
    assert "Forty cameras &lt;all&gt;" in side
    again = clerk.post(f"{path}/extend", {**given, "reason": "Once more"})
    assert again.status_code == 409
    assert "Somebody else changed this request while you were at it" in again.text
