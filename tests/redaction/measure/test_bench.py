"""The bench over one small clip: the whole job, a peer that speaks deface's command line, footage of one's own."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from tests.redaction.prepared import faces_can_be_found, models_folder

from candor.cli.main import main
from candor.core import limited
from candor.redaction.known import KnownClip, make_clip
from candor.redaction.measure.bench import Bench, ClipResult, NothingMeasured
from candor.redaction.measure.clips import ClipSet, FootageUnreadable, Truth, given
from candor.redaction.measure.peers import Deface, find_deface
from candor.redaction.measure.report import BEGIN, END
from candor.redaction.measure.spent import Memory, processor_seconds, timed
from candor.redaction.models import centerface
from candor.redaction.models.detector import Detector
from candor.redaction.rules import Verdict

SMALL = ClipSet("small", (320, 180), 1, (15,), faces=1)
#: Put where deface has its modules: its detector sees one box that covers half of the picture.
CENTERFACE = (
    "class CenterFace:\n    def __call__(self, picture, threshold):\n        return [[0, 0, 160, 180, 0.9]], []\n"
)
SCALE = "def scale_bb(x0, y0, x1, y1, scale):\n    return x0, y0, x1, y1\n"
IMAGEIO = "def get_reader(path):\n    return [path] * {pictures}\n"

Peer = Callable[..., Deface | None]


@pytest.fixture(scope="module")
def makers(tmp_path_factory: pytest.TempPathFactory) -> list[Callable[[], Detector]]:
    folder = models_folder(tmp_path_factory)
    return [lambda: centerface.face_detector(folder)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> KnownClip:
    return make_clip(tmp_path_factory.mktemp("own") / "walk.mp4", 15, 1.0, SMALL.size, faces=1)


@pytest.fixture
def own(clip: KnownClip, tmp_path: Path) -> Path:
    """A folder of footage with boxes."""
    folder = tmp_path / "footage"
    folder.mkdir()
    shutil.copy(clip.path, folder)
    boxes = [[{"id": one.thing, "box": one.box} for one in found] for found in clip.boxes]
    (folder / "walk.json").write_text(json.dumps(boxes), encoding="utf-8")
    return folder


@pytest.fixture
def peer(tmp_path: Path) -> Peer:
    """Makes a program that is called as deface is, beside the interpreter that runs it."""

    def make(*, pictures: int = 30, acts: str = "shutil.copy(sys.argv[1], sys.argv[3])") -> Deface | None:
        place = tmp_path / "peer"
        (place / "deface").mkdir(parents=True)
        (place / "deface" / "__init__.py").touch()
        (place / "deface" / "centerface.py").write_text(CENTERFACE, encoding="utf-8")
        (place / "deface" / "deface.py").write_text(SCALE, encoding="utf-8")
        (place / "imageio.py").write_text(IMAGEIO.format(pictures=pictures), encoding="utf-8")
        python = place / "python"
        python.write_text(f'#!/bin/sh\nPYTHONPATH="{place}" exec "{sys.executable}" "$@"\n', encoding="utf-8")
        command = place / "run"
        # A program of its own, since a folder with a space in its path cannot stand in a script's first line.
        program = place / "run.py"
        said = f"""\
            import shutil, sys
            if sys.argv[1] == "--version":
                print("9.9")
            else:
                assert sys.argv[2] == "--output"
                {acts}
            """
        program.write_text(dedent(said), encoding="utf-8")
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n', encoding="utf-8")
        for one in (python, command):
            one.chmod(0o755)
        return find_deface(str(command))

    return make


@pytest.fixture(scope="module")
def measured(
    makers: list[Callable[[], Detector]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[ClipResult, list[str], int]:
    """One run with proof: the clip's result, what was not measured, most memory."""
    folder = tmp_path_factory.mktemp("bench")
    result = Bench({"face": makers}, folder).run([SMALL, ClipSet("plates", (320, 180), 1, (3,), faces=0, plates=1)])
    assert list(folder.iterdir()) == []
    (one,) = result.clips
    return one, result.unmeasured, result.memory


@faces_can_be_found
def test_the_whole_job_is_done_and_timed(measured: tuple[ClipResult, list[str], int]) -> None:
    one, unmeasured, memory = measured
    assert (one.clip.name, one.clip.frames, one.method) == ("small-15", 30, "full")
    assert set(one.speeds) == {"detect", "render", "prove"}
    assert all(speed.wall > 0 and speed.processor > 0 and speed.pictures == 30 for speed in one.speeds.values())
    assert one.verdict in {verdict.value for verdict in Verdict}
    everything = one.ours["all"]
    assert everything.instances == sum(face.height >= 24 for face in one.clip.instances) > 0
    assert everything.covered == everything.instances
    assert everything.leaks == []
    assert 0 <= (everything.over_masking or 0) < 0.1
    assert memory > 50_000_000
    assert "plates: no model that finds a plate is installed" in unmeasured
    assert any(words.startswith("deface:") for words in unmeasured)


