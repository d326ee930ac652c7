"""The pages of critical incidents: the list with clocks, opening one, and everything that is put on record there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from starlette.applications import Starlette
from tests.disclosure.critical.conftest import LAW
from tests.disclosure.decisions.law import LOOKED, MINOR
from tests.disclosure.decisions.office import LOOKED_AT, release
from tests.disclosure.releases.place import leave_copy
from tests.people.place import Place
from tests.web.releases_place import Desk, make_desk
from tests.web.test_releases import version

from candor.disclosure.decisions.deciding import decide, decisions_of
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.releases.rules import ReleaseState
from candor.installation import Installation
from candor.law.vocabulary import Label

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def desk(installation: Installation, place: Place, app: Starlette, tmp_path: Path) -> Desk:
    return make_desk(installation, place, app, tmp_path, more=LAW.lstrip("\n"))


def local(desk: Desk, **before: float) -> str:
    """A moment before now as it is typed, in the agency's zone."""
    at = desk.office.archive.clock.now() - timedelta(**before)
    return f"{at.astimezone(ZoneInfo('America/New_York')):%Y-%m-%dT%H:%M}"


def opened(desk: Desk) -> str:
    """A shooting three hours ago, with the recording; its address."""
    given = {"kind": "shooting", "occurred": local(desk, hours=3), "place": "Main <Street>", "summary": "Two shots"}
    answer = desk.records.post("/critical", given)
    assert answer.status_code == 303, answer.text
    address = answer.headers["location"].partition("?")[0]
    added = desk.records.post(f"{address}/recordings", {"ids": f"http://x/recordings/{desk.office.recording}?a=b"})
    assert added.status_code == 303, added.text
    return address


def document(desk: Desk, address: str, kind: str, name: str = "paper.txt") -> str:
    """A document of the incident; its identifier."""
    headers = {"x-csrf-token": desk.records.token()}
    path = f"{address}/documents?kind={kind}&name={name}"
    sent = desk.records.client.post(path, content=b"What was written.", headers=headers)
    assert sent.status_code == 303, sent.text
    page = desk.records.get(address).text
    return page.rpartition(f'href="{address}/documents/')[2].partition('"')[0]


def test_from_nothing_to_an_open_incident(desk: Desk) -> None:
    assert "No critical incident is open" in desk.records.get("/critical").text
    assert "What happened" in desk.records.get("/critical/new").text
    wrong = desk.records.post("/critical", {"kind": "shooting", "occurred": "", "place": "Main <b>", "summary": "S"})
    assert wrong.status_code in (400, 422)
    assert "Main &lt;b&gt;" in wrong.text
    address = opened(desk)
    listed = desk.counsel.get("/critical").text
    assert "C-2026-0001" in listed
    assert "Main &lt;Street&gt;" in listed
    assert 'class="due running"' in listed
    page = desk.counsel.get(address).text
    assert "Test Code § 20" in page
    assert "Test Code § 21" in page
    assert "next of kin" in page
    assert 'action="/critical' not in page
    assert "None is closed yet" in desk.counsel.get("/critical?closed=1").text
    assert desk.counsel.get("/critical/C-2026-0001").status_code == 200
    assert desk.counsel.get("/critical/C-2026-0009").status_code == 404
    assert desk.counsel.post("/critical", {}).status_code == 403
    assert "C-2026-0001" in desk.records.get(f"/recordings/{desk.office.recording}").text
    none = desk.records.post(f"{address}/recordings", {"ids": "none <of> them"})
    assert (none.status_code, "none &lt;of&gt; them" in none.text) == (404, True)


