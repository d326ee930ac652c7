"""What an order erased stays erased when an older backup is restored; what is archived is backed up all the same."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.recovery.conftest import WHO, Machine

from candor.core.clock import FixedClock
from candor.core.settings import Settings
from candor.custody import history
from candor.footage import archiving, erasing, purging
from candor.footage.catalogue import change
from candor.footage.tables import part, recording
from candor.installation import Installation
from candor.people.rules import system_actor
from candor.recovery.keeping import pass_on_purges
from candor.retention import deciding, proposing
from candor.retention.dispositions import DispositionKind, DispositionState, ItemState, disposition_of, items

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_backup_from_before_the_order_brings_nothing_back(machine: Machine, another: Machine) -> None:
    with machine.open() as here:
        taken = machine.take(here, b"Jane Roe speaks" * 500, "jane roe.mp4")
        with here.database.write() as tx:
            change(tx, taken.recording_id, {"title": "Jane Roe speaks"}, WHO)
            stays = tx.scalar(sa.select(recording.c.id).where(recording.c.id != taken.recording_id).limit(1))
            ordered = {"kind": DispositionKind.ERASURE, "authority": "CV-8", "reason": "an order"}
            made = proposing.propose(tx, WHO, number="1", choice=proposing.Choice((str(stays),)), **ordered)
            deciding.approve(tx, system_actor("second"), made, reason="seen", recycle_days=30, at_once=True)
    machine.back_up()
    with machine.open() as here:
        with here.database.write() as tx:
            words = {"authority": "Order 26-CV-7", "reason": "an order of the court"}
            erasing.erase(tx, here.vault, here.jobs, WHO, taken.recording_id, **words)
        pass_on_purges(here, machine.place())
    assert another.restore().tombstones == 1
    with another.open() as here:
        with here.database.read() as tx:
            row = tx.execute(sa.select(recording).where(recording.c.id == taken.recording_id)).one()
            assert (row.state, row.title) == ("destroyed", "(erased by order)")
            kept = tx.execute(sa.select(part).where(part.c.recording_id == taken.recording_id)).one()
            assert (kept.name, kept.claims, kept.sha256 == taken.sha256) == ("(erased by order)", {}, False)
            assert all(one.is_erased for one in history(tx, taken.recording_id))
            assert [one.is_erasure for one in purging.purges_of(tx, taken.recording_id)] == [True]
            # What held a recording since the backup is not in it: what was approved before is looked at again.
            assert disposition_of(tx, made).state is DispositionState.WITHDRAWN
            assert [item.state for item in items(tx, made)] == [ItemState.KEPT]
        assert another.take(here, b"Jane Roe speaks" * 500, "jane roe.mp4").held
        assert here.log.check() == []
    home = another.settings.home
    found = [one.name for one in home.rglob("*") if one.is_file() and b"speaks" in one.read_bytes()]
    assert found == []


def test_what_lies_in_the_archive_is_backed_up_and_restored(machine: Machine, another: Machine, tmp_path: Path) -> None:
    settings = Settings.load(
        home=machine.settings.home,
        keys=machine.settings.keys_folder,
        database_url=machine.settings.database_url,
        archive_url=str(tmp_path / "far"),
    )
    with Installation.open(settings) as here:
        later = FixedClock(here.clock.now() + timedelta(days=400))
        count = archiving.run(here.database, here.vault, older_than=timedelta(days=180), clock=later)
        assert count == 3
        assert not any(True for _ in here.vault.store.list())
        here.log.settle()
    made = Machine(settings, machine.kept).back_up()
    assert (made.copied, made.missing) == (3, ())
    assert another.restore().problems == ()
    with another.open() as here:
        assert len(list(here.vault.store.list())) == 3
