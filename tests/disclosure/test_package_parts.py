"""Packages of recordings that several files make up: parts out of order, late, joined, and come again after a purge."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from candor.core.clock import SystemClock
from candor.disclosure.errors import RecordingGone
from candor.footage import gathering, purging, readmitting, returning
from candor.footage.intake import Claim
from candor.footage.regrouping import regroup
from candor.footage.said import PartOf, Said

from .conftest import Site, passed

BEGIN = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
NODE = shutil.which("node")
VERIFIER = Path(__file__).parents[1] / "js" / "verify_package.mjs"
PARTS = {60: b"second", 0: b"first", 180: b"fourth"}


def clip(site: Site, second: int, content: bytes, key: str) -> str:
    part_of = PartOf(key, BEGIN + timedelta(seconds=second), BEGIN + timedelta(seconds=second + 60))
    name = f"{second}.mkv"
    claim = Claim(name, f"/dock/{name}", "axis", site.technician.account_id, part_of=part_of)
    with site.intake.begin(claim) as writer:
        writer.write(content)
        return writer.finish().recording_id


def complete(site: Site, key: str, said: Said | None = None) -> None:
    with site.database.write() as tx:
        gathering.complete(tx, key, said, actor="system:axis", clock=site.intake.clock)


def in_browser(path: Path) -> list[str]:
    """The outcomes of the browser's verifier, run under Node."""
    assert NODE is not None
    asked = json.dumps({"path": str(path), "keys": []}) + "\n"
    ended = subprocess.run(
        [NODE, "--no-warnings", str(VERIFIER)], input=asked, capture_output=True, text=True, timeout=60
    )
    return [str(step["outcome"]) for step in json.loads(ended.stdout.splitlines()[0])["steps"]]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_parts_that_came_late_or_were_joined_are_proven(site: Site) -> None:
    (whole,) = {clip(site, second, content, "a") for second, content in PARTS.items()}
    complete(site, "a", Said(started_at=BEGIN, ended_at=BEGIN + timedelta(seconds=360)))
    clip(site, 120, b"third", "a")
    other = clip(site, 360, b"sixth", "b")
    complete(site, "b")
    with site.database.write() as tx:
        assert regroup(tx, site.technician, [whole, other], reason="one stop") == whole
    clip(site, 420, b"seventh", "b")
    path = site.write(site.hand_out(whole))
    assert passed(site.verify(path))
    if NODE is not None:
        assert set(in_browser(path)) <= {"passed", "warning"}
    (told,) = json.loads((path / "data/recordings.json").read_bytes())["recordings"]
    assert [one["name"] for one in told["parts"]] == [f"{n}.mkv" for n in (0, 60, 180, 120, 360, 420)]
    assert [(one["from"], one["to"]) for one in told["metadata"]["gaps"]] == [
        ("2026-11-20T18:04:00.000000Z", "2026-11-20T18:06:00.000000Z")
    ]
    (path / "data/originals/01-04-120.mkv").write_bytes(b"thirD")
    assert not passed(site.verify(path))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_was_destroyed_while_it_came_in_and_came_again_is_proven(site: Site) -> None:
    recording = clip(site, 0, b"first", "a")
    with site.database.write() as tx:
        words = {"authority": "Order 26-CV-7", "reason": "expunged"}
        purging.purge(tx, site.vault, site.jobs, site.technician, recording, **words)
    complete(site, "a")
    assert clip(site, 0, b"first", "b") == recording
    complete(site, "b")
    with pytest.raises(RecordingGone):  # what is held is handed out to nobody
        site.hand_out(recording)
    with site.database.read() as tx:
        (held,) = returning.waiting(tx, site.technician)
    given = (site.database, site.vault, site.jobs, site.technician)
    vacated = {"authority": "Order 27-CV-1", "reason": "vacated"}
    readmitting.take_in(*given, held.id, clock=SystemClock(), **vacated)
    assert passed(site.verify(site.write(site.hand_out(recording))))
