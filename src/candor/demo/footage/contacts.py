"""Help and company in daylight: a flat tyre, a lost cat, the way to the museum, a camera check."""

from __future__ import annotations

from math import pi

import numpy as np

from candor.demo.footage.air import DAY, OVERCAST
from candor.demo.footage.backdrop import World
from candor.demo.footage.cast import PATROL_418, Stage
from candor.demo.footage.ground import Road
from candor.demo.footage.roadside import board, flyer, poles, rail, route_sign, shop, woods
from candor.demo.footage.script import Cue, Scene, Take
from candor.demo.footage.shot import Mark, Shot, View
from candor.demo.footage.solids import Workshop
from candor.demo.footage.staging import FULL, HD, cars, filmed, park
from candor.demo.footage.track import Ground
from candor.demo.footage.vehicles import Car

# A flat tyre, helped with in daylight.
FLAT = Scene(
    "flat tyre",
    2,
    (15, 10, 20),
    Ground(41.8190, -73.1204, 102.0),
    cues=(
        Cue(1.0, "brooks", "Good morning. I saw your hazard lights. Is it the tyre?"),
        Cue(5.6, "brandt", "Yes. I ran over a nail, I think. I have a spare, but my hands are cold."),
        Cue(11.6, "brooks", "No trouble. I will stay behind you with my lights on while we change it."),
        Cue(17.2, "brandt", "You are very kind. My name is Grace."),
        Cue(20.8, "brooks", "Glad to help. Please stand here, away from the traffic."),
        Cue(25.2, "brandt", "Thank you, Trooper."),
    ),
    places=(("brooks", (Mark(0, 6.6, 3.4),)), ("brandt", (Mark(0, 6.55, 5.35),))),
    cars=((-1.8, 4.0, -17.0), (1.8, 12.0, 14.0), (-1.8, 22.0, -18.0)),
)


def build_flat(take: Take, stage: Stage, seconds: dict[str, float]) -> Shot:
    """A car on the shoulder, its owner beside it, a spare wheel on the ground."""
    world = World(DAY, Road(), stage.stuff)
    park(world, Car("3GH 771", (0.26, 0.25, 0.20), "hatch", tail="hazard"), 4.9, 8.0, 0.04)
    wheel = Workshop()
    for k in range(20):
        a, b = k * pi / 10, (k + 1) * pi / 10
        for inner, outer, ink in ((0.0, 0.19, 0.3), (0.19, 0.33, 0.02)):
            wheel.face(
                [(np.cos(t) * r, np.sin(t) * r, 0.2) for t, r in ((a, inner), (a, outer), (b, outer), (b, inner))],
                (ink, ink, ink),
                gloss=0.1,
            )
        wheel.face(
            [
                (np.cos(a) * 0.33, np.sin(a) * 0.33, 0),
                (np.cos(b) * 0.33, np.sin(b) * 0.33, 0),
                (np.cos(b) * 0.33, np.sin(b) * 0.33, 0.2),
                (np.cos(a) * 0.33, np.sin(a) * 0.33, 0.2),
            ],
            (0.02, 0.02, 0.02),
        )
    world.solids += [
        wheel.done().placed(5.6, 6.2),
        rail(9.2, (-10, 60)),
        board(7.6, 15.0, 1.2, (0.5, 0.85), route_sign("9", "34"), 0.08),
    ]
    world.standing += [*woods("flat", along=(-20, 170), right=12.5, left=10.5, thick=60), *poles((0, 170), -8.8)]
    views = (
        View(0, 6.3, 3.5, 1.45, -0.16, -0.10),
        View(20.5, 6.3, 3.5, 1.45, -0.16, -0.10),
        View(22, 6.3, 3.5, 1.45, -0.02, -0.06),
    )
    return filmed(take, stage, seconds, world, views, 0.46)


# A cat that has been gone since Sunday.
CAT = Scene(
    "lost cat",
    2,
    (18, 25, 5),
    Ground(41.8262, -73.1169, 310.0),
    cues=(
        Cue(0.8, "lindqvist", "So this is Chelsea. When did you last see her?"),
        Cue(5.2, "hale", "On Sunday, near the diner on Mill Lane. She is very shy."),
        Cue(10.4, "lindqvist", "I will ask the day shift to keep an eye out for her."),
        Cue(14.8, "hale", "Thank you so much. The number is on the flyer."),
        Cue(18.4, "lindqvist", "I have a cat myself. They do come home."),
    ),
    places=(
        ("lindqvist", (Mark(0, 6.2, 0.0),)),
        ("hale", (Mark(0, 7.05, 1.75),)),
        ("passer-by", (Mark(0, 13.0, 14.0), Mark(22, 4.0, 15.0))),
    ),
    cars=((-1.8, 9.0, -9.0),),
)


