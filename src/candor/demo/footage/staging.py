"""What the quiet scenes share: parked and passing cars with plates of their own, people in their places, the camera."""

from __future__ import annotations

from candor.demo.footage.air import NIGHT
from candor.demo.footage.backdrop import World
from candor.demo.footage.cast import Stage, hood
from candor.demo.footage.figures import Pose
from candor.demo.footage.ground import seeded
from candor.demo.footage.lens import PARKED, STANDING
from candor.demo.footage.optics import Colour
from candor.demo.footage.script import Scene, Take
from candor.demo.footage.shot import Actor, Passing, Shot, View
from candor.demo.footage.vehicles import MOVING, Car, car_solid

HD, FULL = (1280, 720), (1920, 1080)
PAINTS: tuple[Colour, ...] = (
    (0.28, 0.29, 0.31),
    (0.04, 0.05, 0.06),
    (0.18, 0.02, 0.02),
    (0.04, 0.09, 0.20),
    (0.05, 0.10, 0.07),
    (0.30, 0.27, 0.20),
    (0.10, 0.10, 0.11),
)
SHAPES = ("sedan", "suv", "hatch")


def cars(seed: str, count: int, lit: bool) -> list[Car]:
    """That many different cars with plates of their own."""
    chance = seeded("cars", seed)
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ"
    made = []
    for i in range(count):
        pair = "".join(letters[int(k)] for k in chance.integers(0, len(letters), 2))
        number = f"{int(chance.integers(2, 10))}{pair} {int(chance.integers(100, 1000))}"
        made.append(
            Car(
                number,
                PAINTS[int(chance.integers(len(PAINTS)))],
                SHAPES[i % 3],
                headlamps=lit,
                tail="on" if lit else "off",
            )
        )
    return made


def park(world: World, car: Car, x: float, y: float, heading: float = 0.0) -> None:
    world.solids.append(car_solid(car).placed(x, y, heading))
    world.footprints.append((x, y, heading, 0.92, 2.25))


def people_of(
    take: Take, stage: Stage, seconds: dict[str, float], rest: dict[str, Pose] | None = None
) -> tuple[Actor, ...]:
    """Everybody of the scene but the wearer; a name may say which figure plays it, as in "hale in green"."""
    actors = []
    for name, marks in take.scene.places:
        if name == take.wearer_key and take.device.kind == "body":
            continue
        figure = stage.figures[COSTUMES.get((take.scene.key, name), name)]
        actors.append(Actor(figure, marks, take.scene.talks(name, seconds), (rest or {}).get(name, Pose())))
    return tuple(actors)


COSTUMES = {("lost cat", "hale"): "hale in green"}


def traffic(scene: Scene, lit: bool) -> tuple[Passing, ...]:
    fleet = cars(scene.key, max(1, len(scene.cars)), lit)
    return tuple(Passing(car_solid(fleet[i], MOVING), x, 0.0, at, speed) for i, (x, at, speed) in enumerate(scene.cars))


def filmed(
    take: Take,
    stage: Stage,
    seconds: dict[str, float],
    world: World,
    views: tuple[View, ...],
    focal: float,
    *,
    rest: dict[str, Pose] | None = None,
    lit: bool = False,
    flashing: bool = False,
    grain: float = 1.5,
) -> Shot:
    in_car = take.device.kind == "in-car"
    return Shot(
        world,
        views,
        focal,
        take.size,
        take.fps,
        take.start,
        take.seconds,
        take.key,
        people_of(take, stage, seconds, rest),
        traffic(take.scene, lit),
        (-100, 1000) if flashing else None,
        PARKED if in_car else STANDING,
        grain=grain,
        hood=hood(take.size, 40 if world.air is NIGHT else 165) if in_car else None,
    )
