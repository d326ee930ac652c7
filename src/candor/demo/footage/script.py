"""The forms a scene is written in: its clock and place on Earth, what is said, and the takes that record it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

from candor.demo.footage.cast import DEVICES, WEARERS, Device, Stage, Wearer
from candor.demo.footage.drive import Drive
from candor.demo.footage.shot import Mark, Shot
from candor.demo.footage.track import Ground

Position = tuple[float, float]


@dataclass(frozen=True)
class Cue:
    """Something said at a second of the scene's clock."""

    at: float
    speaker: str
    text: str
    radio: bool = False


@dataclass(frozen=True)
class Scene:
    """What happens at one place and time, whoever records it."""

    key: str
    days_ago: int
    clock: tuple[int, int, int]
    """Hour, minute and second (UTC) of second 0, on the day that many days before the set's last day."""
    ground: Ground
    cues: tuple[Cue, ...] = ()
    places: tuple[tuple[str, tuple[Mark, ...]], ...] = ()
    """Where each person is, from mark to mark."""
    cars: tuple[tuple[float, float, float], ...] = ()
    """Cars that pass: x, the second at which they are at y = 0, speed along y."""

    def where(self, person: str) -> Callable[[float], Position]:
        """A person's way: seconds of the scene's clock to x and y."""
        marks = dict(self.places).get(person, (Mark(0, 0, 0),))
        return lambda at: along(marks, at)

    def talks(self, person: str, seconds: dict[str, float]) -> tuple[tuple[float, float], ...]:
        """When that person speaks; seconds says how long each text takes, about 3 where it does not."""
        return tuple((c.at, c.at + seconds.get(c.text, 3.0)) for c in self.cues if c.speaker == person)


def along(marks: tuple[Mark, ...], at: float) -> Position:
    """The place at a moment on straight lines between marks."""
    if at <= marks[0].at:
        return marks[0].x, marks[0].y
    for here, there in pairwise(marks):
        if at < there.at:
            share = (at - here.at) / (there.at - here.at)
            return here.x + (there.x - here.x) * share, here.y + (there.y - here.y) * share
    return marks[-1].x, marks[-1].y


def walks(marks: tuple[Mark, ...]) -> tuple[tuple[float, float], ...]:
    """The stretches in which somebody on those marks walks."""
    return tuple(
        (here.at, there.at) for here, there in pairwise(marks) if hypot(there.x - here.x, there.y - here.y) > 0.3
    )


@dataclass(frozen=True)
class Take:
    """One recording of a scene by one camera."""

    key: str
    scene: Scene
    carrier: str
    """Whose camera, or which car's: a key of DEVICES."""
    wearer_key: str
    start: float
    """The scene's second of the first frame."""
    seconds: float
    size: tuple[int, int]
    fps: int
    title: str
    category: str
    build: Callable[[Take, Stage, dict[str, float]], Shot | Drive]
    """Makes the pictures, given how long each text takes to say."""
    codec: str = "h264"
    incident: str | None = None
    buffer: float = 0.0
    """Seconds of pre-event buffer, without sound, at the beginning."""
    clock_error: float = 0.0
    """Seconds that the camera's clock is ahead of the truth."""
    engine: float = 0.0
    wind: float = 0.5
    path: Callable[[float], Position] | None = None
    """Where the camera is, where that is not the wearer's place in the scene."""

    @property
    def device(self) -> Device:
        """The camera."""
        return DEVICES[self.carrier]

    @property
    def wearer(self) -> Wearer:
        """Who wears it or drives the car it is in."""
        return WEARERS[self.wearer_key]

    def where(self) -> Callable[[float], Position]:
        """The camera's way."""
        return self.path or self.scene.where(self.wearer_key)
