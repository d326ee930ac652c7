"""Discovery: everything of a case is opened, or named as kept back; nothing is left out or closed unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from candor.verify.completeness import LogFolder
from candor.verify.package import verify_package
from candor.verify.report import Report, as_text

from .discovery_builder import REASONS, DiscoveryPackage, start_discovery
from .package_builder import canonical, digest, finish_package
from .test_package_js import compare, in_browser, outside, verifier
from .test_package_js import pytestmark as needs_node

__all__ = ["verifier"]

pytestmark = [needs_node, pytest.mark.usefixtures("verifier")]


def build(folder: Path, change: Callable[[DiscoveryPackage], None] | None = None) -> DiscoveryPackage:
    package = start_discovery(folder)
    if change is not None:
        change(package)
    finish_package(package)
    return package


@pytest.fixture
def package(tmp_path: Path) -> DiscoveryPackage:
    return build(tmp_path / "package")


def step(report: Report, number: int) -> Any:
    return next(one for one in report.steps if one.number == number)


def history_of(package: DiscoveryPackage, at: int, change: Callable[[dict[str, Any]], None]) -> None:
    """A recording's history, changed by somebody without any key."""
    path = package.folder / f"custody/{package.recordings[at].id}/history.json"
    history = json.loads(path.read_text())
    change(history)
    path.write_bytes(canonical(history))
    package.write_tags()


def said(package: DiscoveryPackage, change: Callable[[dict[str, Any]], None]) -> None:
    """What the package says of the case, changed so that every list of files fits again."""
    path = package.folder / "data/discovery.json"
    found = json.loads(path.read_text())
    change(found)
    path.write_bytes(canonical(found))
    package.reseal()


def test_it_is_whole_and_says_what_is_kept_back(package: DiscoveryPackage, tmp_path: Path) -> None:
    report = compare(package.folder, package)
    assert report.verdict == "verified", as_text(report)
    assert report.exit_code(strict=True) == 0
    assert report.kind == "discovery"
    told = report.discovery
    assert told is not None
    assert (told["recordings"], told["given"], len(told["withheld"]), told["withheld_events"]) == (3, 2, 1, 3)
    assert [one["withheld"] for one in report.recordings] == [2, 1]
    assert in_browser(package.folder)["discovery"] == told
    theirs = in_browser(package.folder)["recordings"]
    assert theirs == report.recordings
    text = as_text(report)
    assert "D-2026-0001 in case C-2026-00001: 3 recordings, 2 given, 1 withheld" in text
    assert "Garrity v. New Jersey" in text
    notes = " ".join(step(report, 10).notes)
    assert "counsel: 1, internal-inquiry: 1" in notes
    assert "It is of an inquiry into an officer." in notes
    browser = next(one for one in in_browser(package.folder)["steps"] if one["step"] == 10)
    assert browser["notes"] == step(report, 10).notes
    assert browser["words"] == step(report, 10).words
    assert compare(package.zip(tmp_path / "p.zip"), package).verdict == "verified"


def test_the_public_log_holds_no_more(package: DiscoveryPackage, tmp_path: Path) -> None:
    package.log.write_tiles(tmp_path / "log")
    public = LogFolder(tmp_path / "log")
    assert verify_package(package.folder, outside(package), public_log=public).first_failure is None


def test_an_event_hidden_by_whoever_made_it_is_found_in_the_public_log(tmp_path: Path) -> None:
    """The agency itself leaves the last event before the hand-out out, and numbers the hand-out as if it were not."""
    package = start_discovery(tmp_path / "package")
    hidden = package.recordings[1].events.pop()
    package.closed.pop(1)
    finish_package(package)
    assert compare(package.folder, package).verdict == "verified"  # from the package alone nobody can tell
    package.log.write_tiles(tmp_path / "log")
    report = verify_package(package.folder, outside(package), public_log=LogFolder(tmp_path / "log"))
    assert report.exit_code() == 33
    assert f"entry {hidden['index']:,} of the log" in step(report, 13).findings[0]


# ---- events ----------------------------------------------------------------------------------------------------


def left_out(history: dict[str, Any]) -> None:
    del history["withheld"][0]