def test_a_viewing_is_owed_offered_and_held(desk: Desk) -> None:
    address = opened(desk)
    owing = desk.records.get(address).text
    assert "1 viewing or consent is owed before a release" in owing
    assert "Test Code § 23" in desk.records.get(f"{address}/decide?recording={desk.office.recording}").text
    offer = {"who": "next-of-kin", "name": "Ana & Co", "offered_for": local(desk, hours=-30), "words": "by telephone"}
    bad = desk.records.post(f"{address}/viewings", {**offer, "offered_for": "soon"})
    assert (bad.status_code, "Ana &amp; Co" in bad.text) == (400, True) or bad.status_code == 422
    assert desk.records.post(f"{address}/viewings", offer).status_code == 303
    page = desk.records.get(address).text
    assert "Ana &amp; Co" in page
    viewing = page.split(f'action="{address}/viewings/')[1].split('"')[0]
    no_one = desk.records.post(f"{address}/viewings/{viewing}", {"act": "held", "present": " "})
    assert no_one.status_code == 400
    held = {"act": "held", "present": "Ana and her lawyer", "held_at": local(desk, minutes=5)}
    assert desk.records.post(f"{address}/viewings/{viewing}", held).status_code == 303
    seen = desk.records.get(address).text
    assert "Ana and her lawyer" in seen
    assert "is owed before a release" not in seen
    again = desk.records.post(f"{address}/viewings/{viewing}", {"act": "declined"})
    assert (again.status_code, "That viewing was held already" in again.text) == (409, True)


def test_it_is_put_off_by_the_rules_own_step_with_a_document(desk: Desk) -> None:
    address = opened(desk)
    rule = "xx-release/t-steps"
    assert "Add the document first" in desk.records.get(address).text
    paper = document(desk, address, "other", "reason.txt")
    assert desk.records.get(f"{address}/documents/{paper}").content == b"What was written."
    assert desk.records.get(f"{address}/documents/none").status_code == 404
    given = {"rule": rule, "reason": "The prosecutor <writes> so", "document": ""}
    without = desk.records.post(f"{address}/put-off", given)
    assert "The prosecutor &lt;writes&gt; so" in without.text
    assert desk.records.post(f"{address}/put-off", {**given, "document": paper}).status_code == 303
    page = desk.records.get(address).text
    assert "It was put off 1 time" in page
    rigid = desk.records.post(f"{address}/put-off", {**given, "rule": "xx-release/t-rigid", "document": paper})
    assert (rigid.status_code, "allows no delay" in rigid.text) == (409, True)


def test_consents_and_statements_stand_beside_the_footage(desk: Desk) -> None:
    desk.office.label(Label.MINOR)
    address = opened(desk)
    given = {"who": "parent", "name": "Ana Ruiz", "given": "yes", "document": ""}
    unproven = desk.records.post(f"{address}/consents", given)
    assert "A consent is a document" in unproven.text
    assert "Ana Ruiz" in unproven.text
    paper = document(desk, address, "consent")
    assert desk.records.post(f"{address}/consents", {**given, "document": paper}).status_code == 303
    assert desk.records.post(f"{address}/consents", {**given, "given": "no"}).status_code == 303
    page = desk.records.get(address).text
    assert "Consented" in page
    assert "Did not consent" in page
    said = {"said_by": "The sheriff", "words": "We <regret> it", "said_at": local(desk, minutes=1), "public": "yes"}
    assert desk.records.post(f"{address}/statements", {**said, "words": ""}).status_code == 400
    assert desk.records.post(f"{address}/statements", said).status_code == 303
    page = desk.records.get(address).text
    assert "We &lt;regret&gt; it" in page
    assert "goes beside a release" in page


