"""The first run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.requests import Request
from tests.people.place import PASSWORD
from tests.web.visitor import Visitor, make_installation

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.people import service
from candor.web.app import create_app
from candor.web.pages.setup import came_through_a_proxy

FIELDS: dict[str, object] = {
    "name": "State Troop Q",
    "short_name": "Troop Q",
    "time_zone": "America/New_York",
    "display_name": "Dana Chief",
    "sign_in_name": "Chief",
    "password": PASSWORD,
    "password_again": PASSWORD,
}


def visitor_of(database: Database, clock: FixedClock, folder: Path, **settings: object) -> Visitor:
    base = str(settings.get("public_url") or "http://127.0.0.1:8642")
    return Visitor(create_app(make_installation(database, clock, folder, **settings)), base=base)


def test_everything_leads_to_the_set_up_page_until_it_is_done(
    database: Database, fixed_clock: FixedClock, tmp_path: Path
) -> None:
    visitor = visitor_of(database, fixed_clock, tmp_path)
    for path in ("/", "/sign-in", "/recordings", "/accounts", "/account"):
        assert visitor.get(path).headers["location"] == "/setup", path
    assert visitor.get("/healthz").status_code == 200
    answer = visitor.post("/setup", {**FIELDS, "keeps_evidence": "yes"}, page="/setup")
    assert (answer.status_code, answer.headers["location"]) == (303, "/recovery-sheet?said=set-up")
    assert visitor.get("/?said=set-up").headers["location"] == "/recordings?said=set-up"
    assert "The agency is set up" in visitor.get("/recordings?said=set-up").text
    assert visitor.get("/setup").headers["location"] == "/"
    with database.read() as tx:
        agency = service.agency(tx)
        assert agency is not None
        assert agency.name == "State Troop Q"
        assert [sorted(one.roles) for one in service.accounts(tx)] == [["administrator", "evidence_technician"]]


def test_without_the_tick_the_administrator_sees_no_footage(
    database: Database, fixed_clock: FixedClock, tmp_path: Path
) -> None:
    visitor = visitor_of(database, fixed_clock, tmp_path)
    visitor.post("/setup", FIELDS, page="/setup")
    assert visitor.get("/recordings").status_code == 403
    assert visitor.get("/accounts").status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password_again": "something else"}, "The two passwords are not the same."),
        ({"password": "short", "password_again": "short"}, "The password is too short."),
        ({"sign_in_name": "two words"}, "cannot be a sign-in name"),
        ({"name": "  "}, "A name is missing"),
        ({"time_zone": "Mars/Olympus"}, "There is no time zone called “Mars/Olympus”"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(
    database: Database, fixed_clock: FixedClock, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    visitor = visitor_of(database, fixed_clock, tmp_path)
    answer = visitor.post("/setup", {**FIELDS, **change}, page="/setup")
    assert answer.status_code == 422
    assert words in answer.text
    assert "State Troop Q" in answer.text or change.get("name"), "what was typed stays"
    assert PASSWORD not in answer.text, "but not the password"
    with database.read() as tx:
        assert service.agency(tx) is None


def test_first_runs_at_once_make_one_agency(
    second_database: Callable[[], Database], fixed_clock: FixedClock, tmp_path: Path
) -> None:
    # Processes of their own, as far as locks go: each has its own connections and its own middleware.
    first = make_installation(second_database(), fixed_clock, tmp_path)
    visitors = [Visitor(create_app(first))]
    for _ in range(3):
        other = type(first)(first.settings, second_database(), first.vault, first.log, first.jobs, first.clock)
        visitors.append(Visitor(create_app(other)))
    tokens = [visitor.token("/setup") for visitor in visitors]
    gate, places = threading.Barrier(len(visitors)), []

    def run(number: int) -> None:
        fields = {**FIELDS, "sign_in_name": f"name{number}", "csrf": tokens[number]}
        gate.wait(timeout=20)
        answer = visitors[number].client.post("/setup", data=fields)
        places.append((answer.status_code, answer.headers.get("location")))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(visitors))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(places, key=str) == [(303, "/recovery-sheet?said=set-up"), *[(303, "/sign-in")] * 3]
    with first.database.read() as tx:
        assert len(service.accounts(tx)) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("settings", [{"host": "0.0.0.0"}, {"public_url": "https://video.agency.example"}])
def test_where_others_can_reach_the_site_the_code_is_needed(
    database: Database, fixed_clock: FixedClock, tmp_path: Path, settings: dict[str, object]
) -> None:
    visitor = visitor_of(database, fixed_clock, tmp_path, **settings)
    code = visitor.client.app.state.setup_code  # type: ignore[attr-defined]
    assert len(code) == 19
    assert "Set-up code" in visitor.get("/setup").text
    assert code not in visitor.get("/setup").text
    for given in ("", "wrong", code[:-1]):
        answer = visitor.post("/setup", {**FIELDS, "code": given}, page="/setup")
        assert answer.status_code == 403
        assert "The set-up code is not right." in answer.text
    assert visitor.post("/setup", {**FIELDS, "code": f" {code.upper()} "}, page="/setup").status_code == 303


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_on_this_machine_alone_no_code_is_needed(database: Database, fixed_clock: FixedClock, tmp_path: Path) -> None:
    visitor = visitor_of(database, fixed_clock, tmp_path, host="127.0.0.1")
    assert "Set-up code" not in visitor.get("/setup").text
    assert visitor.post("/setup", FIELDS, page="/setup").status_code == 303


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "header", ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via"]
)
def test_through_a_proxy_the_code_is_needed_whatever_the_settings(
    database: Database, fixed_clock: FixedClock, tmp_path: Path, header: str
) -> None:
    visitor = visitor_of(database, fixed_clock, tmp_path, host="127.0.0.1")
    code = visitor.client.app.state.setup_code  # type: ignore[attr-defined]
    proxied = {header: "203.0.113.9"}
    page = visitor.get("/setup", **proxied).text
    assert "Set-up code" in page
    assert code not in page
    for given in ({}, {"code": ""}, {"code": "wrong"}):
        answer = visitor.post("/setup", {**FIELDS, **given}, page="/setup", **proxied)
        assert answer.status_code == 403
        assert "Set-up code" in answer.text
    with database.read() as tx:
        assert service.agency(tx) is None
    assert visitor.post("/setup", {**FIELDS, "code": code}, page="/setup", **proxied).status_code == 303


@pytest.mark.parametrize(("version", "needed"), [("1.0", True), ("1.1", False), ("2", False)])
def test_a_request_in_the_old_way_comes_from_a_proxy(version: str, needed: bool) -> None:
    scope = {"type": "http", "http_version": version, "headers": [(b"host", b"127.0.0.1:8642")]}
    assert came_through_a_proxy(Request(scope)) is needed


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_second_set_up_changes_nothing(database: Database, fixed_clock: FixedClock, tmp_path: Path) -> None:
    visitor = visitor_of(database, fixed_clock, tmp_path)
    token = visitor.token("/setup")
    visitor.post("/setup", FIELDS, page="/setup")
    late = Visitor(visitor.client.app)  # type: ignore[arg-type]
    assert token
    answer = late.post("/setup", {**FIELDS, "sign_in_name": "intruder"}, page="/sign-in")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    with database.read() as tx:
        assert [one.sign_in_name for one in service.accounts(tx)] == ["chief"]