def build_cat(take: Take, stage: Stage, seconds: dict[str, float]) -> Shot:
    """First the flyer on its board, then the person who put it up."""
    world = World(OVERCAST, Road(parking=True), stage.stuff)
    world.solids += [
        board(6.05, 1.28, 0.98, (0.62, 0.84), flyer(stage.cat), -0.12),
        shop(13.0, 22.0, 15.0, "MILL LANE DINER", (0.30, 0.16, 0.12), 0.0, lit=True),
        shop(28.5, 22.5, 13.0, "HARDWARE", (0.20, 0.22, 0.24), 0.0),
    ]
    for i, car in enumerate(cars("diner", 5, False)):
        park(world, car, 6.0 + 2.9 * i, 17.5, 0.0)
    world.standing += [*woods("mill lane green", along=(24, 120), right=6, left=9, thick=46), *poles((12, 120), -8.2)]
    views = (
        View(0, 6.2, 0.0, 1.45, -0.06, -0.02),
        View(3.6, 6.2, 0.0, 1.45, -0.06, -0.02),
        View(5.2, 6.2, 0.0, 1.45, 0.36, -0.02),
    )
    return filmed(take, stage, seconds, world, views, 0.48)


# The way to the museum.
MUSEUM = Scene(
    "directions",
    1,
    (16, 2, 40),
    Ground(41.8151, -73.1290, 12.0),
    cues=(
        Cue(0.8, "passer-by", "Excuse me. Which way is the railway museum?"),
        Cue(4.6, "okafor", "Straight on to the second light, then turn left at the library."),
        Cue(10.0, "osei", "Is there somewhere to park?"),
        Cue(12.6, "okafor", "Yes, behind the museum. It is free on weekdays."),
        Cue(16.6, "passer-by", "Great, thank you."),
    ),
    places=(("okafor", (Mark(0, 6.0, 0.0),)), ("passer-by", (Mark(0, 5.7, 1.9),)), ("osei", (Mark(0, 6.75, 2.35),))),
    cars=((1.8, 3.0, 11.0), (-1.8, 8.0, -12.0), (1.8, 16.0, 10.0)),
)


def build_museum(take: Take, stage: Stage, seconds: dict[str, float]) -> Shot:
    """Two visitors on a pavement in the sun."""
    world = World(DAY, Road(parking=True), stage.stuff)
    for i, car in enumerate(cars("street", 4, False)):
        park(world, car, -5.0 if i % 2 else 8.6 + 3 * i, 12.0 + 4 * i)
    world.solids += [
        shop(12.0, 30.0, 12.0, "LIBRARY", (0.32, 0.27, 0.20), 0.35, tall=6.0),
        shop(-11.0, 26.0, 14.0, "BAKERY & TEA", (0.24, 0.14, 0.12), -0.25),
    ]
    world.standing += woods("street", along=(14, 140), right=9.5, left=8.5, thick=40)
    return filmed(take, stage, seconds, world, (View(0, 6.0, 0.0, 1.47, 0.02, -0.03),), 0.46)


# The check at the start of a shift.
CHECK = Scene(
    "check",
    3,
    (19, 0, 5),
    Ground(41.8302, -73.1101, 0.0),
    cues=(Cue(1.0, "lindqvist", "Camera check. Sergeant Lindqvist, start of shift. Picture and sound are good."),),
    places=(("lindqvist", (Mark(0, 6.5, 0.0),)),),
)


def build_check(take: Take, stage: Stage, seconds: dict[str, float]) -> Shot:
    """The barracks' yard with a patrol car."""
    world = World(OVERCAST, Road(parking=True), stage.stuff)
    park(world, PATROL_418, 8.2, 6.8, 2.5)
    park(world, Car("CSP 401", (0.035, 0.045, 0.085), "suv", patrol=True), 3.6, 9.5, 0.2)
    world.solids.append(shop(7.0, 24.0, 22.0, "TROOP C BARRACKS", (0.26, 0.24, 0.20), 0.0, tall=5.2))
    world.standing += woods("yard", along=(32, 90), right=3, left=8, thick=30)
    return filmed(take, stage, seconds, world, (View(0, 6.5, 0.0, 1.45, 0.05, -0.05),), 0.48)


TAKES = (
    Take(
        "flat-tyre",
        FLAT,
        "brooks",
        "brooks",
        0.0,
        30.0,
        HD,
        10,
        "Flat tyre, Route 9 mile 34",
        "Assist motorist",
        build_flat,
        incident="CSP-26-118377",
        clock_error=0.6,
    ),
    Take(
        "lost-cat",
        CAT,
        "lindqvist",
        "lindqvist",
        0.0,
        24.0,
        FULL,
        10,
        "Lost cat, Mill Lane",
        "Community contact",
        build_cat,
        clock_error=4.1,
    ),
    Take(
        "directions",
        MUSEUM,
        "okafor",
        "okafor",
        0.0,
        20.0,
        HD,
        10,
        "Directions to the museum",
        "Community contact",
        build_museum,
        clock_error=-0.8,
    ),
    Take(
        "camera-check",
        CHECK,
        "lindqvist",
        "lindqvist",
        0.0,
        10.0,
        HD,
        10,
        "Camera check, start of shift",
        "Test",
        build_check,
        clock_error=4.2,
    ),
)
