"""The pages of cases: finding, opening, changing, adding, and what each reader sees of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import httpx2 as httpx
import pytest
from tests.footage.entries import add_entry
from tests.people.place import Place
from tests.web.visitor import Visitor

from candor.installation import Installation
from candor.law.vocabulary import CaseKind
from candor.matters import inside, service
from candor.people.rules import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SignedIn = Callable[..., Visitor]


@pytest.fixture
def keeper(signed_in: SignedIn) -> Visitor:
    """Somebody who keeps cases."""
    return signed_in("tanaka", Role.EVIDENCE_TECHNICIAN)


def record(installation: Installation, title: str = "Stop", hours: int = 3, **values: object) -> str:
    with installation.database.write() as tx:
        return add_entry(tx, installation.clock.now() - timedelta(hours=hours), title=title, **values)


def open_case(installation: Installation, keeper: Visitor, number: str = "26-1", **values: str) -> str:
    kind = values.pop("kind", CaseKind.CRIMINAL)
    title = values.pop("title", "Pike Street")
    with installation.database.write() as tx:
        return service.open_case(tx, keeper.actor, number, kind, title, clock=installation.clock, **values)


def led_to(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_a_case_is_opened_with_chosen_recordings_and_found_again(installation: Installation, keeper: Visitor) -> None:
    first, second = record(installation, "First stop"), record(installation, "Second stop", hours=4)
    form = keeper.get(f"/cases/new?ids={first},{second}").text
    assert "First stop" in form
    assert "C-2026-00001" in form
    given = {"kind": "criminal", "title": "Pike <Street>", "owner": keeper.actor.account_id, "ids": f"{first},{second}"}
    wrong = keeper.post("/cases", {**given, "reason": ""})
    assert wrong.status_code == 422
    assert "Say why" in wrong.text
    assert 'value="Pike &lt;Street&gt;"' in wrong.text
    where = led_to(keeper.post("/cases", {**given, "reason": "Same driver"}))
    page = keeper.get(where).text
    for words in (
        "C-2026-00001",
        "Pike &lt;Street&gt;",
        "First stop",
        "Second stop",
        "Same driver",
        "The case was opened",
    ):
        assert words in page, words
    assert "Pike &lt;Street&gt;" in keeper.get("/cases?text=pike+c-2026&state=open&kind=criminal").text
    assert "No case fits" in keeper.get("/cases?text=elm").text
    assert "C-2026-00001" in keeper.get(f"/recordings/{first}").text


def test_recordings_chosen_in_the_list_are_added_to_a_case_by_its_number(
    installation: Installation, keeper: Visitor
) -> None:
    case_id, one = open_case(installation, keeper), record(installation)
    assert '<option value="26-1">Pike Street</option>' in keeper.get(f"/cases/add?ids={one}").text
    wrong = keeper.post("/cases/add", {"ids": one, "case": "26-404", "reason": "So"})
    assert (wrong.status_code, "no case with the number or identifier 26-404" in wrong.text) == (404, True)
    assert led_to(keeper.post("/cases/add", {"ids": one, "case": " 26-1 ", "reason": "So"})).startswith(
        f"/cases/{case_id}?"
    )
    again = {"ids": one, "case": "26-1", "reason": "So", "back": "recording"}
    assert led_to(keeper.post("/cases/add", again)).startswith(f"/recordings/{one}?")
    assert keeper.post("/cases/add", {"ids": "", "case": "26-1", "reason": "So"}).status_code == 404
    assert "No recording was chosen" in keeper.get("/cases/add").text
    assert 'formaction="/cases/add/chosen"' in keeper.get("/recordings").text
    assert led_to(keeper.post("/cases/add/chosen", {"id": [one, one]})) == f"/cases/add?ids={one}"


def test_whoever_keeps_cases_and_changes_no_footage_chooses_recordings_all_the_same(
    installation: Installation, signed_in: SignedIn
) -> None:
    record(installation)
    page = signed_in("vance", Role.COUNSEL).get("/recordings").text
    assert 'formaction="/cases/add/chosen"' in page
    assert 'name="tags_add"' not in page
    assert "/cases/add/chosen" not in signed_in("okafor", Role.SUPERVISOR).get("/recordings").text


def test_what_is_in_a_case_is_changed_on_its_page(installation: Installation, keeper: Visitor) -> None:
    case_id, one = open_case(installation, keeper, kind="request"), record(installation, incident_number="2026-7")
    where = f"/cases/{case_id}"
    page = keeper.get(where).text
    for step in ("Add the recordings", "Enter who works on it", "Note when the request was received"):
        assert step in page, step
    assert "said=case-recordings-added" in led_to(
        keeper.post(f"{where}/recordings", {"incident": "2026-7", "reason": "Asked for"})
    )
    person = {"name": "Ada Byron", "part": "complainant", "side": "none"}
    assert led_to(keeper.post(f"{where}/people", person))
    assert led_to(
        keeper.post(f"{where}/people", {"account": keeper.actor.account_id, "part": "counsel", "side": "none"})
    )
    moment = {"event": "request-received", "at": "2026-11-20T08:30", "words": "By letter"}
    assert led_to(keeper.post(f"{where}/moments", moment))
    page = keeper.get(where).text
    assert "What to do next" not in page
    for words in ("Ada Byron", "from outside", "By letter", "2026-11-20", "Asked for", "It was noted when"):
        assert words in page, words
    with installation.database.read() as tx:
        [noted] = inside.moments_of(tx, case_id)
        [entered] = [person for person in inside.people_of(tx, case_id) if person.name == "Ada Byron"]
    mend = {"act": "correct", "at": "2026-11-19T08:30:00", "reason": "Stamp says so"}
    assert led_to(keeper.post(f"{where}/moments/{noted.id}", mend))
    assert led_to(keeper.post(f"{where}/people/{entered.id}/end", {"reason": "Withdrew it"}))
    assert led_to(keeper.post(f"{where}/recordings/{one}/remove", {"reason": "Another street"}))
    page = keeper.get(where).text
    for words in ("Stamp says so", "2026-11-19", "Withdrew it", "Another street", "1 recording that was taken out"):
        assert words in page, words


def test_what_is_wrong_is_said_at_its_form_with_what_was_typed(installation: Installation, keeper: Visitor) -> None:
    case_id = open_case(installation, keeper)
    where = f"/cases/{case_id}"
    for path, fields, words, kept in (
        ("/people", {"name": "Ada", "part": "", "side": "none"}, "not one of", 'value="Ada"'),
        ("/moments", {"event": "complaint-made", "at": "2026-12-24T08:00", "words": "x"}, "future", 'value="x"'),
        ("/recordings", {"incident": "2026-404", "reason": "So"}, "no recording to add", 'value="2026-404"'),
        ("/related", {"other": "26-404", "reason": "So"}, "no other case with the number 26-404", 'value="26-404"'),
        ("/close", {"reason": ""}, "Say why", "<details open>"),
    ):
        answer = keeper.post(where + path, fields)
        assert answer.status_code in (404, 422), path
        assert words in answer.text, path
        assert kept in answer.text, path


def test_two_who_change_a_case_at_once_lose_nothing(installation: Installation, keeper: Visitor) -> None:
    case_id = open_case(installation, keeper)
    where, given = f"/cases/{case_id}", {"number": "26-1", "kind": "criminal", "owner": keeper.actor.account_id}
    assert led_to(keeper.post(where, {**given, "title": "First", "version": "1"}))
    late = keeper.post(where, {**given, "title": "Second", "version": "1"})
    assert late.status_code == 409
    assert "Somebody changed the case 26-1 in the meantime" in late.text
    assert 'value="Second"' in late.text
    assert "First" in keeper.get(where).text


def test_a_case_is_closed_and_opened_again_with_a_reason(installation: Installation, keeper: Visitor) -> None:
    where = f"/cases/{open_case(installation, keeper)}"
    assert led_to(keeper.post(f"{where}/close", {"reason": "Charges were dropped"}))
    page = keeper.get(where).text
    assert "Charges were dropped" in page
    assert f'action="{where}/recordings"' not in page
    refused = keeper.post(f"{where}/people", {"name": "Ada", "part": "witness"})
    assert (refused.status_code, "is closed" in refused.text) == (403, True)
    assert led_to(keeper.post(f"{where}/reopen", {"reason": "New witness"}))
    page = keeper.get(where).text
    assert "New witness" in page
    assert f'action="{where}/recordings"' in page


def test_cases_stand_beside_each_other(installation: Installation, keeper: Visitor) -> None:
    one, other = open_case(installation, keeper), open_case(installation, keeper, "26-2", title="Inquiry")
    assert led_to(keeper.post(f"/cases/{one}/related", {"other": "26-2", "reason": "Same stop"}))
    page = keeper.get(f"/cases/{other}").text
    assert f'href="/cases/{one}"' in page
    [entry] = re.findall(rf"/cases/{other}/related/([0-9a-f-]+)/end", page)
    assert led_to(keeper.post(f"/cases/{other}/related/{entry}/end", {"reason": "Another stop"}))
    assert f'href="/cases/{other}"' not in keeper.get(f"/cases/{one}").text


def test_who_is_in_a_case_sees_it_without_any_form_and_others_do_not(
    installation: Installation, keeper: Visitor, signed_in: SignedIn, place: Place
) -> None:
    officer, other = signed_in("okafor", Role.OFFICER), signed_in("lindqvist", Role.OFFICER)
    guest = signed_in("guest", Role.DEFENCE_GUEST)
    own = record(installation, "My own stop", wearer_id=officer.actor.account_id)
    hidden = record(installation, "Of somebody else", hours=4)
    case_id = open_case(installation, keeper)
    with installation.database.write() as tx:
        service.add_recordings(tx, keeper.actor, case_id, [own, hidden], reason="Both", clock=installation.clock)
        for visitor in (officer, guest):
            member = {"account_id": visitor.actor.account_id, "clock": installation.clock}
            service.add_person(tx, keeper.actor, case_id, "involved-officer", **member)
    page = officer.get(f"/cases/{case_id}").text
    assert "My own stop" in page
    assert "Of somebody else" not in page
    assert "1 more that your rights do not reach to" in page
    assert f'action="/cases/{case_id}' not in page
    assert "26-1" in officer.get("/cases").text
    assert "26-1" in officer.get(f"/recordings/{own}").text
    for visitor in (other, guest):
        assert visitor.get(f"/cases/{case_id}").status_code == 404
    assert "No cases yet" in other.get("/cases").text
    assert guest.get("/cases").status_code == 403
    assert officer.post(f"/cases/{case_id}/close", {"reason": "So"}).status_code == 403


def test_the_list_comes_in_pages(installation: Installation, keeper: Visitor) -> None:
    for number in range(51):
        open_case(installation, keeper, f"26-{number}")
    first = keeper.get("/cases?text=26-").text
    [link] = re.findall(r'href="(/cases\?[^"]*after=[^"]*)"', first)
    second = keeper.get(link.replace("&amp;", "&")).text
    found = [set(re.findall(r">(26-\d+)<", page)) for page in (first, second)]
    assert (len(found[0]), len(found[1]), len(found[0] | found[1])) == (50, 1, 51)
    assert keeper.get("/cases?after=everything").status_code == 422