def another_number(history: dict[str, Any]) -> None:
    history["withheld"][1]["n"] += 1


def made_up(history: dict[str, Any]) -> None:
    history["withheld"].append(history["withheld"][-1] | {"n": 7})


def twice(history: dict[str, Any]) -> None:
    history["withheld"].append(history["withheld"][-1])


def another_entry(history: dict[str, Any]) -> None:
    history["withheld"][0]["leaf"] = history["withheld"][1]["leaf"]


def another_place(history: dict[str, Any]) -> None:
    history["withheld"][0]["index"] += 1


def another_reason(history: dict[str, Any]) -> None:
    history["withheld"][0]["reason"] = "internal-inquiry"


def no_reason(history: dict[str, Any]) -> None:
    history["withheld"][0]["reason"] = ""


def unexplained(history: dict[str, Any]) -> None:
    history["withheld"][0]["reason"] = "because"


def not_a_list(history: dict[str, Any]) -> None:
    history["withheld"] = {"n": 2}


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (left_out, 8),
        (another_number, 8),
        (made_up, 8),
        (twice, 8),
        (another_entry, 8),
        (another_place, 8),
        (another_reason, 12),
        (no_reason, 8),
        (unexplained, 10),
        (not_a_list, 8),
    ],
)
def test_what_is_not_opened_cannot_be_made_up(
    package: DiscoveryPackage, change: Callable[[dict[str, Any]], None], number: int
) -> None:
    history_of(package, 0, change)
    assert compare(package.folder, package).exit_code() == 20 + number


def test_an_opened_event_cannot_be_closed_on_the_way(package: DiscoveryPackage) -> None:
    """Everything fits together but what the hand-out says."""
    package.close(package.recordings[0], {2: "counsel", 4: "counsel", 5: "internal-inquiry"})
    said(package, lambda found: found["given"][0].update(withheld=3))
    report = compare(package.folder, package)
    assert report.exit_code() == 32
    assert "other events are not opened" in " ".join(step(report, 12).findings)


def test_an_event_of_another_recording_cannot_stand_in(tmp_path: Path) -> None:
    """An event that does not exist: another entry of the log is shown in its place."""
    package = build(tmp_path / "package")
    event = package.recordings[1].events[1]
    recording = package.recordings[0]

    def change(history: dict[str, Any]) -> None:
        kept = history["withheld"][0]
        kept |= {"index": 0, "leaf": package.log.entries[0].decode()}
        package.put(kept["proof"], package.proof(0))

    history_of(package, 0, change)
    report = compare(package.folder, package)
    assert report.exit_code() == 30
    assert f"event 2 of recording {recording.id}, which is not opened" in step(report, 10).findings[0]
    assert event["n"] == 1


@pytest.mark.parametrize("n", [1, 3])
def test_sealing_and_the_change_of_keys_must_be_opened(tmp_path: Path, n: int) -> None:
    """1: what was sealed, without which no original is vouched for; 3: the hand-over to the next tag key."""
    package = build(tmp_path / "package", lambda made: made.closed[0].update({n: "counsel"}))
    assert compare(package.folder, package).exit_code() == {1: 31, 3: 30}[n]


def test_the_hand_out_itself_must_be_opened(tmp_path: Path) -> None:
    package = build(
        tmp_path / "package", lambda made: made.closed[1].update({len(made.recordings[1].events): "counsel"})
    )
    assert compare(package.folder, package).exit_code() == 30


# ---- recordings ------------------------------------------------------------------------------------------------


def test_a_recording_cannot_be_left_out_on_the_way(package: DiscoveryPackage) -> None:
    """Taken out of the package, its files and its history, and every list mended."""
    gone = package.recordings.pop()
    for name in package.names():
        if name.startswith((f"custody/{gone.id}/", "data/originals/02-")):
            (package.folder / name).unlink()
    package.put("data/recordings.json", canonical(_without(package, gone.id)))
    package.reseal()
    report = compare(package.folder, package)
    assert report.exit_code() == 30
    assert "it was left out" in step(report, 10).findings[0]
    said(package, lambda found: found.update(recordings=2, given=found["given"][:1]))
    assert compare(package.folder, package).exit_code() == 32


