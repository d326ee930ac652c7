"""Packages end to end: handed out from a real archive, checked by everybody's own means."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import bagit
import pytest

from candor import disclosure
from candor.custody import Event, epochs, history
from candor.footage.viewing import begin_viewing

from .conftest import Site, passed, warned

CONTENT = os.urandom(1_500_000)  # more than one chunk of the chunk root


def test_a_package_verifies_by_every_way(site: Site) -> None:
    recording = site.take(CONTENT, "X60A_0001.mp4")
    found = site.hand_out(recording)
    path = site.write(found)
    zipped = disclosure.write_zip(site.database, site.vault, found, site.folder / "out")
    for one in (path, zipped):
        report = site.verify(one)
        assert passed(report), report.result_line
        assert report.verdict == "verified"
        assert warned(report) == [7]  # unwitnessed, and says so
        assert "UNWITNESSED" in report.steps[6].findings[0]
    assert site.verify(path, trusted=False).verdict == "consistent-not-proven"
    assert bagit.Bag(str(path)).validate()
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--quiet", "--strict", "-c", manifest], cwd=path, check=True, timeout=60)
    policy = site.folder / "trust-policy.txt"
    policy.write_bytes(site.policy)
    command = [sys.executable, "-I", "-S", "candor-verify.pyz", "--policy", str(policy), "--json", "."]
    ended = subprocess.run(command, cwd=path, capture_output=True, timeout=120)
    assert ended.returncode == 0, ended.stdout
    assert json.loads(ended.stdout)["verdict"] == "verified"


def test_what_is_in_it(site: Site) -> None:
    recording = site.take(CONTENT, "X60A_0001.mp4")
    found = site.hand_out(recording)
    path = site.write(found)
    assert (path / "data/originals/01-01-X60A_0001.mp4").read_bytes() == CONTENT
    assert hashlib.sha256((path / "manifest-sha256.txt").read_bytes()).digest() == found.manifest_sha256
    listed = json.loads((path / "data/recordings.json").read_bytes())
    assert listed["agency"] == "State Troop Q"
    assert listed["recordings"][0]["metadata"]["wearer"]["name"] == "Okafor"
    assert listed["recordings"][0]["parts"][0]["name"] == "X60A_0001.mp4"
    shown = json.loads((path / f"custody/{recording}/history.json").read_bytes())
    kinds = [json.loads(event["payload"])["kind"] for event in shown["events"]]
    assert kinds == ["recording:received", "recording:sealed", "recording:exported"]
    exported = json.loads(shown["events"][-1]["payload"])["details"]
    assert exported["recipient"] == "Public Defender"
    assert exported["manifest_sha256"] == found.manifest_sha256.hex()
    names = ("INSTRUCTIONS.txt", "bag-info.txt", "candor-verify.pyz", "verify.html")
    assert exported["documents"] == {name: hashlib.sha256((path / name).read_bytes()).hexdigest() for name in names}
    key = site.log.policy().logs[0].key
    text = (path / "INSTRUCTIONS.txt").read_text("utf-8")
    assert key.format() in text
    assert key.fingerprint not in "".join(text.split())  # a forged file could show the true one: see the module
    assert path.stat().st_mode & 0o077 == 0  # plain footage: only this account may read it


@pytest.mark.parametrize("name", ["verify.html", "candor-verify.pyz", "INSTRUCTIONS.txt", "bag-info.txt"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_swapped_file_beside_the_recordings_is_caught(site: Site, name: str) -> None:
    path = site.write(site.hand_out(site.take(b"content")))
    swapped = path / name
    swapped.write_bytes(swapped.read_bytes().replace(b"a", b"A", 1))
    manifest = path / "tagmanifest-sha256.txt"  # whoever swaps it mends the lists as well
    names = [line.partition("  ")[2] for line in manifest.read_text("utf-8").splitlines()]
    manifest.write_text("".join(f"{hashlib.sha256((path / one).read_bytes()).hexdigest()}  {one}\n" for one in names))
    report = site.verify(path)
    assert report.exit_code() == 32
    assert name in report.steps[11].findings[0]


def test_the_key_handed_out_says_nothing_of_what_comes_later(site: Site) -> None:
    recording = site.take(CONTENT)
    path = site.write(site.hand_out(recording))
    shown = json.loads((path / f"custody/{recording}/history.json").read_bytes())
    with site.database.read() as tx:
        keys, events = epochs(tx, recording), history(tx, recording)
    assert [key["tag_key"] for key in shown["epochs"]] == [keys[0].tag_key.hex()]
    assert [event.epoch for event in events] == [0, 0, 0, 0]
    assert events[-1].kind is Event.RECORDING_TAG_KEY_ROTATED
    with site.database.write() as tx:
        begin_viewing(tx, site.records, recording, "to see it")
    with site.database.read() as tx:
        assert history(tx, recording)[-1].epoch == 1


def test_handed_out_twice_with_viewings_between(site: Site) -> None:
    recording, other = site.take(CONTENT), site.take(b"another")
    with site.database.write() as tx:
        begin_viewing(tx, site.records, recording, "before")
    first = site.write(site.hand_out(recording))
    with site.database.write() as tx:
        begin_viewing(tx, site.records, recording, "between")
    second = site.write(site.hand_out(other, recording))
    site.log.settle()
    for path in (first, second):
        report = site.verify(path, with_log=True)
        assert passed(report), report.result_line
        assert report.steps[12].number == 13
        assert all("1 event(s) came after the hand-out" in note for note in report.steps[12].notes)
        assert len(report.steps[12].notes) == len(report.recordings)
    shown = json.loads((second / f"custody/{recording}/history.json").read_bytes())
    assert [epoch["epoch"] for epoch in shown["epochs"]] == [0, 1]
    assert len(shown["events"]) == 7
    assert (second / "data/originals/02-01-clip.mp4").read_bytes() == CONTENT
    assert (second / "data/originals/01-01-clip.mp4").read_bytes() == b"another"


def test_a_history_with_an_event_cut_out_fails(site: Site) -> None:
    recording = site.take(CONTENT)
    with site.database.write() as tx:
        begin_viewing(tx, site.records, recording, "nobody shall know")
    path = site.write(site.hand_out(recording))
    name = path / f"custody/{recording}/history.json"
    shown = json.loads(name.read_bytes())
    shown["events"] = [event for event in shown["events"] if event["n"] != 2]
    name.write_text(json.dumps(shown))
    (path / f"custody/{recording}/000002.tlog-proof").unlink()
    manifest = path / "tagmanifest-sha256.txt"  # whoever cuts it out mends the lists as well
    names = [line.partition("  ")[2] for line in manifest.read_text().splitlines() if "000002" not in line]
    manifest.write_text("".join(f"{hashlib.sha256((path / one).read_bytes()).hexdigest()}  {one}\n" for one in names))
    report = site.verify(path)
    assert {step.number for step in report.steps if step.failed} == {10, 12}


def test_a_witness_is_named(witnessed_site: Site) -> None:
    site = witnessed_site
    found = site.hand_out(site.take(CONTENT))
    assert found.witnessed
    path = site.write(found)
    report = site.verify(path)
    assert passed(report)
    assert not warned(report)
    assert [key.name for key in report.witnesses] == ["witness.example/w1"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_quorum_that_does_not_answer_holds_nothing_up(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from candor.core.clock import SystemClock
    from candor.custody import CustodyLog, witness_server
    from candor.disclosure import making

    monkeypatch.setattr(making, "WAIT_FOR_WITNESSES", 0.3)
    witness = witness_server.create_witness(tmp_path / "witness", "witness.example/away")
    witness.close()
    away = (f"{witness.key.format()} http://127.0.0.1:1/",)
    log = CustodyLog(site.database, tmp_path / "log", tmp_path / "keys", SystemClock(), witnesses=away, quorum=1)
    try:
        package_id = site.request(site.take(CONTENT))
        assert disclosure.build(site.database, site.vault, log, package_id)
        found = site.package(package_id)
        path = site.write(found)
        assert found.witnessed is False
        site.log = log
        assert site.verify(path).exit_code() == 27
    finally:
        log.stop()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_empty_files_and_tricky_names(site: Site) -> None:
    names = [
        "../../etc/passwd",
        "CON.mp4",
        "a\nb\u202e4pm.exe",
        "видео запись.mp4",
        "=cmd|' /C calc'!A0.mp4",
        "x" * 300 + ".mp4",
        "CLIP.MP4",
        "clip.mp4",
        "run me.html",
        "nul\0byte",
    ]
    ids = [site.take(b"" if number < 2 else bytes([number]), name) for number, name in enumerate(names)]
    found = site.hand_out(*ids)
    path = site.write(found)
    report = site.verify(path)
    assert passed(report), report.result_line
    assert bagit.Bag(str(path)).validate()
    subprocess.run(["sha256sum", "--quiet", "--strict", "-c", "manifest-sha256.txt"], cwd=path, check=True, timeout=60)
    files = sorted(one.name for one in (path / "data/originals").iterdir())
    assert len(files) == len(names)
    assert all(len(name) <= 90 and name.isascii() for name in files)
    assert not any(name.endswith((".exe", ".html")) for name in files)
    listed = json.loads((path / "data/recordings.json").read_bytes())["recordings"]
    assert listed[2]["parts"][0]["name"] == names[2]
    zipped = disclosure.write_zip(site.database, site.vault, found, site.folder / "out")
    with zipfile.ZipFile(zipped) as opened:
        assert opened.testzip() is None
