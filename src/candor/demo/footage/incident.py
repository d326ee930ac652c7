"""One roadside incident at dusk, seen by four cameras: two bumpers touched on Route 9 when a deer crossed. Nobody is
hurt, nobody is accused; two troopers write it down while a sergeant slows the traffic."""

from __future__ import annotations

from math import pi

from candor.demo.footage.air import DUSK, Lamp
from candor.demo.footage.backdrop import World
from candor.demo.footage.cast import PATROL_412, Stage, hood, patrol_lamps
from candor.demo.footage.figures import Pose
from candor.demo.footage.ground import Road
from candor.demo.footage.lens import PARKED, STANDING
from candor.demo.footage.roadside import board, poles, rail, route_sign, woods
from candor.demo.footage.script import Cue, Scene, Take
from candor.demo.footage.shot import Actor, Mark, Passing, Shot, View
from candor.demo.footage.track import Ground
from candor.demo.footage.vehicles import MOVING, Car, car_solid

NUMBER = "CSP-26-118204"

ALVAREZ = (Mark(-10, 3.4, 1.2, 0.05), Mark(26.5, 3.4, 1.2, 0.05), Mark(30.3, 3.62, 4.80, 0.14))
OKAFOR = (Mark(-10, 7.1, 4.0), Mark(28, 7.1, 4.0), Mark(34, 7.15, 10.55, -0.25))
LINDQVIST = (Mark(-10, 3.3, 21.5, pi),)
HALE = (Mark(-10, 3.85, 6.3),)
BRANDT = (Mark(-10, 6.72, 12.6),)

SCENE = Scene(
    "incident",
    3,
    (21, 42, 0),
    Ground(41.8037, -73.1312, 24.0),
    cues=(
        Cue(
            -4.5,
            "dispatch",
            "Unit four twelve, minor collision, Route nine at mile thirty one. Both cars are on the "
            "shoulder. No injuries reported.",
            radio=True,
        ),
        Cue(7.5, "alvarez", "Four twelve, copy. I am with them now.", radio=True),
        Cue(13.5, "dispatch", "Four twelve, copy. Four fifteen and four oh one are with you.", radio=True),
        Cue(31.4, "alvarez", "Good evening. I am Trooper Alvarez, State Police. Is everyone all right?"),
        Cue(36.6, "hale", "Yes, thank you. We are both fine. It was only a little bump."),
        Cue(37.0, "okafor", "Hello, I am Trooper Okafor. Would you like to sit down?"),
        Cue(41.0, "brandt", "No, I would rather stand. My hat keeps me warm."),
        Cue(41.6, "alvarez", "Good. My camera is on, and it records sound. What happened?"),
        Cue(46.4, "hale", "A deer ran across the road. We both braked, and our bumpers touched."),
        Cue(46.6, "okafor", "What is a good telephone number for you?"),
        Cue(48.6, "lindqvist", "Slow down please, folks. Keep to the left."),
        Cue(49.6, "brandt", "Five five five, zero one seven three."),
        Cue(52.0, "alvarez", "Thank you. I will write one report for both of you."),
        Cue(54.4, "okafor", "Thank you. The tow truck will take you home."),
        Cue(55.6, "hale", "That is kind. My registration is in the glove box."),
        Cue(
            58.8,
            "dispatch",
            "Four twelve, your tow truck is twenty minutes out. Case number one one eight two zero four.",
            radio=True,
        ),
        Cue(66.0, "alvarez", "Four twelve, copy. Twenty minutes.", radio=True),
        Cue(66.4, "lindqvist", "Thank you for slowing down."),
    ),
    places=(("alvarez", ALVAREZ), ("okafor", OKAFOR), ("lindqvist", LINDQVIST), ("hale", HALE), ("brandt", BRANDT)),
    cars=(
        (-1.8, 6.0, -15.0),
        (-1.8, 19.0, -16.0),
        (-1.8, 38.5, -11.0),
        (1.6, 48.0, 6.5),
        (-1.8, 57.0, -12.0),
        (-1.8, 69.0, -13.0),
    ),
)

RED = Car("7KL 205", (0.20, 0.015, 0.015), "sedan", tail="hazard", dented=True)
BLUE = Car("4RD 918", (0.05, 0.10, 0.22), "hatch", tail="hazard")
PASSING = (
    Car("2BX 447", (0.30, 0.31, 0.33), "sedan", headlamps=True, tail="on"),
    Car("9TW 036", (0.28, 0.20, 0.05), "suv", headlamps=True, tail="on"),
    Car("6HJ 582", (0.03, 0.05, 0.04), "hatch", headlamps=True, tail="on"),
)