def _without(package: DiscoveryPackage, recording: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((package.folder / "data/recordings.json").read_text())
    found["recordings"] = [one for one in found["recordings"] if one["id"] != recording]
    return found


def unlisted(found: dict[str, Any]) -> None:
    found["withheld"] = []


def quietly_unlisted(found: dict[str, Any]) -> None:
    found.update(withheld=[], recordings=2)


def listed_twice(found: dict[str, Any]) -> None:
    found["withheld"].append(found["withheld"][0])
    found["recordings"] += 1


def given_and_withheld(found: dict[str, Any]) -> None:
    found["withheld"][0]["recording"] = found["given"][0]["recording"]


def fewer_events(found: dict[str, Any]) -> None:
    found["given"][0]["events"] -= 1


def fewer_kept_back(found: dict[str, Any]) -> None:
    found["given"][0]["withheld"] = 0


def another_word(found: dict[str, Any]) -> None:
    found["withheld"][0]["reason"] = "Nothing of interest."


def without_reason(found: dict[str, Any]) -> None:
    found["withheld"][0]["reason"] = " "


def not_explained(found: dict[str, Any]) -> None:
    del found["reasons"]["counsel"]


def another_package(found: dict[str, Any]) -> None:
    found["package"] = found["discovery"]


def no_time(found: dict[str, Any]) -> None:
    found["made"] = "yesterday"


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (unlisted, 10),
        (quietly_unlisted, 12),
        (listed_twice, 10),
        (given_and_withheld, 10),
        (fewer_events, 10),
        (fewer_kept_back, 10),
        (another_word, 12),
        (without_reason, 8),
        (not_explained, 10),
        (another_package, 12),
        (no_time, 8),
    ],
)
def test_what_is_said_of_the_case_cannot_be_changed(
    package: DiscoveryPackage, change: Callable[[dict[str, Any]], None], number: int
) -> None:
    said(package, change)
    assert compare(package.folder, package).exit_code() == 20 + number


def test_without_its_description_it_is_no_package(package: DiscoveryPackage) -> None:
    (package.folder / "data/discovery.json").unlink()
    package.reseal()
    assert compare(package.folder, package).exit_code() == 28  # the event of the discovery belongs to nothing


def test_the_event_of_the_discovery_must_be_there_and_be_its(package: DiscoveryPackage) -> None:
    proof = package.folder / "custody/discovery.tlog-proof"
    good = proof.read_bytes()
    proof.unlink()
    package.write_tags()
    assert compare(package.folder, package).exit_code() == 28
    proof.write_bytes(package.proof(package.made["index"]))
    package.write_tags()
    assert compare(package.folder, package).exit_code() == 28
    event = package.recordings[0].events[-1]
    opened = canonical({key: event[key] for key in ("leaf", "payload", "salt")})
    proof.write_bytes(package.proof(event["index"], opened))
    package.write_tags()
    assert compare(package.folder, package).exit_code() == 32
    proof.write_bytes(good)
    package.write_tags()
    assert compare(package.folder, package).verdict == "verified"


@pytest.mark.parametrize("changed", [{"recordings": 4}, {"withheld": 0}, {"discovery": "x"}, {"manifest_sha256": "00"}])
def test_the_event_of_the_discovery_must_say_the_same(tmp_path: Path, changed: dict[str, Any]) -> None:
    package = start_discovery(tmp_path / "package")
    package.write_payload()
    package.export()
    package.write_made(digest(package.folder / "manifest-sha256.txt"), **changed)
    package.write_custody()
    package.write_tags()
    assert compare(package.folder, package).exit_code() == 32


def test_a_plain_package_keeps_nothing_back(tmp_path: Path) -> None:
    """Events that are not opened belong into discovery, where they are explained and committed to."""
    from .package_builder import start_package

    package = start_package(tmp_path / "package")
    finish_package(package)
    path = package.folder / f"custody/{package.recordings[0].id}/history.json"
    history = json.loads(path.read_text())
    event = history["events"].pop(2)
    history["withheld"] = [{key: event[key] for key in ("n", "index", "leaf", "proof")} | {"reason": "counsel"}]
    path.write_bytes(canonical(history))
    closer = DiscoveryPackage(*(getattr(package, name) for name in _PLAIN))
    package.put(event["proof"], closer.proof(event["index"]))
    package.write_tags()
    assert compare(package.folder, package).exit_code() == 32


