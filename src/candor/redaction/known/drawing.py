"""Pictures of a scene, with the truth of each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from candor.redaction.known.portraits import Level, Pixels
from candor.redaction.known.scene import Actor, Look, Scene, Shot
from candor.redaction.model import Kind

_SHUTTER = 0.5  # of a picture's time the shutter is open
_DARK, _BLURRED, _PROFILE, _OCCLUDED = 70.0, 0.1, 0.72, 0.15


@dataclass(frozen=True)
class KnownBox:
    """Something that is known to be in one picture.

    `thing`: the same in every picture that it is in. `box`: x0, y0, x1, y1 in pixels of the upright picture, within its
    edges. `size`: height of the whole face or plate, in pixels. `inside`: the share of it within the picture.
    `occluded`: the share of that which something hides. `light`: its mean grey, 0 to 255. `squeeze`: its width as a
    share of what it is from the front. `smear`: how far blur reaches, as a share of its height. `photographed`: False
    for what is drawn.
    """

    thing: str
    kind: Kind
    box: tuple[float, float, float, float]
    size: float
    inside: float
    occluded: float
    light: float
    squeeze: float
    smear: float
    photographed: bool

    @property
    def shown(self) -> bool:
        """Whether enough of it is there to count: half of it in the picture, and most of that open."""
        return self.inside >= 0.5 and self.occluded <= 0.6

    @property
    def traits(self) -> frozenset[str]:
        """Words by which results are told apart: dark, blurred, profile (squeezed; not a real one), occluded."""
        said = {
            "dark": self.light < _DARK,
            "blurred": self.smear > _BLURRED,
            "profile": self.squeeze < _PROFILE,
            "occluded": self.occluded > _OCCLUDED,
        }
        return frozenset(word for word, holds in said.items() if holds)


def draw(scene: Scene, picture: float) -> tuple[Pixels, list[KnownBox]]:
    """The picture at a moment (rows, columns, red-green-blue), without its number, and what is known to be in it."""
    width, height = scene.size
    shot, seconds = scene.at(picture)
    camera_x, camera_y = shot.camera(seconds)
    left = round(camera_x) + (shot.world.shape[1] - width) // 2
    left = min(max(0, left), shot.world.shape[1] - width)
    top = min(max(0, round(camera_y)), shot.world.shape[0] - height)
    frame = shot.world[top : top + height, left : left + width].copy()
    owner = np.zeros((height, width), np.uint8)
    drawn: list[tuple[Actor, Look, tuple[float, float, float, float], int, float]] = []
    for number, actor in enumerate(shot.actors, start=1):
        look = actor.look(seconds)
        before = actor.look(seconds - 1 / scene.fps)
        was_x, was_y = shot.camera(seconds - 1 / scene.fps)
        moved = (look.x - camera_x - before.x + was_x, look.y - camera_y - before.y + was_y)
        seen = Look(look.x - camera_x, look.y - camera_y, look.height, look.turn, look.squeeze)
        smear = math.hypot(*moved) * _SHUTTER
        owned = _paste(frame, owner, number, actor, seen, (moved[0] * _SHUTTER, moved[1] * _SHUTTER))
        drawn.append((actor, seen, _box_of(actor, seen), owned, smear))
    if shot.post is not None:
        _post(frame, owner, shot.post, camera_x)
    _light(frame, shot, scene.seed * 1_000_003 + round(picture * 2))
    found = [_known(frame, owner, number, *one) for number, one in enumerate(drawn, start=1)]
    return frame, [one for one in found if one is not None]


def _matrix(actor: Actor, look: Look, level: Level) -> npt.NDArray[np.float64]:
    """From pixels of a level to pixels of the picture, by the face's middle: scaled, squeezed, turned."""
    x0, y0, x1, y1 = actor.face
    share = level.rgb.shape[1] / actor.levels[0].rgb.shape[1]
    scale = look.height / ((y1 - y0) * share)
    cos, sin = math.cos(look.turn), math.sin(look.turn)
    # a face that turns away is squeezed, and its far side sinks a little
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.array(
        [[scale * look.squeeze, 0.0], [scale * 0.12 * (1 - look.squeeze), scale]]
    )
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2]) * share
    return np.column_stack([linear, np.array([look.x, look.y]) - linear @ middle])


def _box_of(actor: Actor, look: Look) -> tuple[float, float, float, float]:
    """The box around the face's oval, or around the plate's four corners."""
    linear = _matrix(actor, look, actor.levels[0])[:, :2]
    x0, y0, x1, y1 = actor.face
    half = np.array([(x1 - x0) / 2, (y1 - y0) / 2])
    reach = np.abs(linear) @ half if actor.act == "plate" else np.sqrt((linear**2) @ (half**2))
    return look.x - reach[0], look.y - reach[1], look.x + reach[0], look.y + reach[1]


