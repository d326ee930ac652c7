"""Checks over a real installation: all well, then each thing broken on purpose."""

from __future__ import annotations

import os
import socket
import stat
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from candor.core.clock import FixedClock
from candor.core.ids import new_id
from candor.core.settings import Settings
from candor.custody import Event, append
from candor.custody.tables import log_head, log_witness
from candor.footage.tables import fixity_check
from candor.health.checks import clock, database, keys, log, machine, recovery_ways, store, work
from candor.health.errors import CheckUnknown
from candor.health.examination import CHECKS, HOUR, MINUTE, Check, examine, make, names, ready
from candor.health.findings import Level
from candor.health.place import Place
from candor.installation import Installation
from candor.jobs import JobState
from candor.jobs.tables import job, job_worker
from candor.store.key_records import Escrow, change_records
from candor.verify.note import COSIGNATURE_ED25519, VerifierKey

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_nothing_is_bad_where_all_is_well(place: Place, sealed: str) -> None:
    place.installation.log.settle()  # type: ignore[union-attr]
    found = {one.name: one for one in examine(place)}
    bad = {name: one.words for name, one in found.items() if one.level is Level.BAD}
    # The server of these tests keeps nothing over a power cut, which is what the check is there to say.
    if not place.database.is_sqlite:
        assert "fsync=off" in bad.pop("database")
    assert bad == {}
    assert {"database", "keys", "store", "log", "codecs", "limited", "fonts"} <= set(found)
    assert all(one.mend for one in found.values() if one.level is not Level.OK)


@sqlite_only
def test_each_check_can_be_asked_for_alone(place: Place) -> None:
    assert [one.name for one in examine(place, ["disk", "keys"])] == ["disk", "keys"]
    with pytest.raises(CheckUnknown, match="There are: installation, settings"):
        list(examine(place, ["dsk"]))
    assert len(set(names())) == len(CHECKS)