def test_a_release_of_it_and_closing(desk: Desk) -> None:
    address, office = opened(desk), desk.office
    subject = Subject.of_critical(address.rpartition("/")[2])
    close = {"reason": "It is over"}
    owing = desk.records.post(f"{address}/close", close)
    assert (owing.status_code, "cannot be closed yet" in owing.text) == (409, True)
    offer = {"who": "next-of-kin", "name": "Ana", "offered_for": local(desk, hours=-2)}
    assert desk.records.post(f"{address}/viewings", offer).status_code == 303
    viewing = desk.records.get(address).text.split(f'action="{address}/viewings/')[1].split('"')[0]
    declined = {"act": "declined", "words": "by letter"}
    assert desk.records.post(f"{address}/viewings/{viewing}", declined).status_code == 303
    page = desk.records.get(f"{address}/decide").headers["location"]
    assert LOOKED in desk.records.get(page).text
    with office.archive.database.write() as tx:
        upon = decisions_of(tx, office.records, subject).upon
        given = (tx, office.records, subject, office.recording, [release()], [LOOKED_AT])
        decide(*given, upon=upon, clock=office.archive.clock)
    assert "Prepare the release" in desk.records.get(address).text
    form = desk.records.get(f"/releases/new?critical={subject.id}").text
    assert 'type="radio" name="audience"' not in form
    copy_id = leave_copy(office, b"a copy")
    wanted = {"critical": subject.id, "copy": copy_id, "audience": "public", "title": "A", "summary": "B"}
    made = desk.records.post("/releases/new", wanted)
    assert made.status_code == 303, made.text
    release_page = made.headers["location"].partition("?")[0]
    upon_version = version(desk.second.get(release_page).text)
    assert desk.second.post(f"{release_page}/approve", {"version": upon_version}).status_code == 303
    desk.releasing.work()
    assert desk.releasing.release(release_page.rpartition("/")[2]).state is ReleaseState.PUBLISHED
    told = desk.records.get(address).text
    assert "RL-2026-0001" in told
    assert 'class="out"' in told
    assert "What its clocks ask for is released to everybody" in told
    assert "It holds 1 recording. What becomes of that?" in told
    assert "held by something else too" in told
    asked = desk.records.post(f"{address}/close", {**close, "holds": "keep", "keep_because": ""})
    assert (asked.status_code, "holds 1 recording, so it was not closed" in asked.text) == (409, True)
    stale = desk.records.post(f"{address}/close", {**close, "holds": "free", "version": "1"})
    assert (stale.status_code, "Somebody else changed the critical incident" in stale.text) == (409, True)
    assert 'value="free" checked' in stale.text
    keep = {**close, "holds": "keep", "keep_because": "A claim <may> come", "version": version(told)}
    kept = desk.records.post(f"{address}/close", keep)
    assert kept.headers["location"].endswith("?said=critical-closed-kept"), kept.text
    last = desk.records.get(address).text
    assert "It is closed" in last
    assert "A critical incident was closed. 1 recording stays held." in last
    assert "closed: A claim &lt;may&gt; come" in desk.counsel.get("/retention/holds").text
    assert "Put it off" not in last
    assert "C-2026-0001" in desk.records.get("/critical?closed=1").text
    late = desk.records.post(f"{address}/statements", {"said_by": "A", "words": "B"})
    assert (late.status_code, "is closed" in late.text) == (409, True)


def test_what_is_known_is_put_right(desk: Desk) -> None:
    address = opened(desk)
    changed = {"place": "Elm Street", "summary": "Three shots", "case": ""}
    assert desk.records.post(address, changed).status_code == 303
    assert "Elm Street" in desk.records.get(address).text
    wrong = desk.records.post(address, {**changed, "case": "no such case"})
    assert (wrong.status_code, "no such case" in wrong.text) == (400, True)
    assert MINOR not in desk.records.get(address).text


def test_what_is_known_is_read_to_its_end(desk: Desk) -> None:
    address = opened(desk)
    long = "Two shots were fired, " * 15 + "and nobody was hurt."
    changed = desk.records.post(address, {"place": "Main Street", "summary": long}, page=address)
    assert changed.status_code == 303, changed.text
    shown = desk.records.get(address).text.partition('class="claimed"')[2].partition("</dd>")[0]
    assert long in shown


def test_a_request_is_said_to_be_about_it(desk: Desk) -> None:
    address = opened(desk)
    wrong = desk.records.post(f"{address}/requests", {"request": "R-1999-0001"}, page=address)
    assert wrong.status_code == 404
    assert 'value="R-1999-0001"' in wrong.text
    said = desk.records.post(f"{address}/requests", {"request": f" {desk.office.number} "}, page=address)
    assert said.status_code == 303, said.text
    assert f"/requests/{desk.office.request}" in desk.records.get(address).text
