"""The commands, from an empty home to a verified package, with their exit codes and JSON."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from candor.cli.main import WORDS

from .conftest import Candor, film


@pytest.fixture
def taken(candor: Candor, card: Path) -> list[dict[str, object]]:
    """The card, taken in."""
    found = candor("ingest", card, "--json")
    assert found.code == 0
    recordings: list[dict[str, object]] = found.json["recordings"]
    return recordings


def test_help_names_every_command(candor: Candor) -> None:
    found = candor("--help")
    assert found.code == 0
    for group, words in WORDS.items():
        assert group in found.out
        for word in words:
            assert word in found.out
            assert candor(word, "--help").code == 0, word


def test_a_command_that_is_nearly_right_is_suggested(candor: Candor) -> None:
    found = candor("ingset", "x")
    assert found.code == 2
    assert "candor ingest" in found.err


def test_without_an_installation_it_says_what_to_do(candor: Candor) -> None:
    found = candor("list")
    assert found.code == 9
    assert "candor serve" in found.err


class TestIngest:
    def test_every_file_is_sealed_and_flagged(self, taken: list[dict[str, object]], card: Path) -> None:
        by_name = {Path(str(one["paths"][0])).name: one for one in taken}  # type: ignore[index]
        assert set(by_name) == {"0001.mp4", "0002.mp4", "0003.mp4", "notes.mp4"}
        for name, one in by_name.items():
            path = next(card.rglob(name))
            assert one["state"] == "sealed"
            assert one["parts"] == [
                {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "size": path.stat().st_size}
            ]
        assert "empty" in by_name["0003.mp4"]["flags"]  # type: ignore[operator]
        assert "not-media" in by_name["notes.mp4"]["flags"]  # type: ignore[operator]

    def test_again_is_known_and_makes_nothing_new(
        self, candor: Candor, taken: list[dict[str, object]], card: Path
    ) -> None:
        again = candor("ingest", card / "DCIM/0001.mp4", "--json").json["recordings"]
        assert [one["new"] for one in again] == [False]
        assert again[0]["id"] in {one["id"] for one in taken}
        assert candor("list", "--json").json["total"] == 4

    def test_a_file_that_cannot_be_read_is_told_and_the_rest_goes_on(self, candor: Candor, card: Path) -> None:
        if os.geteuid() == 0:
            target = card / "DCIM/0001.mp4"
            target.unlink()
            target.symlink_to("/proc/self/mem")  # even root gets an error when reading it
            found = candor("ingest", card / "DCIM/0001.mp4", card / "DCIM/0002.mp4", "--json")
        else:
            (card / "DCIM/0001.mp4").chmod(0)
            found = candor("ingest", card / "DCIM", "--json")
        assert found.code == 10
        assert len(found.json["failed"]) == 1
        assert any(Path(one["paths"][0]).name == "0002.mp4" for one in found.json["recordings"])

    def test_a_path_that_is_not_there(self, candor: Candor) -> None:
        found = candor("ingest", "nowhere")
        assert found.code in (3, 4)
        assert "nowhere" in found.err

    def test_for_a_wearer_and_a_device(self, candor: Candor, card: Path) -> None:
        candor("ingest", card / "notes.mp4")
        candor("user", "add", "rivera", "--display-name", "T. Rivera", "--unit", "Troop I", "--role", "officer")
        found = candor(
            "ingest",
            card / "DCIM/0001.mp4",
            "--wearer",
            "rivera",
            "--device",
            "X60A1",
            "--incident",
            "26-0012",
            "--json",
        )
        assert found.code == 0
        assert found.json["recordings"][0]["flags"] == []
        row = candor("list", "--person", "rivera", "--json").json["recordings"][0]
        assert (row["unit_name"], row["device_serial"], row["incident_number"]) == ("Troop I", "X60A1", "26-0012")

    def test_an_unknown_wearer_stops_before_anything(self, candor: Candor, card: Path) -> None:
        found = candor("ingest", card, "--wearer", "nobody")
        assert found.code == 4
        assert candor("list", "--json").json["total"] == 0


class TestLooking:
    def test_list_finds_by_text_and_flag(self, candor: Candor, taken: list[dict[str, object]]) -> None:
        assert candor("list", "--text", "0002", "--json").json["total"] == 1
        assert candor("list", "--flag", "empty", "--json").json["total"] == 1
        assert "0002.mp4" in candor("list", "--text", "0002").out

    def test_show_tells_everything(self, candor: Candor, taken: list[dict[str, object]]) -> None:
        found = candor("show", taken[0]["id"], "--json").json
        assert found["parts"][0]["sha256"] == taken[0]["parts"][0]["sha256"]  # type: ignore[index]
        assert [one["kind"] for one in found["history"]][:2] == ["recording:received", "recording:sealed"]
        assert "Custody history" in candor("show", taken[0]["id"]).out

    def test_show_of_nothing(self, candor: Candor, taken: list[dict[str, object]]) -> None:
        assert candor("show", "01900000-0000-7000-8000-000000000000").code == 4

    def test_control_characters_never_reach_the_terminal(self, candor: Candor, tmp_path: Path) -> None:
        path = film(tmp_path / "bad/evil\x1b[31m\n.mp4")
        found = candor("ingest", path)
        assert found.code == 0
        assert "\x1b" not in found.out + found.err + candor("list").out


class TestPackage:
    def test_exported_and_verified_with_keys_from_outside(
        self, candor: Candor, taken: list[dict[str, object]], tmp_path: Path
    ) -> None:
        found = candor(
            "export",
            taken[0]["id"],
            "--out",
            tmp_path / "out",
            "--recipient",
            "Defender",
            "--purpose",
            "Discovery",
            "--json",
        )
        assert found.code == 0
        package = Path(found.json["package"])
        manifest = (package / "manifest-sha256.txt").read_bytes()
        assert found.json["manifest_sha256"] == hashlib.sha256(manifest).hexdigest()
        candor("log", "policy", "--out", tmp_path / "policy.txt")
        assert candor("verify", package, "--policy", tmp_path / "policy.txt").code == 0
        subprocess.run(["sha256sum", "--quiet", "-c", "manifest-sha256.txt"], cwd=package, check=True)
        bare = subprocess.run(
            [sys.executable, "-I", "-S", str(package / "candor-verify.pyz"), str(package), "--json"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert json.loads(bare.stdout)["keys"] == "package"

    def test_as_a_zip(self, candor: Candor, taken: list[dict[str, object]], tmp_path: Path) -> None:
        words = ("export", taken[0]["id"], "--out", tmp_path / "out", "--zip", "--recipient", "D", "--purpose", "P")
        found = candor(*words, "--json")
        assert found.code == 0
        assert zipfile.ZipFile(found.json["package"]).testzip() is None
        assert candor("verify", found.json["package"]).code == 0

    def test_a_changed_original_fails_with_its_step(
        self, candor: Candor, taken: list[dict[str, object]], tmp_path: Path
    ) -> None:
        words = ("export", taken[0]["id"], "--out", tmp_path / "out", "--recipient", "D", "--purpose", "P", "--json")
        package = Path(candor(*words).json["package"])
        original = next((package / "data/originals").iterdir())
        original.write_bytes(original.read_bytes() + b"x")
        assert 20 < candor("verify", package).code < 34

    def test_what_is_not_there_cannot_be_exported(self, candor: Candor, taken: list[dict[str, object]]) -> None:
        words = ("--out", "out", "--recipient", "D", "--purpose", "P")
        assert candor("export", "01900000-0000-7000-8000-000000000000", *words).code == 4

    def test_an_officer_may_not_hand_out(self, candor: Candor, taken: list[dict[str, object]]) -> None:
        candor("user", "add", "rivera", "--role", "officer")
        found = candor("export", taken[0]["id"], "--out", "out", "--recipient", "D", "--purpose", "P", "--as", "rivera")
        assert found.code == 5
        assert "people." in found.err  # the rule is named


class TestLog:
    def test_state_check_checkpoint_and_proofs(
        self, candor: Candor, taken: list[dict[str, object]], tmp_path: Path
    ) -> None:
        state = candor("log", "--json").json
        assert state["size"] == state["signed_size"] > 8
        assert state["refusal"] is None
        assert candor("log", "check").code == 0
        assert candor("log", "checkpoint").out.splitlines()[1] == str(state["signed_size"])
        made = candor("log", "proof", taken[0]["id"], "--out", tmp_path / "proofs", "--json").json["proofs"]
        assert len(made) >= 2
        candor("log", "policy", "--out", tmp_path / "policy.txt")
        assert candor("verify", made[0]["file"], "--policy", tmp_path / "policy.txt").code == 0

    def test_a_damaged_file_is_found_and_mended(
        self, candor: Candor, taken: list[dict[str, object]], home: Path
    ) -> None:
        tile = next((home / "log/tile/0").rglob("000.p/*"))
        tile.write_bytes(bytes(len(tile.read_bytes())))
        assert candor("log", "check").code == 6
        assert candor("log", "check", "--repair").code == 0
        assert candor("log", "check").code == 0


class TestFixity:
    def test_all_is_well(self, candor: Candor, taken: list[dict[str, object]]) -> None:
        found = candor("fixity", "--json")
        assert found.code == 0
        assert (found.json["ended"], found.json["findings"]) == (True, [])
        assert found.json["checked"] >= 4

    def test_what_does_not_match_is_named(self, candor: Candor, taken: list[dict[str, object]], home: Path) -> None:
        victim = max(
            (path for path in (home / "footage").rglob("*") if path.is_file()), key=lambda one: one.stat().st_size
        )
        data = bytearray(victim.read_bytes())
        data[len(data) // 2] ^= 1
        victim.chmod(0o600)
        victim.write_bytes(data)
        found = candor("fixity", "--json")
        assert found.code == 6
        assert len(found.json["findings"]) == 1
        assert found.json["findings"][0]["name"]


class TestUsers:
    def test_add_list_change(self, candor: Candor, taken: list[dict[str, object]]) -> None:
        made = candor("user", "add", "rivera", "--role", "officer", "--badge", "1204", "--json").json
        assert len(made["password"]) > 15
        assert candor("user", "change", "rivera", "--role", "supervisor", "--unit", "Troop H").code == 0
        [row] = candor("user", "list", "--text", "1204", "--json").json
        assert (row["roles"], row["unit"]) == (["supervisor"], "Troop H")
        assert candor("user", "change", "rivera", "--inactive").code == 0
        assert candor("list", "--as", "rivera").code == 4

    def test_a_weak_password_is_refused(self, candor: Candor, taken: list[dict[str, object]]) -> None:
        assert candor("user", "add", "rivera", "--password", "short").code != 0


def test_a_wrong_setting_is_named(candor: Candor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDOR_PORT", "many")
    found = candor("list")
    assert found.code == 2
    assert "CANDOR_PORT" in found.err


def test_a_database_that_is_gone_loses_nothing(candor: Candor, card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDOR_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    found = candor("ingest", card)
    assert found.code == 8
    assert "run the same command again" in found.err
    assert len(list(card.rglob("*.mp4"))) == 4


def test_the_first_keys_are_made_once_and_a_lost_one_is_named(
    candor: Candor, taken: list[dict[str, object]], tmp_path: Path, card: Path
) -> None:
    for key in (tmp_path / "keys").iterdir():
        key.rename(tmp_path / key.name)
    found = candor("ingest", card / "DCIM/0001.mp4")
    assert found.code == 9
    assert not list((tmp_path / "keys").glob("*"))


def test_the_real_command_in_a_process_of_its_own(home: Path, card: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "candor", "ingest", str(card / "DCIM/0001.mp4"), "--json"],
        capture_output=True, text=True, check=True, env=os.environ,
    )  # fmt: skip
    [one] = json.loads(done.stdout)["recordings"]
    assert one["state"] == "sealed"
    assert done.stderr == ""


class TestLists:
    def test_categories_are_offered_in_the_agencys_order(self, candor: Candor, card: Path) -> None:
        candor("ingest", card / "notes.mp4")
        assert candor("category", "list", "--json").json
        assert candor("category", "set", "Traffic stop", "Patrol").code == 0
        assert candor("category", "list", "--json").json == ["Traffic stop", "Patrol"]
        assert "already" in candor("category", "set", "Traffic stop", "Patrol").out
        candor("user", "add", "rivera", "--role", "officer")
        assert candor("category", "set", "Other", "--as", "rivera").code == 5