def _paste(frame: Pixels, owner: Pixels, number: int, actor: Actor, look: Look, smear: tuple[float, float]) -> int:
    """Put somebody into the picture. Returns how many pixels within the face's box became theirs."""
    if actor.clothes is not None:
        _body(frame, owner, look, tuple(part * actor.lit for part in actor.clothes))
    shown = look.height / (actor.face[3] - actor.face[1])
    level = actor.levels[min(len(actor.levels) - 1, max(0, int(-math.log2(max(shown, 1e-6)) + 0.3)))]
    matrix = _matrix(actor, look, level)
    rows, columns = level.rgb.shape[:2]
    corners = matrix @ np.array([[0, columns, 0, columns], [0, 0, rows, rows], [1, 1, 1, 1]], np.float64)
    reach = 2 + math.ceil(max(abs(smear[0]), abs(smear[1])))
    x0, y0 = (max(0, math.floor(edge) - reach) for edge in corners.min(axis=1))
    x1 = min(frame.shape[1], math.ceil(corners[0].max()) + reach)
    y1 = min(frame.shape[0], math.ceil(corners[1].max()) + reach)
    if x1 - x0 < 1 or y1 - y0 < 1:
        return 0
    matrix[:, 2] -= (x0, y0)
    area = (x1 - x0, y1 - y0)
    rgb = cv2.warpAffine(level.rgb, matrix, area, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    weight = cv2.warpAffine(level.weight, matrix, area, flags=cv2.INTER_LINEAR)
    plain = rgb.astype(np.float32) * np.float32(actor.lit)
    rgb, weight = _blurred(plain, weight.astype(np.float32), actor.blur * look.height, smear)
    under = frame[y0:y1, x0:x1]
    under[:] = np.clip(under + (rgb - under) * weight[:, :, None], 0, 255).astype(np.uint8)
    theirs = weight > 0.5
    owner[y0:y1, x0:x1][theirs] = number
    return int(np.count_nonzero(_within(owner, _box_of(actor, look)) == number))


def _body(frame: Pixels, owner: Pixels, look: Look, colour: tuple[float, ...]) -> None:
    """Shoulders and what is below them, behind the head."""
    unit, wide = look.height, look.height * (0.6 + 0.4 * look.squeeze)
    outline = [(-0.3, 0.62), (0.3, 0.62), (1.05, 0.95), (1.15, 4.0), (-1.15, 4.0), (-1.05, 0.95)]
    corners = np.array([(look.x + x * wide, look.y + y * unit) for x, y in outline]).round().astype(np.int32)
    cv2.fillConvexPoly(frame, corners, colour, cv2.LINE_AA)
    cv2.fillConvexPoly(owner, corners, 255)


def _blurred(
    rgb: npt.NDArray[np.float32], weight: npt.NDArray[np.float32], sigma: float, smear: tuple[float, float]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Out of focus by `sigma` pixels, and smeared along its way."""
    if sigma > 0.4:
        rgb, weight = (cv2.GaussianBlur(one, (0, 0), sigma).astype(np.float32) for one in (rgb, weight))
    far = math.hypot(*smear)
    if far >= 1.5:
        side = 2 * math.ceil(far / 2) + 1
        line = np.zeros((side, side), np.float32)
        middle, along = side // 2, (smear[0] / 2, smear[1] / 2)
        ends = [(round(middle + sign * along[0]), round(middle + sign * along[1])) for sign in (-1, 1)]
        cv2.line(line, ends[0], ends[1], 1.0, 1)
        line /= max(1e-6, float(line.sum()))
        rgb, weight = (cv2.filter2D(one, -1, line).astype(np.float32) for one in (rgb, weight))
    return rgb, weight


def _post(frame: Pixels, owner: Pixels, post: tuple[float, float], camera_x: float) -> None:
    left, right = (min(frame.shape[1], max(0, round(post[0] + side * post[1] / 2 - camera_x))) for side in (-1, 1))
    if right > left:
        frame[:, left:right] = np.linspace(70, 40, right - left)[None, :, None].astype(np.uint8)
        owner[:, left:right] = 255


def _light(frame: Pixels, shot: Shot, seed: int) -> None:
    """Darkness as the shot has it, and the camera's noise."""
    rng = np.random.default_rng(seed)
    tile = rng.normal(0, shot.noise, (128, 128, 1)).astype(np.float32)
    down, across = -(-frame.shape[0] // 128), -(-frame.shape[1] // 128)
    noise = np.tile(np.roll(tile, int(rng.integers(128)), 1), (down, across, 1))[: frame.shape[0], : frame.shape[1], 0]
    lit = cv2.convertScaleAbs(frame, alpha=shot.light)
    rounded = noise.astype(np.int16)
    frame[:] = cv2.add(lit, cv2.merge([rounded, rounded, rounded]), dtype=cv2.CV_8U)


def _within(of: Pixels, box: tuple[float, float, float, float]) -> Pixels:
    x0, y0 = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    return of[y0 : max(y0, math.ceil(box[3])), x0 : max(x0, math.ceil(box[2]))]


def _known(
    frame: Pixels,
    owner: Pixels,
    number: int,
    actor: Actor,
    look: Look,
    box: tuple[float, float, float, float],
    owned: int,
    smear: float,
) -> KnownBox | None:
    rows, columns = frame.shape[:2]
    clipped = (max(0.0, box[0]), max(0.0, box[1]), min(float(columns), box[2]), min(float(rows), box[3]))
    wide, high = clipped[2] - clipped[0], clipped[3] - clipped[1]
    if wide <= 1 or high <= 1:
        return None
    left_over = int(np.count_nonzero(_within(owner, box) == number))
    return KnownBox(
        actor.thing,
        Kind.PLATE if actor.act == "plate" else Kind.FACE,
        clipped,
        look.height,
        wide * high / ((box[2] - box[0]) * (box[3] - box[1])),
        1.0 - left_over / owned if owned else 1.0,
        float(_within(frame, clipped).mean()),
        look.squeeze,
        max(actor.blur, smear / look.height),
        actor.photographed,
    )
