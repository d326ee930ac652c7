"""Packages of several redacted copies, by both verifiers: good ones, and attacks, told at the same step by both."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from candor.verify.report import Outcome, Report, as_text

from .package_builder import Key, canonical, noise
from .released_builder import Copy, ReleasedPackage, build_released, film, with_credentials
from .test_package_js import NODE, compare, verifier

__all__ = ["verifier"]

pytestmark = pytest.mark.skipif(
    NODE is None,
    reason="NO NODE HERE: THE BROWSER'S VERIFIER WAS NOT COMPARED with the Python one. apt-get install nodejs npm",
)


def check(package: ReleasedPackage) -> Report:
    """Both verifiers come to the same outcomes; Python's report."""
    return compare(package.folder, package)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> ReleasedPackage:
    return build_released(tmp_path_factory.mktemp("released") / "package")


@pytest.fixture
def package(good: ReleasedPackage, tmp_path: Path) -> ReleasedPackage:
    shutil.copytree(good.folder, tmp_path / "package")
    made = ReleasedPackage(tmp_path / "package", good.log_key, good.witnesses, good.log, good.recordings, good.package)
    made.copies, made.release, made.papers = list(good.copies), dict(good.release or {}), dict(good.papers)
    return made


def test_a_good_one(good: ReleasedPackage, tmp_path: Path) -> None:
    report = check(good)
    assert (report.verdict, report.kind) == ("verified", "redacted")
    assert all(step.outcome is Outcome.PASSED for step in report.steps)
    text = as_text(report)
    assert "3 redacted copies; the originals are not in it" in text
    assert "5 of 10 events are shown; 5 are withheld" in text
    assert "signed 3 edit lists" in text
    assert "redacted-03.mp4 carries content credentials" in text
    assert compare(good.zip(tmp_path / "p.zip"), good).verdict == "verified"
    assert compare(good.folder, good, keys=False).verdict == "consistent-not-proven"
    whole = b"".join(path.read_bytes() for path in good.folder.rglob("*") if path.is_file())
    assert b"Jane Doe" not in whole
    assert good.recordings[0].epochs[0]["tag_key"].encode() not in whole
    alone = build_released(tmp_path / "alone", release=False)
    assert check(alone).verdict == "verified", "the same form without a release"


