"""Spoken words with a known transcript, from a speech synthesiser that a package ships with its voices.

The synthesiser's noise depends on what it said before in the same process, so all lines are spoken in one fresh
process, always in the same order: the same words give the same bytes. Where it comes from: ASSETS.md.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from candor.demo.footage.optics import Floats
from candor.demo.footage.timing import RATE

PACKAGE = "py_nanotts"
SPOKEN_AT = 16_000


@dataclass(frozen=True)
class Voice:
    """A speaker: which of the package's voices, how fast and high, and how long the throat is (1: as made)."""

    voice: str
    speed: float
    pitch: float
    throat: float = 1.0


VOICES: dict[str, Voice] = {
    "dispatch": Voice("en-US", 1.12, 1.02),
    "alvarez": Voice("en-GB", 1.02, 1.0),
    "okafor": Voice("en-US", 1.0, 0.66, 1.17),
    "lindqvist": Voice("en-GB", 1.05, 0.68, 1.15),
    "brooks": Voice("en-US", 1.04, 0.72, 1.12),
    "hale": Voice("en-US", 0.98, 1.14, 0.97),
    "brandt": Voice("en-GB", 0.90, 0.86, 1.05),
    "osei": Voice("en-US", 0.96, 0.60, 1.20),
    "passer-by": Voice("en-GB", 1.0, 1.1, 0.95),
}


def has_voices(folder: Path | None) -> bool:
    """Whether the synthesiser can be loaded, from the folder or from where Python looks."""
    if folder is not None and (folder / PACKAGE).is_dir():
        return True
    return find_spec(PACKAGE) is not None


def speak(lines: Sequence[tuple[str, str]], folder: Path | None) -> list[Floats]:
    """Each (speaker, text) as sound within -1 to 1 at RATE, spoken in a process of its own."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        spoken = pool.submit(_speak_all, list(lines), None if folder is None else str(folder)).result()
    return [
        _voiced(np.frombuffer(pcm, np.int16), VOICES[speaker].throat)
        for (speaker, _), pcm in zip(lines, spoken, strict=True)
    ]


def _speak_all(lines: list[tuple[str, str]], folder: str | None) -> list[bytes]:
    if folder is not None and (Path(folder) / PACKAGE).is_dir():
        sys.path.insert(0, folder)
    engine = import_module(PACKAGE).NanoTTS()
    said = []
    for speaker, text in lines:
        voice = VOICES[speaker]
        # A longer throat is made by playing slower, so the words are spoken faster and higher by as much.
        said.append(
            bytes(
                engine.speak(
                    text,
                    voice=voice.voice,
                    speed=voice.speed * voice.throat,
                    pitch=min(2.0, voice.pitch * voice.throat),
                )
            )
        )
    return said


def _voiced(pcm: np.ndarray[tuple[int, ...], np.dtype[np.int16]], throat: float) -> Floats:
    sound = pcm.astype(np.float32) / 32768
    loud = np.flatnonzero(np.abs(sound) > 0.012)
    if not len(loud):
        return np.zeros(1, np.float32)
    sound = sound[max(0, loud[0] - 400) : loud[-1] + 800]
    count = round(len(sound) * throat * RATE / SPOKEN_AT)
    there = np.linspace(0, len(sound) - 1, count, dtype=np.float64)
    smooth = np.interp(there, np.arange(len(sound)), sound).astype(np.float32)
    return np.asarray(smooth / max(0.05, float(np.abs(smooth).max())) * 0.55, np.float32)
