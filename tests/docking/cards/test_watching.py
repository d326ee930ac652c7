"""Watching a place: what has stopped growing, cards that come and go, a process that is killed and goes on."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.docking.cards.conftest import Desk, listing
from tests.footage.clips import mp4

from candor.docking.cards.errors import CameraOfSeveral, CardError, CardGone
from candor.docking.cards.listing import CardFile, Listing
from candor.docking.cards.outcomes import ClipTaken
from candor.docking.cards.watching import Settling, Watch, cards_under


def grown(path: str, size: int) -> Listing:
    return Listing("card", (CardFile(path, size),))


def test_settling() -> None:
    settling = Settling(5)
    assert settling.ready(grown("a", 1), 100) == set()
    assert settling.waiting == ["a"]
    assert settling.ready(grown("a", 2), 106) == set(), "it grew"
    assert settling.ready(grown("a", 2), 110) == set(), "not long enough"
    assert settling.ready(grown("a", 2), 111) == {"a"}
    assert settling.waiting == []
    assert settling.ready(listing(), 112) == set()
    assert settling.ready(grown("a", 2), 113) == set(), "it was away in between"
    assert Settling(0).ready(grown("a", 1), 0) == {"a"}


def test_cards_under(tmp_path: Path) -> None:
    place = tmp_path / "media"
    place.mkdir()
    assert cards_under(place) == [place], "empty: it may become either"
    (place / "CAM1").mkdir()
    (place / "CAM2").mkdir()
    assert cards_under(place) == [place], "folders of exports"
    mounted = [place / "CAM1", place / "CAM2"]
    assert cards_under(place, lambda path: True) == mounted
    assert cards_under(place, lambda path: path.endswith("CAM1")) == [place]
    for card, folder in zip(mounted, ("DCIM", "DPB70"), strict=True):
        (card / folder).mkdir()
    assert cards_under(place) == mounted, "they look like cards"
    (place / "readme.txt").touch()
    assert cards_under(place) == [place]
    assert cards_under(place / "CAM1") == [place / "CAM1"], "a card itself"
    with pytest.raises(CardGone):
        cards_under(tmp_path / "nowhere")


def test_a_file_that_grows_waits(desk: Desk) -> None:
    whole = mp4(3.0, sound=False)
    file = desk.put("a.mp4", whole[:1000])
    done = desk.put("b.mp4", mp4(1.0, sound=False, seed=2))
    looks: list[int] = []

    def wait(seconds: float) -> None:
        looks.append(1)
        with file.open("ab") as growing:  # still being copied
            growing.write(whole[1000 * len(looks) : 1000 * len(looks) + 1000])

    watch = Watch(desk.archive.intake, desk.place, desk.orders, settle=0.01, wait=lambda s: (wait(s), time.sleep(0.05)))
    taken = [one.path for one in watch.once() if isinstance(one, ClipTaken)]
    assert taken == ["b.mp4"]
    assert watch.growing() == [file]
    file.write_bytes(whole)
    watch = Watch(desk.archive.intake, desk.place, desk.orders, settle=0.01)
    taken = [one.received.sha256 for one in watch.once() if isinstance(one, ClipTaken)]
    assert taken == [hashlib.sha256(whole).digest()]
    assert done.exists()


def test_cards_that_come_and_go(desk: Desk) -> None:
    media = desk.place / "media"
    media.mkdir()
    troubles: list[str] = []
    taken: list[str] = []
    steps = iter(["card", "gone", "back", "end"])

    class Ended(Exception):
        """Enough."""

    def wait(_: float) -> None:
        step = next(steps)
        if step == "card":
            (media / "CAM1/DCIM").mkdir(parents=True)
            (media / "CAM1/DCIM/ABCD0001.MP4").write_bytes(mp4(1.0, sound=False))
        elif step == "gone":
            media.rename(desk.place / "away")
        elif step == "back":
            (desk.place / "away").rename(media)
            (media / "CAM1/DCIM/ABCD0002.MP4").write_bytes(mp4(1.0, sound=False, seed=2))
        else:
            raise Ended

    watch = Watch(desk.archive.intake, media, desk.orders, settle=0, wait=wait)

    def trouble(error: CardError) -> None:
        troubles.append(str(error))

    with pytest.raises(Ended):
        for outcome in watch.on_and_on(trouble):
            if isinstance(outcome, ClipTaken):
                taken.append(outcome.path)
    assert taken == ["DCIM/ABCD0001.MP4", "DCIM/ABCD0002.MP4"]
    assert len(troubles) == 1
    assert "No such file" in troubles[0]


def test_one_camera_cannot_be_that_of_several_cards(desk: Desk) -> None:
    """What another camera recorded would go under its name, and under the name of who wore it."""
    for name in ("one", "two"):
        desk.put(f"{name}/DCIM/ABCD0001.MP4", mp4(1.0, sound=False))
    watch = Watch(desk.archive.intake, desk.place, desk.orders, settle=0)
    with pytest.raises(CameraOfSeveral, match="holds 2 cards now"):
        list(watch.once())
    unnamed = Watch(desk.archive.intake, desk.place, replace(desk.orders, serial=None), settle=0)
    assert len([one for one in unnamed.once() if isinstance(one, ClipTaken)]) == 2


def _watch(place: Path, home: Path, *more: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "CANDOR_HOME": str(home / "home"),
        "CANDOR_KEYS": str(home / "keys"),
        "CANDOR_LIMITED_POOL": "1",
    }
    words = [sys.executable, "-m", "candor", "dock", "watch", str(place), "--zone", "UTC", "--camera", "CAM1", *more]
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.long
def test_killed_in_the_middle_and_gone_on(tmp_path: Path) -> None:
    """A real process, killed (SIGKILL) while it reads a card: the next one takes in the rest, and nothing twice."""
    card, files = tmp_path / "card", {}
    for number in range(8):
        path = card / f"Movie/2026_1120_18{5 * number:02d}00_{number:03d}A.MP4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mp4(1.0, made=None, seed=number, sound=False) + bytes(1 << 20))
        files[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    killed = _watch(card, tmp_path, "--settle", "0")
    assert killed.stderr is not None
    acknowledged = []
    for line in killed.stderr:
        if line.startswith("sealed"):
            acknowledged.append(line.split()[1])
        if len(acknowledged) == 3:
            killed.send_signal(signal.SIGKILL)
            break
    _, err = killed.communicate(timeout=30)
    assert len(acknowledged) == 3, err
    done = _watch(card, tmp_path, "--once", "--settle", "0", "--json")
    out, err = done.communicate(timeout=120)
    assert done.returncode == 0, err
    after = json.loads(out)
    assert len(after["files"]) <= 5, "what was acknowledged is not read again"
    assert not {one["recording"] for one in after["files"]} & set(acknowledged)
    again = _watch(card, tmp_path, "--once", "--settle", "0", "--json")
    out, err = again.communicate(timeout=120)
    assert json.loads(out)["files"] == []
    from candor.core.database import Database
    from candor.footage.tables import part

    database = Database(f"sqlite:///{tmp_path / 'home/candor.sqlite3'}")
    try:
        with database.read() as tx:
            held = {row.name: row.sha256.hex() for row in tx.execute(part.select())}
    finally:
        database.dispose()
    assert held == files


def test_a_watch_that_is_stopped_says_so(tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    (tmp_path / "card/a.mp4").write_bytes(mp4(1.0, sound=False))
    watch = _watch(tmp_path / "card", tmp_path, "--settle", "0")
    assert watch.stderr is not None
    assert watch.stderr.readline().startswith("reader")
    assert watch.stderr.readline().startswith("sealed")
    watch.send_signal(signal.SIGTERM)
    _, err = watch.communicate(timeout=60)
    assert watch.returncode == 0, err
    assert "Stopped. What was acknowledged is safe" in err
