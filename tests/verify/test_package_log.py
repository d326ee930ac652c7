"""The thirteenth step: the whole public log is searched for what a package leaves out; and proofs that stand alone."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from candor.verify.__main__ import main
from candor.verify.completeness import LogFolder, LogSite
from candor.verify.loneproof import verify_proof
from candor.verify.package import verify_package
from candor.verify.report import Report, as_text
from candor.verify.trust import NO_TRUST, Trust

from .package_builder import Package, build_package, canonical, finish_package, start_package


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Package:
    folder = tmp_path_factory.mktemp("good")
    package = start_package(folder / "package")
    for n in range(300):  # a full tile and a partial one
        package.log.append(canonical({"another": 100 + n}))
    finish_package(package)
    package.log.write_tiles(folder / "log")
    return package


def outside(package: Package) -> Trust:
    return Trust.from_policy(package.policy, "the test")


def searched(package: Package, log: Path) -> Report:
    package.log.write_tiles(log)
    return verify_package(package.folder, outside(package), public_log=LogFolder(log))


def last_step(report: Report) -> tuple[int, str, str]:
    step = report.steps[-1]
    return step.number, step.outcome.value, " ".join([step.words, *step.findings, *step.notes])


def test_nothing_left_out(good: Package) -> None:
    log = LogFolder(good.folder.parent / "log")
    report = verify_package(good.folder, outside(good), public_log=log)
    assert last_step(report) == (13, "passed", f"{len(good.log.entries)} entries searched")
    assert report.verdict == "verified"


def test_hidden_event_is_found(tmp_path: Path) -> None:
    """The exporter shows four events of five, and says in the export that there were four."""
    package = start_package(tmp_path / "package")
    recording = package.recordings[0]
    hidden = len(recording.events)
    recording.append("recording:viewed", {"purpose": "nothing to see"})
    kept = recording.events.pop()
    recording.append("recording:viewed", {"purpose": "instead"})
    finish_package(package)
    assert verify_package(package.folder, outside(package)).verdict == "verified"
    report = searched(package, tmp_path / "log")
    assert report.exit_code() == 33
    assert f"entry {kept['index']} of the log carries the tag of event {hidden}" in last_step(report)[2]


def test_event_after_the_hand_out_is_counted_not_blamed(tmp_path: Path) -> None:
    package = start_package(tmp_path / "package")
    package.write_payload()
    package.export()
    events = [list(recording.events) for recording in package.recordings]
    package.recordings[0].rotate()
    for recording, shown in zip(package.recordings, events, strict=True):
        recording.events[:] = shown
    package.recordings[0].epochs.pop()
    package.write_custody()
    package.write_tags()
    report = searched(package, tmp_path / "log")
    number, outcome, words = last_step(report)
    assert (number, outcome) == (13, "passed"), as_text(report)
    assert "1 event(s) came after the hand-out" in words


def test_log_that_is_not_the_signed_one_is_refused(tmp_path: Path) -> None:
    package = build_package(tmp_path / "package")
    package.log.entries[3] = b"another history"
    assert searched(package, tmp_path / "log").exit_code() == 33


def test_missing_log_is_said(good: Package, tmp_path: Path) -> None:
    report = verify_package(good.folder, outside(good), public_log=LogFolder(tmp_path))
    assert report.exit_code() == 33
    assert "missing" in last_step(report)[2]


@pytest.fixture(scope="module")
def site(good: Package) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(good.folder.parent / "log"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_log_on_a_site(good: Package, site: str) -> None:
    assert verify_package(good.folder, outside(good), public_log=LogSite(site)).verdict == "verified"


def test_log_on_a_site_by_the_command(good: Package, site: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(good.folder), "--json", "--log-key", good.log_key.vkey, "--log", site]) == 0
    assert len(json.loads(capsys.readouterr().out)["steps"]) == 13
    assert main([str(good.folder), "--quiet", "--log-key", good.log_key.vkey, "--log", f"{site}/nothing"]) == 33


# ---- a proof alone ---------------------------------------------------------------------------------------------


@pytest.fixture
def sealed(good: Package) -> Path:
    return good.folder / f"custody/{good.recordings[0].id}/000001.tlog-proof"


def test_proof_alone_and_its_file(good: Package, sealed: Path) -> None:
    file = good.folder / "data/originals/01-02-stop-2.mp4"
    report = verify_proof(sealed, outside(good), file=file)
    assert [(step.number, step.outcome.value) for step in report.steps] == [(n, "passed") for n in (5, 6, 7, 8, 9, 11)]
    assert "part 2" in report.steps[-1].words


def test_proof_of_another_file_is_refused(good: Package, sealed: Path) -> None:
    other = good.folder / "data/originals/02-01-Übersicht 2.mp4"
    assert verify_proof(sealed, outside(good), file=other).exit_code() == 31
    viewed = sealed.with_name("000002.tlog-proof")
    assert verify_proof(viewed, outside(good), file=other).exit_code() == 31


def test_proof_without_a_key_is_not_proven(sealed: Path) -> None:
    assert verify_proof(sealed, NO_TRUST).exit_code() == 25


def test_proof_with_a_leaf_beside_it(good: Package, sealed: Path, tmp_path: Path) -> None:
    lines = sealed.read_text().split("\n")
    bare = tmp_path / "bare.tlog-proof"
    bare.write_text("\n".join(lines[:1] + lines[2:]))
    leaf = tmp_path / "leaf"
    leaf.write_text(good.recordings[0].events[1]["leaf"])
    assert verify_proof(bare, outside(good)).exit_code() == 28
    assert verify_proof(bare, outside(good), leaf=leaf).exit_code() == 0
    leaf.write_text(good.recordings[0].events[2]["leaf"])
    assert verify_proof(bare, outside(good), leaf=leaf).exit_code() == 28


@pytest.mark.parametrize("position", range(0, 1400, 100))
def test_proof_with_a_changed_byte_is_refused(good: Package, sealed: Path, tmp_path: Path, position: int) -> None:
    data = bytearray(sealed.read_bytes())
    data[position] ^= 1
    path = tmp_path / "changed.tlog-proof"
    path.write_bytes(data)
    assert verify_proof(path, outside(good)).exit_code() in (3, 25, 26, 27, 28, 29)


def test_proof_by_the_command(good: Package, sealed: Path) -> None:
    key = ["--log-key", good.log_key.vkey]
    file = good.folder / "data/originals/01-01-stop.mp4"
    assert main([str(sealed), *key, "--quiet", "--file", str(file)]) == 0
    assert main([str(sealed), *key, "--quiet", "--log", "x"]) == 2
