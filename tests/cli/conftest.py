"""Running the command in this process, on a home of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from candor.cli import main


@dataclass
class Outcome:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Candor = Callable[..., Outcome]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that nobody has used; nothing of the machine's own settings is read."""
    for name in ("CANDOR_DATABASE_URL", "CANDOR_STORE_URL", "CANDOR_CONFIG", "CANDOR_WITNESSES", "CANDOR_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CANDOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CANDOR_KEYS", str(tmp_path / "keys"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def tables(home: Path, sqlite_template: Path) -> None:
    """The tables of the home's database, copied: making them anew takes a third of a second, which the tests that run
    `candor` on a home that nobody has used still do."""
    home.mkdir(mode=0o700)
    shutil.copyfile(sqlite_template, home / "candor.sqlite3")


@pytest.fixture
def candor(home: Path, capfd: pytest.CaptureFixture[str]) -> Candor:
    """Run `candor WORDS…`."""

    def run(*words: object) -> Outcome:
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        said = capfd.readouterr()
        code = left.value.code
        return Outcome(code if isinstance(code, int) else 0, said.out, said.err)

    return run


def film(path: Path, *, seconds: float = 1.0, shade: int = 0) -> Path:
    """A short real video."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(round(seconds * 10)):
            picture = np.full((120, 160, 3), (shade + number * 5) % 256, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """What lies on a camera's card: two films, an empty file, a text that calls itself a film."""
    folder = tmp_path / "card"
    film(folder / "DCIM/0001.mp4", shade=10)
    film(folder / "DCIM/0002.mp4", shade=90)
    (folder / "DCIM/0003.mp4").touch()
    (folder / "notes.mp4").write_text("not a film at all\n")
    return folder
