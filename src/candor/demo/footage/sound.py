"""What a microphone at one place hears: voices and radios by distance, traffic, wind, steps, the car it sits in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np

from candor.demo.footage.ground import seeded
from candor.demo.footage.lens import PACE
from candor.demo.footage.optics import Floats
from candor.demo.footage.timing import RATE, SPEED_OF_SOUND

Place = tuple[float, float]
Where = Callable[[float], Place]


@dataclass(frozen=True)
class Spoken:
    """A line said at a moment of the scene's clock. One that goes over the `radio` comes out of every trooper's."""

    at: float
    speaker: str
    text: str
    wave: Floats
    where: Where
    radio: bool = False

    @property
    def seconds(self) -> float:
        """How long it takes to say."""
        return len(self.wave) / RATE


@dataclass(frozen=True)
class Heard:
    """A line as one recording has it: seconds from its first frame, who, what."""

    start: float
    end: float
    speaker: str
    text: str


@dataclass(frozen=True)
class Microphone:
    """Where and when sound is recorded, and what is heard besides voices and traffic."""

    start: float
    seconds: float
    where: Where
    seed: str
    wearer: str
    mute_until: float = 0.0
    """Seconds from the first frame with no sound at all: the pre-event buffer."""
    walks: tuple[tuple[float, float], ...] = ()
    """Stretches (scene clock) in which the wearer walks."""
    inside: bool = False
    """Behind glass in a car: what is outside is dull and faint."""
    engine: float = 0.0
    """0 for none, 0.3 idling, 1 driving."""
    wind: float = 0.5


def record(
    mic: Microphone,
    lines: Sequence[Spoken],
    cars: Sequence[tuple[float, float, float]],
) -> tuple[Floats, list[Heard]]:
    """The sound (n,) at RATE and the lines that can be followed in it. cars: (x, second at y = 0, speed along y)."""
    count = round(mic.seconds * RATE)
    outside = np.zeros(count + RATE, np.float32)
    near = np.zeros(count + RATE, np.float32)
    heard = []
    for line in lines:
        if line.at < mic.start + mic.mute_until or line.at + line.seconds + 0.2 > mic.start + mic.seconds:
            continue
        away, own = _distance(mic, line)
        late = line.at - mic.start + away / SPEED_OF_SOUND
        gain = min(1.5, 1.0 / max(away, 0.45)) * (0.75 if own else 1.0)
        wave = _over_radio(line.wave, line.text) if line.radio and line.speaker != mic.wearer else line.wave
        target = near if own and mic.inside else outside
        first = round(late * RATE)
        target[first : first + len(wave)] += wave[: len(target) - first] * np.float32(gain)
        if gain * (0.25 if mic.inside and not own else 1.0) >= 0.07:
            heard.append(Heard(round(late, 3), round(late + line.seconds, 3), line.speaker, line.text))
    outside[:count] += _traffic(mic, cars, count) + _wind(mic, count)
    if mic.inside:
        outside = _band(outside, 60, 850) * np.float32(0.42)
    total: Floats = (outside + near)[:count] + _steps(mic, count) + _engine(mic, count) + _rustle(mic, count)
    total = _echo(total) if not mic.inside else total
    if mic.mute_until:
        silent = min(count, round(mic.mute_until * RATE))
        total[:silent] = 0
        beep = _tone(1750, 0.13) * np.float32(0.5)
        for k in range(2):
            first = silent + round(k * 0.24 * RATE) + 800
            total[first : first + len(beep)] += beep[: max(0, count - first)]
    return np.asarray(np.tanh(total * 1.1) * 0.92, np.float32), heard


def _distance(mic: Microphone, line: Spoken) -> tuple[float, bool]:
    """Metres from mouth or radio to microphone, and whether it is the wearer's own."""
    if line.speaker == mic.wearer or line.radio:
        return 0.45, True
    x, y = line.where(line.at)
    mx, my = mic.where(line.at)
    away = hypot(x - mx, y - my)
    return max(0.5, away), away < 0.5


def _band(sound: Floats, low: float, high: float) -> Floats:
    """Only the frequencies between those, with soft edges."""
    spectrum = np.fft.rfft(sound)
    pitch = np.fft.rfftfreq(len(sound), 1 / RATE)
    keep = 1 / (1 + (low / np.maximum(pitch, 1)) ** 4) / (1 + (pitch / high) ** 4)
    return np.fft.irfft(spectrum * keep, len(sound)).astype(np.float32)


def _noise(seed: object, count: int, low: float, high: float) -> Floats:
    """Noise of about unit strength between two frequencies, made for 8 seconds at most and then repeated."""
    period = min(count, RATE * 8)
    made = _band(seeded("noise", seed).standard_normal(period).astype(np.float32), low, high)
    made /= max(1e-6, float(made.std()))
    return np.resize(made, count)


def _tone(pitch: float, seconds: float) -> Floats:
    t = np.arange(round(seconds * RATE), dtype=np.float32) / RATE
    edge = np.minimum(1, np.minimum(t, seconds - t) / 0.008)
    return np.asarray(np.sin(2 * np.pi * pitch * t) * edge, np.float32)


