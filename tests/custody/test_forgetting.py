"""Erasing what events said, on an order: the public log stays as it was, and nothing opens those entries again."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody import CustodyLog, Event, append, forgetting, history, searching
from candor.custody.errors import EventErased, LogDamaged
from candor.custody.tables import custody_event
from candor.store.tables import tombstone
from candor.store.tombstones import ERASURE
from candor.verify.tlogproof import TlogProof

RECORDING, OTHER = new_id(), new_id()


@pytest.fixture
def log(database: Database, fixed_clock: FixedClock, tmp_path: Path) -> CustodyLog:
    """A log with three events of one recording, one of another, and one of none that names a file of it."""
    made = CustodyLog(database, tmp_path / "log", tmp_path / "keys", fixed_clock)
    with database.write() as tx:
        made.create(tx, "example.test/log", actor="system:setup")
        for n in range(3):
            said = {"purpose": f"secret {n}", "account": "somebody"}
            append(tx, Event.RECORDING_VIEWED, actor="system:test", recording=RECORDING, details=said)
        append(tx, Event.RECORDING_VIEWED, actor="system:test", recording=OTHER, details={"purpose": "other"})
        append(tx, Event.LINK_USED, actor="system:link", details={"sha256": "ab" * 32, "name": "secret name"})
    made.settle()
    return made


def order(database: Database, clock: FixedClock, kind: str = ERASURE) -> str:
    stone = new_id()
    with database.write() as tx:
        row = {"id": stone, "subject": RECORDING, "object_ids": [], "destroyed_at": clock.now()}
        tx.execute(tombstone.insert().values(**row, actor="system:test", authority="a", reason="b", kind=kind))
        also = forgetting.events_naming(tx, ["ab" * 32])
        assert forgetting.erase(tx, [RECORDING], stone, also=also) == 4
        append(tx, Event.RECORDING_ERASED, actor="system:test", recording=RECORDING, details={"authority": "a"})
    return stone


def test_the_log_is_as_it_was_and_proofs_handed_out_before_still_hold(
    database: Database, fixed_clock: FixedClock, log: CustodyLog
) -> None:
    with database.read() as tx:
        first = history(tx, RECORDING)[0]
    proof = log.proof(first.id)
    before = log.checkpoint()
    assert before is not None
    assert log.check() == []
    stone = order(database, fixed_clock)
    log.settle()
    assert log.check() == []
    after = log.checkpoint()
    assert after is not None
    assert after.size == before.size + 1
    with database.read() as tx:
        events = history(tx, RECORDING)
        assert forgetting.erased_count(tx) == 4
    assert [(one.is_erased, one.erased_by) for one in events[:3]] == [(True, stone)] * 3
    assert [(one.position, one.leaf, one.kind) for one in events[:1]] == [(first.position, first.leaf, first.kind)]
    assert events[3].details == {"authority": "a"}
    # What was handed out before opens the leaf that is in the log still.
    again = TlogProof.parse(proof.format())
    assert again.extra is not None
    assert first.opening.check().details["purpose"] == "secret 0"
    assert first.opening.leaf.decode() == events[0].leaf
    for one in events[:3]:
        assert one.details == {}
        with pytest.raises(EventErased):
            _ = one.opening
        with pytest.raises(EventErased):
            log.proof(one.id)
    assert log.proof_at(first.position or 0, after).extra is None


def test_nothing_of_it_is_left_and_every_reader_gets_on(
    database: Database, fixed_clock: FixedClock, log: CustodyLog
) -> None:
    with database.read() as tx:
        salts = list(tx.scalars(sa.select(custody_event.c.salt).where(custody_event.c.recording_id == RECORDING)))
    order(database, fixed_clock)
    with database.read() as tx:
        rows = tx.execute(sa.select(custody_event)).all()
        assert not any("secret" in str(tuple(row)) for row in rows)
        assert not any(salt in tuple(row) for row in rows for salt in salts)
        assert [len(searching.find(tx, searching.Search(text=text)).events) for text in ("secret", "other")] == [0, 1]
        found = searching.find(tx, searching.Search()).events
        assert sum(one.is_erased for one in found) == 4
        assert not any(one.details for one in found if one.is_erased)
        assert history(tx, OTHER)[0].details == {"purpose": "other"}
    with database.write() as tx:  # once more by another order: what is erased stays with the first
        assert forgetting.erase(tx, [RECORDING], new_id()) == 0
        assert history(tx, RECORDING)[-1].kind is Event.RECORDING_ERASED


def test_what_was_emptied_without_an_order_is_damage(
    database: Database, fixed_clock: FixedClock, log: CustodyLog
) -> None:
    order(database, fixed_clock)
    log.settle()
    assert log.check() == []
    victim = custody_event.c.recording_id == OTHER
    for values in ({"payload": ""}, {"payload": "{}", "salt": b""}, {"salt": b"s" * 32, "erased_by": new_id()}):
        with database.write() as tx:
            tx.execute(custody_event.update().where(victim).values(values))
        with pytest.raises(LogDamaged, match="no order"):
            log.check()


def test_a_purge_is_no_order(database: Database, fixed_clock: FixedClock, log: CustodyLog) -> None:
    order(database, fixed_clock, kind="purge")
    log.settle()
    with pytest.raises(LogDamaged, match="no order"):
        log.check()
