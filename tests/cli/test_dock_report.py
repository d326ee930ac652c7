"""`candor dock report`."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Candor

from candor.core.settings import Settings
from candor.fleet.reports import Report, note_reports
from candor.fleet.service import register_device
from candor.installation import Installation
from candor.people import passwords, service
from candor.people.rules import Role, system_actor
from candor.people.service import NewAccount

NIGHT = datetime(2026, 11, 21, 2, tzinfo=UTC)  # 20 November in New York


@pytest.fixture
def camera(home: Path) -> str:
    """An agency, and a camera that says it recorded a minute of which nothing came; another one kept silent."""
    with Installation.open(Settings.load(), create=True) as here, here.database.write() as tx:
        hashed = passwords.hash_password("four unrelated quiet words")
        administrator = NewAccount("chief", "Chief", [Role.ADMINISTRATOR], hashed)
        service.create_agency(
            tx, name="Troop", short_name="T", time_zone="America/New_York", administrator=administrator
        )
        for name, role in (("eye", Role.OVERSIGHT), ("officer", Role.OFFICER)):
            service.create_account(tx, system_actor("setup"), NewAccount(name, name, [role], hashed))
        found = register_device(tx, system_actor("setup"), "B8A44F01", "body")
        note_reports(tx, found, [Report("axis", "a", NIGHT, NIGHT + timedelta(seconds=60))])
        note_reports(
            tx, found, [Report("axis", "b", NIGHT + timedelta(days=30), NIGHT + timedelta(days=30, seconds=1))]
        )
    return "B8A44F01"


def test_something_missing_is_said_by_words_and_exit_code(candor: Candor, camera: str) -> None:
    told = candor("dock", "report", "--from", "2026-11-20", "--to", "2026-11-20")
    assert told.code == 6
    assert "B8A44F01" in told.out
    assert "reported 0:01:00, arrived 0:00:00, missing 0:01:00 (unexplained 0:01:00" in told.err
    quiet = candor("dock", "report", "--from", "2026-11-19", "--to", "2026-11-19")
    assert quiet.code == 0
    assert "missing 0:00:00" in quiet.err


def test_json_has_every_figure(candor: Candor, camera: str) -> None:
    told = candor("dock", "report", "--from", "2026-11-20", "--to", "2026-11-20", "--camera", "b8a4 4f01", "--json")
    assert told.code == 6
    assert told.err == ""
    found = told.json
    assert found["zone"] == "America/New_York"
    assert (found["summary"]["missing_s"], found["summary"]["anything_missing"]) == (60, True)
    assert [one["reason"] for one in found["cameras"][0]["missing"]] == ["unknown"]
    assert found["cameras"][0]["shifts"][0]["from"] == "2026-11-20T05:00:00.000000Z"


def test_csv_adds_up(candor: Candor, camera: str) -> None:
    told = candor("dock", "report", "--from", "2026-11-01", "--to", "2026-11-30", "--csv")
    rows = list(csv.DictReader(io.StringIO(told.out)))
    assert sum(float(one["missing_s"] or 0) for one in rows) == 60
    assert {one["shift"] for one in rows} == {"day"}


def test_who_may_look_and_what_cannot_be_asked(candor: Candor, camera: str) -> None:
    assert candor("dock", "report", "--as", "eye", "--from", "2026-11-20", "--to", "2026-11-20").code == 6
    assert candor("dock", "report", "--as", "officer").code == 5
    assert candor("dock", "report", "--camera", "NONE").code == 4
    assert candor("dock", "report", "--from", "2026-11-20", "--to", "2026-11-19").code == 3
    assert candor("dock", "report", "--from", "yesterday").code == 3
