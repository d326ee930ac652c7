"""candor models: register, list, set."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import Candor
from tests.redaction.models.exports import bright_spots, constant_model

from candor.core.settings import Settings
from candor.installation import Installation


@pytest.fixture(autouse=True)
def site(tables: None) -> None:
    """An installation with nothing in it."""
    with Installation.open(Settings.load(), create=True):
        pass


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """A detector of two classes that says neither names nor size."""
    rows = np.zeros((1, 6, 2100), np.float32)
    rows[0, :, 5] = [100, 100, 50, 50, 0.9, 0.1]
    path = tmp_path / "desk model.onnx"
    path.write_bytes(constant_model({"output0": rows}, size=(320, 320)))
    return path


def test_registered_listed_and_switched_off(candor: Candor, tmp_path: Path) -> None:
    file = tmp_path / "spots.onnx"
    file.write_bytes(bright_spots())
    assert candor("user", "add", "ada", "--role", "administrator").code == 0
    done = candor("models", "add", file, "--licence", "MIT", "--source", "made here", "--as", "ada")
    assert done.code == 0, done.err
    assert "(centerface): it finds face as face." in done.out
    (one,) = candor("models", "list", "--json").json["registered"]
    assert (one["licence"], one["source"], one["active"]) == ("MIT", "made here", True)
    assert one["name"] == f"spots@{one['sha256'][:12]}"
    listed = candor("models", "list")
    assert one["name"] in listed.out
    assert "centerface" in listed.out
    assert "Models run on" in listed.err
    done = candor("models", "set", one["name"], "--off", "--threshold", "0.6", "--json")
    assert done.json == {"name": one["name"], "changed": True}
    (one,) = candor("models", "list", "--json").json["registered"]
    assert (one["active"], one["facts"]["thresholds"]) == (False, [0.6, 0.3])
    assert "was so already" in candor("models", "set", one["name"], "--off").out
    history = candor("audit", "--json")
    assert history.code == 0
    assert {"model:added", "model:set"} <= set(history.out.replace('"', " ").split())


def test_what_a_file_beside_it_says_counts_unless_an_option_does(candor: Candor, coco: Path) -> None:
    refused = candor("models", "add", coco, "--licence", "MIT")
    assert refused.code == 3
    assert "not known what kind its labels are (0, 1)" in refused.err
    beside = {"names": {"0": "front", "1": "letter"}, "kinds": {"front": "screen"}, "thresholds": [0.4, 0.2]}
    coco.with_name(coco.name + ".json").write_text(json.dumps(beside))
    found = candor("models", "add", coco, "--licence", "MIT", "--threshold", "0.5,0.4", "--json").json
    assert found["name"].startswith("desk-model@")
    assert (found["kinds"], found["thresholds"], found["size"]) == ({"front": "screen"}, [0.5, 0.4], [320, 320])
    twice = candor("models", "add", coco, "--licence", "MIT", "--label", "letter=document")
    assert twice.code == 5
    assert found["name"] in twice.err


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--label", "front"), 2, "LABEL=KIND"),
        (("--label", "front=cat"), 2, "LABEL=KIND"),
        (("--size", "big"), 2, "WIDTHxHEIGHT"),
        (("--threshold", "0.3,0.2,0.1"), 2, "one score or two"),
        (("--threshold", "high"), 2, "one score or two"),
        (("--kind", "face", "--layout", "yunet"), 3, "does not run as that layout"),
        (("--kind", "face", "--name", "a@b"), 3, "its name holds"),
    ],
)
def test_wrong_words_are_said_to_be_wrong(
    candor: Candor, coco: Path, options: tuple[str, ...], code: int, words: str
) -> None:
    ended = candor("models", "add", coco, "--licence", "MIT", *options)
    assert ended.code == code
    assert words in ended.err
    assert candor("models", "list", "--json").json["registered"] == []


@pytest.mark.parametrize("beside", ["[1]", "{", '{"names": 7}', '{"layout": "none"}', '{"thresholds": [1]}'])
def test_a_file_beside_it_that_cannot_be_read(candor: Candor, coco: Path, beside: str) -> None:
    coco.with_suffix(".json").write_text(beside)
    ended = candor("models", "add", coco, "--licence", "MIT", "--kind", "face")
    assert ended.code == 3
    assert "beside it" in ended.err


def test_a_huge_file_is_not_read(candor: Candor, tmp_path: Path) -> None:
    huge = tmp_path / "huge.onnx"
    with huge.open("wb") as file:
        file.truncate((512 << 20) + 1)  # a hole: it takes no room
    ended = candor("models", "add", huge, "--licence", "MIT")
    assert ended.code == 3
    assert "larger than 512 MiB" in ended.err


def test_nothing_to_set_is_wrong_usage(candor: Candor) -> None:
    assert candor("models", "set", "x").code == 2
    assert candor("models", "set", "x", "--on").code == 4
