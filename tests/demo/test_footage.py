"""The demo's footage: files that play, in the codecs they claim, with a truth that fits the pictures and the sound."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import av
import numpy as np
import pytest

from candor.demo.footage import DEVICES, WEARERS, DemoClip, find_assets, make_footage
from candor.demo.footage.make import TAKES

pytestmark = pytest.mark.long

MADE = ("incident-alvarez", "incident-car-412", "flat-tyre", "commuter-lot", "village")
SCALE = 0.045


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DemoClip]:
    told: list[tuple[int, int, str]] = []
    folder = tmp_path_factory.mktemp("footage")
    made = make_footage(
        folder,
        faces=find_assets(),
        seconds_scale=SCALE,
        only=MADE,
        progress=lambda done, total, title: told.append((done, total, title)),
    )
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert told[-1][0] == told[-1][1]
    return {clip.key: clip for clip in made}


def _truth(clip: DemoClip) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(clip.truth_path.read_text(encoding="utf-8"))
    return loaded


def _picture(clip: DemoClip, number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with av.open(str(clip.path)) as box:
        for at, frame in enumerate(box.decode(video=0)):
            if at == number:
                return frame.to_ndarray(format="rgb24")
    raise AssertionError(f"{clip.key} has no frame {number}")


@pytest.mark.parametrize("key", MADE)
def test_a_recording_plays_and_is_what_it_claims(clips: dict[str, DemoClip], key: str) -> None:
    clip = clips[key]
    with av.open(str(clip.path)) as box:
        video, sound = box.streams.video[0], box.streams.audio[0]
        assert video.codec_context.name == clip.codec
        assert (video.width, video.height) == (clip.width, clip.height)
        assert sound.codec_context.name == "aac"
        assert box.metadata["creation_time"].startswith(f"{clip.start:%Y-%m-%dT%H:%M:%S}")
        frames = sum(1 for _ in box.decode(video=0))
    assert frames == round(clip.duration * clip.fps)
    with av.open(str(clip.path)) as box:
        heard = sum(frame.samples for frame in box.decode(audio=0)) / 32_000
    assert heard == pytest.approx(clip.duration, abs=0.15)


@pytest.mark.parametrize("key", MADE)
def test_boxes_of_truth_lie_in_the_frame(clips: dict[str, DemoClip], key: str) -> None:
    clip = clips[key]
    tracks = _truth(clip)["tracks"]
    assert tracks, "nothing to find in this recording"
    for track in tracks:
        numbers = [row[0] for row in track["keys"]]
        assert numbers == sorted(set(numbers))
        assert (numbers[0], numbers[-1]) == (track["first_frame"], track["last_frame"])
        assert track["last_frame"] < round(clip.duration * clip.fps)
        for _, x0, y0, x1, y1, occluded in track["keys"]:
            assert 0 <= x0 < x1 <= clip.width
            assert 0 <= y0 < y1 <= clip.height
            assert occluded in (0, 1)


def test_a_plate_is_where_the_truth_says(clips: dict[str, DemoClip]) -> None:
    clip = clips["flat-tyre"]
    [plate] = [t for t in _truth(clip)["tracks"] if t["kind"] == "plate" and t["label"] == "3GH 771"]
    _, x0, y0, x1, y1, _ = plate["keys"][0]
    inside = _picture(clip, 0)[int(y0) : int(y1), int(x0) : int(x1)].astype(int)
    assert y1 - y0 > 12, "too small to be read"
    brightness = inside.mean(axis=2)
    assert np.percentile(brightness, 90) - np.percentile(brightness, 10) > 90, "dark letters on a light plate"
    header = inside[1 : max(2, inside.shape[0] // 5)].mean(axis=(0, 1))
    assert header[2] > header[0] + 15, "the plate's header is blue"


def test_a_face_is_where_the_truth_says(clips: dict[str, DemoClip]) -> None:
    clip = clips["flat-tyre"]
    faces = [t for t in _truth(clip)["tracks"] if t["kind"] == "face" and t["label"] == "brandt"]
    _, x0, y0, x1, y1, _ = faces[0]["keys"][0]
    red, _, blue = _picture(clip, 0)[int(y0) : int(y1), int(x0) : int(x1)].reshape(-1, 3).mean(axis=0)
    assert red > blue + 20, "skin"
    assert faces[0]["photographed"] == clip.photographed_faces


def test_words_fall_within_the_recording(clips: dict[str, DemoClip]) -> None:
    for clip in clips.values():
        for line in clip.transcript:
            assert clip.buffer <= line.start < line.end <= clip.duration
            assert line.text


def test_the_pre_event_buffer_is_silent_and_what_follows_is_not(clips: dict[str, DemoClip]) -> None:
    clip = clips["incident-alvarez"]
    with av.open(str(clip.path)) as box:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in box.decode(audio=0)])
    switched_on = round(clip.buffer * 32_000)
    assert clip.buffer > 0.5
    assert float(np.abs(sound[: switched_on - 2048]).max()) < 1e-3
    assert float(np.abs(sound[switched_on + 2048 :]).max()) > 0.05
    assert clip.activated == clip.start + timedelta(seconds=clip.buffer)


def test_cameras_of_one_incident_disagree_by_their_known_errors(clips: dict[str, DemoClip]) -> None:
    body, car = clips["incident-alvarez"], clips["incident-car-412"]
    assert body.incident == car.incident is not None
    takes = {take.key: take for take in TAKES}
    apart = (body.true_start - car.true_start).total_seconds()
    cut = takes[body.key].buffer - body.buffer
    assert apart == pytest.approx(takes[body.key].start + cut - takes[car.key].start)
    assert body.start - body.true_start == timedelta(seconds=1.8)
    assert car.start - car.true_start == timedelta(seconds=-12.4)


def test_the_track_says_where_the_camera_was(clips: dict[str, DemoClip]) -> None:
    for clip in clips.values():
        assert len(clip.location) == int(clip.duration) + 1
        assert all(41.7 < fix.lat < 41.9 and -73.2 < fix.lon < -73.0 for fix in clip.location)
        points = ElementTree.parse(clip.gpx_path).findall(".//{http://www.topografix.com/GPX/1/1}trkpt")
        assert [float(p.attrib["lat"]) for p in points] == [fix.lat for fix in clip.location]
        first = points[0].findtext("{http://www.topografix.com/GPX/1/1}time")
        assert first is not None
        said = datetime.fromisoformat(first)
        assert abs((said - clip.true_start).total_seconds()) < 1.0, "satellites do not share the camera's error"


def test_the_same_arguments_give_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoken_afresh: Callable[[pytest.MonkeyPatch], None]
) -> None:
    def digest(folder: Path, processes: int) -> list[str]:
        [clip] = make_footage(
            folder, faces=find_assets(), seconds_scale=0.2, only=("camera-check",), processes=processes
        )
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in (clip.path, clip.truth_path, clip.gpx_path)]

    before = digest(tmp_path / "one", 1)
    spoken_afresh(monkeypatch)  # what was said before was said in another process
    assert digest(tmp_path / "two", 2) == before


def test_without_the_packages_faces_are_drawn_and_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("candor.demo.footage.make.has_voices", _never)
    [clip] = make_footage(tmp_path, faces=None, seconds_scale=0.07, only=("flat-tyre",))
    assert (clip.photographed_faces, clip.spoken_words, clip.transcript) == (False, False, [])
    faces = [t for t in _truth(clip)["tracks"] if t["kind"] == "face"]
    assert faces
    assert not any(t["photographed"] for t in faces)


def _never(folder: Path | None) -> bool:
    return False


def test_the_set_is_what_a_demo_needs() -> None:
    assert len(TAKES) >= 12
    assert len({take.key for take in TAKES}) == len(TAKES)
    assert all(10 <= take.seconds <= 180 for take in TAKES)
    assert max(take.seconds for take in TAKES) >= 120
    assert {take.size for take in TAKES} == {(1280, 720), (1920, 1080)}
    assert {take.codec for take in TAKES} == {"h264", "hevc"}
    together = [take for take in TAKES if take.scene.key == "incident"]
    assert sorted(take.device.kind for take in together) == ["body", "body", "body", "in-car"]
    assert len({take.clock_error for take in together}) == 4
    assert {take.wearer_key for take in TAKES} <= WEARERS.keys()
    assert {take.carrier for take in TAKES} <= DEVICES.keys()
    starts = [(take.carrier, take.scene.days_ago, take.scene.clock, take.start) for take in TAKES]
    assert len(set(starts)) == len(starts), "two recordings would have one name"


@pytest.fixture(scope="module")
def listen() -> Callable[[str], list[tuple[float, str]]]:
    """The lines that can be followed in a take, by its key, at full length: no pictures are made for it."""
    from candor.demo.footage import make

    waves = make._spoken_lines(find_assets())
    if not waves:
        cues = {f"{c.speaker}: {c.text}": c for take in TAKES for c in take.scene.cues}
        hum = (0.2 * np.sin(np.arange(40_000) / 20)).astype(np.float32)
        waves = dict.fromkeys(cues, hum)
    takes = {take.key: take for take in TAKES}
    return functools.cache(lambda key: [(line.start, line.text) for line in make._listen(takes[key], waves)[1]])


def test_every_recording_has_words_and_no_line_is_cut_by_its_end(
    listen: Callable[[str], list[tuple[float, str]]],
) -> None:
    for take in TAKES:
        assert listen(take.key), take.key
    spoken = {text for take in TAKES for _, text in listen(take.key)}
    assert spoken == {cue.text for take in TAKES for cue in take.scene.cues}


def test_one_sentence_reaches_each_camera_when_sound_would(listen: Callable[[str], list[tuple[float, str]]]) -> None:
    takes = {take.key: take for take in TAKES}
    text = "Five five five, zero one seven three."
    arrivals = {}
    for key in ("incident-alvarez", "incident-okafor", "incident-lindqvist"):
        late = {said: start for start, said in listen(key)}.get(text)
        if late is not None:
            arrivals[key] = takes[key].start + late
    assert len(arrivals) >= 2
    where = takes["incident-okafor"].scene.where
    [cue] = [c for c in takes["incident-okafor"].scene.cues if c.text == text]
    for key, arrived in arrivals.items():
        (x, y), (mx, my) = where(cue.speaker)(cue.at), takes[key].where()(cue.at)
        assert arrived == pytest.approx(cue.at + np.hypot(x - mx, y - my) / 343.0, abs=0.002)


def test_dates_follow_the_day_that_is_asked_for(tmp_path: Path) -> None:
    from datetime import date

    [clip] = make_footage(tmp_path, faces=None, seconds_scale=0.2, only=("camera-check",), last_day=date(2031, 3, 9))
    assert clip.true_start == datetime(2031, 3, 6, 19, 0, 5, tzinfo=UTC)
