"""Restricting a recording, the agency's rules, what a view is for, and a review before a statement, in the browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.people.place import Place
from tests.web.recording_place import Film, make_film
from tests.web.visitor import Visitor

from candor.custody import Event
from candor.custody.record import history
from candor.footage.access_policy import read_policy
from candor.footage.restrictions import restrictions_of
from candor.installation import Installation
from candor.law.vocabulary import CaseKind, Label
from candor.matters.contents import add_recordings
from candor.matters.membership import add_person
from candor.matters.rules import Part, Side
from candor.matters.service import open_case
from candor.people.rules import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SignedIn = Callable[..., Visitor]


@pytest.fixture
def technician(signed_in: SignedIn) -> Visitor:
    """Whoever may restrict recordings."""
    return signed_in("tanaka", Role.EVIDENCE_TECHNICIAN)


def _restriction(installation: Installation, film: Film) -> str:
    with installation.database.read() as tx:
        return restrictions_of(tx, film.received.recording_id)[-1].id


def test_a_recording_is_restricted_and_opened_again(
    installation: Installation, technician: Visitor, signed_in: SignedIn
) -> None:
    film = make_film(installation)
    other = signed_in("records", Role.RECORDS_OFFICER)
    path = f"{film.path}/restrictions"
    assert "Everybody whose role reaches it" in technician.get(film.path).text
    assert technician.post(path, {"kind": "case", "reason": ""}).status_code == 422
    assert technician.post(path, {"kind": "case", "reason": "an interview"}).status_code == 303
    assert other.get(film.path).status_code == 404
    page = technician.get(path).text
    assert "an interview" in page
    assert "Restricted" in technician.get(film.path).text
    made = _restriction(installation, film)
    person = {"account": other.actor.account_id, "reason": "works on it"}
    assert technician.post(f"{path}/{made}", {"act": "let-in", **person}).status_code == 303
    assert other.get(film.path).status_code == 200
    assert technician.post(f"{path}/{made}", {"act": "keep-out", **person}).status_code == 303
    assert other.get(film.path).status_code == 404
    me = {"account": technician.actor.account_id, "reason": "so"}
    assert technician.post(f"{path}/{made}", {"act": "end", **me}).status_code == 403
    assert technician.post(f"{path}/none", {"act": "lift", "reason": "so"}).status_code == 404
    assert technician.post(f"{path}/{made}", {"act": "lift", "reason": "over"}).status_code == 303
    assert other.get(film.path).status_code == 200
    assert "It is not restricted" in technician.get(path).text


def test_a_compelled_recording_is_marked_for_named_people(
    installation: Installation, technician: Visitor, signed_in: SignedIn
) -> None:
    film, inside = make_film(installation), signed_in("inside", Role.RECORDS_OFFICER)
    with installation.database.write() as tx:
        actor, clock = technician.actor, installation.clock
        case = open_case(tx, actor, "IA-7", CaseKind.DISCIPLINARY, "Inside", clock=clock)
        add_recordings(tx, actor, case, [film.received.recording_id], reason="of it", clock=clock)
        named = inside.actor.account_id
        add_person(tx, actor, case, Part.INVESTIGATOR, Side.ADMINISTRATIVE, account_id=named, clock=clock)
    path = f"{film.path}/restrictions"
    given = {"kind": "compelled", "case": "IA-7", "account": named, "reason": "told to speak"}
    assert technician.post(path, given).status_code == 303
    assert technician.get(film.path).status_code == 404
    assert inside.get(film.path).status_code == 200
    page = technician.get(path)
    assert page.status_code == 200
    assert "Garrity v. New Jersey" in page.text
    assert "closed to you as well" in page.text
    made = _restriction(installation, film)
    assert technician.post(f"{path}/{made}", {"act": "lift", "reason": "so"}).status_code == 403
    closed = technician.post(f"/cases/{case}/circle", {"act": "close", "reason": "few"})
    assert closed.status_code == 303
    assert "Its own people alone" in technician.get(f"/cases/{case}").text
    assert signed_in("outside", Role.RECORDS_OFFICER).get(f"/cases/{case}").status_code == 404


def test_what_a_view_is_for_is_the_agencys_rule(
    installation: Installation, technician: Visitor, signed_in: SignedIn
) -> None:
    """Asked of others and not of the wearer; then only what is listed is taken, whichever way it comes."""
    officer = signed_in("okafor", Role.OFFICER)
    film = make_film(installation, wearer_id=officer.actor.account_id)
    rules = {"label": "minor", "purpose": "others", "purposes": "Court\nInternal affairs", "other_purposes": "1"}
    assert technician.post("/access-rules", rules).status_code == 303
    with installation.database.read() as tx:
        assert read_policy(tx).restricting_labels == {Label.MINOR}
        assert not read_policy(tx).subjects_kept_out
    assert "What is it opened for?" not in officer.get(film.path).text
    assert officer.post(f"{film.path}/viewings", {}).status_code == 303
    page = technician.get(film.path).text
    assert "What is it opened for?" in page
    assert "Internal affairs" in page
    assert technician.post(f"{film.path}/viewings", {}).status_code == 422
    assert technician.post(f"{film.path}/viewings", {"purpose": "Internal affairs", "note": "7"}).status_code == 303
    del rules["other_purposes"]
    assert technician.post("/access-rules", rules).status_code == 303
    assert technician.post(f"{film.path}/viewings", {"purpose": "other", "note": "curious"}).status_code == 422
    download = f"{film.path}/parts/{film.received.part_id}/download"
    assert technician.post(download, {"note": "curious"}).status_code == 422
    assert technician.post(download, {"purpose": "court"}).status_code == 303
    with installation.database.read() as tx:
        viewed = [one for one in history(tx, film.received.recording_id) if one.kind is Event.RECORDING_VIEWED]
    assert [one.details["purpose"] for one in viewed] == [
        "no purpose asked",
        "Internal affairs: 7",
        f"Download of the original file {film.received.part_id}: Court",
    ]
    assert technician.post("/access-rules", {"purpose": "others", "purposes": ""}).status_code == 422


def test_a_review_before_a_statement(
    installation: Installation, place: Place, technician: Visitor, signed_in: SignedIn
) -> None:
    officer = signed_in("okafor", Role.OFFICER, unit_id=place.unit_id)
    counsel = signed_in("counsel", Role.COUNSEL)
    film = make_film(installation, unit_id=place.unit_id)
    assert officer.get(film.path).status_code == 404
    with installation.database.write() as tx:
        case = open_case(tx, technician.actor, "IA-8", CaseKind.FORCE_REVIEW, "Force", clock=installation.clock)
        one = film.received.recording_id
        add_recordings(tx, technician.actor, case, [one], reason="of it", clock=installation.clock)
    asked = officer.post("/statements", {"occasion": "formal-statement", "about": "IA-8, the other camera"})
    path = asked.headers["location"].partition("?")[0]
    assert re.fullmatch(r"/statements/[0-9a-f-]{36}", path)
    assert "IA-8, the other camera" in counsel.get("/statements").text
    page = counsel.get(f"{path}?case=IA-8").text
    assert one in page
    assert "No rule in force here" in page
    given = {"ids": one, "case": "IA-8", "reason": "the right of the officer", "with_whom": "an attorney"}
    assert officer.post(path, {"act": "grant", **given, "case": ""}).status_code == 403
    assert counsel.post(path, {"act": "grant", **given, "ids": ""}).status_code in (404, 422)
    assert counsel.post(path, {"act": "grant", **given}).status_code == 303
    assert officer.post(f"{path}/recordings/{one}").status_code in (403, 404, 409)
    assert officer.post(path, {"act": "begin", "present": "A. Attorney"}).status_code == 303
    watching = officer.post(f"{path}/recordings/{one}")
    assert watching.status_code == 303
    watched = officer.get(watching.headers["location"])
    assert watched.status_code == 200
    found = re.search(r"viewing=([0-9a-f-]{36})", watching.headers["location"])
    assert found
    media = officer.get(f"/media/{film.proxy_id}?viewing={found.group(1)}")
    assert media.content == film.copy
    assert officer.post(path, {"act": "complete"}).status_code == 303
    assert officer.get(film.path).status_code == 404
    assert officer.get(f"/media/{film.proxy_id}?viewing={found.group(1)}").status_code == 404
    page = officer.get(path).text
    assert "completed" in page
    assert "A. Attorney" in page
    assert signed_in("stranger", Role.OFFICER).get(path).status_code == 404
