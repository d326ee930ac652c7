"""Quiet hours: a tail light that is out, a lot on foot, traffic at the town line, driving by day and by night."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

from candor.demo.footage.air import DAY, DUSK, NIGHT, OVERCAST, Air
from candor.demo.footage.backdrop import World
from candor.demo.footage.cast import Stage, hood, patrol_lamps
from candor.demo.footage.drive import Drive, OnRoad
from candor.demo.footage.ground import Road
from candor.demo.footage.lens import PARKED
from candor.demo.footage.roadside import board, house, poles, rail, shop, woods
from candor.demo.footage.script import Cue, Scene, Take
from candor.demo.footage.shot import Mark, Shot, View
from candor.demo.footage.staging import HD, cars, filmed, park, traffic
from candor.demo.footage.track import Ground
from candor.demo.footage.vehicles import MOVING, Car, car_solid

# A tail light that is out; told kindly, no ticket.
LIGHT = Scene(
    "tail light",
    1,
    (2, 14, 30),
    Ground(41.7921, -73.1405, 66.0),
    cues=(
        Cue(0.6, "dispatch", "Four eighteen, go ahead.", radio=True),
        Cue(2.6, "brooks", "Four eighteen, traffic stop, Route nine at mile twenty eight. One car.", radio=True),
        Cue(9.0, "brooks", "Good evening. Your left tail light is out. That is the only reason I stopped you."),
        Cue(14.8, "osei", "Oh. I did not know. I can have it fixed tomorrow."),
        Cue(19.4, "brooks", "That is all I need to hear. No ticket. Have a safe night."),
        Cue(24.6, "osei", "Thank you. You too."),
    ),
    places=(
        ("brooks", (Mark(0, 3.5, 0.6, 0.1), Mark(3.5, 3.5, 0.6, 0.1), Mark(7.3, 4.15, 4.4, 0.3))),
        ("osei", (Mark(0, 4.02, 6.1),)),
    ),
    cars=((-1.8, 6.5, -16.0), (-1.8, 18.0, -17.0)),
)
STOPPED = Car("8VN 364", (0.06, 0.07, 0.09), "sedan", tail="left-out")


def _light_world(stage: Stage, with_patrol_car: bool) -> World:
    world = World(NIGHT, Road(), stage.stuff)
    park(world, STOPPED, 5.0, 9.3, 0.02)
    if with_patrol_car:
        world.solids.append(
            car_solid(Car("CSP 418", (0.035, 0.045, 0.085), "suv", patrol=True, headlamps=True)).placed(4.95, 0.0)
        )
        world.footprints.append((4.95, 0.0, 0.0, 0.94, 2.4))
    world.solids.append(rail(8.0, (-14, 46)))
    world.lamps += patrol_lamps(4.95, 0.0)
    world.standing += [*woods("night", along=(-20, 120), right=11, left=10.5, thick=50), *poles((0, 120), -8.8)]
    return world


def build_light(take: Take, stage: Stage, seconds: dict[str, float]) -> Shot:
    """The trooper walks up; the driver stands at the rear of his car."""
    views = (
        View(0, 3.5, 0.6, 1.46, 0.20, -0.045),
        View(3.5, 3.5, 0.6, 1.46, 0.20, -0.045),
        View(7.3, 4.15, 4.5, 1.46, 0.20, -0.045),
    )
    return filmed(take, stage, seconds, _light_world(stage, True), views, 0.45, lit=True, flashing=True, grain=2.4)


def build_light_car(take: Take, stage: Stage, seconds: dict[str, float]) -> Shot:
    """The same stop through the windscreen of patrol car 418."""
    return filmed(
        take,
        stage,
        seconds,
        _light_world(stage, False),
        (View(0, 4.92, 0.45, 1.42, -0.01, -0.06),),
        0.62,
        lit=True,
        flashing=True,
        grain=2.2,
    )


# A parking lot, looked over on foot.
LOT = Scene(
    "lot",
    4,
    (21, 30, 0),
    Ground(41.8262, -73.1169, 310.0),
    cues=(
        Cue(1.2, "okafor", "Four fifteen, foot patrol at the commuter lot. All quiet.", radio=True),
        Cue(7.4, "dispatch", "Four fifteen, copy. All quiet.", radio=True),
    ),
    places=(("okafor", (Mark(0, 6.5, 0.0),)), ("passer-by", (Mark(0, 10.5, 13.0), Mark(15, 3.0, 11.5)))),
)


def build_lot(take: Take, stage: Stage, seconds: dict[str, float]) -> Shot:
    """A slow look along a row of parked cars at dusk."""
    world = World(DUSK, Road(parking=True), stage.stuff)
    for i, car in enumerate(cars("lot", 9, False)):
        if i != 4:
            park(world, car, 0.4 + 2.85 * i, 8.6 + 0.12 * (i % 3))
    world.solids.append(shop(15.0, 30.0, 18.0, "COMMUTER RAIL", (0.22, 0.20, 0.18), 0.0, lit=True))
    world.standing += woods("lot", along=(34, 120), right=4, left=8, thick=44)
    views = (
        View(0, 6.5, 0.0, 1.47, -0.42, -0.06),
        View(1.5, 6.5, 0.0, 1.47, -0.42, -0.06),
        View(13, 6.5, 0.0, 1.47, 0.72, -0.06),
    )
    return filmed(take, stage, seconds, world, views, 0.50, grain=1.9)


# Three minutes at the town line.
WATCH_CARS = tuple(
    (1.8 if i % 3 else -1.8, 7.0 + 12.6 * i + (i * 37 % 5), (12.5 + i % 4) * (1 if i % 3 else -1)) for i in range(14)
)
WATCH = Scene(
    "watch",
    5,
    (14, 0, 0),
    Ground(41.7866, -73.1466, 66.0),
    cues=(
        Cue(4.0, "alvarez", "Four twelve, I will be at the town line on Route nine, watching traffic.", radio=True),
        Cue(10.5, "dispatch", "Four twelve, copy.", radio=True),
        Cue(
            58.0,
            "dispatch",
            "All units, the bridge on Mill Lane is open again. Thank you for your patience.",
            radio=True,
        ),
        Cue(90.0, "dispatch", "Four fifteen, a caller says thank you for the help with the ladder.", radio=True),
        Cue(96.5, "okafor", "Four fifteen, that made my day.", radio=True),
        Cue(108.0, "alvarez", "Four twelve, leaving the town line. Nothing to report.", radio=True),
        Cue(113.5, "dispatch", "Four twelve, copy.", radio=True),
    ),
    places=(("okafor", (Mark(0, 900.0, 900.0),)),),
    cars=WATCH_CARS,
)


def build_watch(take: Take, stage: Stage, seconds: dict[str, float]) -> Shot:
    """Parked beside the road; cars come and go."""
    world = World(OVERCAST, Road(), stage.stuff)
    world.solids += [board(6.9, 17.0, 1.3, (0.9, 0.6), _town_sign(), 0.05), rail(-6.6, (8, 70))]
    world.standing += [*woods("town line", along=(6, 190), right=10.5, left=10, thick=90), *poles((6, 190), -8.4)]
    return Shot(
        world,
        (View(0, 7.2, 0.0, 1.42, -0.14, -0.055),),
        0.62,
        take.size,
        take.fps,
        take.start,
        take.seconds,
        take.key,
        (),
        traffic(take.scene, False),
        None,
        PARKED,
        grain=1.4,
        hood=hood(take.size, 150),
    )


def _town_sign() -> Image.Image:
    sign = Image.new("RGB", (540, 360), (242, 240, 230))
    draw = ImageDraw.Draw(sign)
    draw.rounded_rectangle((8, 8, 531, 351), 24, outline=(30, 60, 96), width=8)
    for text, y, points in (("ENTERING", 70, 56), ("MILLBROOK", 170, 92), ("SETTLED 1791", 282, 50)):
        draw.text((270, y), text, font=ImageFont.load_default(points), fill=(24, 50, 84), anchor="mm", stroke_width=1)
    return sign


# Driving: through a village by day, home at night.
VILLAGE = Scene(
    "village",
    1,
    (17, 45, 0),
    Ground(41.8235, -73.1222, 130.0),
    cues=(
        Cue(2.0, "brooks", "Four eighteen, rolling through Millbrook. Shops are open.", radio=True),
        Cue(8.0, "dispatch", "Four eighteen, copy.", radio=True),
    ),
)
NIGHT_DRIVE = Scene(
    "night drive",
    1,
    (3, 30, 0),
    Ground(41.7995, -73.1350, 24.0),
    cues=(
        Cue(6.0, "dispatch", "Four eighteen, can you pick up coffee on the way in?", radio=True),
        Cue(11.0, "brooks", "Four eighteen, copy. Two with milk.", radio=True),
        Cue(26.0, "brooks", "Deer on the right. Slowing down."),
    ),
)


def build_village(take: Take, stage: Stage, seconds: dict[str, float]) -> Drive:
    """Parked cars on both sides, plates and all."""
    fleet = cars("village", 14, False)
    parked = [
        OnRoad(car_solid(car, MOVING), 16.0 + 13.5 * i + (i * 7 % 4), 4.75 if i % 4 != 3 else -5.0, 0.0)
        for i, car in enumerate(fleet[:12])
    ]
    coming = [
        OnRoad(car_solid(fleet[12], MOVING), 120.0, -1.8, -9.0),
        OnRoad(car_solid(fleet[13], MOVING), 230.0, -1.8, -10.0),
    ]
    houses = tuple((house(i), 14.0 + 17.0 * i, (15.5 + i % 3) * (-1 if i % 2 else 1), 8.6) for i in range(16))
    return _drive(take, stage, DAY, 8.0, (*parked, *coming), Road(kerb=True, shoulder=3.2), 13.5, houses)


def build_night_drive(take: Take, stage: Stage, seconds: dict[str, float]) -> Drive:
    """Headlamps on an empty road, now and then another pair."""
    fleet = cars("night drive", 5, True)
    ahead = (
        OnRoad(car_solid(fleet[0], MOVING), 26.0, 1.8, 14.6),
        OnRoad(car_solid(fleet[1], MOVING), 260.0, -1.8, -15.0),
        OnRoad(car_solid(fleet[2], MOVING), 620.0, -1.8, -14.0),
        OnRoad(car_solid(fleet[3], MOVING), 980.0, -1.8, -16.0),
    )
    return _drive(take, stage, NIGHT, 14.5, ahead, Road(), 10.0)


def _drive(
    take: Take,
    stage: Stage,
    air: Air,
    speed: float,
    on_road: tuple[OnRoad, ...],
    road: Road,
    beside: float,
    boards: tuple[tuple[Image.Image, float, float, float], ...] = (),
) -> Drive:
    night = air is NIGHT
    return Drive(
        World(air, road, stage.stuff),
        take.size,
        take.fps,
        take.seconds,
        take.key,
        speed,
        beside=beside,
        cars=on_road,
        boards=boards,
        headlamps=night,
        grain=2.2 if night else 1.5,
        hood=hood(take.size, 34 if night else 165),
    )


TAKES = (
    Take(
        "tail-light",
        LIGHT,
        "brooks",
        "brooks",
        0.0,
        30.0,
        HD,
        10,
        "Traffic stop: tail light",
        "Traffic stop",
        build_light,
        incident="CSP-26-118290",
        clock_error=0.5,
    ),
    Take(
        "tail-light-car-418",
        LIGHT,
        "car 418",
        "brooks",
        0.0,
        30.0,
        HD,
        10,
        "Traffic stop: tail light, patrol car 418",
        "Traffic stop",
        build_light_car,
        incident="CSP-26-118290",
        clock_error=-3.1,
        engine=0.3,
        path=lambda at: (4.92, 0.45),
    ),
    Take(
        "commuter-lot",
        LOT,
        "okafor",
        "okafor",
        0.0,
        15.0,
        HD,
        10,
        "Foot patrol, commuter lot",
        "Patrol",
        build_lot,
        codec="hevc",
        clock_error=-0.6,
    ),
    Take(
        "town-line",
        WATCH,
        "car 412",
        "alvarez",
        0.0,
        120.0,
        HD,
        5,
        "Traffic watch at the town line",
        "Patrol",
        build_watch,
        clock_error=-12.1,
        engine=0.3,
        path=lambda at: (7.2, 0.0),
    ),
    Take(
        "village",
        VILLAGE,
        "car 418",
        "brooks",
        0.0,
        20.0,
        HD,
        10,
        "Patrol through Millbrook",
        "Patrol",
        build_village,
        clock_error=-3.0,
        engine=0.8,
        path=lambda at: (1.8, 8.0 * at),
    ),
    Take(
        "night-drive",
        NIGHT_DRIVE,
        "car 418",
        "brooks",
        0.0,
        30.0,
        HD,
        10,
        "Return to barracks",
        "Patrol",
        build_night_drive,
        clock_error=-3.1,
        engine=1.0,
        path=lambda at: (1.8, 14.5 * at),
    ),
)