@faces_can_be_found
def test_a_peer_is_held_against_the_same_boxes(
    makers: list[Callable[[], Detector]], own: Path, peer: Peer, tmp_path: Path
) -> None:
    deface = peer()
    assert deface is not None
    assert deface.version == "9.9"
    bench = Bench({"face": makers}, tmp_path, deface, proof=False)
    (one,) = bench.run([], footage=own, truth=Truth.LABELLED).clips
    assert one.peer_speed is not None
    assert one.peer_speed.processor > 0
    left = [face for face in one.clip.instances if face.height >= 24 and face.box[2] <= 160]
    right = [face for face in one.clip.instances if face.height >= 24 and face.box[0] >= 160]
    assert left
    assert right
    assert len(left) <= one.peer["all"].covered <= one.peer["all"].instances - len(right)
    assert not (tmp_path / "deface.mp4").exists()


@faces_can_be_found
@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"pictures": 29}, "it saw 29 pictures where the clip has 30"),
        ({"acts": "sys.exit(3)"}, "it ended with code 3"),
        ({"acts": "pass"}, "it made no file"),
    ],
)
def test_a_peer_that_fails_is_said_to_and_the_run_goes_on(
    own: Path, peer: Peer, tmp_path: Path, how: dict[str, object], words: str, makers: list[Callable[[], Detector]]
) -> None:
    result = Bench({"face": makers}, tmp_path, peer(**how), proof=False).run([], footage=own)
    (one,) = result.clips
    assert one.peer == {}
    assert one.peer_speed is None
    assert f"deface on walk: {words}" in result.unmeasured


def test_a_peer_that_is_not_there_or_says_nothing_is_none(tmp_path: Path) -> None:
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\n", encoding="utf-8")
    silent.chmod(0o755)
    (tmp_path / "python").touch()
    assert find_deface(str(silent)) is None
    assert find_deface(str(tmp_path / "nothing")) is None


def test_without_a_model_nothing_is_made_and_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(NothingMeasured, match="small: no model that finds a face is installed"):
        Bench({}, tmp_path).run([SMALL])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ("{}", "it is no list"),
        ("[[]]", "entries for 1 frames, the clip has 30"),
        (json.dumps([[{"id": 1, "box": [1, 2, 3]}]] * 30), "not four numbers"),
        (json.dumps([[{"id": 1, "box": [1, 2, 1, 4]}]] * 30), "no area"),
        ('[[{"id": 1, "box": [1, 2, NaN, 4]}]]', "not four numbers"),
        (json.dumps([[{"box": [1, 2, 3, 4]}]] * 30), "no 'id'"),
        (json.dumps([7] * 30), "not iterable"),
    ],
)
def test_boxes_that_cannot_be_right_are_refused_before_anything_is_measured(own: Path, text: str, words: str) -> None:
    (own / "walk.json").write_text(text, encoding="utf-8")
    with pytest.raises(FootageUnreadable, match=words):
        list(given(own, Truth.OWN))


def test_a_document_without_a_place_is_said_to_have_none_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(BEGIN, encoding="utf-8")
    monkeypatch.setenv("CANDOR_HOME", str(tmp_path))
    with pytest.raises(SystemExit) as left:
        main(["redact", "bench", "--write", str(page)])
    assert left.value.code == 3
    assert "no place for the tables" in capsys.readouterr().err
    assert END not in page.read_text(encoding="utf-8")


def test_what_limited_processes_spend_is_counted_while_they_wait(clip: KnownClip) -> None:
    from candor.redaction.media.frames import watch
    from candor.redaction.media.plan import look

    with clip.path.open("rb") as stream:
        plan = look(stream)
        if not (waiting := limited.waiting_processes()):
            pytest.skip("nothing can be kept warm here")
        before, speeds = processor_seconds(), {}
        with timed(speeds, "frames", 30), Memory() as memory:
            _, facts = watch(stream, plan, lambda pictures: sum(1 for _ in pictures))
    assert {*waiting} <= {*limited.waiting_processes()}, "they wait on"
    assert facts["pictures"] == 30
    assert speeds["frames"].processor >= 0.8 * facts["decoding"]
    assert memory.most > 0
    assert processor_seconds() >= before
