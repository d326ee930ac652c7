"""Where somebody speaks: by Silero's detector where a package ships it, otherwise by loudness alone.

The detector looks at windows of 512 samples, each with the last 64 samples of the one before, and keeps a state from
window to window (silero_vad_v6, as faster-whisper's wheel carries it; MIT). It gives each window a probability.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from candor.redaction.models.errors import ModelRefused
from candor.redaction.models.sessions import Session, open_session
from candor.redaction.speech.decoding import RATE, Pcm, Samples

__all__ = ["Activity", "Listener", "by_loudness", "listener", "model_file", "passages", "speech_in"]

WINDOW: Final = 512  # samples: 32 ms
_CONTEXT: Final = 64
_BATCH: Final = 500  # windows at a time: 16 s
_BEGINS, _ENDS = 0.5, 0.35  # speech begins above the one and ends below the other
_LEAST_SPEECH, _LEAST_SILENCE, _PADDING = 90, 350, 120  # milliseconds
_QUIET: Final = -55.0  # dB of full scale; nothing below is speech
_ABOVE_FLOOR: Final = 9.0  # dB above what the quiet parts of the last half minute have

BY_LOUDNESS: Final = (
    "Where somebody speaks was told by loudness alone, because the detector is not installed here "
    "(pip install --require-hashes --no-deps -r requirements-models.lock): noise counts as speech, whispers may not."
)


class Listener(Protocol):
    """Gives the windows of a sound probabilities, in order and without a gap."""

    @property
    def name(self) -> str:
        """With a version."""

    @property
    def remark(self) -> str | None:
        """What has to be known of what it says; None: nothing."""

    def probabilities(self, sound: Samples) -> Samples:
        """Of whole windows: shape (windows * WINDOW,) in, (windows,) out, each 0 to 1."""


class _Silero:
    """The detector, with its state."""

    name = "silero-vad@6"
    remark = None

    def __init__(self, session: Session) -> None:
        self._session = session
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._last = np.zeros(_CONTEXT, np.float32)

    def probabilities(self, sound: Samples) -> Samples:
        windows = sound.reshape(-1, WINDOW)
        before = np.vstack((self._last[None, :], windows[:-1, -_CONTEXT:]))
        given = {"input": np.hstack((before, windows)).astype(np.float32), "h": self._h, "c": self._c}
        found, self._h, self._c = self._session.run(None, given)
        self._last = windows[-1, -_CONTEXT:].copy()
        return np.asarray(found, np.float32).reshape(-1)


class _Loudness:
    """Speech is what is clearly louder than the quiet parts around it."""

    name = "loudness@1"
    remark = BY_LOUDNESS

    def __init__(self) -> None:
        self._levels = np.zeros(0, np.float32)

    def probabilities(self, sound: Samples) -> Samples:
        windows = sound.reshape(-1, WINDOW)
        power = np.maximum(1e-10, np.mean(windows.astype(np.float64) ** 2, axis=1))
        levels = (10 * np.log10(power)).astype(np.float32)
        self._levels = np.concatenate((self._levels, levels))[-30 * RATE // WINDOW :]
        # A steady tone or hum has no quiet parts: its level is its own floor.
        floor = max(float(np.percentile(self._levels, 15)), -90.0)
        over = levels - max(floor + _ABOVE_FLOOR, _QUIET)
        return np.asarray(np.clip(0.5 + over / 12, 0, 1), np.float32)


def model_file() -> Path | None:
    """The detector's file in an installed package, found without importing the package; None where it is not."""
    found = importlib.util.find_spec("faster_whisper")
    for folder in found.submodule_search_locations or () if found is not None else ():
        path = Path(folder) / "assets" / "silero_vad_v6.onnx"
        if path.is_file():
            return path
    return None


def by_loudness() -> Listener:
    """What stands in for the detector."""
    return _Loudness()


def listener(threads: int = 1) -> Listener:
    """The detector, or what stands in for it, which says so."""
    path = model_file()
    if path is None:
        return _Loudness()
    try:
        return _Silero(open_session(path, threads, name=path.name))
    except ModelRefused:
        return _Loudness()


@dataclass(frozen=True)
class Activity:
    """Where somebody speaks. `speech`: stretches in milliseconds, in order, apart. `name`, `remark`: the listener's."""

    speech: tuple[tuple[int, int], ...]
    name: str
    remark: str | None


def speech_in(
    pcm: Pcm,
    heard_by: Listener | None = None,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Activity | None:
    """Where somebody speaks in a recording; None when it was `cancelled` (asked every 16 seconds of sound)."""
    heard_by = heard_by or listener()
    found: list[Samples] = []
    step = _BATCH * WINDOW
    for first in range(0, pcm.samples, step):
        if cancelled is not None and cancelled():
            return None
        sound = pcm.at(first, min(step, pcm.samples - first))
        found.append(heard_by.probabilities(np.pad(sound, (0, -len(sound) % WINDOW))))
        if progress is not None:
            progress(min(1.0, (first + step) / pcm.samples))
    every = np.concatenate(found) if found else np.zeros(0, np.float32)
    return Activity(stretches(every, pcm.milliseconds), heard_by.name, heard_by.remark)


def stretches(probabilities: Samples, length: int) -> tuple[tuple[int, int], ...]:
    """Stretches of speech in a sound of `length` milliseconds by the probabilities of its windows: begun above one
    threshold, ended when they stay below another for long enough, widened a little, never overlapping."""
    spans: list[tuple[int, int]] = []
    begin: int | None = None
    quiet: int | None = None  # the window from which on it has been quiet
    for number, probability in enumerate(probabilities.tolist()):
        if begin is None:
            begin = number if probability >= _BEGINS else None
        elif probability >= _ENDS:
            quiet = None
        else:
            quiet = number if quiet is None else quiet
            if _ms(number + 1 - quiet) >= _LEAST_SILENCE:
                spans.append((begin, quiet))
                begin = quiet = None
    if begin is not None:
        spans.append((begin, len(probabilities) if quiet is None else quiet))
    wide = [(_ms(a) - _PADDING, _ms(b) + _PADDING) for a, b in spans if _ms(b - a) >= _LEAST_SPEECH]
    return _apart([(max(0, a), min(length, b)) for a, b in wide])


def _ms(windows: int) -> int:
    return windows * WINDOW * 1000 // RATE


def _apart(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for begin, until in spans:
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(until, found[-1][1]))
        elif until > begin:
            found.append((begin, until))
    return tuple(found)


def passages(speech: Sequence[tuple[int, int]], *, longest: int = 28_000, pause: int = 2_000) -> list[tuple[int, int]]:
    """What is given to a transcriber at a time: neighbouring stretches together, without long pauses in between, none
    longer than `longest` milliseconds; one that is longer by itself is cut."""
    found: list[tuple[int, int]] = []
    for begin, until in speech:
        if found and begin - found[-1][1] < pause and until - found[-1][0] <= longest:
            found[-1] = (found[-1][0], until)
            continue
        while until - begin > longest:
            found.append((begin, begin + longest))
            begin += longest
        found.append((begin, until))
    return found
