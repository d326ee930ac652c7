"""Makes the whole set: speaks the lines, then films the takes in two processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from candor.demo.footage import contacts, incident, patrols
from candor.demo.footage.cast import AGENCY, stage
from candor.demo.footage.clip import DemoClip, write_truth
from candor.demo.footage.encode import Recorder
from candor.demo.footage.frame import Frame
from candor.demo.footage.lens import Stamp
from candor.demo.footage.optics import Floats
from candor.demo.footage.portraits import PHOTOGRAPHS
from candor.demo.footage.script import Take, walks
from candor.demo.footage.sound import Heard, Microphone, Spoken, record
from candor.demo.footage.timing import RATE
from candor.demo.footage.track import located, write_gpx
from candor.demo.footage.truth import TruthBook
from candor.demo.footage.voices import has_voices, speak

TAKES: tuple[Take, ...] = (*incident.TAKES, *contacts.TAKES, *patrols.TAKES)
LAST_DAY = date(2026, 11, 20)
"""The day before which the recordings were made, unless the caller names another."""

Progress = Callable[[int, int, str], None]
"""Called with how many frames are done, of how many, and a word about what was finished."""

Waves = dict[str, Floats]


def find_assets(folder: Path | None = None) -> Path | None:
    """The folder that the packages of requirements-demo.lock are in: the given one, or where Python finds them."""
    candidates = [] if folder is None else [folder]
    found = find_spec("skimage")
    if found is not None and found.origin is not None:
        candidates.append(Path(found.origin).parent.parent)
    return next((c for c in candidates if (c / PHOTOGRAPHS["astronaut"]).is_file()), None)


def make_footage(
    folder: Path,
    *,
    faces: Path | None,
    progress: Progress | None = None,
    seconds_scale: float = 1.0,
    last_day: date = LAST_DAY,
    only: Collection[str] | None = None,
    processes: int = 2,
    made: Callable[[DemoClip], None] | None = None,
) -> list[DemoClip]:
    """Write the demo's recordings into the folder, and what is true of them into its subfolder "truth".

    faces: the folder with the packages of requirements-demo.lock (`find_assets`); None draws plain faces, and without
    the speech package nobody speaks: `photographed_faces` and `spoken_words` of each clip say which it was.
    seconds_scale below 1 cuts every recording short (none under 2 seconds), with its pre-event buffer; `only` names
    the keys of the takes to make. `made` is called with each recording as it is finished.
    The same arguments give the same files, whichever process made them.
    Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    waves = _spoken_lines(faces)
    takes = [_cut(take, seconds_scale) for take in TAKES if only is None or take.key in only]
    total = sum(round(take.seconds * take.fps) for take in takes)
    clips: dict[str, DemoClip] = {}
    done = 0
    # The longest work is begun first, so that both processes end at about the same time.
    queue = sorted(takes, key=lambda t: -t.seconds * t.fps * t.size[0] * t.size[1])
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max(1, min(processes, len(queue))), mp_context=fresh) as pool:
        pending: dict[Future[DemoClip], Take] = {
            pool.submit(film, take.key, seconds_scale, folder, faces, waves, last_day): take for take in queue
        }
        while pending:
            finished, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                take = pending.pop(future)
                clips[take.key] = future.result()
                if made is not None:
                    made(clips[take.key])
                done += round(take.seconds * take.fps)
                if progress is not None:
                    progress(done, total, take.title)
    return [clips[take.key] for take in takes]


def _spoken_lines(faces: Path | None) -> Waves:
    """Every line of every scene, always all of them and in the same order; empty without a synthesiser."""
    if not has_voices(faces):
        return {}
    scenes = {take.scene.key: take.scene for take in TAKES}
    lines = [(cue.speaker, cue.text) for scene in scenes.values() for cue in scene.cues]
    return {f"{speaker}: {text}": wave for (speaker, text), wave in zip(lines, speak(lines, faces), strict=True)}


def _cut(take: Take, scale: float) -> Take:
    if scale >= 1:
        return take
    seconds = max(2.0, take.seconds * scale)
    # What is left should still hold the moment at which the camera is switched on, and some of what follows.
    buffer = 0.0 if not take.buffer else min(take.buffer, seconds / 3)
    return replace(take, seconds=seconds, buffer=buffer, start=take.start + take.buffer - buffer)


def film(key: str, scale: float, folder: Path, faces: Path | None, waves: Waves, last_day: date) -> DemoClip:
    """Make one recording with its truth and its track."""
    take = _cut(next(t for t in TAKES if t.key == key), scale)
    scene, device = take.scene, take.device
    day = datetime.combine(last_day - timedelta(days=scene.days_ago), time(*scene.clock, tzinfo=UTC))
    truly = day + timedelta(seconds=take.start)
    claimed = truly + timedelta(seconds=take.clock_error)
    sound, heard = _listen(take, waves)
    spans = {text.split(": ", 1)[1]: len(wave) / RATE for text, wave in waves.items()}
    shot = take.build(take, stage(faces), spans)
    book = TruthBook(take.fps)
    stamp = Stamp(claimed, device.stamp, AGENCY, take.size[0])

    def frames() -> Iterator[Frame]:
        for number, (frame, sightings) in enumerate(shot.frames()):
            stamp.draw(frame.luma, frame.blue, frame.red, number / take.fps)
            book.note(number, sightings)
            yield frame

    path = folder / f"{device.serial}_{claimed:%Y%m%dT%H%M%SZ}.mp4"
    count = Recorder(take.codec, take.size, take.fps, claimed, f"{device.model} {device.serial}").write(
        path, frames(), sound
    )
    fixes = located(scene.ground, take.where(), take.start, count / take.fps, take.key)
    figures = stage(faces).figures
    clip = DemoClip(
        path,
        take.key,
        take.wearer_key,
        device.serial,
        device.kind,
        device.model,
        take.wearer.unit,
        claimed,
        take.clock_error,
        count / take.fps,
        take.buffer,
        take.incident,
        take.category,
        take.title,
        take.codec,
        *take.size,
        take.fps,
        heard,
        fixes,
        any(f.front.photographed for f in figures.values()),
        bool(waves),
        folder / "truth" / f"{path.stem}.json",
        folder / "truth" / f"{path.stem}.gpx",
    )
    write_truth(clip, book.tracks())
    write_gpx(clip.gpx_path, f"{device.serial} {take.title}", truly, fixes)
    return clip


def _listen(take: Take, waves: Waves) -> tuple[Floats, list[Heard]]:
    scene = take.scene
    lines = [
        Spoken(cue.at, cue.speaker, cue.text, waves[f"{cue.speaker}: {cue.text}"], scene.where(cue.speaker), cue.radio)
        for cue in scene.cues
        if f"{cue.speaker}: {cue.text}" in waves
    ]
    in_car = take.device.kind == "in-car"
    steps = () if in_car else walks(dict(scene.places).get(take.wearer_key, ()))
    mic = Microphone(
        take.start,
        take.seconds,
        take.where(),
        take.key,
        take.wearer_key if not in_car or take.engine > 0.5 else "",
        take.buffer,
        steps,
        in_car,
        take.engine,
        take.wind,
    )
    sound, heard = record(mic, lines, scene.cars)
    return np.asarray(sound, np.float32), heard
