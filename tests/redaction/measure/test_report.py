"""The tables of a run, and where they are put."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from candor.redaction.measure.bench import ClipResult, Result
from candor.redaction.measure.clips import Measured, Truth
from candor.redaction.measure.coverage import Coverage, Instance
from candor.redaction.measure.report import BEGIN, END, MarksMissing, as_json, as_markdown, write_into
from candor.redaction.measure.spent import SpeedOf
from candor.redaction.rules import Profile

FACE = Instance(0, "a", "face", (10, 10, 60, 60))


def _clip(truth: Truth = Truth.GENERATED, size: tuple[int, int] = (1920, 1080), name: str = "one") -> Measured:
    return Measured(name, Path("one.mp4"), size, 30.0, 100, truth, (FACE,), {0: (FACE.box,)})


def _result(clip: Measured, seen: Coverage, set_name: str = "1080p") -> ClipResult:
    speeds = {"detect": SpeedOf(2.0, 3.0, 100), "render": SpeedOf(1.0, 2.0, 100)}
    return ClipResult(clip, set_name, Profile.DEFAULT, speeds, 1, None, "full", {"all": seen})


def _run(*clips: ClipResult) -> Result:
    machine = {"processor": "a processor", "cores": 2, "load": 0.1, "load at the end": 1.9}
    return Result(list(clips), machine, ["centerface@1"], None, 900_000_000, ["a GPU: none was tried"])


def _tables(*clips: ClipResult) -> str:
    return as_markdown(_run(*clips), date(2026, 1, 2), "candor redact bench")


def test_a_row_is_what_was_counted_and_spent() -> None:
    text = _tables(_result(_clip(), Coverage(1000, 999, 1, [("a", 5, 1)], over_masking=0.0123)))
    # 100 pictures in 2 and 1 seconds, 5 seconds of processor
    assert "| Candor, default | 1000 | 0.9990 | 1 | 1 | 1 | 1.23 % | 50.0 | 100.0 | 33.3 | – | 50 |" in text
    assert "whole job, pictures a second 33.3 (goal 30.0): reached" in text
    assert "**not reached**" not in text
    assert "900 (goal 1,500): reached" in text
    assert "**Not measured:** a GPU: none was tried." in text


@pytest.mark.parametrize(
    ("seen", "missed"),
    [
        (Coverage(1000, 997, 0, [], over_masking=0.01), "covered 0.9970"),
        (Coverage(1000, 999, 0, [("a", 0, 3)], over_masking=0.01), "longest leak 3"),
        (Coverage(1000, 999, 0, [], over_masking=0.03), "over-masking 3.00%"),
    ],
)
def test_a_goal_that_is_missed_is_said_to_be(seen: Coverage, missed: str) -> None:
    text = _tables(_result(_clip(), seen))
    assert text.count("**not reached**") == 1
    assert missed in text.partition("**not reached**")[0].rpartition(";")[2]


def test_boxes_of_its_own_detector_are_agreement_and_meet_no_goal() -> None:
    text = _tables(_result(_clip(Truth.OWN), Coverage(10, 10, 0, [], over_masking=0.0), "own footage"))
    assert "agreement with its own boxes" in text
    assert "Goals" not in text
    assert "covered to 0.9 | open" not in text


def test_clips_of_one_set_count_together() -> None:
    one = _result(_clip(), Coverage(10, 10, 0, [], over_masking=0.0))
    other = _result(_clip(size=(1280, 720), name="two"), Coverage(30, 10, 20, [("a", 0, 20)], over_masking=0.02))
    text = _tables(one, other)
    assert "### 1080p: 2 clips, 1920×1080 and 1280×720, face" in text
    assert "| Candor, default | 40 | 0.5000 | 20 | 1 | 20 | 1.00 % |" in text


def test_the_peer_has_a_row_of_its_own() -> None:
    mine = _result(_clip(), Coverage(10, 10, 0, [], over_masking=0.0))
    mine.peer, mine.peer_speed = {"all": Coverage(10, 8, 2, [("a", 3, 2)], over_masking=0.0)}, SpeedOf(50, 90, 100)
    assert "| deface, defaults | 10 | 0.8000 | 2 | 1 | 2 | 0.00 % | – | – | 2.0 | – | 900 |" in _tables(mine)


def test_json_has_everything_and_is_json() -> None:
    found = as_json(_run(_result(_clip(), Coverage(10, 9, 1, [("a", 3, 1)], [(3, "a", 0.2)], 0.5))))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["clips"][0]["ours"]["all"]["leaks"] == [["a", 3, 1]]
    assert found["clips"][0]["speeds"]["detect"] == {"wall": 2.0, "processor": 3.0, "rate": 50.0}


def test_tables_replace_what_stands_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write_into(page, "new\n\n")
    write_into(page, "newer")
    assert page.read_text(encoding="utf-8") == f"before\n{BEGIN}\nnewer\n{END}\nafter\n"
    assert [one.name for one in tmp_path.iterdir()] == ["page.md"]


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}\n{BEGIN}"])
def test_a_page_without_marks_is_left_alone(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(MarksMissing):
        write_into(page, "new")
    assert page.read_text(encoding="utf-8") == text


def test_a_speed_of_nothing_is_none() -> None:
    assert (SpeedOf(0, 0, 0).rate, SpeedOf(0, 0, 0).cost) == (0, 0)
    assert replace(SpeedOf(2, 3, 0), pictures=6) == SpeedOf(2, 3, 6)
