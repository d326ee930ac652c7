"""Handing out a redacted copy: what is in the package and what is not, who may, and what is refused."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from candor import disclosure
from candor.cli.export import command as export
from candor.core.ids import new_id
from candor.custody import Event, append, epochs, history
from candor.disclosure.errors import (
    CopyAltered,
    CopyBroken,
    CopyDoubtful,
    CopyNotToBeHandedOut,
    CopyTwice,
    NothingToHandOut,
    RecordingGone,
    WordsMissing,
)
from candor.disclosure.packages import Package
from candor.disclosure.redacted import CopyToGo, hand_out_copies
from candor.footage.tables import recording
from candor.people.errors import Refused
from candor.people.rules import Actor, system_actor
from candor.redaction.errors import CopyUnknown
from candor.redaction.rules import CopyState, Verdict
from candor.redaction.tables import redacted_copy

from .conftest import Site, passed, warned
from .redacted_copies import leave_copy

COPY = os.urandom(1_200_000)
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BYTES = b"bytes of the original itself"
NAME = "Officer Okafor at 12 Elm Street.mp4"


def redact(site: Site, recording_id: str, *, verdict: Verdict = Verdict.HOLDS) -> str:
    """A redacted copy that is ready; its identifier."""
    by = site.technician.account_id
    return leave_copy(site.database, site.vault, site.log, recording_id, COPY, by=by, verdict=verdict)[1]


def request(site: Site, copy_id: str, actor: Actor | None = None, **changed: Any) -> str:
    words = {"recipient": "The Daily Example", "purpose": "request 12", **changed}
    with site.database.write() as tx:
        return disclosure.request_redacted(tx, actor or site.records, copy_id, **words)


def hand_out(site: Site, copy_id: str, **changed: Any) -> Package:
    package_id = request(site, copy_id, **changed)
    assert site.build(package_id)
    return site.package(package_id)


def test_a_package_of_a_copy_verifies_by_every_way(site: Site) -> None:
    recording_id = site.take(b"the original", NAME)
    copy_id = redact(site, recording_id)
    found = hand_out(site, copy_id)
    path = site.write(found)
    zipped = disclosure.write_zip(site.database, site.vault, found, site.folder / "out")
    for one in (path, zipped):
        report = site.verify(one)
        assert passed(report), report.result_line
        assert (report.verdict, report.kind) == ("verified", "redacted")
        assert warned(report) == [7]
    assert report.steps[9].words == "2 of 4 events are shown; 2 are withheld"
    policy = site.folder / "trust-policy.txt"
    policy.write_bytes(site.policy)
    command = [sys.executable, "-I", "-S", "candor-verify.pyz", "--policy", str(policy), "--json", "."]
    ended = subprocess.run(command, cwd=path, capture_output=True, timeout=120)
    assert ended.returncode == 0, ended.stdout
    assert json.loads(ended.stdout)["kind"] == "redacted"
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--quiet", "--strict", "-c", manifest], cwd=path, check=True, timeout=60)
    # A whole package of the same recording is what it was, and its history holds the other hand-out.
    whole = site.verify(site.write(site.hand_out(recording_id)))
    assert passed(whole)
    assert whole.kind == "package"
    spoiled = path / "data/redacted/redacted-01.mp4"
    spoiled.write_bytes(spoiled.read_bytes()[:-1] + b"?")
    assert site.verify(path).exit_code() == 23


@only_sqlite
def test_what_is_in_it_and_what_is_not(site: Site) -> None:
    recording_id = site.take(BYTES, NAME)
    with site.database.write() as tx:
        tx.execute(recording.update().where(recording.c.id == recording_id).values(notes="Jane Doe, a minor"))
        append(
            tx,
            Event.RECORDING_VIEWED,
            actor=site.technician.account_id,
            recording=recording_id,
            details={"purpose": "complaint against Okafor"},
        )
    copy_id = redact(site, recording_id)
    path = site.write(hand_out(site, copy_id))
    names = sorted(one.relative_to(path).as_posix() for one in path.rglob("*") if one.is_file())
    with site.database.read() as tx:
        events, keys = history(tx, recording_id), epochs(tx, recording_id)
    rendered, handed_out = events[-2:]
    assert names == sorted(
        [
            *("INSTRUCTIONS.txt", "bag-info.txt", "bagit.txt", "candor-verify.pyz", "verify.html"),
            *("manifest-sha256.txt", "tagmanifest-sha256.txt", "custody/checkpoint", "custody/policy.txt"),
            *(
                "data/redacted.json",
                "data/redacted/redacted-01.mp4",
                "redaction/01/edit-list.txt",
                "redaction/01/proof.json",
            ),
            f"custody/{recording_id}/shown.json",
            *(f"custody/{recording_id}/{event.n:06d}.tlog-proof" for event in (rendered, handed_out)),
        ]
    )
    assert (path / "data/redacted/redacted-01.mp4").read_bytes() == COPY
    whole = b"\n".join((path / name).read_bytes() for name in names if not name.startswith("data/redacted/"))
    for secret in (
        b"Elm Street",
        b"Jane Doe",
        b"complaint",
        BYTES,
        b"Okafor",
        b"where the masks are",
        keys[0].tag_key.hex().encode(),
    ):
        assert secret not in whole, secret
    assert handed_out.kind is Event.REDACTION_HANDED_OUT
    assert handed_out.details["events"] == len(events)
    assert handed_out.details["documents"]["redaction/01/edit-list.txt"] == rendered.details["list_sha256"]
    assert "REDACTED COPIES" in (path / "INSTRUCTIONS.txt").read_text("utf-8")


@only_sqlite
def test_several_copies_of_several_recordings_in_one_package(site: Site) -> None:
    first, second = site.take(b"the original", NAME), site.take(b"another original")
    copies = [redact(site, first), redact(site, second), redact(site, first)]
    papers = {"summary.txt": b"A stop.", "exemptions.pdf": b"%PDF-1.7 \xff\xfe"}
    release = (new_id(), "RL-2026-0001")
    with site.database.write() as tx:
        words = {"recipient": "everybody", "purpose": "release RL-2026-0001"}
        actor = system_actor("test")
        package_id = hand_out_copies(
            tx,
            actor,
            [CopyToGo(one) for one in copies],
            **words,
            release=release,
            papers=papers,
            by=site.records.account_id,
        )
    assert site.build(package_id)
    found = site.package(package_id)
    assert (found.name, found.actor) == ("candor-release-RL-2026-0001", site.records.account_id)
    path = site.write(found)
    report = site.verify(path)
    assert passed(report), report.result_line
    assert warned(report) == [7]
    assert report.steps[9].words == "5 of 9 events are shown; 4 are withheld"
    for name, data in papers.items():
        assert (path / "data/release" / name).read_bytes() == data
    with site.database.read() as tx:
        kinds = [history(tx, one)[-1].kind for one in (first, second)]
        told = history(tx, first)[-1].details
    assert kinds == [Event.RECORDING_RELEASED] * 2
    assert [one["copy"] for one in told["copies"]] == [copies[0], copies[2]]
    assert (told["release"], told["number"]) == release
    other = [name for name in told["documents"] if name.startswith("redaction/02")]
    assert other == [], "what is of another recording is named by its own hand-out"
    with site.database.write() as tx:
        for given, error in (([], NothingToHandOut), ([copies[0]] * 2, CopyTwice)):
            with pytest.raises(error):
                hand_out_copies(tx, actor, [CopyToGo(one) for one in given], **words)
        with pytest.raises(Refused):
            hand_out_copies(tx, site.officer, [CopyToGo(copies[0])], **words)


@only_sqlite
def test_a_broken_one_never_and_a_doubtful_one_with_a_reason(site: Site) -> None:
    recording_id = site.take(b"the original")
    with pytest.raises(CopyBroken, match="seen-outside"):
        request(site, redact(site, recording_id, verdict=Verdict.BROKEN), although="never mind")
    doubtful = redact(site, recording_id, verdict=Verdict.DOUBTFUL)
    for although in (None, "", "   "):
        with pytest.raises(CopyDoubtful):
            request(site, doubtful, although=although)
    with site.database.read() as tx:
        assert not [one for one in history(tx, recording_id) if one.kind is Event.REDACTION_HANDED_OUT]
    path = site.write(hand_out(site, doubtful, although="a poster on the wall"))
    report = site.verify(path)
    assert report.first_failure is None
    assert warned(report) == [7, 11]
    assert any("a poster on the wall" in one for one in report.steps[11].notes)
    assert "1234" not in (path / "redaction/01/proof.json").read_text()


@only_sqlite
def test_who_may_and_which(site: Site) -> None:
    recording_id = site.take(b"the original")
    copy_id = redact(site, recording_id)
    with pytest.raises(Refused):
        request(site, copy_id, site.officer)
    with pytest.raises(CopyUnknown):
        request(site, new_id())
    with pytest.raises(CopyUnknown):
        request(site, copy_id, recording_id=site.take(b"another"))
    with pytest.raises(WordsMissing):
        request(site, copy_id, recipient=" ")
    with site.database.write() as tx:
        tx.execute(redacted_copy.update().where(redacted_copy.c.id == copy_id).values(state=CopyState.PROVING.value))
    with pytest.raises(CopyNotToBeHandedOut):
        request(site, copy_id)


@only_sqlite
def test_what_is_destroyed_or_altered_is_not_handed_out(site: Site) -> None:
    recording_id = site.take(b"the original")
    copy_id = redact(site, recording_id)
    package_id = request(site, copy_id)
    with site.database.read() as tx:
        row = tx.execute(sa.select(redacted_copy).where(redacted_copy.c.id == copy_id)).one()
        other = site.vault.seal("redaction-list", io.BytesIO(b"another list"))
    with site.database.write() as tx:
        site.vault.record(tx, other)
        plan = site.package(package_id).plan
        plan["redacted"]["copies"][0]["list_object_id"] = other.object_id
        tx.execute(disclosure.packages.package_table.update().values(plan=plan))
    with pytest.raises(CopyAltered):
        site.build(package_id)
    with site.database.write() as tx:
        site.vault.destroy_key(tx, row.copy_object_id)
    with pytest.raises(RecordingGone):
        request(site, copy_id)


def test_the_command_refuses_what_does_not_go_together(tmp_path: Path) -> None:
    run = CliRunner()
    for given in (["a", "--although", "x"], ["a", "b", "--redacted", "c"], ["--redacted", "c"]):
        assert run.invoke(export, [*given, "--out", str(tmp_path)]).exit_code == 2, given