def described(package: ReleasedPackage, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Write data/redacted.json otherwise, with all that takes no key made to fit."""
    path = package.folder / "data/redacted.json"
    contents = json.loads(path.read_bytes())
    change(contents["copies"])
    path.write_bytes(canonical(contents))
    package.reseal()


def swap_files(package: ReleasedPackage) -> None:
    one, other = (package.folder / package.copies[at].name for at in (0, 1))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    package.reseal()


def swap_described(package: ReleasedPackage) -> None:
    """The copies with their descriptions trade places, the lists stay where they are."""
    swap_files(package)

    def change(copies: list[dict[str, Any]]) -> None:
        names = [one["file"] for one in copies]
        copies[0], copies[1] = copies[1], copies[0]
        for one, name in zip(copies, names, strict=True):
            one["file"] = name

    described(package, change)


def swap_lists(package: ReleasedPackage) -> None:
    for name in ("list_name", "proof_name"):
        one, other = (package.folder / getattr(package.copies[at], name) for at in (0, 1))
        first, second = one.read_bytes(), other.read_bytes()
        one.write_bytes(second)
        other.write_bytes(first)
    package.write_tags()


def copy_left_out(package: ReleasedPackage) -> None:
    """The last copy with everything of it is taken away, but for the event of its making."""
    last = package.copies[-1]
    for name in (last.name, last.list_name, last.proof_name):
        (package.folder / name).unlink()
    described(package, lambda copies: copies.pop())


def file_left_out(package: ReleasedPackage) -> None:
    (package.folder / package.copies[1].name).unlink()
    package.reseal()


def twice(package: ReleasedPackage) -> None:
    def change(copies: list[dict[str, Any]]) -> None:
        copies.append(copies[0] | {"file": "data/redacted/redacted-04.mp4"})

    for name in ("data/redacted/redacted-04.mp4", "redaction/04/edit-list.txt", "redaction/04/proof.json"):
        source = name.replace("04", "01")
        package.put(name, (package.folder / source).read_bytes())
    described(package, change)


def without_its_credentials(package: ReleasedPackage) -> None:
    package.put(package.copies[2].name, package.copies[2].content)
    package.reseal()


def other_credentials(package: ReleasedPackage) -> None:
    package.put(package.copies[2].name, with_credentials(package.copies[2].content, b"somebody else"))
    package.reseal()


def credentials_added(package: ReleasedPackage) -> None:
    """To a copy that went out without any, said to carry some."""
    copy = Copy(2, package.copies[1].recording, package.copies[1].content)
    copy.handed_out = with_credentials(copy.content)
    package.put(copy.name, copy.file)
    described(package, lambda copies: copies.__setitem__(1, copy.described()))


def not_said_to_be_proven(package: ReleasedPackage) -> None:
    described(package, lambda copies: copies[2].pop("proven"))


def paper_added(package: ReleasedPackage) -> None:
    package.put("data/release/note.txt", b"the copies are fine")
    package.reseal()


def original_added(package: ReleasedPackage) -> None:
    package.put("data/originals/01-01-stop.mp4", b"the original")
    package.reseal()


def list_of_a_forger(package: ReleasedPackage) -> None:
    copy = package.copies[1]
    edits = {**copy.edits, "masks": []}
    package.sign_list(Copy(2, copy.recording, copy.content, edits=edits), Key(package.log_key.name, b"\x09" * 32))
    package.write_tags()


def events_of_one_left_out(package: ReleasedPackage) -> None:
    shutil.rmtree(package.folder / f"custody/{package.recordings[1].id}")
    package.write_tags()


def making_left_out(package: ReleasedPackage) -> None:
    recording = package.recordings[0]
    path = package.folder / f"custody/{recording.id}/shown.json"
    shown = json.loads(path.read_bytes())
    gone = shown["events"].pop(0)
    path.write_bytes(canonical(shown))
    (package.folder / gone["proof"]).unlink()
    package.write_tags()


def not_a_release(package: ReleasedPackage) -> None:
    contents = json.loads((package.folder / "data/redacted.json").read_bytes())
    del contents["release"]
    package.put("data/redacted.json", canonical(contents))
    package.reseal()


ATTACKS: dict[str, tuple[int, Callable[[ReleasedPackage], None]]] = {
    "two files swapped": (11, swap_files),
    "two copies swapped": (11, swap_described),
    "two edit lists swapped": (11, swap_lists),
    "a copy left out": (10, copy_left_out),
    "a copy's file left out": (11, file_left_out),
    "a copy listed twice": (8, twice),
    "its credentials taken out": (11, without_its_credentials),
    "credentials of somebody else": (11, other_credentials),
    "credentials put in later": (12, credentials_added),
    "credentials hushed up": (11, not_said_to_be_proven),
    "a paper added": (12, paper_added),
    "an original added": (11, original_added),
    "a forged edit list": (11, list_of_a_forger),
    "a recording's events left out": (8, events_of_one_left_out),
    "a making left out": (10, making_left_out),
    "said not to be a release": (10, not_a_release),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_what_was_changed_after_the_hand_out(package: ReleasedPackage, name: str) -> None:
    step, change = ATTACKS[name]
    change(package)
    report = check(package)
    assert report.first_failure is not None
    assert report.first_failure.number == step, report.result_line


def test_credentials_that_only_the_form_hides(package: ReleasedPackage) -> None:
    """The step of the credentials passes where they were only exchanged: the hand-out tells it all the same."""
    other_credentials(package)
    described(package, lambda copies: copies.__setitem__(2, _with(package, b"somebody else").described()))
    report = check(package)
    assert report.first_failure is not None
    assert report.first_failure.number == 12


def _with(package: ReleasedPackage, words: bytes) -> Copy:
    third = package.copies[2]
    return Copy(3, third.recording, third.content, part=2, handed_out=with_credentials(third.content, words))


FORGED: dict[str, tuple[int, dict[str, Any]]] = {
    "another package": (12, {"package": "0192f0c8-0000-7000-8000-0000000000ff"}),
    "another manifest": (12, {"manifest_sha256": "00" * 32}),
    "other copies": (12, {"copies": []}),
    "copies that are no list": (12, {"copies": {"copy": 1}}),
    "copies that are none": (12, {"copies": [1, None, "x"]}),
    "another release": (12, {"number": "RL-2026-0008"}),
    "fewer events": (10, {"events": 2}),
    "a log from the future": (12, {"log_size": 99}),
    "no documents": (12, {"documents": None}),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_hand_out_that_says_something_else(tmp_path: Path, name: str) -> None:
    step, changed = FORGED[name]
    report = check(build_released(tmp_path / "package", **changed))
    assert report.first_failure is not None
    assert report.first_failure.number == step, report.result_line


def test_a_hand_out_of_another_package_of_the_same_copies(good: ReleasedPackage, package: ReleasedPackage) -> None:
    """Both are the log's own: the custody of one is put into the other."""
    other = build_released(package.folder.parent / "other", name="another")
    assert check(other).verdict == "verified"
    shutil.rmtree(package.folder / "custody")
    shutil.copytree(other.folder / "custody", package.folder / "custody")
    package.write_tags()
    report = check(package)
    assert report.first_failure is not None
    assert report.first_failure.number == 12
    assert "the hand-out shown is of another package" in report.first_failure.findings


def test_credentials_of_another_film(tmp_path: Path) -> None:
    """On record with the log's own key, and still not the copy that was proven."""

    def change(made: ReleasedPackage) -> None:
        third = made.copies[2]
        third.handed_out = with_credentials(film(noise(500, "not what was proven")))
        made.write_payload()

    report = check(build_released(tmp_path / "package", change))
    assert report.first_failure is not None
    assert report.first_failure.number == 11
    assert "without its content credentials is not the copy that was proven" in report.first_failure.findings[0]


def test_a_making_that_names_its_copy_otherwise(tmp_path: Path) -> None:
    """A list with the one right name is not that name, however a language would write it."""

    def change(made: ReleasedPackage) -> None:
        recording = made.recordings[1]
        event = recording.events.pop()
        details = json.loads(event["payload"])["details"]
        made.log.entries.pop(event["index"])
        for one in made.recordings[0].events:
            one["index"] -= one["index"] > event["index"]
        recording.append("redaction:rendered", details | {"copy": [details["copy"]]})

    report = check(build_released(tmp_path / "package", change))
    assert report.first_failure is not None
    assert report.first_failure.number == 10
    assert report.steps[10].failed


BAD: dict[str, Callable[[dict[str, Any]], object]] = {
    "no copies": lambda found: found.update(copies=[]),
    "copies that are no list": lambda found: found.update(copies={}),
    "another version": lambda found: found.update(v=3),
    "another name": lambda found: found["copies"][0].update(file="data/redacted/a.mp4"),
    "another place": lambda found: found["copies"][0].update(file="redaction/01/proof.json"),
    "a name out of the package": lambda found: found["copies"][0].update(file="../a"),
    "proven that is none": lambda found: found["copies"][2].update(proven="yes"),
    "proven without a size": lambda found: found["copies"][2].update(proven={"sha256": "00" * 32}),
    "a release without a number": lambda found: found["release"].pop("number"),
    "a release that is none": lambda found: found.update(release=5),
    "too many": lambda found: found.update(copies=[{**found["copies"][0]} for _ in range(1001)]),
    "no copy": lambda found: found["copies"].append(None),
}


@pytest.mark.parametrize("name", BAD)
def test_a_description_that_is_none(package: ReleasedPackage, name: str) -> None:
    contents = json.loads((package.folder / "data/redacted.json").read_bytes())
    BAD[name](contents)
    package.put("data/redacted.json", canonical(contents))
    package.reseal()
    report = check(package)
    assert report.first_failure is not None
    assert report.first_failure.number == 8, report.result_line
