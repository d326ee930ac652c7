"""The demo from one command to a package that verifies, with its witness as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests import forked

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("CANDOR_")}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Iterator[Path]:
    """A demo with recordings of two seconds and a little more."""
    folder = tmp_path_factory.mktemp("demo") / "site"
    words = ["demo", "--folder", str(folder), "--scale", "0.05", "--no-serve"]
    done = subprocess.run(
        [sys.executable, "-m", "candor", *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    yield folder
    forked.end()


def candor(demo: Path, environment: dict[str, str], *words: str) -> Any:
    """Run a command beside the demo, as its last words say; its JSON."""
    done = forked.run([*words, "--json"], env={**environment, "CANDOR_CONFIG": str(demo / "candor.toml")}, cwd=demo)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def witness_of(demo: Path) -> str:
    """Address of the witness that the demo's settings name."""
    return next(word.strip('"],') for word in (demo / "candor.toml").read_text().split() if "http://" in word) + "/"


def test_everything_is_in_and_can_be_watched(demo: Path, environment: dict[str, str]) -> None:
    rows = candor(demo, environment, "list")["recordings"]
    assert len(rows) >= 12
    assert len({row["device_serial"] for row in rows if row["incident_number"]}) >= 4
    assert {row["device_kind"] for row in rows} == {"body", "in-car"}
    assert all(row["flags"] == [] for row in rows)
    for row in rows[:3]:  # each of these is a process of its own
        shown = candor(demo, environment, "show", row["id"])["parts"][0]["viewing_copies"]
        assert {copy["state"] for copy in shown} == {"ready"}
        assert {copy["kind"] for copy in shown} >= {"proxy", "poster", "filmstrip"}


def test_the_witness_has_cosigned(demo: Path, environment: dict[str, str]) -> None:
    state = candor(demo, environment, "log")
    assert state["size"] == state["signed_size"]
    assert state["witnessed_size"] > 0
    assert state["refusal"] is None


def test_served_again_it_is_the_same_site(demo: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """Start it as the README says, hand a recording out beside it, and verify with keys from outside: witnessed."""
    before = {row["id"] for row in candor(demo, environment, "list")["recordings"]}
    log = (tmp_path / "served").open("w+")
    served = subprocess.Popen(
        [sys.executable, "-m", "candor", "demo", "--folder", str(demo), "--port", "0"], env=environment, stderr=log
    )
    try:
        address = ""
        for _ in range(600):
            said = (tmp_path / "served").read_text()
            address = next((word for word in said.partition("demonstration is at")[2].split()), "")
            if address or served.poll() is not None:
                break
            time.sleep(0.1)
        assert address, said
        assert "password for all:" in said
        with urllib.request.urlopen(f"{address}healthz", timeout=20) as answer:
            assert answer.status == 200
        recording = sorted(before)[0]
        words = ("--out", str(tmp_path), "--recipient", "Public defender", "--purpose", "Discovery")
        made = candor(demo, environment, "export", recording, *words)
        assert made["witnessed"] is True
        found = candor(demo, environment, "verify", made["package"], "--policy", str(demo / "trust-policy.txt"))
        assert found["verdict"] == "verified"
        assert {row["id"] for row in candor(demo, environment, "list")["recordings"]} == before
    finally:
        served.terminate()
        with suppress(subprocess.TimeoutExpired):
            served.wait(30)
        log.close()
    assert served.returncode == 0  # a SIGTERM ends it in order
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{witness_of(demo)}key", timeout=2)  # and its witness with it
