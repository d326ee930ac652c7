"""Cameras from a table: every line tried for real, nothing half done."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.fleet.conftest import Fleet

from candor.fleet.assignments import assignments_of
from candor.fleet.errors import ImportWrong, MomentWrong
from candor.fleet.importing import COLUMNS, Line, import_lines, lines_of
from candor.fleet.moments import moment
from candor.fleet.places import create_site
from candor.fleet.service import device, devices, ensure_device, find_by_serial
from candor.people.errors import Refused
from candor.people.rules import Actor, Role
from candor.people.service import NewAccount, create_account

ZONE = ZoneInfo("America/New_York")
TABLE = """\ufeffSerial;Kind;Make;Pooled;Site;Person;From;To
x60a1;;Meridian;;;;;
X60A2;in-car;Meridian;yes;barracks NORTH;ANN;2026-11-20 08:00;2026-11-20T16:00
;;;;;;;
X60A3;body;;no;;1200;2026-11-20T13:00:00Z;
B8A44F;;;;;;;
"""


def imported(fleet: Fleet, text: str) -> list[Line]:
    """What became of a table."""
    with fleet.database.write() as tx:
        return import_lines(tx, fleet.administrator, lines_of(text), zone=ZONE, clock=fleet.clock)


@pytest.fixture
def badge(fleet: Fleet) -> str:
    """Somebody with a badge; a site; a camera that was found."""
    with fleet.database.write() as tx:
        create_site(tx, fleet.administrator, "Barracks North", clock=fleet.clock)
        ensure_device(tx, "B8A44F", "body", clock=fleet.clock)
        new = NewAccount("carol", "Carol", [Role.OFFICER], None, badge="1200")
        return create_account(tx, fleet.administrator, new, clock=fleet.clock)


def test_everything_at_once_and_again(fleet: Fleet, badge: str) -> None:
    done = imported(fleet, TABLE)
    assert [(one.number, one.serial, one.done, one.fault) for one in done] == [
        (2, "x60a1", ("changed",), None),
        (3, "X60A2", ("registered", "assigned"), None),
        (5, "X60A3", ("registered", "assigned"), None),
        (6, "B8A44F", ("confirmed",), None),
    ]
    with fleet.database.read() as tx:
        assert device(tx, fleet.camera).make == "Meridian"
        second, third = find_by_serial(tx, "X60A2"), find_by_serial(tx, "X60A3")
        assert second is not None
        assert third is not None
        assert (second.kind, second.pooled, second.site_id is not None) == ("in-car", True, True)
        (shift,) = assignments_of(tx, second.id)
        (open_end,) = assignments_of(tx, third.id)
        assert devices(tx, found=True) == []
    eight = datetime(2026, 11, 20, 13, tzinfo=UTC)
    assert (shift.account_id, shift.from_at, shift.to_at) == (fleet.ann, eight, eight.replace(hour=21))
    assert (open_end.account_id, open_end.from_at, open_end.to_at) == (badge, eight, None)
    assert [one.done for one in imported(fleet, TABLE)] == [()] * 4  # all is so


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("X9,ship,,,,,", "no kind of device"),
        ("X9,,sold,,,,", "cannot be set to"),
        ("X9,,,South,,,", "no open site"),
        ("X9,,,,nobody,2026-11-20,", "no active account"),
        ("X9,,,,ann,,", "from when"),
        ("X9,,,,,2026-11-20,", "nobody who had"),
        ("X9,,,,ann,yesterday,", "cannot be used as a time"),
        ("X9,,,,ann,2026-11-20,2026-11-19", "not after its beginning"),
        (",body,,,,,", "cannot be a serial number"),
    ],
)
def test_every_fault_is_named_and_leaves_nothing(fleet: Fleet, line: str, words: str) -> None:
    done = imported(fleet, f"serial,kind,state,site,person,from,to\n{line}\nX10,,,,,,\n")
    assert done[0].fault is not None
    assert words in done[0].fault
    assert done[1] == Line(3, "X10", ("registered",), None)
    with fleet.database.read() as tx:
        assert [one.serial for one in devices(tx)] == ["X10", "X60A1"]


def test_lines_that_are_in_each_others_way(fleet: Fleet) -> None:
    table = "serial,person,from,to\nX9,ann,2026-11-20,2026-11-22\nX9,ben,2026-11-21,2026-11-23\n"
    first, second = imported(fleet, table)
    assert first.fault is None
    assert second.fault is not None
    assert "is assigned to somebody else" in second.fault


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "serial is one"),
        ("kind\nbody\n", "serial is one"),
        ("serial,colour\nX,red\n", "'colour'"),
        ("serial,serial\nX,Y\n", "names the columns"),
        ("serial\n" + "X\n" * 5001, "more than 5000 lines"),
        ("serial\n" + "X" * (2 << 20) + "\n", "more than 2 MiB"),
        ("serial,kind\nX,body,extra\n", None),
    ],
)
def test_tables_that_are_none(text: str, words: str | None) -> None:
    if words is None:
        assert lines_of(text)[0][1]["serial"] == "X"
        return
    with pytest.raises(ImportWrong, match=words):
        lines_of(text)


def test_rights(fleet: Fleet) -> None:
    officer = Actor("someone", frozenset({Role.OFFICER}), None, "")
    with fleet.database.write() as tx, pytest.raises(Refused):
        import_lines(tx, officer, lines_of("serial\nX\n"), zone=ZONE, clock=fleet.clock)
    assert COLUMNS[0] == "serial"


def test_moments() -> None:
    assert moment(" 2026-11-22 ", ZONE) == datetime(2026, 11, 22, 5, tzinfo=UTC)
    assert moment("2026-07-22T08:30", ZONE) == datetime(2026, 7, 22, 12, 30, tzinfo=UTC)
    assert moment("2026-11-01T01:30:00-05:00", ZONE) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    for text in ("", "soon", "2026-13-01", "2026-11-01 01:30", "2026-03-08 02:30"):
        with pytest.raises(MomentWrong):
            moment(text, ZONE)
