"""The demo's films through every door: a camera system, tus, a card. Each seals the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from candor.core.settings import Settings
from candor.custody import Event, history
from candor.demo import equipment, site
from candor.demo.doors import CameraSystem, Station, TurnedAway, write_card
from candor.demo.footage import WEARERS, DemoClip, make_footage
from candor.dock.serving import DockServer
from candor.fleet import clocks
from candor.fleet import service as fleet
from candor.footage.tables import intake, part, recording
from candor.footage.tracks import tracks_of
from candor.installation import Installation
from candor.verify.merkle import leaf_hash, root_of

pytestmark = pytest.mark.long

DAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[DemoClip]:
    """Two short films: one with a pre-event buffer, one of another camera."""
    folder = tmp_path_factory.mktemp("films")
    return make_footage(
        folder, faces=None, seconds_scale=0.05, only={"incident-alvarez", "directions"}, last_day=DAY, processes=1
    )


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Installation, equipment.Docks, str]]:
    """An installation with the demo's docks and an open door."""
    settings = Settings.load(home=folder / "home", keys=folder / "keys", dock_port=0)
    with Installation.open(settings, create=True) as installation:
        door = DockServer(installation)
        door.start()
        try:
            # The connection file names the port that was found free.
            known = replace(installation, settings=settings.model_copy(update={"dock_port": door.port}))
            accounts, _ = site._people(known, "a password of the demo")
            yield known, equipment.set_up(known, accounts), door.address
        finally:
            door.stop()


def by_system(installation: Installation, docks: equipment.Docks, _: str, clips: list[DemoClip], __: Path) -> None:
    system = CameraSystem(docks.connection_file)
    for clip in clips:
        system.hand_over(clip, WEARERS[clip.wearer].name, WEARERS[clip.wearer].unit.rsplit(" ", 1)[-1])


def by_tus(_: Installation, docks: equipment.Docks, door: str, clips: list[DemoClip], __: Path) -> None:
    for clip in clips:
        Station(door, docks.station).send(clip)


def by_card(installation: Installation, docks: equipment.Docks, _: str, clips: list[DemoClip], folder: Path) -> None:
    for clip in clips:
        card = write_card(folder / "cards" / clip.device_serial, [clip])
        site.read_card(installation, card, clip.device_serial, docks.reader_id)


def sealed(installation: Installation) -> dict[str, Any]:
    """What the seals say, by the hash of the file."""
    found = {}
    with installation.database.read() as tx:
        for row in tx.execute(sa.select(recording.c.id)).all():
            entries = [entry for entry in history(tx, row.id) if entry.kind == Event.RECORDING_SEALED]
            assert len(entries) == 1
            for one in entries[0].details["parts"]:
                found[one["sha256"]] = {name: one[name] for name in ("part", "chunk_root", "chunk_size", "size")}
    return found


def computed(clip: DemoClip) -> tuple[str, dict[str, Any]]:
    """The seal as anybody computes it from the file."""
    content, size = clip.path.read_bytes(), 1 << 20
    leaves = [leaf_hash(content[at : at + size]) for at in range(0, len(content), size)]
    root = {"part": 1, "chunk_root": root_of(leaves).hex(), "chunk_size": size, "size": len(content)}
    return hashlib.sha256(content).hexdigest(), root


@pytest.mark.parametrize(("face", "hand_over"), [("axis", by_system), ("tus", by_tus), ("card", by_card)])
def test_each_door_gives_the_seal_that_anybody_computes(
    face: str, hand_over: Callable[..., None], clips: list[DemoClip], tmp_path: Path
) -> None:
    with opened(tmp_path) as (installation, docks, door):
        hand_over(installation, docks, door, clips, tmp_path)
        assert sealed(installation) == dict(map(computed, clips))
        with installation.database.read() as tx:
            assert set(tx.scalars(sa.select(intake.c.face))) == {face}
            rows = tx.execute(sa.select(recording.c.device_id, recording.c.wearer_id, recording.c.flags)).all()
        assert all(row.device_id and row.wearer_id and row.flags == [] for row in rows)


def test_one_after_the_other_it_stays_one_recording(clips: list[DemoClip], tmp_path: Path) -> None:
    with opened(tmp_path) as (installation, docks, door):
        for hand_over in (by_card, by_system, by_tus):
            hand_over(installation, docks, door, clips, tmp_path)
        with installation.database.read() as tx:
            assert len(tx.execute(sa.select(part.c.id)).all()) == len(clips)
            assert len(tx.execute(sa.select(intake.c.id)).all()) == 3 * len(clips)
        assert sealed(installation) == dict(map(computed, clips))


def test_what_a_camera_system_says_beside_the_film(clips: list[DemoClip], tmp_path: Path) -> None:
    clip = next(one for one in clips if one.buffer)
    with opened(tmp_path) as (installation, docks, door):
        by_system(installation, docks, door, [clip], tmp_path)
        with installation.database.read() as tx:
            row = tx.execute(sa.select(recording)).one()
            (track,) = tracks_of(tx, row.id)
            device = fleet.find_by_serial(tx, clip.device_serial)
            assert device is not None
            (reading,) = clocks.readings_of(tx, device.id)
        assert (row.started_at, row.activated_at) == (clip.start, clip.activated)
        assert [(point.latitude, point.longitude) for point in track.points] == [
            (fix.lat, fix.lon) for fix in clip.location
        ]
        # What the film is off by, the ledger finds from the satellites' time.
        offset = (reading.reference_at - reading.camera_at).total_seconds()
        assert offset == pytest.approx(-clip.clock_error, abs=0.01)


def test_a_key_that_was_revoked_opens_nothing(clips: list[DemoClip], tmp_path: Path) -> None:
    with opened(tmp_path) as (_, docks, door), pytest.raises(TurnedAway, match="401"):
        Station(door, (docks.station[0], "not the key")).send(clips[0])
