"""Restoring a backup into an empty installation.

    look at all of it → marker → the log's key → rows, with every tombstone laid → tables of this version → jobs, words
    → footage → the log's files → what was signed is compared → seals are checked → the event → marker away

Killed anywhere, the same command goes on. Until the marker is away nobody can open the installation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from candor.core.clock import iso
from candor.core.database import Database
from candor.core.files import make_folder, sync_folder, write_durably
from candor.core.settings import Settings
from candor.custody import Event, append
from candor.custody.errors import LogKeyWrong
from candor.custody.keys import LogKey, read_marker
from candor.footage import fixity
from candor.installation import RESTORING, Installation
from candor.jobs import make_engine_tables
from candor.migrations import migrate
from candor.people.rules import system_actor
from candor.recovery import keeping, returning
from candor.recovery.errors import NotEmpty, OtherLogKey, OtherRestore
from candor.recovery.loading import holds_rows, load
from candor.recovery.manifest import Manifest
from candor.recovery.opening import OpenBackup, open_backup
from candor.recovery.place import BackupPlace
from candor.retention.deciding import withdraw_approved
from candor.store import FixityProgress, KeyRing
from candor.store.tombstones import KeysLedger, Tombstone, read_file

__all__ = ["Restore", "RestoreResult"]

ACTOR = "restore"
#: What may lie in CANDOR_HOME already: footage that survived is used, and a disk of its own has a folder of its own.
_MAY_BE_THERE = frozenset({RESTORING, "restored", "footage", "spool", "backup.lock", "lost+found", "candor.toml"})


@dataclass(frozen=True)
class RestoreResult:
    """What came of it. `copied`: objects brought back; `there`: that had survived; `destroyed`: objects that tombstones
    kept from coming back; `unchecked`: tombstones whose key is not at hand, laid all the same; `problems`: objects that
    could not be brought back, in words; `behind`: why the log must not sign, None when it goes on; `confirmed`: whether
    a witness or a marker that survived could say that nothing more was signed since the backup; `checked` and
    `wrong`: seals that were checked, and those that do not match, None when that was not asked for; `toml`: where the
    settings' file was put."""

    manifest: Manifest
    tombstones: int
    unchecked: int
    destroyed: int
    copied: int
    there: int
    problems: tuple[str, ...]
    jobs: int
    behind: str | None
    confirmed: bool
    checked: int | None
    wrong: tuple[str, ...]
    toml: Path


