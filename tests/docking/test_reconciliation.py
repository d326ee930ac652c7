"""Reports against real recordings, on both databases."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
import sqlalchemy as sa
from tests.footage.clips import mp4, without_index
from tests.footage.conftest import Archive, archive, cheap_passwords, make_archive

from candor.core.database import Database
from candor.custody.events import Event
from candor.custody.tables import custody_event
from candor.docking.reconciliation.errors import ExplanationWrong, NothingMissing, PeriodWrong
from candor.docking.reconciliation.explaining import Cause, explain_numbers, explain_report, explain_stretch
from candor.docking.reconciliation.loss_figures import figures
from candor.docking.reconciliation.periods import days_named, period_of_days
from candor.docking.reconciliation.service import Camera, Reconciliation, Whereabouts, reconcile
from candor.docking.reconciliation.spans import Span
from candor.fleet.assignments import assign
from candor.fleet.reports import LossReason, Report, ReportKind, note_report, note_reports, reports_of
from candor.fleet.rules import DeviceKind
from candor.fleet.service import change_device, register_device
from candor.fleet.tables import reported_stretch
from candor.footage.gathering import Said, complete, describe
from candor.footage.said import PartOf
from candor.people.errors import Refused

__all__ = ["archive", "cheap_passwords", "make_archive"]

DAY = datetime(2026, 11, 22, tzinfo=UTC)
PERIOD = Span(DAY, DAY + timedelta(days=1))


def at(hour: float, second: float = 0) -> datetime:
    return DAY + timedelta(hours=hour, seconds=second)


@cache
def film(seconds: float, seed: int) -> bytes:
    return mp4(seconds, sound=False, made=None, seed=seed)


def note(here: Archive, *reports: Report, camera: str | None = None) -> None:
    with here.database.write() as tx:
        assert note_reports(tx, camera or here.camera, reports, clock=here.clock) == len(reports)


def bring(
    here: Archive,
    key: str,
    begin: datetime,
    seconds: float,
    *,
    seed: int = 1,
    said: float | None = None,
    data: Any = None,
) -> None:
    """A clip of a camera arrives as a part; `said`: how long its source says it is."""
    end = begin + timedelta(seconds=seconds if said is None else said)
    part_of = PartOf(key, begin, end)
    here.take(data or film(seconds, seed), f"{key}.mp4", device_id=here.camera, part_of=part_of)


def look(here: Archive, period: Span = PERIOD) -> Reconciliation:
    with here.database.read() as tx:
        return reconcile(tx, period, now=here.clock.now())


def only(found: Reconciliation) -> Camera:
    assert len(found.cameras) == 1
    return found.cameras[0]


def figures_of(camera: Camera) -> dict[str, float]:
    return {
        one.name: value.total_seconds()
        for one in dataclasses.fields(camera.totals)
        if (value := getattr(camera.totals, one.name))
    }


# -- what is said


def test_the_same_stretch_said_again_is_one_row_that_only_says_more(archive: Archive) -> None:
    with archive.database.write() as tx:
        first = note_report(tx, archive.camera, Report("axis", "c/1", at(9), at(9, 60)), clock=archive.clock)
        archive.clock.advance(60)
        for later in (
            Report("axis", "c/1", at(9, 5), at(9, 50)),  # narrower: stays as it was
            Report("axis", "c/1", None, at(9, 90), "lost", reason=LossReason.BATTERY, size=5),
            Report("axis", "c/1", kind=ReportKind.COUNTER, counter=3),
            Report("axis", "c/1", at(9), at(9, 60)),  # as at first: nothing is taken back
        ):
            assert note_report(tx, archive.camera, later, dock_id="d", clock=archive.clock) == first
    with archive.database.read() as tx:
        (kept,) = reports_of(tx, archive.camera)
    assert (kept.from_at, kept.to_at, kept.kind) == (at(9), at(9, 90), ReportKind.LOST)
    assert (kept.reason, kept.size, kept.counter, kept.dock_id) == ("battery", 5, 3, "d")
    assert kept.last_said_at - kept.first_said_at == timedelta(seconds=60)


def test_different_names_stay_different_however_they_are_cut_or_cleaned(archive: Archive) -> None:
    refs = ["x" * 600 + "a", "x" * 600 + "b", "a\x00b", "a\x01b", "ab", "e\u0301", "\u00e9", "\ud800", ""]
    note(archive, *(Report("card", ref, at(1), at(1, 9)) for ref in refs))
    with archive.database.read() as tx:
        kept = [one.ref for one in reports_of(tx, archive.camera, from_at=at(0), to_at=at(2))]
    assert len(kept) == len(set(kept)) == len(refs)
    assert all(len(ref) <= 500 and ref.isprintable() for ref in kept)


def test_what_a_camera_says_is_kept_and_a_callers_fault_is_refused(archive: Archive) -> None:
    note(archive, Report("axis", "odd", at(9), at(8), reason="y" * 900, size=-1, counter=2**80))
    with archive.database.write() as tx:
        for wrong in (
            Report("axis", "r", datetime(2026, 1, 1)),
            Report("axis", "r", sha256=b"short"),
            Report("axis", "r", kind="imagined"),
        ):
            with pytest.raises(ValueError, match=r"zone|bytes|imagined"):
                note_report(tx, archive.camera, wrong)
    with archive.database.read() as tx:
        (kept,) = reports_of(tx, archive.camera)
    assert (kept.from_at, kept.to_at, kept.size, kept.counter) == (at(9), at(8), None, None)
    assert kept.reason is not None
    assert len(kept.reason) == 200


def test_two_writers_of_the_same_report_make_one_row(archive: Archive, second_database: Callable[[], Database]) -> None:
    report = Report("axis", "same", at(3), at(3, 9))
    note(archive, report)
    with second_database().write() as tx:
        note_report(tx, archive.camera, report, clock=archive.clock)
    with archive.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(reported_stretch)) == 1


# -- against what arrived


def test_a_clip_that_never_came_is_missing_and_the_rest_is_here(archive: Archive) -> None:
    note(archive, *(Report("axis", f"c/{n}", at(9, 4 * n), at(9, 4 * n + 4)) for n in range(3)))
    bring(archive, "k", at(9), 4, seed=1)
    bring(archive, "k", at(9, 8), 4, seed=3)
    camera = only(look(archive))
    assert figures_of(camera) == {"reported": 12, "arrived": 8, "missing": 4, "unexplained": 4}
    assert [(one.span, one.reason) for one in camera.account.missing] == [(Span(at(9, 4), at(9, 8)), "unknown")]
    assert camera.lost
    assert camera.reports == 3


def test_what_an_open_recording_is_said_to_have_is_still_docked(archive: Archive) -> None:
    note(archive, Report("axis", "c", at(9), at(9, 60)))
    with archive.database.write() as tx:
        said = Said(started_at=at(9), ended_at=at(9, 60), device_id=archive.camera)
        describe(tx, "k", said, actor="system:dock", clock=archive.clock)
    bring(archive, "k", at(9), 4)
    assert figures_of(only(look(archive))) == {"reported": 60, "arrived": 4, "missing": 56, "pending": 56}
    with archive.database.write() as tx:
        complete(tx, "k", actor="system:dock", clock=archive.clock)
    assert figures_of(only(look(archive))) == {"reported": 60, "arrived": 4, "missing": 56, "unexplained": 56}


def test_a_file_that_holds_less_than_its_source_says_is_missing_the_rest(archive: Archive) -> None:
    note(archive, Report("axis", "c", at(9), at(9, 30)))
    bring(archive, "k", at(9), 4, said=30)
    camera = only(look(archive))
    assert figures_of(camera) == {"reported": 30, "arrived": 4, "missing": 26, "reasoned": 26}
    assert [one.reason for one in camera.account.missing] == ["corrupt"]


def test_a_file_of_which_nothing_can_be_shown_has_arrived_and_its_seconds_have_not(archive: Archive) -> None:
    note(archive, Report("axis", "c", at(9), at(9, 30)))
    bring(archive, "k", at(9), 30, data=without_index(film(4, 7)))
    camera = only(look(archive))
    assert figures_of(camera) == {"reported": 30, "missing": 30, "reasoned": 30}
    assert [one.reason for one in camera.account.missing] == ["corrupt"]


def test_a_clip_that_no_key_opens_is_missing_for_that_reason(archive: Archive) -> None:
    note(archive, Report("axis", "c", at(9), at(9, 30)))
    part_of = PartOf("k", at(9), at(9, 30))
    also = {"encrypted": "its key has not come"}
    archive.take(b"Salted bytes", "k.mkv", device_id=archive.camera, part_of=part_of, also=also)
    camera = only(look(archive))
    assert figures_of(camera) == {"reported": 30, "missing": 30, "reasoned": 30}
    assert [one.reason for one in camera.account.missing] == [LossReason.ENCRYPTED]
    bring(archive, "k", at(9), 30, data=film(4, 9), said=4)  # opened after all: what it holds is here
    assert figures_of(only(look(archive))) == {"reported": 30, "arrived": 4, "missing": 26, "reasoned": 26}


def test_what_arrived_and_was_never_reported_is_surplus_and_its_camera_silent(archive: Archive) -> None:
    bring(archive, "k", at(9), 4)
    bring(archive, "l", at(9, 2), 6, seed=2)
    found = look(archive)
    assert figures_of(only(found)) == {"surplus": 8}
    assert figures_of(only(found)).get("reported") is None
    assert [(one.serial, one.arrived.total_seconds()) for one in found.silent] == [("X60A12345", 8)]
    assert (found.summary.silent, found.summary.cameras) == (1, 0)
    assert not found.summary.lost


def test_the_same_bytes_lie_where_the_camera_says_whatever_the_file_says(archive: Archive) -> None:
    data = film(4, 5)
    digest = hashlib.sha256(data).digest()
    note(archive, Report("card:dcim", "DCIM/1.MP4", at(5), at(5, 4), sha256=digest))
    archive.take(data, "1.mp4", device_id=archive.camera)  # of no camera's time: its date is that of the file
    assert figures_of(only(look(archive))) == {"reported": 4, "arrived": 4}


def test_a_reset_clock_is_counted_by_itself_and_found_by_what_only_the_camera_believed(archive: Archive) -> None:
    reset = datetime(1970, 1, 1, tzinfo=UTC)
    minute = timedelta(minutes=1)
    note(
        archive,
        Report("axis", "gone", reset, reset + minute),
        Report("axis", "here", reset + minute, reset + minute + timedelta(seconds=4)),
        Report("axis", "no times at all"),
        Report("axis", "backwards", at(9), at(8)),
        Report("axis", "bytes", sha256=bytes(32)),
    )
    bring(archive, "k", reset + minute, 4)
    found = look(archive)
    camera = only(found)
    assert {one.report.ref: one.whereabouts for one in camera.unplaced} == {
        "gone": Whereabouts.MISSING,
        "here": Whereabouts.HERE,
        "no times at all": Whereabouts.UNKNOWN,
        "backwards": Whereabouts.UNKNOWN,
        "bytes": Whereabouts.MISSING,
    }
    summary = found.summary
    assert (summary.unplaced, summary.unplaced_missing, summary.unplaced_length) == (5, 2, minute)
    assert summary.totals.reported == timedelta(0)
    assert summary.lost


def test_numbers_that_are_left_out_are_files_and_not_seconds(archive: Archive) -> None:
    day_before = at(-3)
    note(
        archive,
        Report("card:x", "5", day_before, day_before + timedelta(seconds=9), counter=5),
        Report("card:x", "8", at(9), at(9, 4), counter=8),
        Report("card:x", "9", kind="counter", counter=9),
        Report("card:y", "1", kind="counter", counter=1),
    )
    camera = only(look(archive))
    assert [(one.source, one.numbers.first, one.numbers.last) for one in camera.left_out] == [("card:x", 6, 7)]
    assert camera.files_left_out == 2
    assert camera.left_out[0].numbers.after == day_before + timedelta(seconds=9)
    assert camera.left_out[0].numbers.before == at(9)
    assert camera.totals.reported == timedelta(seconds=4)


def test_silence_is_said_of_cameras_that_somebody_had_or_that_spoke_lately(archive: Archive) -> None:
    who = archive.administrator
    with archive.database.write() as tx:
        worn, spoke, shelf = (
            register_device(tx, archive.technician, f"S{n}", DeviceKind.BODY, clock=archive.clock) for n in range(3)
        )
        register_device(tx, archive.technician, "C1", DeviceKind.CITIZEN, clock=archive.clock)
        assign(tx, who, worn, archive.officer.account_id, at(-9), clock=archive.clock)
        assert shelf
    archive.clock.advance(-5 * 86400)
    note(archive, Report("axis", "old", at(-100), at(-100, 60)), camera=spoke)
    archive.clock.advance(5 * 86400)
    found = look(archive)
    assert [one.serial for one in found.silent] == ["S0", "S1"]
    note(archive, Report("axis", "new", at(9), at(9, 60)), camera=worn)
    assert [one.serial for one in look(archive).silent] == ["S1"]


def test_only_what_lies_in_the_period_is_counted(archive: Archive) -> None:
    note(archive, Report("axis", "over midnight", at(-1), at(1)))
    bring(archive, "k", at(-1), 4)
    camera = only(look(archive))
    assert figures_of(camera) == {"reported": 3600, "missing": 3600, "unexplained": 3600}
    before = only(look(archive, Span(at(-24), at(0))))
    assert figures_of(before) == {"reported": 3600, "arrived": 4, "missing": 3596, "unexplained": 3596}


def test_shifts_of_a_camera(archive: Archive) -> None:
    with archive.database.write() as tx:
        assign(
            tx, archive.administrator, archive.camera, archive.officer.account_id, at(8), at(16), clock=archive.clock
        )
    note(archive, Report("axis", "a", at(9), at(9, 60)), Report("axis", "b", at(20), at(20, 60)))
    found = only(look(archive)).by_shift(PERIOD, "UTC")
    assert [(shift.assignment, shift.account_id, len(account.missing)) for shift, account in found] == [
        (True, archive.officer.account_id, 1),
        (False, None, 1),
    ]


# -- explaining


def test_an_explanation_moves_seconds_and_takes_none_away(archive: Archive) -> None:
    note(archive, Report("axis", "a", at(9), at(9, 60)), Report("axis", "b", at(10), at(10, 30)))
    clerk = archive.administrator
    with archive.database.write() as tx:
        made = explain_stretch(
            tx,
            clerk,
            archive.camera,
            Span(at(8), at(9, 40)),
            cause=Cause.TEST,
            words="  Range day,\n nobody on duty ",
            clock=archive.clock,
        )
    found = look(archive)
    assert figures_of(only(found)) == {"reported": 90, "missing": 90, "explained": 40, "unexplained": 50}
    assert len(made) == 1
    assert only(found).explanations[made[0]].words == "Range day, nobody on duty"
    assert found.summary.lost
    with archive.database.read() as tx:
        (event,) = tx.execute(
            sa.select(custody_event).where(custody_event.c.kind == Event.RECONCILIATION_EXPLAINED.value)
        ).all()
    assert "Range day, nobody on duty" in event.payload
    assert '"milliseconds":40000' in event.payload
    # What goes missing later in the same stretch is not explained by it.
    note(archive, Report("axis", "c", at(8), at(8, 10)))
    assert only(look(archive)).totals.explained == timedelta(seconds=40)
    # Footage that comes after all has arrived, explained or not.
    bring(archive, "k", at(9), 4)
    assert only(look(archive)).totals.explained == timedelta(seconds=36)


def test_numbers_and_reports_are_explained_too(archive: Archive) -> None:
    note(
        archive,
        Report("card:x", "1", at(9), at(9, 4), counter=1),
        Report("card:x", "4", at(10), at(10, 4), counter=4),
        Report("axis", "bytes", sha256=bytes(32)),
    )
    report = only(look(archive)).unplaced[0].report
    with archive.database.write() as tx:
        explain_numbers(
            tx,
            archive.administrator,
            archive.camera,
            "card:x",
            2,
            3,
            near=at(9.5),
            cause="mistake",
            words="Deleted before the shift",
            clock=archive.clock,
        )
        explain_report(
            tx,
            archive.administrator,
            archive.camera,
            report.id,
            near=report.first_said_at,
            cause="camera-fault",
            words="Card broke",
            clock=archive.clock,
        )
    camera = only(look(archive))
    assert camera.left_out[0].numbers.explanation is not None
    assert camera.unplaced[0].explanation is not None
    assert (camera.files_left_out, look(archive).summary.unplaced_missing) == (2, 1)


def test_what_cannot_be_explained(archive: Archive) -> None:
    note(archive, Report("axis", "a", at(9), at(9, 60)))
    there, nowhere = Span(at(9), at(10)), Span(at(11), at(12))
    with archive.database.write() as tx:

        def explain(who: Any, span: Span, cause: str = "test", words: str = "Because") -> None:
            explain_stretch(tx, who, archive.camera, span, cause=cause, words=words, clock=archive.clock)

        with pytest.raises(Refused):
            explain(archive.officer, there)
        with pytest.raises(NothingMissing, match="11:00"):
            explain(archive.administrator, nowhere)
        for cause, words in (("nonsense", "Because"), ("test", "  "), ("test", "x" * 501)):
            with pytest.raises(ExplanationWrong):
                explain(archive.administrator, there, cause, words)
        with pytest.raises(ExplanationWrong, match="two days"):
            explain(archive.administrator, Span(at(0), at(49)))
        with pytest.raises(NothingMissing):
            explain_numbers(
                tx,
                archive.administrator,
                archive.camera,
                "axis",
                1,
                2,
                near=at(9),
                cause="test",
                words="Because",
                clock=archive.clock,
            )
        with pytest.raises(NothingMissing):
            explain_report(
                tx,
                archive.administrator,
                archive.camera,
                "none",
                near=at(9),
                cause="test",
                words="Because",
                clock=archive.clock,
            )
    assert only(look(archive)).totals.explained == timedelta(0)


# -- figures


def test_figures_of_a_month_by_unit_without_names(archive: Archive) -> None:
    with archive.database.write() as tx:
        own = register_device(tx, archive.technician, "S1", DeviceKind.BODY, clock=archive.clock)
        quiet = register_device(tx, archive.technician, "S2", DeviceKind.BODY, clock=archive.clock)
        for camera, who, begin, end in (
            (archive.camera, archive.officer, at(0), at(10)),
            (archive.camera, archive.other_officer, at(10), at(20)),
            (quiet, archive.other_officer, at(0), at(20)),
        ):
            assign(tx, archive.administrator, camera, who.account_id, begin, end, clock=archive.clock)
    note(archive, Report("axis", "a", at(9.5), at(10.5)), Report("axis", "n", kind="counter", counter=1))
    note(archive, Report("axis", "m", kind="counter", counter=3))
    note(archive, Report("axis", "b", at(9), at(9, 60)), camera=own)
    with archive.database.read() as tx:
        found = {one.unit_id: one for one in figures(tx, 2026, 11, zone="America/New_York", now=archive.clock.now())}
        nothing = figures(tx, 2025, 12, zone="UTC", now=archive.clock.now())
    assert nothing == []
    assert {one.month for one in found.values()} == {"2026-11"}
    assert found[archive.north].totals.missing == timedelta(minutes=30)
    assert found[archive.south].totals.missing == timedelta(minutes=30)
    assert found[None].totals.missing == timedelta(minutes=1)
    assert (found[archive.north].cameras, found[archive.south].cameras, found[None].cameras) == (1, 1, 1)
    assert (found[archive.south].silent, found[archive.south].files_left_out) == (1, 1)


def test_days_of_a_zone() -> None:
    period = period_of_days(date(2026, 11, 1), date(2026, 11, 1), "America/New_York")
    assert (period.from_at.hour, period.length) == (4, timedelta(hours=25))


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (None, None, ("2026-11-16", "2026-11-22")),
        ("2026-11-20", "", ("2026-11-20", "2026-11-22")),
        (None, "2026-11-10", ("2026-11-04", "2026-11-10")),
        ("2026-11-30", None, ("2026-11-30", "2026-11-30")),
    ],
)
def test_days_that_are_named(first: str | None, last: str | None, expected: tuple[str, str]) -> None:
    found = days_named(first, last, "UTC", at(12))
    assert (found.first.isoformat(), found.last.isoformat()) == expected
    assert [one.first for one in found.days()][-1] == found.last
    assert len(found.days()) == found.count


@pytest.mark.parametrize(
    ("first", "last"),
    [("today", None), ("2026-11-22", "2026-11-21"), ("2026-01-01", "2026-11-21"), ("0001-01-01", "0001-01-02")],
)
def test_days_that_cannot_be_named(first: str, last: str | None) -> None:
    with pytest.raises(PeriodWrong):
        days_named(first, last, "UTC", at(12))


def test_a_camera_that_is_lost_with_what_it_recorded_is_not_passed_over(archive: Archive) -> None:
    with archive.database.write() as tx:
        who = archive.officer.account_id
        assign(tx, archive.technician, archive.camera, who, at(8), at(16), clock=archive.clock)
        change_device(tx, archive.technician, archive.camera, {"state": "lost"}, clock=archive.clock)
    assert [one.device_id for one in look(archive).silent] == [archive.camera]
    assert look(archive, Span(at(-24), at(0))).silent == ()


def test_a_recording_that_fell_silent_explains_nothing(archive: Archive) -> None:
    note(archive, Report("axis", "c", at(9), at(9, 60)), Report("axis", "d", at(12), at(12, 60)))
    archive.clock.advance(-60 * 86400)
    with archive.database.write() as tx:  # it never said when it ended, and nothing of it ever came
        said = Said(started_at=at(9) - timedelta(days=60), device_id=archive.camera)
        describe(tx, "dead", said, actor="system:dock", clock=archive.clock)
    archive.clock.advance(60 * 86400)
    assert figures_of(only(look(archive))) == {"reported": 120, "missing": 120, "unexplained": 120}
    with archive.database.write() as tx:
        describe(tx, "new", Said(started_at=at(12), device_id=archive.camera), actor="system:dock", clock=archive.clock)
    archive.clock.moment = at(13)
    assert figures_of(only(look(archive))) == {"reported": 120, "missing": 120, "pending": 60, "unexplained": 60}
    archive.clock.advance(7 * 86400 + 12 * 3600)
    assert figures_of(only(look(archive))) == {"reported": 120, "missing": 120, "unexplained": 120}


def test_a_loss_without_a_length_is_counted(archive: Archive) -> None:
    note(
        archive,
        Report("axis", "nothing said of it yet", at(9), at(9)),
        Report("axis", "rejected", at(10), at(10), reason=LossReason.REJECTED.value),
        Report("card:x", "unreadable", at(11), at(11), ReportKind.LOST),
    )
    camera = only(look(archive))
    assert sorted(one.report.ref for one in camera.unplaced) == ["rejected", "unreadable"]
    assert camera.lost
