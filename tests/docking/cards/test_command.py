"""`candor dock watch` as a person uses it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from tests.cli.conftest import Candor, candor, home
from tests.footage.clips import mp4

__all__ = ["candor", "home"]


@pytest.fixture
def card(tmp_path: Path) -> Path:
    folder = tmp_path / "card"
    for number, name in enumerate(("2026_1120_180000_001A.MP4", "2026_1120_180003_002A.MP4")):
        (folder / "Movie").mkdir(parents=True, exist_ok=True)
        (folder / "Movie" / name).write_bytes(mp4(3.0, made=None, seed=number, sound=False))
    first = folder / "Movie/2026_1120_180000_001A.MP4"
    first.with_suffix(".sha256").write_text(hashlib.sha256(first.read_bytes()).hexdigest())
    return folder


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDOR_TEST_CHEAP_PASSWORDS", "1")


ONCE = ("--once", "--settle", "0", "--zone", "UTC")


def test_it_says_what_it_does(candor: Candor, card: Path) -> None:
    done = candor("dock", "watch", card, *ONCE)
    assert done.code == 0, done.err
    assert "reader        novatek: 2 of 2 recordings are named" in done.err
    assert "3 files in, 1 recordings; 0 not taken in." in done.err
    again = candor("dock", "watch", card, *ONCE, "--json")
    assert again.json["files"] == []


def test_json(candor: Candor, card: Path) -> None:
    found = candor("dock", "watch", card, *ONCE, "--camera", "cam 1", "--json").json
    assert [one["reader"] for one in found["readers"]] == ["novatek"]
    assert len({one["recording"] for one in found["files"] if "recording" in one}) == 1
    assert next(one["digests"] for one in found["files"] if "sidecar" in one)[0]["agrees"] is True
    assert found["wiped"] is None


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--reader", "axon"), 3, "finds nothing of its own"),
        (("--zone", "Atlantis"), 2, "There is no time zone called"),
        (("--dock", "Nowhere"), 4, "There is no dock"),
        (("--mapping", "none.toml"), 2, "The mapping file"),
        (("--reader", "dcim", "--mapping", "x.toml"), 2, "not both"),
        (("--wipe",), 2, "--wipe needs --once and --camera"),
        (("--camera", "\x07"), 3, "cannot be a serial number"),
    ],
)
def test_what_is_refused(candor: Candor, card: Path, words: tuple[str, ...], code: int, said: str) -> None:
    done = candor("dock", "watch", card, *ONCE, *words)
    assert done.code == code
    assert said in done.err
    assert len(list(card.rglob("*.*"))) == 3


def test_what_is_not_read_and_names_that_are_no_text(candor: Candor, card: Path, tmp_path: Path) -> None:
    """Said, in what programs read too, and the command does not end as if all were in."""
    (card / "Movie/caf\udce9.MP4").write_bytes(mp4(1.0, made=None, seed=5, sound=False))
    (card / "link").symlink_to(tmp_path)
    done = candor("dock", "watch", card, *ONCE, "--json")
    assert done.code == 10, done.err
    assert "Movie/caf\\xe9.MP4" in {one["path"] for one in done.json["files"]}
    assert [one["path"] for one in done.json["failed"]] == ["link"]
    assert "NOT TAKEN IN  link: it is a link" in done.err


def test_nothing_there(candor: Candor, tmp_path: Path) -> None:
    done = candor("dock", "watch", tmp_path / "nowhere", *ONCE)
    assert done.code == 3
    assert "There is no card or folder" in done.err


@pytest.mark.parametrize(("typed", "code"), [("CAM2\n", 5), ("", 130), ("cam 1\n", 0)])
def test_wiping_is_confirmed_by_the_serial_number(
    candor: Candor, card: Path, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    done = candor("dock", "watch", card, *ONCE, "--camera", "CAM1", "--wipe")
    assert done.code == code, done.err
    assert "All 3 files on" in done.err
    assert bool(list(card.rglob("*.MP4"))) == (code != 0)


def test_wiping_with_yes_and_again(candor: Candor, card: Path) -> None:
    done = candor("dock", "watch", card, *ONCE, "--camera", "CAM1", "--wipe", "--yes", "--json")
    assert done.code == 0, done.err
    assert done.json["wiped"]["files"] == 3
    assert (card / "Movie").is_dir()
    empty = candor("dock", "watch", card, *ONCE, "--camera", "CAM1", "--wipe", "--yes", "--json")
    assert empty.json["wiped"]["files"] == 0
