"""candor doctor: on an empty machine, on one at work, and on one that is broken."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from tests.cli.conftest import Candor

from candor.health.examination import names


def test_on_a_machine_without_an_installation(candor: Candor, home: Path) -> None:
    said = candor("doctor")
    assert said.code == 0
    assert "There is no installation" in said.out
    assert "Run `candor serve`" in said.out
    assert re.search(r"\d+ well, \d+ to look at, 0 bad\.", said.out)
    assert "\x1b[" not in said.out, "colours without a terminal"
    assert not home.exists(), "looking made something"


def test_a_mistyped_setting_is_named(candor: Candor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(f"CANDOR_{'WITNES_QUORUM'}", "2")
    (tmp_path / "candor.toml").write_text('publc_url = "https://x.example"\n')
    said = candor("doctor", "--check", "settings", "--json")
    assert said.code == 0
    (found,) = said.json["findings"]
    assert said.json["level"] == found["level"] == "warn"
    assert "Did you mean CANDOR_WITNESS_QUORUM?" in found["mend"]
    assert "Did you mean public_url?" in found["mend"]


def test_settings_that_cannot_be_read(candor: Candor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDOR_PORT", "eighty")
    said = candor("doctor", "--json")
    assert said.code == 6
    assert "CANDOR_PORT" in said.json["findings"][0]["words"]


def test_the_names_of_the_checks(candor: Candor) -> None:
    assert candor("doctor", "--list").out.split() == list(names())
    assert candor("doctor", "--list", "--json").json == list(names())
    said = candor("doctor", "--check", "dsk")
    assert said.code == 2
    assert "There are: installation" in said.err


def test_what_is_broken_is_named_and_the_rest_is_looked_at(candor: Candor, home: Path, tmp_path: Path) -> None:
    from candor.core.settings import Settings
    from candor.installation import Installation

    with Installation.open(Settings.load(home=home, keys=tmp_path / "keys"), create=True) as here:
        here.log.settle()
    said = candor("doctor", "--write", "--json")
    assert said.code == 0, said.out
    levels = {one["name"]: one["level"] for one in said.json["findings"]}
    assert levels["database"] == levels["keys"] == levels["store"] == levels["log"] == "ok"
    assert levels["jobs"] == "warn"  # nothing is served

    next((tmp_path / "keys").glob("kek-*")).unlink()
    said = candor("doctor")
    assert said.code == 6
    assert re.search(r"^BAD +keys ", said.out, re.MULTILINE)
    assert "key restore" in said.out
    assert re.search(r"^ok +database ", said.out, re.MULTILINE)


@pytest.mark.long
def test_a_served_site_is_watched_and_logs_in_json(home: Path, tmp_path: Path) -> None:
    """The program itself, as an operator runs it: the watch writes down what it finds, the log is JSON throughout."""
    environment = {**os.environ, "CANDOR_LOG_FORMAT": "json", "CANDOR_PORT": "0", "CANDOR_METRICS": "1"}
    errors = tmp_path / "errors"
    with errors.open("w") as err:
        served = subprocess.Popen(
            [sys.executable, "-m", "candor", "serve"], env=environment, stderr=err, stdout=subprocess.DEVNULL
        )
    try:
        address = ""
        deadline = time.monotonic() + 60
        while not address and time.monotonic() < deadline:
            found = re.search(r"Candor is at (\S+)", errors.read_text())
            address = found[1] if found else ""
            time.sleep(0.1)
        assert address, errors.read_text()
        with urllib.request.urlopen(f"{address}healthz", timeout=20) as answer:
            number = answer.headers["x-request-id"]
        figures, watched = "", False
        while not watched and time.monotonic() < deadline:
            with urllib.request.urlopen(f"{address}metrics", timeout=20) as answer:
                figures = answer.read().decode()
            watched = "candor_watched 1.0" in figures
            time.sleep(0.2)
        assert watched, figures
        with urllib.request.urlopen(f"{address}readyz", timeout=20) as answer:
            assert json.load(answer)["status"] == "ready"
    finally:
        served.send_signal(signal.SIGTERM)
        served.wait(30)
    lines = [line for line in errors.read_text().splitlines() if line.startswith("{")]
    access = [json.loads(line) for line in lines]
    assert any(one.get("route") == "/healthz" and one["request"] == number for one in access)