def test_a_machine_without_an_installation(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home")
    with Place.by_settings(settings) as place:
        found = {one.name: one for one in examine(place)}
    assert found["installation"].level is Level.WARN
    assert "candor serve" in found["installation"].mend
    assert not any(one.level is Level.BAD for one in found.values())
    assert {"database", "keys", "log"}.isdisjoint(found)
    assert list(tmp_path.iterdir()) == [], "looking made something"


def test_a_check_that_breaks_is_a_finding_and_stops_nobody(place: Place) -> None:
    def broken(_: Place) -> None:
        raise ZeroDivisionError("division by zero")

    for every in (MINUTE, HOUR):
        found = make(Check("broken", broken, every=every), place)
        assert found is not None
        assert found.level is Level.WARN
        assert "ZeroDivisionError" in found.words


def test_a_check_that_hangs_is_bad_in_bounded_time(place: Place) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    hung = socket.create_connection(listener.getsockname())

    def hangs(_: Place) -> None:
        hung.recv(1)

    found = make(Check("hangs", hangs, every=HOUR, patience=0.2), place)
    hung.shutdown(socket.SHUT_RDWR)
    hung.close()
    listener.close()
    assert found is not None
    assert found.level is Level.BAD


# -- machine


@sqlite_only
def test_folders_that_others_may_look_into(place: Place, installation: Installation) -> None:
    keys_folder = installation.settings.keys_folder
    for folder in (installation.settings.home, keys_folder):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
    found = machine.folders(place)
    assert found is not None
    assert "same disk" in found.words  # as it is by default, and only looked at
    keys_folder.chmod(0o755)
    found = machine.folders(place)
    assert found is not None
    assert f"chmod 700 {keys_folder}" in found.mend
    keys_folder.chmod(0o700)
    os.rename(keys_folder, f"{keys_folder}-moved")
    found = machine.folders(place)
    assert found is not None
    assert found.level is Level.BAD
    assert "CANDOR_KEYS" in found.words


@sqlite_only
def test_a_folder_that_takes_nothing(place: Place, installation: Installation) -> None:
    home = installation.settings.home
    home.mkdir(exist_ok=True)
    found = machine.writing(place)
    assert found is not None
    assert found.level is Level.OK
    assert list(home.rglob(".candor-probe*")) == []
    spool = installation.settings.spool_folder
    spool.write_text("a file in place of the folder")
    found = machine.writing(place)
    assert found is not None
    assert found.level is Level.BAD
    assert "spool" in found.words


@pytest.mark.parametrize(
    ("left", "total", "level"),
    [(1 << 29, 1 << 40, "bad"), (5 << 30, 1 << 40, "warn"), (20 << 30, 1 << 40, "warn"), (200 << 30, 1 << 40, None)],
)
def test_room_on_a_disk(left: int, total: int, level: str | None) -> None:
    found = machine._room("the home", left, total)
    assert (found.level.value if found else None) == level


@sqlite_only
def test_a_time_zone_that_is_not_known(place: Place) -> None:
    assert machine.zones(place).level is Level.OK
    with place.database.write() as tx:
        tx.execute(sa.text("UPDATE agency SET time_zone = 'America/Nowhere'"))
    found = machine.zones(place)
    assert found.level is Level.BAD
    assert "America/Nowhere" in found.words


# -- database


def test_the_tables_of_another_version(place: Place) -> None:
    with place.database.write() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    found = database.database(place)
    assert found is not None
    assert "revision 0001" in found.words


@sqlite_only
def test_a_damaged_database_file(place: Place, installation: Installation, sealed: str) -> None:
    found = database.database_whole(place)
    assert found is not None
    assert found.level is Level.OK
    file = place.database_file
    assert file is not None
    with installation.database.write() as tx:
        tx.exec_driver_sql("CREATE TABLE filler (x TEXT)")
        tx.exec_driver_sql("WITH n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000) "
                           "INSERT INTO filler SELECT hex(randomblob(200)) FROM n")  # fmt: skip
    with installation.database.engine.connect() as connection:
        connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    installation.database.dispose()
    content = bytearray(file.read_bytes())
    content[-40_960 : -40_960 + 8192] = bytes(8192)
    file.write_bytes(content)
    with Place.by_settings(Settings.load(home=installation.settings.home, database_url=f"sqlite:///{file}")) as again:
        found = make(Check("database-whole", database.database_whole), again)
    assert found is not None
    assert found.level is Level.BAD
    assert "damaged" in found.words or "malformed" in found.words
    assert "sqlalche.me" not in found.words


def test_a_database_that_is_gone(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home", database_url=f"sqlite:///{tmp_path}/none.sqlite3")
    with Place.by_settings(settings) as place:
        found = {one.name: one for one in examine(place, ["database", "disk", "codecs", "log"])}
    assert found["database"].level is Level.BAD
    assert found["disk"].level is Level.OK
    assert not (tmp_path / "none.sqlite3").exists()


def test_a_server_that_is_away(tmp_path: Path) -> None:
    url = "postgresql+psycopg://candor:secret-word@127.0.0.1:9/candor"
    with Place.by_settings(Settings.load(home=tmp_path / "home", database_url=url)) as place:
        found = {one.name: one for one in examine(place, ["database", "jobs", "software"])}
    assert found["database"].level is found["jobs"].level is Level.BAD
    assert found["software"].level is Level.OK
    assert "secret-word" not in str(found)


# -- keys


def test_keys_lost_and_mixed_up(place: Place, installation: Installation, sealed: str, tmp_path: Path) -> None:
    def look() -> tuple[Level, str]:
        found = keys.keys(place)
        assert found is not None
        return found.level, found.words

    assert look()[0] is Level.OK
    folder = installation.settings.keys_folder
    (key_file,) = folder.glob("kek-*.json")
    log_key = folder / "log.key"

    log_key.rename(tmp_path / "log.key")
    level, words = look()
    assert level is Level.BAD
    assert "log.key" in words
    (tmp_path / "log.key").rename(log_key)

    key_file.chmod(0o644)
    assert "chmod 600" in look()[1]
    key_file.chmod(0o600)

    content = key_file.read_bytes()
    key_file.unlink()
    assert look()[0] is Level.BAD
    assert keys.keys_for_readiness(place).level is Level.BAD

    from candor.store import create_keyring

    create_keyring(folder)  # what somebody does who has lost the first one
    level, words = look()
    assert level is Level.BAD
    assert "another installation" in words
    key_file.write_bytes(content)
    assert look()[0] is Level.OK


@sqlite_only
def test_a_way_back_for_the_newest_key(place: Place, installation: Installation, fixed_clock: FixedClock) -> None:
    def look() -> tuple[Level, str]:
        found = recovery_ways.recovery(place)
        assert found is not None
        return found.level, found.words

    assert look()[0] is Level.WARN
    folder, now = installation.settings.keys_folder, fixed_clock.now()
    change_records(folder, escrow=Escrow("shares", (1,), now, holders=5, needed=3))
    level, words = look()
    assert level is Level.OK
    assert "3 of 5 holders" in words
    assert "not confirmed" in words
    change_records(folder, confirmed={1: now})
    fixed_clock.advance(3 * 86_400)
    assert "confirmed 3 days ago" in look()[1]
    (folder / "key-records.json").write_text("{")
    assert look()[0] is Level.WARN


# -- store


@sqlite_only
def test_objects_that_are_gone_or_cut_short(place: Place, installation: Installation, sealed: str) -> None:
    found = store.store(place.with_write())
    assert found is not None
    assert found.level is Level.OK
    assert "takes new ones" in found.words
    assert [one.object_id for one in installation.vault.store.list()] == [sealed], "the probe stayed"

    (path,) = (Path(installation.settings.store) / "objects").rglob(sealed)
    content = path.read_bytes()
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    path.write_bytes(content[:-1])
    found = store.store(place)
    assert found is not None
    assert "were sealed" in found.words
    path.unlink()
    found = store.store(place)
    assert found is not None
    assert found.level is Level.BAD
    assert f"{sealed} is missing" in found.words
    os.rename(installation.settings.store, f"{installation.settings.store}-unmounted")
    found = store.store(place)
    assert found is not None
    assert "is not there" in found.words


# -- the log, its witnesses, the clock


def test_a_log_that_signs_late_or_not_at_all(place: Place, installation: Installation, fixed_clock: FixedClock) -> None:
    def look() -> tuple[Level, str]:
        found = log.log(place)
        assert found is not None
        return found.level, found.words

    installation.log.settle()
    assert look()[0] is Level.OK
    with installation.database.write() as tx:
        append(tx, Event.UNIT_CREATED, actor="system:test", details={"unit": new_id()}, clock=fixed_clock)
    assert look()[0] is Level.OK
    fixed_clock.advance(100)
    assert look()[0] is Level.WARN
    assert log.readiness(place).level is Level.OK
    fixed_clock.advance(300)
    level, words = look()
    assert level is Level.BAD
    assert "1 events wait for a signature, the oldest for 6 minutes" in words
    assert log.readiness(place).level is Level.BAD
    installation.log.settle()
    assert look()[0] is Level.OK
    with installation.database.write() as tx:
        tx.execute(log_head.update().values(refusal="the tree went backwards"))
    level, words = look()
    assert level is Level.BAD
    assert "the tree went backwards" in words


def _witness_key() -> str:
    return VerifierKey("w.example/w", os.urandom(32), COSIGNATURE_ED25519).format()


def test_witnesses_that_stay_away(installation: Installation, fixed_clock: FixedClock, tmp_path: Path) -> None:
    from candor.custody import CustodyLog

    vkey, now = _witness_key(), fixed_clock.now()
    given = {"witnesses": (f"{vkey} http://127.0.0.1:9",), "witness_quorum": 1}
    settings = Settings.load(home=installation.settings.home, **given)
    here = Place(settings, fixed_clock, installation)
    object.__setattr__(
        installation,
        "log",
        CustodyLog(
            installation.database,
            settings.log_folder,
            settings.keys_folder,
            fixed_clock,
            witnesses=settings.witnesses,
            quorum=1,
        ),
    )
    with installation.database.write() as tx:
        row = {"name": "w.example/w", "vkey": vkey, "url": "http://127.0.0.1:9", "size": 3}
        tx.execute(log_witness.insert(), {**row, "problem": "connection refused", "problem_since": now})
    for after, level in ((60, Level.OK), (1000, Level.WARN), (4000, Level.BAD)):
        fixed_clock.moment = now + timedelta(seconds=after)
        found = log.witnesses(here)
        assert found is not None
        assert found.level is level, after
    asked = log.witnesses_asked(here)
    assert asked is not None
    assert asked.level is Level.WARN
    assert "w.example/w" in asked.words
    heard = clock.clock_of_witnesses(here)
    assert heard is not None
    assert "0 of the witnesses" in heard.words
    installation.log.witnessing.close()


def test_a_clock_that_was_set_back(place: Place, installation: Installation, fixed_clock: FixedClock) -> None:
    installation.settings.home.mkdir(exist_ok=True)
    with installation.database.write() as tx:
        append(tx, Event.UNIT_CREATED, actor="system:test", details={"unit": new_id()}, clock=fixed_clock)
    fixed_clock.advance(1)
    found = clock._newest_event(place)
    assert found is None
    fixed_clock.advance(-601)
    found = clock._newest_event(place)
    assert found is not None
    assert found.level is Level.BAD
    assert "10 minutes before the newest event" in found.words


def test_the_date_that_a_server_states() -> None:
    import http.server
    import threading

    class Away(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(404)
            self.send_header("Date", "Sun, 22 Nov 2026 10:00:00 GMT")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Away)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        stated = clock.date_of(f"http://127.0.0.1:{server.server_port}/w")
    finally:
        server.shutdown()
        server.server_close()
    assert stated is not None
    assert stated.isoformat() == "2026-11-22T10:00:00+00:00"
    assert clock.date_of("ftp://x") is None


# -- work


def _job(place: Place, state: JobState, **more: object) -> None:
    now = place.clock.now()
    row = {"id": new_id(), "name": "test.x@1", "params": {}, "state": state, "dispatch": 1}
    with place.database.write() as tx:
        tx.execute(job.insert(), {**row, "enqueued_at": now, "due_at": now, **more})


def test_jobs_that_nobody_does(place: Place, fixed_clock: FixedClock) -> None:
    def look() -> tuple[Level, str]:
        found = work.jobs(place)
        assert found is not None
        return found.level, found.words

    assert look() == (Level.WARN, "Nobody does jobs at present.")
    now = fixed_clock.now()
    _job(place, JobState.WAITING)
    assert look()[0] is Level.BAD
    worker = {"id": new_id(), "boot": "b", "pid_space": "p", "process": "1@1", "slots": 1, "beat": 1}
    with place.database.write() as tx:
        tx.execute(job_worker.insert(), {**worker, "beat_at": now, "started_at": now})
    assert look()[0] is Level.OK
    fixed_clock.advance(200)
    _job(place, JobState.FAILED, ended_at=fixed_clock.now())
    assert look() == (Level.WARN, "1 job failed in the last day.")
    fixed_clock.advance(800)
    assert look()[0] is Level.BAD  # the worker beats no more


def test_reading_everything_back_weekly(place: Place, sealed: str, fixed_clock: FixedClock) -> None:
    def look() -> tuple[Level, str]:
        found = work.fixity(place)
        assert found is not None
        return found.level, found.words

    assert look()[0] is Level.OK
    fixed_clock.advance(9 * 86_400)
    assert look()[0] is Level.WARN
    row = {"id": new_id(), "actor": "system:test", "checked": 1, "bytes": 7000}
    with place.database.write() as tx:
        begun = {"started_at": fixed_clock.now(), "ended_at": fixed_clock.now()}
        tx.execute(fixity_check.insert(), {**row, **begun, "findings": []})
    assert look()[0] is Level.OK
    fixed_clock.advance(60)
    with place.database.write() as tx:
        begun = {"started_at": fixed_clock.now(), "ended_at": fixed_clock.now()}
        tx.execute(fixity_check.insert(), {**row, "id": new_id(), **begun, "findings": [{"object_id": sealed}]})
    level, words = look()
    assert level is Level.BAD
    assert "1 stored files" in words


def test_backups_grow_old(place: Place, sealed: str, fixed_clock: FixedClock) -> None:
    from candor.recovery.tables import backup_run

    def look() -> tuple[Level, str]:
        found = work.backup(place)
        assert found is not None
        return found.level, found.words

    assert look() == (Level.OK, "No backup was ever made; the oldest footage has been here for 0 seconds.")
    fixed_clock.advance(3 * 86_400)
    assert look()[0] is Level.WARN
    now = fixed_clock.now()
    with place.database.write() as tx:
        run = {"id": new_id(), "place": "/mnt/backup", "kind": "folder", "started_at": now}
        tx.execute(backup_run.insert(), {**run, "ended_at": now})
    assert look() == (Level.OK, "The newest backup, in /mnt/backup, is 0 seconds old.")
    fixed_clock.advance(3 * 86_400)
    assert look()[0] is Level.WARN
    fixed_clock.advance(6 * 86_400)
    assert look()[0] is Level.BAD
    with place.database.write() as tx:
        run = {"id": new_id(), "place": "/mnt/backup", "kind": "folder", "started_at": fixed_clock.now()}
        tx.execute(backup_run.insert(), {**run, "problem": "the target is full"})
    found = work.backup_run(place)
    assert found is not None
    assert (found.level, "the target is full" in found.words) == (Level.WARN, True)
    assert look()[0] is Level.BAD, "a run that failed is no backup"


def test_a_backup_that_was_interrupted(place: Place, sealed: str, fixed_clock: FixedClock) -> None:
    from candor.recovery.tables import backup_run

    assert work.backup_run(place) is None
    with place.database.write() as tx:
        run = {"id": new_id(), "place": "/mnt/backup", "kind": "folder", "started_at": fixed_clock.now()}
        tx.execute(backup_run.insert(), run)
    found = work.backup_run(place)
    assert found is not None
    assert found.level is Level.OK, "it may still be running"
    fixed_clock.advance(2 * 86_400)
    found = work.backup_run(place)
    assert found is not None
    assert found.level is Level.WARN


@sqlite_only
def test_a_mail_server_that_is_away(installation: Installation, fixed_clock: FixedClock) -> None:
    given = {"smtp_url": "smtp+starttls://candor:quiet-secret@127.0.0.1:9", "mail_from": "candor@agency.example"}
    settings = Settings.load(home=installation.settings.home, **given)
    found = work.mail_server(Place(settings, fixed_clock, installation))
    assert found is not None
    assert found.level is Level.BAD
    assert "127.0.0.1:9" in found.words
    assert "quiet-secret" not in found.words
    assert work.mail_server(Place.of(installation)) is None


@sqlite_only
def test_ready_when_footage_can_be_sealed_and_acts_signed(
    place: Place, installation: Installation, fixed_clock: FixedClock
) -> None:
    installation.log.settle()
    assert {one.name: one.level for one in ready(place)} == dict.fromkeys(("database", "keys", "log", "disk"), Level.OK)
    next(installation.settings.keys_folder.glob("kek-*")).unlink()
    assert [one.name for one in ready(place) if one.level is Level.BAD] == ["keys"]
