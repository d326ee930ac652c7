"""A package of a recording that its camera signed: what was found goes along, and verifying still holds."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.footage.media.onvif_signer import Camera, identity, signed
from tests.footage.media.recordings import film

from candor.core.clock import SystemClock
from candor.footage import jobs as footage_jobs
from candor.footage.gathering import PartOf, complete
from candor.footage.intake import Claim

from .conftest import Site, passed


def test_signatures_go_along_and_the_package_verifies(site: Site) -> None:
    who = identity()
    footage_jobs.register(site.jobs, site.database, site.vault)
    recording = ""
    for number in (1, 2):
        claim = Claim(f"{number}.mp4", f"axis/{number}", "axis", "system:dock", part_of=PartOf("axis:1/a"))
        with site.intake.begin(claim) as writer:
            plain = film(seconds=3 + number, group=10)
            writer.write(signed(plain, Camera(who)) if number == 1 else plain)
            recording = writer.finish().recording_id
    with site.database.write() as tx:
        complete(tx, "axis:1/a", actor="system:dock", clock=SystemClock())
    site.jobs.launch()
    site.jobs.wait_idle(120)
    path = site.write(site.hand_out(recording))
    listed = json.loads((path / "data/recordings.json").read_bytes())["recordings"][0]
    (found,) = listed["metadata"]["signatures"]
    assert (found["part"], found["verdict"], found["certificate"]) == (1, "verified", who.fingerprint)
    assert listed["metadata"]["gaps"] == []
    report = site.verify(path)
    assert passed(report), report.result_line
    policy = site.folder / "trust-policy.txt"
    policy.write_bytes(site.policy)
    command = [sys.executable, "-I", "-S", "candor-verify.pyz", "--policy", str(policy), "--json", "."]
    ended = subprocess.run(command, cwd=path, capture_output=True, timeout=120)
    assert ended.returncode == 0, ended.stdout