@dataclass
class Restore:
    """One restore. `told` hears of each step in a word and, within footage and seals, of objects done and in all."""

    settings: Settings
    place: BackupPlace
    backup_id: str | None = None
    tombstone_files: tuple[Path, ...] = ()
    verify: bool = False
    lay_unchecked: bool = False
    told: Callable[[str, int, int], None] = lambda step, done, total: None
    _stones: dict[str, Tombstone] = field(default_factory=dict)

    def run(self) -> RestoreResult:
        """All of it, or what is left of it. Raises NotEmpty, OtherRestore, OtherLogKey, TombstoneAltered,
        TombstonesUnchecked, whatever `open_backup` raises; all these before anything is written.

        A tombstone in the backup's place that no key at hand can vouch for may have been put there by whoever can write
        there, to have footage destroyed that survived. It is laid only with `lay_unchecked`.
        """
        begun = self._begun()
        self.told("backup", 0, 0)
        backup = open_backup(self.settings, self.place, self.backup_id or begun)
        if begun is not None and begun != backup.manifest.id:
            raise OtherRestore(id=begun, home=self.settings.home)
        self._stones = {stone.id: stone for stone in self._all_stones(backup)}
        database = self._empty(begun)
        try:
            self._must_fit_log_key(backup)
            if begun is None:
                self._mark(backup)
            toml = self._put_back_files(backup)
            returning.put_marker_forward(self.settings, self.place, backup)
            self.told("database", 0, 0)
            if holds_rows(database) is None:
                load(database, backup, list(self._stones.values()))
            migrate(database)
            make_engine_tables(database)
        finally:
            database.dispose()
        with Installation.open(self._settings(backup), restoring=True) as here:
            result = self._bring_to_life(here, backup, toml)
        (self.settings.home / RESTORING).unlink()
        sync_folder(self.settings.home)
        return result

    # -- before anything is written -----------------------------------------------------------------------------------
    def _begun(self) -> str | None:
        """The backup whose restore was begun here; None when none was."""
        try:
            return str(self._marker()["backup"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise OtherRestore(id="(its marker cannot be read)", home=self.settings.home) from error

    def _marker(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.settings.home / RESTORING).read_text())
        return found

    def _database_mark(self) -> str:
        """Tells one database from another, without the password that its URL may hold."""
        return hashlib.sha256(self.settings.database.encode()).hexdigest()[:16]

    def _all_stones(self, backup: OpenBackup) -> list[Tombstone]:
        """Every tombstone that is known anywhere outside the database."""
        keys = KeyRing.load(self.settings.keys_folder)
        found = KeysLedger(self.settings.keys_folder).read(keys)
        for path in self.tombstone_files:
            found += read_file(keys, path)
        sure = {stone.id: stone.object_ids for stone in found}
        of_place = self.place.tombstones.read(keys)
        unsure = [one for one in of_place if not one.is_checked and sure.get(one.id) != one.object_ids]
        if unsure and not self.lay_unchecked:
            returning.must_name_nothing_alive(backup, unsure, self.place.name)
            of_place = [one for one in of_place if one not in unsure]  # what is true of them, the backup's rows say
        found = of_place + found
        return sorted(found, key=lambda stone: (not stone.is_checked, stone.id), reverse=True)

    def _empty(self, begun: str | None) -> Database:
        """The database to load into, which has nothing in it unless this restore was begun before."""
        home = self.settings.home
        if begun is not None and self._marker().get("database") not in (None, self._database_mark()):
            raise NotEmpty(what=f"a restore into {home} was begun with another database than CANDOR_DATABASE_URL names")
        if begun is None and home.is_dir():
            other = sorted(one.name for one in home.iterdir() if one.name not in _MAY_BE_THERE)
            database_files = [name for name in other if name.startswith("candor.sqlite3")]
            if others := [name for name in other if name not in database_files]:
                raise NotEmpty(what=f"{home} holds {', '.join(others[:5])}")
        make_folder(home, mode=0o700)
        database = Database(self.settings.database)
        if begun is None and (table := holds_rows(database)) is not None:
            database.dispose()
            raise NotEmpty(what=f"its database has rows already (in {table})")
        return database

    def _must_fit_log_key(self, backup: OpenBackup) -> None:
        if not (self.settings.keys_folder / "log.key").exists() or not backup.manifest.log.vkey:
            return
        try:
            LogKey.load(self.settings.keys_folder, backup.manifest.log.vkey)
        except LogKeyWrong as error:
            raise OtherLogKey(path=self.settings.keys_folder / "log.key") from error

    # -- files --------------------------------------------------------------------------------------------------------
    def _mark(self, backup: OpenBackup, **more: str) -> None:
        marker = {
            "backup": backup.manifest.id,
            "made_at": iso(backup.manifest.made_at),
            "database": self._database_mark(),
            "marker_survived": self._marker_survived(),
            **more,
        }
        write_durably(self.settings.home / RESTORING, json.dumps(marker).encode() + b"\n", mode=0o600)

    def _marker_survived(self) -> bool:
        """Whether the marker of what was signed last was there before this restore put one there."""
        if (self.settings.home / RESTORING).exists():
            return bool(self._marker().get("marker_survived"))
        return read_marker(self.settings.keys_folder) is not None

    def _put_back_files(self, backup: OpenBackup) -> Path:
        """The log's key and its marker where there are none, and the settings beside the database, to be looked at."""
        for name, what in (("log.key", "log_key"), ("log.last-signed", "last_signed")):
            text = backup.secrets.get(what)
            path = self.settings.keys_folder / name
            if text is not None and not path.exists():  # a marker that survived is the newer one
                write_durably(path, text.encode(), mode=0o600)
        folder = self.settings.home / "restored"
        make_folder(folder, mode=0o700)
        write_durably(folder / "settings.json", json.dumps(backup.secrets["settings"], indent=1).encode(), mode=0o600)
        toml = folder / "candor.toml"
        if backup.secrets.get("candor_toml") is not None:
            write_durably(toml, backup.secrets["candor_toml"].encode(), mode=0o600)
        return returning.put_back_settings(self.settings, toml)

    def _settings(self, backup: OpenBackup) -> Settings:
        """As they are, with the witnesses of the backup where none are set: they know what was signed."""
        saved: dict[str, Any] = backup.secrets["settings"]
        if self.settings.witnesses or not saved.get("witnesses"):
            return self.settings
        return self.settings.model_copy(update={"witnesses": tuple(saved["witnesses"])})

    # -- after the rows are there -------------------------------------------------------------------------------------
    def _bring_to_life(self, here: Installation, backup: OpenBackup, toml: Path) -> RestoreResult:
        jobs = returning.revive(here, list(self._stones.values()), backup.manifest)
        self.told("words", 0, 0)
        returning.index_again(here)
        brought = returning.bring_objects(here, self.place, backup, self._told_footage)
        # Destroyed bytes may lie in a store that survived; and both ledgers are told of what either knew.
        keeping.pass_on_purges(here, None)
        self.told("log", 0, 0)
        behind, damage = returning.compare_log(here)
        checked, wrong = self._check_seals(here, backup) if self.verify else (None, ())
        stones = self._stones.values()
        result = RestoreResult(
            manifest=backup.manifest,
            tombstones=len(stones),
            unchecked=sum(not stone.is_checked for stone in stones),
            destroyed=brought.destroyed,
            copied=brought.copied,
            there=brought.there,
            problems=(*brought.problems, *damage),
            jobs=jobs,
            behind=behind,
            confirmed=self._marker_survived() or here.log.witnessing.has_heard(),
            checked=checked,
            wrong=wrong,
            toml=toml,
        )
        self._record(here, result)
        return result

    def _told_footage(self, done: int, total: int) -> None:
        self.told("footage", done, total)

    def _check_seals(self, here: Installation, backup: OpenBackup) -> tuple[int, tuple[str, ...]]:
        """Read everything again, as `candor fixity` does. An interrupted check goes on if this restore began it: one
        that the backup brought along has passed by much of what came back just now."""
        begun = self._marker().get("check")
        with here.database.write() as tx:
            check_id = fixity.unfinished(tx)
            if check_id is None or check_id != begun:
                check_id = fixity.begin(tx, here.vault, system_actor(ACTOR), clock=here.clock)
        self._mark(backup, check=check_id)

        def told(progress: FixityProgress) -> None:
            self.told("seals", progress.objects_done, progress.objects_total)

        done = fixity.carry_on(here.database, here.vault, check_id, progress=told, clock=here.clock)
        return done.checked, tuple(f"{one.name or one.object_id}: {'; '.join(one.what)}" for one in done.findings)

    def _record(self, here: Installation, result: RestoreResult) -> None:
        details = {
            "backup": result.manifest.id,
            "backup_made_at": iso(result.manifest.made_at),
            "log_size": result.manifest.log.size,
            "tombstones": result.tombstones,
            "tombstones_unchecked": result.unchecked,
            "objects_kept_destroyed": result.destroyed,
            "objects_copied": result.copied,
            "objects_there": result.there,
            "problems": len(result.problems),
            "seals_checked": result.checked,
            "seals_wrong": len(result.wrong),
            "log_behind": result.behind is not None,
        }
        with here.database.write() as tx:
            # What was held since the backup was made is not in it: nothing goes before two people looked once more.
            why = "a backup was restored; propose it again once the holds since then are placed"
            withdraw_approved(tx, by=f"system:{ACTOR}", reason=why, clock=here.clock)
            append(tx, Event.RESTORE_MADE, actor=f"system:{ACTOR}", details=details, clock=here.clock)
