"""One installation: settings, database, vault, custody log and jobs, put together.

The faces open it; nothing below knows it. What belongs together at start, in this order:

1. The database is brought to this version's tables (Alembic; old code keeps running on the new tables).
2. The first start makes the key-encryption key and the custody log's key, in CANDOR_KEYS. Later starts never make
   a key: one that is missing is named, and sealing stops rather than going on under a new key.
3. The vault's keys are checked against the database, so that a wrong key is noticed now, not at the first read.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import sqlalchemy as sa

from candor import disclosure
from candor.core import limited
from candor.core.clock import Clock, SystemClock, iso
from candor.core.database import Database
from candor.core.errors import CandorError, NotSetUp
from candor.core.settings import Settings
from candor.custody import CustodyLog, Event, append, searching
from candor.custody.tables import log_head
from candor.disclosure import forgetting as packages_forgetting  # noqa: F401 - a purge reaches what was handed out,
from candor.disclosure import office  # noqa: F401 - the queue of requests hears of decisions and releases
from candor.disclosure.credentials import registered as credentials_registered  # noqa: F401 - signed copies of it,
from candor.disclosure.critical import incidents as critical_incidents
from candor.disclosure.critical import registered as critical_registered  # noqa: F401 - what critical incidents keep,
from candor.disclosure.critical import regrouped as critical_regrouped  # noqa: F401 - which goes with recordings,
from candor.disclosure.decisions import answers as decisions_answers  # noqa: F401 - when a request can be answered,
from candor.disclosure.decisions import registered as decisions_registered  # noqa: F401 - what was decided of it,
from candor.disclosure.decisions import regrouped as decisions_regrouped  # noqa: F401 - also when it became another's,
from candor.disclosure.discovery import marking, marks_ending
from candor.disclosure.discovery import registered as discovery_registered  # noqa: F401 - what went to sides of cases,
from candor.disclosure.publishing import rounds as publishing_rounds
from candor.disclosure.publishing.rounds import Publishing
from candor.disclosure.releases import answered as releases_answered  # noqa: F401 - and what goes out before that,
from candor.disclosure.releases import jobs as release_jobs
from candor.disclosure.releases import registered as releases_registered  # noqa: F401 - what was released,
from candor.disclosure.requests import clocks as request_clocks
from candor.disclosure.requests import facts as request_facts  # noqa: F401 - the law hears of requests for records,
from candor.disclosure.requests import kept_on as request_kept_on
from candor.disclosure.requests import meant as request_meant  # noqa: F401 - which go with recordings,
from candor.disclosure.requests import registered as requests_registered  # noqa: F401 - and what they keep is found
from candor.docking.axis import forgetting  # noqa: F401 - what camera systems said,
from candor.docking.cards import forgetting as cards_forgetting  # noqa: F401 - what lay on cards,
from candor.docking.links import forgetting as links_forgetting  # noqa: F401 - what the public gave,
from candor.docking.uploads import forgetting as uploads_forgetting  # noqa: F401 - and what was sent
from candor.docking.uploads.reception import Uploads
from candor.fleet.duties import round as duty_round
from candor.footage import (  # noqa: F401 - duties learn from footage when cameras were used
    archive_jobs,
    indexing,
    label_restrictions,
    uncategorised,
    uses,
)
from candor.footage import jobs as footage_jobs
from candor.jobs import Jobs, make_engine_tables
from candor.jobs.recurring import Recurring, Rounds
from candor.matters import contents, lawful  # noqa: F401 - cases go with recordings, and the law hears of them
from candor.matters import statement_decisions as reviews  # noqa: F401 - and of reviews before a statement
from candor.migrations import migrate
from candor.notices import Notifier
from candor.people.password_list import PasswordList, list_at
from candor.redaction import jobs as redaction_jobs
from candor.redaction import kept as redaction_kept  # noqa: F401 - and what redaction keeps
from candor.redaction.speech import jobs as speech_jobs
from candor.retention import holds
from candor.retention import jobs as retention_jobs
from candor.retention import registered as retention_registered  # noqa: F401 - what holds and dispositions keep
from candor.store import KeyRing, KeyringMissing, StoreEmpty, Vault, create_keyring
from candor.store.key_records import change_records, read_records
from candor.store.tables import vault_epoch, vault_object

#: Stands in CANDOR_HOME from the first to the last step of a restore.
RESTORING = "restoring.json"


class RestoreUnfinished(CandorError):
    """A restore into {home} was begun and has not come to its end, so nothing there may be served yet. Run the same
    `candor restore` command again: it goes on where it was."""

    exit_code = 9


@dataclass(frozen=True)
class Installation:
    """Everything a face needs. Close it at the end; as a context manager it closes itself."""

    settings: Settings
    database: Database
    vault: Vault
    log: CustodyLog
    jobs: Jobs
    clock: Clock
    notifier: Notifier = field(init=False)
    uploads: Uploads = field(init=False)
    rounds: Rounds = field(init=False)
    publishing: Publishing = field(init=False)
    public_rounds: Rounds = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "notifier", Notifier(self.database, self.settings, self.clock))
        object.__setattr__(self, "uploads", self._uploads())
        object.__setattr__(self, "rounds", Rounds(self.database, self.clock, self._recurring()))
        public_side = Publishing(self.settings, self.database, self.vault, self.log, self.clock)
        object.__setattr__(self, "publishing", public_side)
        object.__setattr__(self, "public_rounds", self._public_rounds())

    @classmethod
    def open(
        cls, settings: Settings, *, clock: Clock | None = None, create: bool = False, restoring: bool = False
    ) -> Installation:
        """Open the installation that the settings describe.

        With `create`, a first start makes what is missing; without it NotSetUp is raised where there is none. Raises
        RestoreUnfinished while one is being restored, but for the restore itself.
        """
        clock = clock or SystemClock()
        limited.arrange(
            warm=settings.limited_pool,
            places=settings.limited_at_once,
            memory=settings.limited_memory_mib << 20 if settings.limited_memory_mib else None,
        )
        if not restoring and (settings.home / RESTORING).exists():
            raise RestoreUnfinished(home=settings.home)
        if settings.database_url is None and not create and not (settings.home / "candor.sqlite3").exists():
            raise NotSetUp(home=settings.home)
        _private_folder(settings.home)
        _private_folder(settings.spool_folder)
        database = Database(settings.database, pool_size=20)
        try:
            if migrate(database):
                make_engine_tables(database)
                with database.write() as tx:
                    searching.fill_in(tx)
                    indexing.fill_in(tx)
            vault = _open_vault(settings, database, clock, create, restoring)
            log = CustodyLog(
                database,
                settings.log_folder,
                settings.keys_folder,
                clock,
                interval=settings.log_interval,
                witnesses=settings.witnesses,
                quorum=settings.witness_quorum,
            )
            if log.verifier is None:
                if not create:  # an empty database, perhaps one with a mistyped name
                    raise NotSetUp(home=settings.home)
                with database.write() as tx:
                    if tx.execute(sa.select(log_head.c.id)).first() is None:
                        log.create(tx, _origin(settings), actor="system:setup")
            _record_keys(settings, database, vault, clock)
            jobs = Jobs(database, slots=settings.jobs_slots, clock=clock)
            footage_jobs.register(
                jobs, database, vault, clock=clock, scratch=settings.spool_folder, trust=settings.device_trust
            )
            unopened = timedelta(days=settings.archive_after_days)
            archive_jobs.register(jobs, database, vault, clock=clock, older_than=unopened)
            disclosure.register(jobs, database, vault, log, clock=clock)
            marking.register(jobs, database, vault, clock=clock, scratch=settings.spool_folder)
            release_jobs.register(jobs, database, vault, log, settings, clock=clock)
            retention_jobs.register(jobs, database, vault, settings, clock=clock)
            redaction_jobs.register(jobs, database, vault, log, settings, clock=clock)
            speech_jobs.register(jobs, database, vault, settings, clock=clock, scratch=settings.spool_folder)
        except BaseException:
            database.dispose()
            raise
        return cls(settings, database, vault, log, jobs, clock)

    def _recurring(self) -> list[Recurring]:
        """What is done again and again while a process stays."""
        shift = timedelta(hours=self.settings.duty_shift_hours)
        within = timedelta(hours=self.settings.categorise_within_hours)
        return [
            Recurring(
                "fleet.duties",
                duty_round.EVERY,
                lambda database, clock, since: duty_round.go_round(database, clock, since, shift=shift),
            ),
            Recurring(
                "footage.archive",
                archive_jobs.EVERY,
                lambda database, clock, since: archive_jobs.go_round(database, self.jobs, self.vault),
            ),
            Recurring("retention.holds", holds.EVERY, lambda database, clock, since: holds.go_round(database, clock)),
            Recurring(
                "disclosure.requests",
                request_clocks.EVERY,
                lambda database, clock, since: (
                    request_clocks.go_round(database, clock) + request_kept_on.go_round(database, clock)
                ),
            ),
            Recurring(
                "disclosure.discovery",
                marks_ending.EVERY,
                lambda database, clock, since: marks_ending.go_round(database, self.jobs, self.vault, clock),
            ),
            Recurring(
                "disclosure.critical",
                critical_incidents.EVERY,
                lambda database, clock, since: critical_incidents.go_round(database, clock),
            ),
            Recurring(
                "footage.uncategorised",
                uncategorised.EVERY,
                lambda database, clock, since: uncategorised.remind_uncategorised(database, clock, within=within),
            ),
        ]

    def _public_rounds(self) -> Rounds:
        """What is done for the portal, where there is one: taking in what came, publishing how things stand."""
        every = publishing_rounds.EVERY
        act = Recurring("portal", every * 0.8, lambda database, clock, since: self.publishing.round())
        wanted = publishing_rounds.is_wanted(self.settings)
        return Rounds(self.database, self.clock, [act] if wanted else [], every=every.total_seconds())

    def _uploads(self) -> Uploads:
        given = self.settings
        return Uploads(
            self.database,
            self.vault,
            self.jobs,
            self.clock,
            spool=given.spool_folder,
            largest=given.max_upload_gib << 30,
            together=given.upload_gib_per_person << 30,
            days=given.upload_days,
        )

    @property
    def password_list(self) -> PasswordList:
        """The passwords that nobody may use here."""
        return list_at(self.settings.password_list)

    def start(self) -> None:
        """Begin the background work of a process that stays: sequencer, jobs and notices."""
        self.log.start()
        self.jobs.launch()
        self.notifier.start()
        self.uploads.start()
        self.rounds.start()
        if publishing_rounds.is_wanted(self.settings):
            self.public_rounds.start()

    def close(self) -> None:
        """End the background work and the connections."""
        self.public_rounds.stop()
        self.rounds.stop()
        self.uploads.stop()
        self.notifier.stop()
        self.jobs.shutdown()
        self.log.stop()
        limited.end_waiting_processes()
        self.publishing.close()
        self.database.dispose()

    def __enter__(self) -> Installation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _private_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _open_vault(settings: Settings, database: Database, clock: Clock, create: bool, restoring: bool) -> Vault:
    with database.read() as tx:
        empty = tx.execute(sa.select(vault_object.c.object_id).limit(1)).first() is None
        new = empty and tx.execute(sa.select(vault_epoch.c.key_epoch).limit(1)).first() is None
        # What was destroyed on purpose is not looked for.
        living = sa.select(vault_object.c.object_id).where(vault_object.c.key_destroyed_at.is_(None)).limit(1)
        something = tx.execute(living).first() is not None
    # Only an installation that never had a key gets a new one: making one would hide that its key is lost.
    try:
        KeyRing.load(settings.keys_folder)
    except KeyringMissing:
        if not (create and new):
            raise
        create_keyring(settings.keys_folder)
    vault = Vault.from_settings(settings, clock)
    bare = something and not restoring and next(iter(vault.store.list()), None) is None
    if bare and not _all_archived(database, vault):
        raise StoreEmpty(place=vault.store.place)
    with database.read() as tx:
        vault.check_keys(tx)
    return vault


def _all_archived(database: Database, vault: Vault) -> bool:
    """Whether an empty store is as it should be: the newest objects lie in the archive."""
    living = sa.select(vault_object.c.object_id).where(vault_object.c.key_destroyed_at.is_(None))
    with database.read() as tx:
        newest = tx.scalars(living.order_by(vault_object.c.object_id.desc()).limit(3)).all()
    return vault.archive is not None and all(vault.archive.head(one) is not None for one in newest)


def _record_keys(settings: Settings, database: Database, vault: Vault, clock: Clock) -> None:
    """Write down the first key when there is none yet, so that another one in its place is noticed from now on; and put
    on record that keys were restored since the last opening."""
    restored = read_records(settings.keys_folder).restored
    with database.read() as tx:
        known = tx.execute(sa.select(vault_epoch.c.key_epoch).limit(1)).first() is not None
    if known and not restored:
        return
    with database.write() as tx:
        if not known:
            vault.write_down_epoch(tx, vault.keys.current)
        for one in restored:
            details = {"epochs": list(one.epochs), "way": one.way, "restored_at": iso(one.at)}
            append(tx, Event.KEY_RESTORED, actor="system:setup", details=details, clock=clock)
    if restored:
        change_records(settings.keys_folder, logged=restored)


def _origin(settings: Settings) -> str:
    """Name of a new log: as set, else under the public address, else one that nobody else has."""
    if settings.log_origin:
        return settings.log_origin
    host = urlsplit(settings.public_url or "").netloc
    return f"{host}/log" if host else f"candor-{os.urandom(6).hex()}.invalid/log"
