"""Packages that hand out a redacted copy, by both verifiers: good ones, and spoiled ones by the step that tells."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from candor.verify.package import verify_package
from candor.verify.redacted import TITLES
from candor.verify.report import Outcome, Report, as_text
from candor.verify.trust import NO_TRUST, Trust

from .package_builder import Key, digest, noise
from .redacted_builder import COPY, LIST, PROOF, RedactedPackage, build_redacted
from .test_package_js import NODE, compare, verifier

__all__ = ["verifier"]

pytestmark = pytest.mark.skipif(
    NODE is None,
    reason="NO NODE HERE: THE BROWSER'S VERIFIER WAS NOT COMPARED with the Python one. apt-get install nodejs npm",
)


def check(package: RedactedPackage) -> Report:
    """Both verifiers come to the same outcomes; Python's report."""
    return compare(package.folder, package)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> RedactedPackage:
    return build_redacted(tmp_path_factory.mktemp("redacted") / "package")


@pytest.fixture
def package(good: RedactedPackage, tmp_path: Path) -> RedactedPackage:
    folder = tmp_path / "package"
    shutil.copytree(good.folder, folder)
    made = RedactedPackage(folder, good.log_key, good.witnesses, good.log, good.recordings, good.package)
    made.content, made.edits = good.content, dict(good.edits)
    return made


def test_a_good_one(good: RedactedPackage, tmp_path: Path) -> None:
    report = check(good)
    assert report.verdict == "verified"
    assert report.kind == "redacted"
    assert all(step.outcome is Outcome.PASSED for step in report.steps)
    text = as_text(report)
    assert "a redacted copy; the original is not in it" in text
    assert "2 of 7 events are shown; 5 are withheld" in text
    assert all(title in text for title in TITLES.values())
    assert "reasons given: minor" in text
    assert compare(good.zip(tmp_path / "p.zip"), good).verdict == "verified"
    assert compare(good.folder, good, keys=False).verdict == "consistent-not-proven"
    whole = b"".join(path.read_bytes() for path in good.folder.rglob("*") if path.is_file())
    assert b"Jane Doe" not in whole
    assert good.recording.epochs[0]["tag_key"].encode() not in whole


def flip(name: str) -> Callable[[RedactedPackage], None]:
    def change(package: RedactedPackage) -> None:
        path = package.folder / name
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(bytes(data))
        package.reseal()

    return change


def other_copy(package: RedactedPackage) -> None:
    """Another copy with everything that takes no key made to fit."""
    package.content = noise(5000, "other")
    package.write_payload()
    package.write_tags()


def list_of_a_forger(package: RedactedPackage) -> None:
    package.edits["masks"] = []
    package.sign_list(Key(package.log_key.name, b"\x09" * 32))
    package.write_tags()


def more_shown(package: RedactedPackage) -> None:
    path = package.folder / f"custody/{package.recording.id}/shown.json"
    shown = json.loads(path.read_bytes())
    shown["events"] = shown["events"][1:]
    path.write_text(json.dumps(shown))
    (package.folder / package.kept[0]["proof"]).unlink()
    package.write_tags()


def beside(package: RedactedPackage) -> None:
    package.put("data/redacted/redacted-02.mp4", b"the original")
    package.reseal()


def note(package: RedactedPackage) -> None:
    package.put("redaction/note.txt", b"the copy is fine")
    package.write_tags()


