"""Cars in motion: drawn for one moment as a cut-out with the halos of their lamps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from candor.demo.footage.backdrop import World, add_flares, halo_radius, light_at, paste_warped, shaded
from candor.demo.footage.optics import NEAR, Bytes, Camera, Floats, develop
from candor.demo.footage.solids import Solid


@dataclass(frozen=True)
class Drawn:
    """A car as seen at one moment: its even corner in the frame, RGBA pixels, and its plates with their corners."""

    corner: tuple[int, int]
    pixels: Bytes
    plates: list[tuple[str, Floats]]


def moving_car(solid: Solid, camera: Camera, world: World, beat: str) -> Drawn | None:
    """The car as the camera sees it now, or None where it does not."""
    spots = camera.project(solid.corners)
    ok = spots[..., 2].min(axis=1) > NEAR
    if not ok.any() or spots[..., 2].max() < 1.0:
        return None
    halo = max([3.0, *(halo_radius(f.size, camera.focal, float(camera.project(f.at)[2])) for f in solid.flares)])
    flat = spots[ok][..., :2]
    left, top = (int(max(-8, edge)) & ~1 for edge in (flat[..., 0].min() - halo, flat[..., 1].min() - halo))
    right = int(min(camera.width + 8, flat[..., 0].max() + halo))
    low = int(min(camera.height + 8, flat[..., 1].max() + halo))
    if right - left < 4 or low - top < 4:
        return None
    sheet = Image.new("RGBA", (right - left, low - top), (0, 0, 0, 0))
    _paint(sheet, solid, camera, world, beat, (left, top), spots, ok)
    plates = []
    for decal in solid.decals:
        corners = camera.project(decal.corners)
        a, b = corners[1, :2] - corners[0, :2], corners[3, :2] - corners[0, :2]
        if corners[:, 2].min() > NEAR and a[0] * b[1] - a[1] * b[0] > 2:
            paste_warped(
                sheet,
                decal,
                corners[:, :2] - np.array([left, top], np.float32),
                light_at(tuple(decal.corners.mean(axis=0)), camera, world, beat),
            )
            if decal.kind == "plate":
                plates.append((decal.text, corners[:, :2].astype(np.float32)))
    return Drawn((left, top), _with_halos(np.array(sheet), solid, camera, (left, top), beat, world), plates)


def _paint(
    sheet: Image.Image,
    solid: Solid,
    camera: Camera,
    world: World,
    beat: str,
    corner: tuple[int, int],
    spots: Floats,
    ok: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> None:
    draw = ImageDraw.Draw(sheet)
    _ground_shade(sheet, solid, camera, corner)
    towards = np.asarray(camera.eye, np.float32) - solid.corners.mean(axis=1)
    shown = ok & (np.einsum("ni,ni->n", towards, solid.normals()) > 0)
    rank = np.linalg.norm(towards, axis=1) - solid.lift
    inks = develop(shaded(solid, camera.eye, world, beat)).tolist()
    moved = (spots[..., :2] - np.array(corner, np.float32)).reshape(len(spots), -1).tolist()
    for i in np.flatnonzero(shown)[np.argsort(-rank[shown])].tolist():
        draw.polygon(moved[i], fill=(*inks[i], 255))


def _ground_shade(sheet: Image.Image, solid: Solid, camera: Camera, corner: tuple[int, int]) -> None:
    """The dark patch under a car that is in line with the road."""
    low, high = solid.corners.min(axis=(0, 1)), solid.corners.max(axis=(0, 1))
    for grow, dark in ((0.22, 60), (0.02, 130), (-0.2, 190)):
        x0, x1, y0, y1 = low[0] + 0.15 - grow, high[0] - 0.15 + grow, low[1] - grow, high[1] + grow
        spots = camera.project([(x0, y0, 0), (x1, y0, 0), (x1, y1, 0), (x0, y1, 0)])
        if spots[:, 2].min() > 0.4:
            flat = (spots[:, :2] - np.array(corner, np.float32)).reshape(-1).tolist()
            ImageDraw.Draw(sheet).polygon(flat, fill=(6, 6, 8, dark))


def _with_halos(pixels: Bytes, solid: Solid, camera: Camera, corner: tuple[int, int], beat: str, world: World) -> Bytes:
    """The car's picture with the halos of its lamps, which cover what is behind them as far as they are bright."""
    if not solid.flares:
        return pixels
    tall, wide = pixels.shape[:2]
    local = replace(camera, width=camera.width - 2 * corner[0], height=camera.height - 2 * corner[1])
    colours = np.ascontiguousarray(pixels[..., :3])
    before = _brightest(colours)
    add_flares(
        colours, local, solid.flares, beat, np.full((tall, wide), np.inf, np.float32), bright=world.air.ambient[1]
    )
    gain = _brightest(colours) - before
    return np.dstack([colours, np.maximum(pixels[..., 3], gain)])


def _brightest(colours: Bytes) -> Bytes:
    return np.maximum(np.maximum(colours[..., 0], colours[..., 1]), colours[..., 2])
