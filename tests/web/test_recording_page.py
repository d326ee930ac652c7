"""The page of one recording by requests alone: the gate, states of the player's place, entry, history, proofs."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
import sqlalchemy as sa
from tests.web.recording_place import Film, make_film, take_in, viewing_of
from tests.web.visitor import Visitor

from candor.custody import Event, history, recent
from candor.footage.tables import part, recording, rendition
from candor.installation import Installation
from candor.people.rules import Role
from candor.verify.tlogproof import TlogProof
from candor.web.pages.recording_player import stage_of

SignedIn = Callable[..., Visitor]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def film(installation: Installation) -> Film:
    return make_film(installation, title="A stop", category="Test")


@pytest.fixture
def robin(signed_in: SignedIn) -> Visitor:
    return signed_in("robin", Role.RECORDS_OFFICER)


def set_proxies(here: Installation, **values: Any) -> None:
    with here.database.write() as tx:
        tx.execute(rendition.update().where(rendition.c.kind == "proxy").values(**values))


def test_the_gate_comes_first_and_remembers(robin: Visitor, film: Film, installation: Installation) -> None:
    page = robin.get(film.path).text
    assert "What is it opened for?" in page
    assert "candor-player" not in page
    assert "/media/" not in page
    begun = robin.post(f"{film.path}/viewings", {"purpose": "supervision", "note": " quarterly \n check "})
    assert begun.status_code == 303
    with installation.database.read() as tx:
        last = history(tx, film.received.recording_id)[-1]
    assert last.kind is Event.RECORDING_VIEWED
    assert last.details["purpose"] == "Supervision: quarterly check"
    player = robin.get(begun.headers["location"]).text
    config = json.loads(html.unescape(re.search(r'data-config="([^"]*)"', player).group(1)))  # type: ignore[union-attr]
    assert config["segments"][0]["src"] == f"/media/{film.proxy_id}?viewing={viewing_of(begun.headers['location'])}"
    assert config["zone"] == "America/New_York"
    assert 'value="supervision" checked' in robin.get(film.path).text


@pytest.mark.parametrize(
    "fields", [{}, {"purpose": "other"}, {"purpose": "nonsense"}, {"purpose": "court", "note": "x" * 201}]
)
def test_a_purpose_must_be_said(robin: Visitor, film: Film, installation: Installation, fields: dict[str, str]) -> None:
    assert robin.post(f"{film.path}/viewings", fields).status_code == 422
    with installation.database.read() as tx:
        assert Event.RECORDING_VIEWED not in [one.kind for one in history(tx, film.received.recording_id)]


def test_a_viewing_of_somebody_else_or_of_another_recording_opens_nothing(
    robin: Visitor, film: Film, installation: Installation, signed_in: SignedIn
) -> None:
    other = make_film(installation, title="Another", category="Test", incident_number="7")
    begun = robin.post(f"{other.path}/viewings", {"purpose": "court"})
    viewing = viewing_of(begun.headers["location"])
    assert "candor-player" in robin.get(f"{other.path}?viewing={viewing}").text
    assert "candor-player" not in robin.get(f"{film.path}?viewing={viewing}").text
    second = signed_in("second", Role.RECORDS_OFFICER)
    assert "candor-player" not in second.get(f"{other.path}?viewing={viewing}").text


def test_out_of_sight_is_not_found(signed_in: SignedIn, film: Film) -> None:
    officer = signed_in("jo", Role.OFFICER)
    for path in ("", "/stage", "/history", "/proofs", "/entry", "/edit"):
        assert officer.get(film.path + path).status_code == 404, path
    assert officer.post(f"{film.path}/viewings", {"purpose": "court"}).status_code == 404
    assert officer.post(f"{film.path}/entry", {"version": "1"}).status_code == 404


def test_the_place_of_the_player_says_what_is(robin: Visitor, film: Film, installation: Installation) -> None:
    set_proxies(installation, state="making")
    waiting = robin.get(film.path).text
    assert "The viewing copy is being made" in waiting
    assert f'hx-get="{film.path}/stage?live=1"' in waiting
    set_proxies(installation, state="failed", problem="The decoder gave up at second 3.")
    failed = robin.get(f"{film.path}/stage").text
    assert "could not be made" in failed
    assert "The decoder gave up at second 3." in failed
    assert "every 2s" not in failed
    with installation.database.write() as tx:
        tx.execute(recording.update().values(state="destroyed"))
    assert "This recording was destroyed" in robin.get(film.path).text


@pytest.mark.parametrize(
    ("data", "words"), [(b"", "The file is empty"), (b"just text\n" * 9, "not a recording in any format known here")]
)
def test_what_cannot_be_played_says_why(robin: Visitor, installation: Installation, data: bytes, words: str) -> None:
    received = take_in(installation, data)
    page = robin.get(f"/recordings/{received.recording_id}").text
    assert "There is nothing here that can be played" in page
    assert words in page


def test_parts_are_played_in_order_and_gaps_are_named(robin: Visitor, film: Film, installation: Installation) -> None:
    """A second part that starts 12.5 seconds after the first one ends."""
    received = take_in(installation, b"x" * 1000, "second.mp4")
    with installation.database.write() as tx:
        first = tx.execute(sa.select(part).where(part.c.id == film.received.part_id)).one()
        claim = next(one for one in first.claims["times"] if one["source"] == "claim")
        later = {**claim, "at": "2026-11-20T18:04:18.500000Z"}
        assert claim["at"].startswith("2026-11-20T18:04:05")
        moved = {
            "recording_id": film.received.recording_id,
            "number": 2,
            "claims": {"media": {**first.claims["media"], "duration": 2.0}, "times": [later]},
        }
        tx.execute(part.update().where(part.c.id == received.part_id).values(**moved))
        row = tx.execute(sa.select(recording).where(recording.c.id == film.received.recording_id)).one()
        proxy = tx.execute(sa.select(rendition).where(rendition.c.id == film.proxy_id)).one()
        copy = {**proxy._mapping, "id": "0" * 36, "part_id": received.part_id, "object_id": None, "state": "waiting"}
        tx.execute(rendition.insert(), copy)
        stage = stage_of(tx, installation.jobs, row)  # type: ignore[arg-type]
    assert [one.number for one in stage.segments] == [1, 2]
    assert stage.segments[1].gap == pytest.approx(12.5)
    assert stage.segments[1].starts_at - stage.segments[0].starts_at == timedelta(seconds=13.5)
    page = robin.get(film.path).text
    assert "Before part 2, 12 s are missing." in page
    assert "Part 2 cannot be played (yet)." in page


# -- the entry


def entry(robin: Visitor, film: Film, **fields: str) -> dict[str, object]:
    """The form as it stands, with some fields changed."""
    page = robin.get(f"{film.path}/edit").text
    given: dict[str, object] = {}
    for name, value in re.findall(r'<input[^>]*name="(\w+)"[^>]*?value="([^"]*)"', page):
        given.setdefault(name, html.unescape(value))
    for name, body in re.findall(r'<select[^>]*name="(\w+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option(?: value="([^"]*)")?[^>]* selected>([^<]*)', body)
        given[name] = "" if chosen is None else html.unescape(chosen.group(1) or chosen.group(2))
    given.pop("csrf")
    return {**given, **fields}


def test_an_edit_keeps_the_old_value(robin: Visitor, film: Film, installation: Installation) -> None:
    fields = entry(
        robin, film, title="A <b>search</b>", tags="one, two , one", custom_name="Unit car", custom_value="12"
    )
    assert robin.post(f"{film.path}/entry", fields).status_code == 303
    with installation.database.read() as tx:
        last = history(tx, film.received.recording_id)[-1]
    assert last.kind is Event.RECORDING_CHANGED
    assert last.details["changed"] == {
        "title": {"old": "A stop", "new": "A <b>search</b>"},
        "tags": {"old": [], "new": ["one", "two"]},
        "custom": {"old": {}, "new": {"Unit car": "12"}},
    }
    page = robin.get(film.path).text
    assert "A &lt;b&gt;search&lt;/b&gt;" in page
    assert "<b>search" not in page
    assert "<del" in page


def test_saving_without_a_change_is_no_event(robin: Visitor, film: Film, installation: Installation) -> None:
    before = len(_history(installation, film))
    assert robin.post(f"{film.path}/entry", entry(robin, film)).status_code == 303
    assert len(_history(installation, film)) == before


def _history(here: Installation, film: Film) -> list[Any]:
    with here.database.read() as tx:
        return history(tx, film.received.recording_id)


def test_two_at_once(robin: Visitor, film: Film, installation: Installation) -> None:
    mine = entry(robin, film, place="Mile 12")
    assert robin.post(f"{film.path}/entry", entry(robin, film, place="Route 9")).status_code == 303
    answer = robin.post(f"{film.path}/entry", mine)
    assert answer.status_code == 409
    assert "Somebody changed the recording" in answer.text
    row = re.search(r"<tr><th[^>]*>Place</th>(.*?)</tr>", answer.text)
    assert row is not None
    assert re.findall(r">([^<]+)</td>", row.group(1)) == ["Route 9", "Mile 12"]
    version = re.search(r'name="version" value="(\d+)"', answer.text)
    assert version is not None
    assert version.group(1) == "2"
    assert _history(installation, film)[-1].details["changed"]["place"]["new"] == "Route 9"


def test_the_start_is_set_in_the_agencys_zone(robin: Visitor, film: Film, installation: Installation) -> None:
    fields = entry(robin, film, start="2026-11-20T14:00:00")
    assert robin.post(f"{film.path}/entry", fields).status_code == 303
    changed = _history(installation, film)[-1].details["changed"]
    assert changed["start"]["new"] == "2026-11-20T19:00:00.000000Z"
    page = robin.get(film.path).text
    assert "corrected by hand" in page
    assert "Set by hand" in page
    wrong = robin.post(f"{film.path}/entry", entry(robin, film, start="yesterday"))
    assert wrong.status_code == 422


def test_who_may_only_look_gets_no_form(signed_in: SignedIn, film: Film, installation: Installation) -> None:
    with installation.database.write() as tx:
        tx.execute(recording.update().values(wearer_id=None))
    technician = signed_in("toni", Role.EVIDENCE_TECHNICIAN)
    assert f"{film.path}/edit" in technician.get(film.path).text
    administrator = signed_in("admin", Role.ADMINISTRATOR)
    assert administrator.get(film.path).status_code == 403
    assert administrator.post(f"{film.path}/entry", {"version": "1"}).status_code == 403


# -- the history


def test_proofs_of_a_history_hold(robin: Visitor, film: Film, installation: Installation) -> None:
    waiting = robin.get(f"{film.path}/proofs").json()
    assert waiting["proofs"] == []
    first = waiting["waiting"][0]
    answer = robin.get(f"/events/{first['event']}/proof")
    assert answer.status_code == 409
    assert "no place in a signed checkpoint yet" in answer.json()["error"]
    installation.log.settle()
    given = robin.get(f"{film.path}/proofs").json()
    events = _history(installation, film)
    assert [one["n"] for one in given["proofs"]] == [event.n for event in events]
    assert given["next"] is None
    policy = installation.log.policy()
    for one, event in zip(given["proofs"], events, strict=True):
        alone = robin.get(f"/events/{event.id}/proof")
        assert alone.headers["content-disposition"].endswith('.tlog-proof"')
        for text in (one["proof"], alone.text):
            proof = TlogProof.parse(text)
            policy.verify_log(proof.checkpoint)
            assert proof.extra == event.opening.encode()
    later = robin.get(f"{film.path}/proofs?from=1").json()
    assert [one["n"] for one in later["proofs"]] == [event.n for event in events[1:]]
    assert robin.get(f"{film.path}/proofs?from=x").status_code == 200


def test_events_that_are_not_of_a_recording_in_sight_are_not_shown(
    robin: Visitor, film: Film, installation: Installation, signed_in: SignedIn
) -> None:
    installation.log.settle()
    event = _history(installation, film)[0]
    officer = signed_in("jo", Role.OFFICER)
    assert officer.get(f"/events/{event.id}/proof").status_code == 404
    assert robin.get("/events/0193a1b2-0000-7000-8000-000000000001/proof").status_code == 404
    with installation.database.read() as tx:
        signed_in_event = next(recent(tx, kinds=[Event.ACCOUNT_SIGNED_IN]))
    assert robin.get(f"/events/{signed_in_event.id}/proof").status_code == 404


def test_a_line_says_who_what_for_and_where_in_the_log(robin: Visitor, film: Film, installation: Installation) -> None:
    robin.post(f"{film.path}/viewings", {"purpose": "request", "note": "PRR-77"})
    waiting = robin.get(film.path).text
    assert "waiting for its place in the log" in waiting
    installation.log.settle()
    page = robin.get(film.path).text
    assert "waiting for its place in the log" not in page
    assert "Records request: PRR-77" in page
    assert ">Robin<" in page
    assert "operator “tester” at the server" in page
    position = _history(installation, film)[-1].position
    assert f"in the log at {position}" in page


def test_the_script_that_checks_is_the_one_of_the_packages(stranger: Visitor) -> None:
    answer = stranger.get("/verify/web/tlog.js")
    assert answer.text == files("candor.verify").joinpath("web", "tlog.js").read_text("utf-8")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert stranger.get("/verify/web/tlog.js", **{"if-none-match": answer.headers["etag"]}).status_code == 304