_PLAIN = ("folder", "log_key", "witnesses", "log", "recordings", "package")


# -- the two verifiers read alike

Change = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (lambda found: found["events"][0].update(n=0.0), 8),
        (lambda found: found["epochs"][0].update(epoch=0.0), 8),
        (lambda found: found["events"][1].update(index=float(found["events"][1]["index"])), 8),
        (lambda found: found["events"][1].update(proof=1.5), 8),
        (lambda found: found["withheld"][0].update(index=2**53), 8),
        (lambda found: found["withheld"][0].update(leaf="\\ud800"), 8),
        (lambda found: found["events"].insert(1, found["events"][1]), 8),
        (lambda found: found.update(epochs=found["epochs"] * 501), 8),
    ],
)
def test_a_number_has_one_spelling(package: DiscoveryPackage, change: Change, number: int) -> None:
    path = package.folder / f"custody/{package.recordings[0].id}/history.json"
    history = json.loads(path.read_text())
    change(history)
    path.write_text(json.dumps(history).replace("\\\\ud800", "\\ud800"))
    package.write_tags()
    assert compare(package.folder, package).exit_code() == 20 + number


@pytest.mark.parametrize("blank", [" ", "\x1c", "\x85", "\u00a0", "\u2003"])
def test_what_is_blank_says_nothing(package: DiscoveryPackage, blank: str) -> None:
    said(package, lambda found: found["withheld"][0].update(reason=blank))
    assert compare(package.folder, package).exit_code() == 28


def test_a_byte_order_mark_is_a_character(tmp_path: Path) -> None:
    def change(package: DiscoveryPackage) -> None:
        package.absent[0]["reason"] = "\ufeff"

    made = build(tmp_path / "package", change)
    assert compare(made.folder, made).verdict == "verified"


@pytest.mark.parametrize(
    ("details", "number"),
    [({"count": 2**53}, 29), ({"count": 10**30}, 29), ({"count": 2**53 - 1}, None), ({"count": True}, None)],
)
def test_an_event_holds_only_numbers_that_every_reader_holds(
    tmp_path: Path, details: dict[str, Any], number: int | None
) -> None:
    made = build(
        tmp_path / "package", lambda package: package.recordings[0].append("recording:viewed", details) and None
    )
    assert compare(made.folder, made).exit_code() == (number or 0)


@pytest.mark.parametrize("changed", [{"log_size": True}, {"events": True}, {"withheld": {"counsel": [True]}}])
def test_true_is_no_number(tmp_path: Path, changed: dict[str, Any]) -> None:
    made = start_discovery(tmp_path / "package")
    whole = made.export
    made.export = lambda: whole(**changed)  # type: ignore[method-assign]
    finish_package(made)
    assert compare(made.folder, made).exit_code() == 32


def test_a_reason_may_be_called_like_what_every_object_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REASONS, "constructor", "It is of a builder.")

    def change(package: DiscoveryPackage) -> None:
        package.closed = {0: {2: "constructor"}}

    made = build(tmp_path / "package", change)
    assert compare(made.folder, made).verdict == "verified"


def test_words_that_are_no_text_are_shown_all_the_same(tmp_path: Path) -> None:
    made = start_discovery(tmp_path / "package")
    whole = made.export
    made.export = lambda: whole(recipient={"toString": 1, "valueOf": 2})  # type: ignore[method-assign]
    finish_package(made)
    assert compare(made.folder, made).verdict == "verified"


def test_a_number_of_an_event_may_be_enormous(tmp_path: Path) -> None:
    """Whoever makes a package says how many events there are; nobody counts up to that."""
    made = start_discovery(tmp_path / "package")
    whole, one = made.export, made.recordings[1]

    def export() -> None:
        whole()
        one.append("recording:viewed", {}, n=2**50)
        one.events[-1] |= {"n": 2**50, "proof": f"custody/{one.id}/{2**50:06d}.tlog-proof"}

    made.export = export  # type: ignore[method-assign]
    finish_package(made)
    assert compare(made.folder, made).exit_code() == 30
