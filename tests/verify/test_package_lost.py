"""A package of a recording some of whose events the agency lost: shown where they stand, and said loudly."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from candor.verify.completeness import LogFolder
from candor.verify.package import verify_package
from candor.verify.report import Outcome, Report

from .package_builder import Package, canonical, finish_package, start_package
from .test_package_js import compare, outside, verifier
from .test_package_js import pytestmark as needs_node

__all__ = ["verifier"]

pytestmark = [needs_node, pytest.mark.usefixtures("verifier")]


def with_lost(folder: Path) -> Package:
    """The first recording's viewing under the first key, and its last one before the hand-out, are lost."""
    package = start_package(folder)
    package.recordings[0].lost = {2, 4}
    return finish_package(package)


def rewritten(package: Package, change: Callable[[dict[str, Any]], None]) -> Package:
    """The first recording's history, changed by somebody without any key."""
    path = package.folder / f"custody/{package.recordings[0].id}/history.json"
    history = json.loads(path.read_text())
    change(history)
    path.write_bytes(canonical(history))
    package.write_tags()
    return package


def step(report: Report, number: int) -> Any:
    return next(one for one in report.steps if one.number == number)


def test_what_is_lost_is_said_and_the_rest_holds(tmp_path: Path) -> None:
    package = with_lost(tmp_path / "package")
    report = compare(package.folder, package)
    assert report.verdict == "verified"
    assert report.exit_code(strict=True) == 19
    ten = step(report, 10)
    assert ten.outcome is Outcome.WARNING
    assert [finding.split(" is entry")[0] for finding in ten.findings] == [
        f"LOST: event {n} of recording {package.recordings[0].id}" for n in (2, 4)
    ]


def test_the_public_log_knows_them(tmp_path: Path) -> None:
    package = with_lost(tmp_path / "package")
    package.log.write_tiles(tmp_path / "log")
    report = verify_package(package.folder, outside(package), public_log=LogFolder(tmp_path / "log"))
    assert report.first_failure is None
    rewritten(package, lambda history: history.pop("lost"))
    report = verify_package(package.folder, outside(package), public_log=LogFolder(tmp_path / "log"))
    assert report.exit_code() == 28  # their proofs belong to nothing now


def left_out(history: dict[str, Any]) -> None:
    del history["lost"][0]


def another_number(history: dict[str, Any]) -> None:
    history["lost"][0]["n"] = 3


def another_epoch(history: dict[str, Any]) -> None:
    history["lost"][1]["epoch"] = 0


def no_such_epoch(history: dict[str, Any]) -> None:
    history["lost"][1]["epoch"] = 7


def another_entry(history: dict[str, Any]) -> None:
    history["lost"][0]["leaf"] = history["lost"][1]["leaf"]


def another_place(history: dict[str, Any]) -> None:
    history["lost"][0]["index"] += 1


def not_a_list(history: dict[str, Any]) -> None:
    history["lost"] = {"n": 2}


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (left_out, 8),
        (another_number, 10),
        (another_epoch, 10),
        (no_such_epoch, 10),
        (another_entry, 8),
        (another_place, 8),
        (not_a_list, 8),
    ],
)
def test_a_lost_event_cannot_be_made_up(tmp_path: Path, change: Callable[[dict[str, Any]], None], number: int) -> None:
    package = rewritten(with_lost(tmp_path / "package"), change)
    assert compare(package.folder, package).exit_code() == 20 + number


def test_a_sealing_that_is_lost_cannot_be_replaced(tmp_path: Path) -> None:
    """Without the event that says what was sealed, the originals are not vouched for."""
    package = start_package(tmp_path / "package")
    package.recordings[0].lost = {1}
    finish_package(package)
    assert compare(package.folder, package).exit_code() == 31
