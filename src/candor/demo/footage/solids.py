"""Solid things made of four-cornered faces, and the flat pictures (plates, lettering) that sit on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from candor.demo.footage.optics import Colour, Floats, Point, unit


@dataclass(frozen=True)
class Decal:
    """A picture on a face: corners are top left, top right, bottom right, bottom left, (4, 3) in metres."""

    corners: Floats
    picture: Image.Image
    kind: str = ""
    """"plate" where its place in the frame is wanted as truth."""
    text: str = ""
    glow: float = 0.0
    """Light it gives of its own (a retro-reflective plate in headlights)."""


@dataclass(frozen=True)
class Flare:
    """A lamp that shows: where, what colour, how large its halo is in metres, which way it shines."""

    at: Point
    colour: Colour
    size: float
    toward: Point | None = None
    beat: str = "off"


@dataclass
class Solid:
    """n faces: corners (n, 4, 3), colour and glow (n, 3), gloss (n,), lift (n,) metres nearer in drawing order."""

    corners: Floats
    colour: Floats
    glow: Floats
    gloss: Floats
    lift: Floats
    decals: list[Decal] = field(default_factory=list)
    flares: list[Flare] = field(default_factory=list)

    def placed(self, x: float, y: float, heading: float = 0.0, z: float = 0.0) -> Solid:
        """The same thing standing at (x, y, z), its forward side turned to that heading."""
        turn = _turn(heading)
        shift = np.array([x, y, z], np.float32)
        decals = [
            Decal((d.corners @ turn.T + shift).astype(np.float32), d.picture, d.kind, d.text, d.glow)
            for d in self.decals
        ]
        flares = [
            Flare(
                _point(np.asarray(f.at, np.float32) @ turn.T + shift),
                f.colour,
                f.size,
                None if f.toward is None else _point(np.asarray(f.toward, np.float32) @ turn.T),
                f.beat,
            )
            for f in self.flares
        ]
        return Solid(
            (self.corners @ turn.T + shift).astype(np.float32),
            self.colour,
            self.glow,
            self.gloss,
            self.lift,
            decals,
            flares,
        )

    def normals(self) -> Floats:
        """(n, 3) outward, for corners given counter-clockwise as seen from outside."""
        across = self.corners[:, 2] - self.corners[:, 0]
        other = self.corners[:, 3] - self.corners[:, 1]
        return unit(np.cross(across, other))


def _turn(heading: float) -> Floats:
    sine, cosine = np.sin(heading), np.cos(heading)
    return np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]], np.float32)


def _point(array: Floats) -> Point:
    return float(array[0]), float(array[1]), float(array[2])


class Workshop:
    """Collects faces, then makes one Solid of them."""

    def __init__(self) -> None:
        self._rows: list[tuple[Floats, Colour, Colour, float, float]] = []
        self.decals: list[Decal] = []
        self.flares: list[Flare] = []

    def face(
        self,
        corners: Sequence[Point] | Floats,
        colour: Colour,
        *,
        gloss: float = 0.0,
        glow: Colour = (0.0, 0.0, 0.0),
        lift: float = 0.0,
    ) -> None:
        """One face, its corners counter-clockwise as seen from outside."""
        self._rows.append((np.asarray(corners, np.float32), colour, glow, gloss, lift))

    def box(
        self,
        low: Point,
        high: Point,
        colour: Colour,
        *,
        gloss: float = 0.0,
        glow: Colour = (0.0, 0.0, 0.0),
        lift: float = 0.0,
    ) -> None:
        """An upright box between two corners."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        sides: list[list[Point]] = [
            [(x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1)],
            [(x1, y1, z0), (x0, y1, z0), (x0, y1, z1), (x1, y1, z1)],
            [(x1, y0, z0), (x1, y1, z0), (x1, y1, z1), (x1, y0, z1)],
            [(x0, y1, z0), (x0, y0, z0), (x0, y0, z1), (x0, y1, z1)],
            [(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)],
        ]
        for side in sides:
            self.face(side, colour, gloss=gloss, glow=glow, lift=lift)

    def disc(
        self,
        centre: Point,
        radius: float,
        side: float,
        colour: Colour,
        *,
        gloss: float = 0.0,
        lift: float = 0.0,
        corners: int = 14,
    ) -> None:
        """A round plate in the y-z plane that faces +x (side 1) or -x (side -1)."""
        angle = np.linspace(0, 2 * np.pi, corners * 2 + 1)
        x, y, z = centre
        rim = [(x, y + radius * float(np.cos(a)) * side, z + radius * float(np.sin(a))) for a in angle]
        for i in range(0, corners * 2, 2):
            self.face([centre, rim[i], rim[i + 1], rim[i + 2]], colour, gloss=gloss, lift=lift)

    def done(self) -> Solid:
        """The thing itself."""
        corners, colour, glow, gloss, lift = zip(*self._rows, strict=True)
        return Solid(
            np.stack(corners),
            np.array(colour, np.float32),
            np.array(glow, np.float32),
            np.array(gloss, np.float32),
            np.array(lift, np.float32),
            list(self.decals),
            list(self.flares),
        )


def together(solids: Iterable[Solid]) -> Solid | None:
    """All faces in one Solid, so that they are sorted and drawn together; None of nothing."""
    items = list(solids)
    if not items:
        return None
    return Solid(
        np.concatenate([s.corners for s in items]),
        np.concatenate([s.colour for s in items]),
        np.concatenate([s.glow for s in items]),
        np.concatenate([s.gloss for s in items]),
        np.concatenate([s.lift for s in items]),
        [d for s in items for d in s.decals],
        [f for s in items for f in s.flares],
    )