SPOILED: dict[str, tuple[int, Callable[[RedactedPackage], None]]] = {
    "the copy": (11, flip(COPY)),
    "another copy": (11, other_copy),
    "the list": (11, flip(LIST)),
    "a forged list": (11, list_of_a_forger),
    "the proof": (11, flip(PROOF)),
    "an event left out": (10, more_shown),
    "a second copy": (11, beside),
    "a file more": (12, note),
    "instructions": (12, flip("INSTRUCTIONS.txt")),
    "no proof": (11, lambda package: ((package.folder / PROOF).unlink(), package.write_tags())[1]),
    "no list": (11, lambda package: ((package.folder / LIST).unlink(), package.write_tags())[1]),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_was_changed_after_the_hand_out(package: RedactedPackage, name: str) -> None:
    step, change = SPOILED[name]
    change(package)
    report = check(package)
    assert report.first_failure is not None
    assert report.first_failure.number == step, report.result_line
    assert report.exit_code() == 20 + step


FORGED: dict[str, tuple[int, dict[str, Any]]] = {
    "another package": (12, {"package": "0192f0c8-0000-7000-8000-0000000000ff"}),
    "another manifest": (12, {"manifest_sha256": "00" * 32}),
    "another copy": (12, {"copy_sha256": "00" * 32}),
    "fewer events": (10, {"events": 3}),
    "a log from the future": (12, {"log_size": 99}),
    "no documents": (12, {"documents": []}),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_hand_out_that_says_something_else(tmp_path: Path, name: str) -> None:
    step, changed = FORGED[name]
    report = check(build_redacted(tmp_path / "package", **changed))
    assert report.first_failure is not None
    assert report.first_failure.number == step, report.result_line


def test_a_list_that_says_something_else_than_the_event(tmp_path: Path) -> None:
    def change(package: RedactedPackage) -> None:
        package.edits["masks"] = []
        package.sign_list()  # the log's own key: still it is not the list that was put on record

    report = check(build_redacted(tmp_path / "package", change))
    assert report.first_failure is not None
    assert report.first_failure.number == 11
    assert "list_sha256" in report.first_failure.findings[0]


def test_a_doubtful_proof_is_told(tmp_path: Path) -> None:
    def change(package: RedactedPackage) -> None:
        package.recording.events.pop()
        package.log.entries.pop()
        package.render(verdict="doubtful")

    report = check(build_redacted(tmp_path / "package", change, although="looked at each"))
    assert report.first_failure is None
    assert [step.number for step in report.warnings] == [11]
    assert any("looked at each" in text for text in report.steps[11].notes)


MASK: dict[str, Any] = {"kind": "face", "exemption": "minor", "style": "solid", "first": 1000, "last": 2000}
MASK |= {"track": "a", "count": 1}
NO_LIST: dict[str, dict[str, Any]] = {
    "a broken proof": {"verdict": "broken"},
    "a verdict of its own": {"verdict": "fine"},
    "more than a list holds": {"also": 1},
    "masks that are none": {"masks": {}},
    "a mask that lacks something": {"masks": [{name: MASK[name] for name in MASK if name != "track"}]},
    "a mask with something more": {"masks": [{**MASK, "box": 1}]},
    "a time that is none": {"masks": [{**MASK, "first": "0"}]},
    "a long exemption": {"masks": [{**MASK, "exemption": "x" * 1001}]},
    "sound that lacks something": {"sound": [{"style": "mute", "begin": 0, "until": 1}]},
    "a stretch of one end": {"copied": [[1]]},
    "a day that is none": {"made_at": "yesterday"},
    "fewer than nothing": {"watched": -1},
    "a mode that is no text": {"mode": 5},
    "a maker that is no text": {"maker": 7},
    "a hash that is none": {"original": {"sha256": "zz", "size": 1}},
    "a hash in capitals": {"original": {"sha256": "AB" * 32, "size": 1}},
    "an original with a name": {"original": {"sha256": "ab" * 32, "size": 1, "name": "x"}},
    "another version": {"v": 2},
    "perhaps": {"muted": "no"},
    "nothing": {"overlay": None},
    "facts that are none": {"facts": []},
    "another part": {"part": 2},
}


@pytest.mark.parametrize("name", NO_LIST)
def test_a_signed_list_that_is_none_or_of_a_broken_copy(tmp_path: Path, name: str) -> None:
    """Signed by the log's own key, and on record: both verifiers are as strict as each other."""

    def change(package: RedactedPackage) -> None:
        package.recording.events.pop()
        package.log.entries.pop()
        package.render(**NO_LIST[name])

    report = check(build_redacted(tmp_path / "package", change))
    assert report.first_failure is not None
    assert report.first_failure.number == 11


def test_a_text_is_counted_by_its_characters(tmp_path: Path) -> None:
    def change(package: RedactedPackage) -> None:
        package.recording.events.pop()
        package.log.entries.pop()
        package.render(masks=[{**MASK, "exemption": "\U0001f694" * 1000, "first": -40}])

    assert check(build_redacted(tmp_path / "package", change)).verdict == "verified"


def test_no_key_and_a_key_of_another(good: RedactedPackage) -> None:
    other = Key(good.log_key.name, b"\x09" * 32)
    report = verify_package(good.folder, Trust.from_keys([other.vkey], (), "the test"))
    assert report.first_failure is not None
    assert report.first_failure.number == 6
    assert report.steps[10].failed  # the list is not by that key either
    assert verify_package(good.folder, NO_TRUST).verdict == "consistent-not-proven"
    assert digest(good.folder / COPY) == good.edits["copy"]["sha256"]