def _world(stage: Stage, with_patrol_car: bool) -> World:
    world = World(DUSK, Road(), stage.stuff)
    world.solids += [
        car_solid(RED).placed(5.0, 9.5, 0.03),
        car_solid(BLUE).placed(5.1, 15.5, 0.02),
        rail(7.9, (-14, 52)),
        board(7.25, 19.0, 1.2, (0.5, 0.85), route_sign("9", "31"), 0.1, glow=0.06),
    ]
    world.footprints += [(5.0, 9.5, 0.03, 0.92, 2.3), (5.1, 15.5, 0.02, 0.90, 2.0)]
    if with_patrol_car:
        world.solids.append(car_solid(PATROL_412).placed(4.95, 0.0, -0.03))
        world.footprints.append((4.95, 0.0, -0.03, 0.94, 2.4))
    world.lamps += [*patrol_lamps(4.95, 0.0), Lamp((5.1, 18.0, 0.7), (3, 2.9, 2.5), (0, 1, -0.1), 0.8)]
    world.standing += [*woods("route 9", along=(-60, 170), right=11.5, left=10.5, thick=70), *poles((-50, 160), -8.6)]
    return world


def _actors(stage: Stage, wearer: str, seconds: dict[str, float]) -> tuple[Actor, ...]:
    rest = {"okafor": Pose(None, "notes", "notes"), "lindqvist": Pose(None, "down", "up")}
    return tuple(
        Actor(stage.figures[name], marks, SCENE.talks(name, seconds), rest.get(name, Pose()))
        for name, marks in SCENE.places
        if name != wearer
    )


def _passing() -> tuple[Passing, ...]:
    return tuple(
        Passing(car_solid(PASSING[i % 3], MOVING), x, 0.0, at, speed) for i, (x, at, speed) in enumerate(SCENE.cars)
    )


def _shot(take: Take, stage: Stage, seconds: dict[str, float], views: tuple[View, ...], focal: float) -> Shot:
    in_car = take.device.kind == "in-car"
    return Shot(
        _world(stage, not in_car),
        views,
        focal,
        take.size,
        take.fps,
        take.start,
        take.seconds,
        take.key,
        _actors(stage, "" if in_car else take.wearer_key, seconds),
        _passing(),
        (-100, 1000),
        PARKED if in_car else STANDING,
        grain=1.9,
        hood=hood(take.size, 70) if in_car else None,
    )


def build_alvarez(take: Take, stage: Stage, seconds: dict[str, float]) -> Shot:
    """Waits by her car, then walks up to the first driver."""
    views = (
        View(-10, 3.4, 1.2, 1.42, 0.13, -0.045),
        View(26.5, 3.4, 1.2, 1.42, 0.13, -0.045),
        View(30.3, 3.62, 4.80, 1.42, 0.13, -0.045),
        View(31.3, 3.62, 4.80, 1.42, 0.22, -0.045),
    )
    return _shot(take, stage, seconds, views, 0.44)


def build_okafor(take: Take, stage: Stage, seconds: dict[str, float]) -> Shot:
    """Stands by the rail with the second driver."""
    return _shot(take, stage, seconds, (View(0, 7.12, 11.05, 1.46, -0.40, -0.03),), 0.46)


def build_lindqvist(take: Take, stage: Stage, seconds: dict[str, float]) -> Shot:
    """Looks back along the road at cars, people and traffic."""
    return _shot(take, stage, seconds, (View(0, 3.3, 21.5, 1.45, pi - 0.06, -0.05),), 0.50)


def build_car(take: Take, stage: Stage, seconds: dict[str, float]) -> Shot:
    """Through the windscreen of patrol car 412."""
    return _shot(take, stage, seconds, (View(0, 4.92, 0.45, 1.42, -0.02, -0.06),), 0.62)


TAKES = (
    Take(
        "incident-alvarez",
        SCENE,
        "alvarez",
        "alvarez",
        0.0,
        72.0,
        (1920, 1080),
        10,
        "Minor collision, Route 9 mile 31: first trooper",
        "Collision report",
        build_alvarez,
        incident=NUMBER,
        buffer=30.0,
        clock_error=1.8,
    ),
    Take(
        "incident-okafor",
        SCENE,
        "okafor",
        "okafor",
        34.5,
        36.0,
        (1280, 720),
        10,
        "Minor collision, Route 9 mile 31: second trooper",
        "Collision report",
        build_okafor,
        incident=NUMBER,
        clock_error=-0.7,
    ),
    Take(
        "incident-lindqvist",
        SCENE,
        "lindqvist",
        "lindqvist",
        41.0,
        30.0,
        (1280, 720),
        10,
        "Minor collision, Route 9 mile 31: traffic",
        "Collision report",
        build_lindqvist,
        incident=NUMBER,
        clock_error=4.2,
        wind=1.0,
    ),
    Take(
        "incident-car-412",
        SCENE,
        "car 412",
        "alvarez",
        -6.0,
        66.0,
        (1280, 720),
        8,
        "Minor collision, Route 9 mile 31: patrol car 412",
        "Collision report",
        build_car,
        incident=NUMBER,
        clock_error=-12.4,
        engine=0.3,
        path=lambda at: (4.92, 0.45),
    ),
)
