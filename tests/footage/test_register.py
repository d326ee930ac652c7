"""The register of derivatives and references: a purge and an order of erasure reach everything that it names, and
nothing that keeps something of footage is missing from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.footage import planting
from tests.footage.conftest import Archive
from tests.footage.planting import GOES, KEEPS, PLANTS, Planted

import candor
from candor import installation
from candor.core.database import metadata
from candor.footage import erasing, purging, register
from candor.footage.rules import RenditionKind
from candor.migrations import models
from candor.store import sweep
from candor.store.tombstones import KeysLedger

WORDS = {"authority": "Order 26-CV-7", "reason": "an order of the court"}


def settle(archive: Archive) -> None:
    purging.settle(archive.database, archive.vault, KeysLedger(archive.folder / "keys"), clock=archive.clock)


def in_files(archive: Archive, words: str) -> bool:
    file = Path(archive.database.engine.url.database or "")
    return any(words.encode() in path.read_bytes().lower() for path in file.parent.glob(f"{file.name}*"))


def test_every_kind_that_is_registered_can_be_planted() -> None:
    assert installation.Installation
    assert {kept.name for kept in register.all_kept()} == set(PLANTS)
    for kept in register.all_kept():
        assert kept.words, kept.name
        assert kept.goes, kept.name
        assert kept.stays, kept.name


def test_nothing_survives_that_is_to_go(archive: Archive) -> None:
    """One of every registered kind; a purge, and then an order about what it left."""
    one = Planted(archive)
    for plant in PLANTS.values():
        plant(one)
    other = archive.worn(b"another recording, which stays as it is", "other.mp4")
    assert planting.found_in_rows(archive, GOES)
    assert {"proxy", "original", "sidecar", "repaired"} <= {
        kind.partition("/")[0] for kind in planting.found_in_objects(archive, GOES)
    }
    act = (archive.vault, archive.jobs, archive.technician, one.id)
    with archive.database.write() as tx:
        told = register.references_to(tx, one.id)
        purging.purge(tx, *act, clock=archive.clock, **WORDS)
    assert any("package" in words for words in told)
    assert planting.found_in_rows(archive, GOES) == []
    assert planting.found_in_objects(archive, GOES) == []
    left = planting.found_in_rows(archive, KEEPS)
    assert {"recording.title", "part.name", "custody_event.payload", "sidecar.name"} <= set(left)
    with archive.database.write() as tx:
        erasing.erase(tx, *act, clock=archive.clock, **WORDS)
    settle(archive)
    assert planting.found_in_rows(archive, KEEPS) == []
    assert planting.found_in_rows(archive, one.sha256.hex()) == []
    assert planting.found_in_rows(archive, one.sha256.decode("latin-1").lower()) == []
    assert planting.found_in_objects(archive, KEEPS) == []
    if archive.database.is_sqlite:
        assert not in_files(archive, GOES)
        assert not in_files(archive, KEEPS)
    with archive.database.read() as tx:
        survivor = tx.scalar(sa.text("SELECT object_id FROM part WHERE id = :id").bindparams(id=other.part_id))
    assert archive.objects() == {survivor}
    assert archive.content(survivor) == b"another recording, which stays as it is"


def test_every_table_about_footage_is_registered() -> None:
    assert models.metadata is metadata
    assert register.unregistered_tables(metadata.sorted_tables) == []
    # What is said of a table that there is not helps nobody.
    assert register.registered_tables() <= set(metadata.tables)


def test_one_that_nobody_registered_is_found() -> None:
    elsewhere = sa.MetaData()
    recording = sa.Table("recording", elsewhere, sa.Column("id", sa.Text, primary_key=True))
    by_name = sa.Table("summary", elsewhere, sa.Column("recording_id", sa.Text), sa.Column("text", sa.Text))
    by_key = sa.Table("fingerprint", elsewhere, sa.Column("of", sa.Text, sa.ForeignKey("recording.id")))
    neither = sa.Table("weather", elsewhere, sa.Column("day", sa.Text))
    assert register.unregistered_tables([recording, by_name, by_key, neither]) == ["fingerprint", "summary"]
    assert register.unregistered_kinds(["original", "repaired/x", "summary"]) == ["summary"]


def test_every_kind_of_sealed_object_is_registered() -> None:
    """As the source names them, because no test makes all of them."""
    given = re.compile(r"\.(?:writer|seal)\(\s*\"([a-z-]+)\"")
    kinds = {kind.value for kind in RenditionKind}
    for path in Path(candor.__file__).parent.rglob("*.py"):
        kinds |= set(given.findall(path.read_text(encoding="utf-8")))
    assert {"original", "sidecar", "package"} <= kinds
    assert register.unregistered_kinds(kinds) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_room_above_registers_its_own(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that keeps summaries would: its text goes in the purge's transaction, and the object's key."""
    taken = archive.worn(b"a film")
    one = Planted.__new__(Planted)
    one.archive = archive
    object_id, forgotten = one.seal("summary", "what it was about"), list[str]()
    monkeypatch.setattr(register, "_KEPT", dict(register._KEPT))
    register.register(
        register.Kept(
            name="summaries",
            words="what it was about",
            goes="the text",
            stays="nothing",
            kinds=frozenset({"summary"}),
            objects=lambda tx, recording_id: {object_id: "summary"},
            forget=lambda tx, recording_id: forgotten.append(recording_id),
        )
    )
    with archive.database.write() as tx:
        purging.purge(
            tx, archive.vault, archive.jobs, archive.technician, taken.recording_id, clock=archive.clock, **WORDS
        )
    assert forgotten == [taken.recording_id]
    assert sorted(sweep(archive.database, archive.vault).keyless)[-1] == object_id