def _over_radio(wave: Floats, seed: str) -> Floats:
    """A voice as a small loudspeaker gives it: narrow, a little overdriven, between a beep and the squelch's hiss."""
    narrow = np.tanh(_band(wave, 420, 2900) * 4) * np.float32(0.34)
    hiss = _noise(seed, len(narrow), 900, 4500) * np.float32(0.012)
    tail = _noise((seed, "tail"), round(0.09 * RATE), 1200, 5200) * np.float32(0.06)
    return np.concatenate([narrow + hiss, tail]).astype(np.float32)


def _traffic(mic: Microphone, cars: Sequence[tuple[float, float, float]], count: int) -> Floats:
    total = np.zeros(count, np.float32)
    if not cars:
        return total
    t = np.arange(0, count, 256, dtype=np.float64) / RATE
    mx, my = mic.where(mic.start)
    hiss, tyres = (_noise(("traffic", low), RATE * 8, low, high) for low, high in ((110, 1500), (1500, 5000)))
    for number, (x, at, speed) in enumerate(cars):
        along = (t + mic.start - at) * speed - my
        away = np.hypot(along, x - mx)
        loud = 0.5 / np.maximum(away, 2.0) * (abs(speed) / 14)
        near = np.flatnonzero(loud > 0.006)
        if not len(near):
            continue
        first, last = int(near[0]) * 256, min(count, (int(near[-1]) + 1) * 256)
        spots = np.arange(first, last)
        # Each car begins elsewhere in the same noise, so that no two sound alike.
        turn = (number * 37_123) % len(hiss)
        envelope = np.interp(spots, np.arange(len(t)) * 256, np.maximum(loud - 0.006, 0)).astype(np.float32)
        total[first:last] += np.take(hiss, spots + turn, mode="wrap") * envelope * np.float32(0.55)
        total[first:last] += np.take(tyres, spots + turn, mode="wrap") * envelope**2 * np.float32(1.2)
    return total


def _wind(mic: Microphone, count: int) -> Floats:
    t = np.arange(0, count, 512, dtype=np.float64) / RATE + mic.start
    gust = 0.5 + 0.3 * np.sin(t * 0.7 + len(mic.seed)) + 0.2 * np.sin(t * 1.9)
    envelope = np.interp(np.arange(count), np.arange(len(t)) * 512, gust).astype(np.float32)
    air = _noise(("wind", mic.seed), count, 25, 300) * envelope * np.float32(0.020 * mic.wind)
    return np.asarray(air + _noise(("air", mic.seed), count, 200, 6000) * np.float32(0.0035), np.float32)


def _steps(mic: Microphone, count: int) -> Floats:
    total = np.zeros(count, np.float32)
    grit = _band(seeded("grit", mic.seed).standard_normal(RATE // 6).astype(np.float32), 150, 3500)
    fall = np.exp(-np.arange(len(grit)) / (0.035 * RATE)).astype(np.float32)
    for start, end in mic.walks:
        for number, at in enumerate(np.arange(start, end, 1 / PACE)):
            first = round((at - mic.start) * RATE)
            if 0 <= first < count - len(grit):
                total[first : first + len(grit)] += grit * fall * np.float32(0.16 if number % 2 else 0.2)
    return total


def _engine(mic: Microphone, count: int) -> Floats:
    if not mic.engine:
        return np.zeros(count, np.float32)
    t = np.arange(count, dtype=np.float32) / RATE
    base = 27 + 26 * mic.engine
    phase = 2 * np.pi * (base * t + 0.8 * mic.engine * np.sin(t * 0.6))
    hum = sum(np.sin(phase * k) / k for k in (1, 2, 3, 4.5, 6))
    road = _noise(("road", mic.seed), count, 60, 700) * np.float32(0.045 * max(0.0, mic.engine - 0.3))
    return np.asarray(hum * 0.018 + road, np.float32)


def _rustle(mic: Microphone, count: int) -> Floats:
    """Cloth on the microphone, now and then."""
    total = np.zeros(count, np.float32)
    if mic.inside:
        return total
    chance = seeded("rustle", mic.seed)
    cloth = _band(chance.standard_normal(RATE // 3).astype(np.float32), 300, 5000)
    cloth *= np.hanning(len(cloth)).astype(np.float32) * np.float32(0.02)
    for at in np.cumsum(chance.gamma(2, 3.0, 64)):
        first = round(float(at) * RATE)
        if first + len(cloth) < count:
            total[first : first + len(cloth)] += cloth
    return total


def _echo(sound: Floats) -> Floats:
    """The ground's reflection, which makes voices sound outdoors."""
    out = sound.copy()
    for late, gain in ((0.0067, 0.22), (0.0131, 0.12), (0.047, 0.05)):
        shift = round(late * RATE)
        out[shift:] += sound[:-shift] * np.float32(gain)
    return out
