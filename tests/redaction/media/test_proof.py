"""Proofs of copies: of good ones that they hold, and of spoiled ones what is wrong with them, and where."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from tests.redaction.detectors import Bright, film
from tests.redaction.media.tampering import repacked, repainted, with_box, with_sei

from candor.core.limited import LimitedCancelled
from candor.redaction.media.plan import Plan, look
from candor.redaction.media.render import Quality, render
from candor.redaction.model import Key, Kind, Origin, PartDocument, Shape, SoundStyle, Span, Style, Track
from candor.redaction.proving import Proof, prove
from candor.redaction.rules import Verdict

FIRST, LAST = 12, 16  # numbers of the pictures that are masked


def box_at(number: int) -> tuple[float, ...]:
    left = 10 + number * 2 % 90
    return (left - 3, 37, left + 33, 78)


def track(plan: Plan, name: str, first: int, last: int, **changed: Any) -> Track:
    keys = tuple(Key(plan.frames.at(number), box_at(number)) for number in range(first, last + 1))
    return Track(name, "p", Kind.FACE, Origin.MODEL, Shape.BOX, keys, **changed)


@dataclass(frozen=True)
class Case:
    """An original, what is said of it, and the copy that was made."""

    original: bytes
    plan: Plan
    part: PartDocument
    copy: bytes
    details: dict[str, Any]

    def proof(self, copy: bytes | None = None, *, claims: bool = True, detector: bool = True, **kept: Any) -> Proof:
        """Prove a copy. claims: that stretches were passed through."""
        details = {**self.details, **({} if claims else {"copied": []})}
        return prove(
            io.BytesIO(self.original),
            io.BytesIO(self.copy if copy is None else copy),
            self.plan,
            self.part,
            Style.SOLID,
            details,
            [Bright()] if detector else [],
            **kept,
        )


def make(part: Callable[[Plan], PartDocument], *, sound: bool, quality: Quality | None = None) -> Case:
    original = film(4.0, every=10, sound=sound)
    plan = look(io.BytesIO(original))
    said = part(plan)
    rendered = render(io.BytesIO(original), plan, said, Style.SOLID, quality)
    with rendered.file as file:
        return Case(original, plan, said, file.read(), rendered.details)


def decided(plan: Plan, **changed: Any) -> dict[str, Track]:
    """The face is hidden for a while; before and after, somebody decided to show it."""
    return {
        "a": track(plan, "a", FIRST, LAST, **changed),
        "b": track(plan, "b", 0, FIRST - 1, hidden=False),
        "c": track(plan, "c", LAST + 1, 39, hidden=False),
    }


@pytest.fixture(scope="module")
def silent() -> Case:
    return make(lambda plan: PartDocument(tracks=decided(plan)), sound=False)


@pytest.fixture(scope="module")
def heard() -> Case:
    spans = {
        "s": Span("s", "p", 500, 1500, SoundStyle.MUTE),
        "b": Span("b", "p", 2000, 3000, SoundStyle.BLEEP),
    }
    return make(lambda plan: PartDocument(tracks=decided(plan), spans=spans), sound=True)


def named(proof: Proof) -> set[str]:
    return {one["what"] for one in proof.report["findings"] if one["verdict"] != "holds"}


def finding(proof: Proof, what: str) -> dict[str, Any]:
    return next(one for one in proof.report["findings"] if one["what"] == what)


def test_a_good_copy_holds(heard: Case) -> None:
    proof = heard.proof()
    report = proof.report
    assert proof.verdict is Verdict.HOLDS, report["findings"]
    assert report["pictures"]["pictures"] == 40
    assert report["outside"]["identical"] == 30
    assert report["packets"] == {"originals": 30, "compared": 30}
    assert report["outside"]["worst"]["psnr"] > 35
    assert report["inside"]["solid"] == LAST - FIRST + 1
    assert report["inside"]["worst"]["spread"] < 2
    assert report["sound"]["shift_ms"] == 0
    assert {one["style"] for one in report["sound"]["spans"]} == {"mute", "bleep"}
    assert all(one["level"] < -60 for one in report["sound"]["spans"])
    assert report["detectors"]["models"][0]["name"] == "bright@1"
    assert report["detectors"]["sent"] >= 8 + 4  # every fifth, key pictures, and those beside the mask's ends
    assert report["detectors"]["decided"] > 0
    again = Proof.decode(proof.encode())
    assert again.encode() == proof.encode()
    public = json.loads(proof.public())
    assert "geometry" not in public
    assert public["findings"] == {}


def test_a_copy_that_was_encoded_as_a_whole_holds() -> None:
    case = make(lambda plan: PartDocument(tracks=decided(plan)), sound=False, quality=Quality(smart=False))
    proof = case.proof()
    assert case.details["copied"] == []
    assert proof.verdict is Verdict.HOLDS, proof.report["findings"]
    assert proof.report["outside"]["encoded"] == 40


def test_what_nobody_looked_at_is_a_doubt(silent: Case) -> None:
    proof = silent.proof(detector=False)
    assert proof.verdict is Verdict.DOUBTFUL
    assert named(proof) == {"not-looked"}


def test_what_was_not_searched_to_its_end_is_a_doubt(silent: Case) -> None:
    proof = replace(silent, details={**silent.details, "searched": False}).proof()
    assert proof.verdict is Verdict.DOUBTFUL
    assert named(proof) == {"not-searched"}


def test_a_face_that_nobody_decided_on_is_a_doubt_with_time_and_place(silent: Case) -> None:
    missed = replace(silent, part=replace(silent.part, tracks={"a": silent.part.tracks["a"]}))
    proof = missed.proof()
    assert proof.verdict is Verdict.DOUBTFUL
    seen = finding(proof, "seen-outside")
    x0, y0, x1, y1 = seen["box"]
    assert y0 in range(36, 45), seen
    assert y1 in range(70, 80)
    assert x1 - x0 in range(25, 36)
    assert seen["kind"] == "face"
    assert "box" not in json.dumps(json.loads(proof.public())["findings"])


def hole(number: int, planes: Any, at: int, original: Any) -> Any:
    return original if number == at else planes


def test_a_mask_that_is_missing_in_one_picture_is_named(silent: Case) -> None:
    frames = plain_frames(silent.original)
    spoiled = repainted(silent.copy, lambda number, planes: frames[14] if number == 14 else planes)
    proof = silent.proof(spoiled, claims=False)
    assert proof.verdict is Verdict.BROKEN
    assert named(proof) >= {"mask-open"}
    assert [one["at"] for one in proof.report["findings"] if one["what"] == "mask-open"] == [silent.plan.frames.at(14)]


def test_a_block_that_was_changed_outside_is_named(silent: Case) -> None:
    def change(number: int, planes: Any) -> Any:
        if number == 30:
            planes[96:112, 128:144] = 235 - planes[96:112, 128:144]
        return planes

    proof = silent.proof(repainted(silent.copy, change), claims=False)
    block = finding(proof, "block")
    assert (block["at"], block["x"], block["y"]) == (silent.plan.frames.at(30), 128, 96)
    assert block["box"] == [128, 96, 144, 112]
    assert block["psnr"] < 20
    assert named(proof) == {"block"}


def test_a_block_that_was_made_darker_is_named(silent: Case) -> None:
    def change(number: int, planes: Any) -> Any:
        if number == 30:
            planes[80:112, 16:48] = np.clip(planes[80:112, 16:48].astype(int) + 40, 0, 255)
        return planes

    assert named(silent.proof(repainted(silent.copy, change), claims=False)) == {"block"}


def test_a_picture_that_was_replaced_is_named(silent: Case) -> None:
    frames = plain_frames(silent.original)
    proof = silent.proof(
        repainted(silent.copy, lambda number, planes: frames[2] if number == 35 else planes), claims=False
    )
    assert finding(proof, "block")["at"] == silent.plan.frames.at(35)
    claimed = silent.proof(repainted(silent.copy, lambda number, planes: planes))
    assert {"not-identical", "packet"} <= named(claimed)


def test_a_picture_that_is_left_out_is_named(silent: Case) -> None:
    proof = silent.proof(repainted(silent.copy, lambda number, planes: None if number == 20 else planes), claims=False)
    assert finding(proof, "missing")["at"] == silent.plan.frames.at(20)
    assert proof.report["pictures"]["missing"] == 1


def test_supplemental_information_that_was_left_is_named(silent: Case) -> None:
    proof = silent.proof(repacked(silent.copy, packet=with_sei))
    assert named(proof) == {"sei"}
    assert proof.verdict is Verdict.BROKEN


def test_metadata_that_was_left_is_named(silent: Case) -> None:
    assert silent.proof(repacked(silent.copy)).verdict is Verdict.HOLDS
    proof = silent.proof(repacked(silent.copy, metadata={"title": "Main Street 12", "location": "+41.1-072.9/"}))
    assert named(proof) <= {"metadata", "box"}
    assert any("Main Street" in one["words"] for one in proof.report["findings"])


def test_bytes_that_belong_to_no_track_are_named(silent: Case) -> None:
    proof = silent.proof(with_box(silent.copy, b"a frame that nobody should have" * 10))
    assert named(proof) == {"hidden-bytes"}
    assert "310 bytes" in finding(proof, "hidden-bytes")["words"]


def test_sound_left_under_a_mute_and_under_a_bleep_is_named(heard: Case) -> None:
    rendered = render(io.BytesIO(heard.original), heard.plan, replace(heard.part, spans={}))
    with rendered.file as file:
        proof = heard.proof(file.read())
    left = [one for one in proof.report["findings"] if one["what"] == "sound-left"]
    assert {one["span"] for one in left} >= {"s"}
    assert proof.verdict is Verdict.BROKEN
    silenced = render(io.BytesIO(heard.original), heard.plan, replace(heard.part, mute_all=True))
    with silenced.file as file:
        assert "sound-missing" in named(heard.proof(file.read()))


def test_a_mosaic_tells_no_more_than_its_cells_and_a_blur_is_weaker() -> None:
    mosaic = make(lambda plan: PartDocument(tracks=decided(plan, style=Style.MOSAIC)), sound=False)
    proof = mosaic.proof()
    assert proof.verdict is not Verdict.BROKEN, proof.report["findings"]
    (weak,) = proof.report["inside"]["weaker"]
    assert max(weak["once"], weak["together"]) <= 7
    blur = make(lambda plan: PartDocument(tracks=decided(plan, style=Style.BLUR)), sound=False)
    found = blur.proof()
    assert found.verdict is Verdict.DOUBTFUL
    assert "weaker" in named(found)


def test_it_can_be_stopped(silent: Case) -> None:
    told: list[float] = []
    with pytest.raises(LimitedCancelled):
        silent.proof(cancelled=lambda: True, progress=told.append)
    silent.proof(progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def plain_frames(data: bytes) -> list[Any]:
    import av

    with av.open(io.BytesIO(data)) as container:
        return [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]
