"""The settings of an installation hold for the limited processes of its own process."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from candor.core import limited, limited_template
from candor.core.errors import SettingsWrong
from candor.core.limited_room import usual_memory, usual_places
from candor.core.settings import Settings
from candor.footage.media import examine
from candor.installation import Installation


@pytest.fixture(autouse=True)
def _as_it_was(processes_end: None) -> Iterator[None]:
    limited.end_waiting_processes()
    yield
    limited.end_waiting_processes()
    limited.arrange(warm=2)


def test_settings_are_followed_and_nothing_waits_after_the_end(tmp_path: Path) -> None:
    given = {"home": tmp_path / "home", "keys": tmp_path / "keys"}
    with Installation.open(Settings.load(**given), create=True):
        assert (limited._room.places, limited._room.memory) == (usual_places(), usual_memory())
        assert examine(io.BytesIO(b""))["problems"] == ["empty"]
        waiting = limited.waiting_processes()
        assert len(waiting) == int(limited_template.possible())
    assert limited.waiting_processes() == []
    assert not any(psutil.pid_exists(number) for number in waiting)
    few = Settings.load(**given, limited_pool=0, limited_at_once=2, limited_memory_mib=1500)
    with Installation.open(few):
        assert (limited._room.places, limited._room.memory) == (2, 1500 << 20)
        assert examine(io.BytesIO(b""))["problems"] == ["empty"]
        assert limited.waiting_processes() == []


@pytest.mark.parametrize("wrong", [{"limited_pool": -1}, {"limited_at_once": 1}, {"limited_memory_mib": 1000}])
def test_what_cannot_work_is_named(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(SettingsWrong, match=f"CANDOR_{next(iter(wrong)).upper()}"):
        Settings.load(home=tmp_path / "home", **wrong)
