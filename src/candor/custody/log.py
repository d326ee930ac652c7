"""The custody log of one installation: its sequencer in the background, its state, its proofs."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.errors import CandorError, NotFound
from candor.custody.errors import LogDamaged, NotYetInLog
from candor.custody.events import Event
from candor.custody.keys import LogKey, check_signature
from candor.custody.record import CustodyEvent, append, find
from candor.custody.sequencer import Pass, Sequencer, read_head
from candor.custody.tables import custody_event, log_checkpoint, log_head
from candor.custody.tile_files import LogFiles
from candor.custody.witnessing import Witnessing, WitnessState
from candor.verify.checkpoint import verify_checkpoint
from candor.verify.merkle import Frontier, inclusion_proof, leaf_hash
from candor.verify.note import Note, VerifierKey
from candor.verify.policy import Policy
from candor.verify.tiles import TileReader
from candor.verify.tlogproof import TlogProof

_logger = logging.getLogger("candor.custody")


@dataclass(frozen=True)
class LogStatus:
    """How the log is doing. `lag` is the seconds from the oldest event of the newest checkpoint to its signature;
    `waiting_since` is the oldest event that no signed checkpoint covers yet."""

    origin: str
    vkey: str
    fingerprint: str
    size: int
    signed_size: int
    signed_at: datetime | None
    lag: float | None
    waiting: int
    waiting_since: datetime | None
    witnessed_size: int
    witnesses: tuple[WitnessState, ...]
    quorum: int
    refusal: str | None


@dataclass(frozen=True)
class SignedCheckpoint:
    """A signed checkpoint: its size, root, and the note with every cosignature it has."""

    size: int
    root: bytes
    note: str
    witnessed: bool


class CustodyLog:
    """Everything about the log but the writing of events, which is `record.append`.

    `create` makes it once; `start` runs the sequencer in a thread until `stop`; a command that has no thread calls
    `settle`, which runs passes until everything recorded so far is signed.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        keys: Path,
        clock: Clock,
        *,
        interval: float = 0.2,
        witnesses: tuple[str, ...] = (),
        quorum: int = 0,
    ) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._interval = interval
        self.files = LogFiles(folder)
        self.witnessing = Witnessing(database, self.files, clock, witnesses, quorum)
        self.quorum = quorum
        self._sequencer_made: Sequencer | None = None
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._witness_thread: threading.Thread | None = None

    # -- making ---------------------------------------------------------------------------------------------------
    def create(self, tx: sa.Connection, origin: str, *, actor: str) -> VerifierKey:
        """Open the log: its key in CANDOR_KEYS, its head in the database, its first event."""
        key = LogKey.create(self._keys, origin)
        tx.execute(
            log_head.insert(),
            {
                "id": 1,
                "origin": origin,
                "vkey": key.verifier.format(),
                "size": 0,
                "frontier": b"".join(Frontier().hashes),
                "tiles_size": 0,
            },
        )
        append(tx, Event.LOG_CREATED, actor=actor, details={"vkey": key.verifier.format()}, clock=self._clock)
        return key.verifier

    @property
    def verifier(self) -> VerifierKey | None:
        """The log's public key; None before the log exists."""
        with self._database.read() as tx:
            head = read_head(tx)
        return None if head is None else VerifierKey.parse(head.vkey)

    def policy(self) -> Policy:
        """The trust policy that this installation states: its log, its witnesses, its quorum."""
        verifier = self.verifier
        if verifier is None:
            raise NotFound(what="custody log", id="here")
        return self.witnessing.policy(verifier, self.quorum)

    def _sequencer(self) -> Sequencer | None:
        if self._sequencer_made is None:
            with self._database.read() as tx:
                head = read_head(tx)
            if head is None:
                return None
            key = LogKey.load(self._keys, head.vkey)
            self._sequencer_made = Sequencer(self._database, self.files, key, self._clock)
        return self._sequencer_made

    # -- running ----------------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Run the sequencer in a thread of its own."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="custody-sequencer", daemon=True)
            # A thread of their own: an answer that takes two seconds must not hold up the signing.
            self._witness_thread = threading.Thread(target=self._run_witnessing, name="custody-witnesses", daemon=True)
            self._thread.start()
            self._witness_thread.start()

    def stop(self) -> None:
        """End the thread after the pass it is in."""
        self._stopping.set()
        self._wake.set()
        for thread in (self._thread, self._witness_thread):
            if thread is not None:
                thread.join(timeout=30)
        self._thread = self._witness_thread = None
        self.witnessing.close()

    def nudge(self) -> None:
        """Somebody waits for a checkpoint: do not sleep out the interval."""
        self._wake.set()

    def _run(self) -> None:
        problem = ""
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                done = self.run_once(wait=False)
                problem = ""
            except CandorError as error:
                done = None
                if str(error) != problem:  # once per problem, not five times a second
                    problem = str(error)
                    _logger.error("custody log: %s", error)
            except Exception:
                done = None
                _logger.exception("custody log: a pass of the sequencer failed; it will be tried again")
            if done is not None and done.more:
                continue
            pause = self._interval if done is not None else max(self._interval, 1.0)
            self._wake.wait(max(0.0, pause - (time.monotonic() - started)))
            self._wake.clear()

    def _run_witnessing(self) -> None:
        while not self._stopping.wait(self._interval):
            try:
                sequencer = self._sequencer()
                if sequencer is not None:
                    self._witness(sequencer)
            except CandorError as error:
                _logger.error("custody log, witnesses: %s", error)
                self._stopping.wait(5.0)
            except Exception:
                _logger.exception("custody log: asking the witnesses failed; it will be tried again")
                self._stopping.wait(5.0)

    def run_once(self, *, wait: bool = True) -> Pass | None:
        """One pass; None when there is no log yet or somebody else has the turn."""
        sequencer = self._sequencer()
        if sequencer is None:
            return None
        if self.witnessing.must_be_heard():
            # Before the first signature of this process: what do the witnesses hold? Those that are away do not stop
            # us and are asked again later; one that objects is heard at once.
            sequencer.guard(self.witnessing.latest(sequencer.verifier))
        with sequencer.turn(wait=wait) as mine:
            if not mine:
                return None
            done = sequencer.run_pass()
        if self._thread is None:
            self._witness(sequencer)
        return done

    def _witness(self, sequencer: Sequencer) -> None:
        cosigned = self.witnessing.ask_for_newest()
        if cosigned is not None:
            with sequencer.turn():
                self.witnessing.store(cosigned)

    def settle(self, *, timeout: float = 60.0) -> int:
        """Run until everything recorded so far is covered by a signed checkpoint; gives its size."""
        deadline = time.monotonic() + timeout
        with self._database.read() as tx:
            target = tx.execute(sa.select(sa.func.max(custody_event.c.seq))).scalar() or 0
        while True:
            if self._thread is not None:
                self.nudge()
                time.sleep(0.01)
            else:
                self.run_once()
            with self._database.read() as tx:
                open_events = tx.execute(
                    sa.select(custody_event.c.seq)
                    .where(custody_event.c.seq <= target, custody_event.c.position.is_(None))
                    .limit(1)
                ).first()
                newest = self._newest_signed(tx)
                head = read_head(tx)
            if open_events is None and (newest is not None and head is not None and newest.size >= head.size):
                return newest.size
            if head is None:
                return 0
            if time.monotonic() > deadline:
                raise NotYetInLog(id="of the newest act" + (f" ({head.refusal})" if head.refusal else ""))

    # -- state ------------------------------------------------------------------------------------------------------
    def status(self) -> LogStatus | None:
        """How the log is doing; None before it exists."""
        with self._database.read() as tx:
            head = read_head(tx)
            if head is None:
                return None
            newest = tx.execute(
                sa.select(log_checkpoint)
                .where(log_checkpoint.c.note.is_not(None))
                .order_by(log_checkpoint.c.size.desc())
                .limit(1)
            ).first()
            witnessed = tx.execute(
                sa.select(sa.func.max(log_checkpoint.c.size)).where(log_checkpoint.c.witnessed_at.is_not(None))
            ).scalar()
            waiting = tx.execute(
                sa.select(sa.func.count(), sa.func.min(custody_event.c.at)).where(custody_event.c.position.is_(None))
            ).one()
            witnesses = self.witnessing.states(tx)
        lag = None
        if newest is not None and newest.signed_at is not None and newest.first_waiting_at is not None:
            lag = (newest.signed_at - newest.first_waiting_at).total_seconds()
        verifier = VerifierKey.parse(head.vkey)
        return LogStatus(
            origin=head.origin,
            vkey=head.vkey,
            fingerprint=verifier.fingerprint,
            size=head.size,
            signed_size=0 if newest is None else newest.size,
            signed_at=None if newest is None else newest.signed_at,
            lag=lag,
            waiting=waiting[0],
            waiting_since=waiting[1],
            witnessed_size=witnessed or 0,
            witnesses=witnesses,
            quorum=self.quorum,
            refusal=head.refusal,
        )

    def _newest_signed(self, tx: sa.Connection, *, covering: int = 0) -> SignedCheckpoint | None:
        """The newest witnessed checkpoint that covers the position, else the newest signed one."""
        query = (
            sa.select(log_checkpoint)
            .where(log_checkpoint.c.note.is_not(None), log_checkpoint.c.size > covering)
            .order_by(log_checkpoint.c.size.desc())
            .limit(1)
        )
        row = tx.execute(query.where(log_checkpoint.c.witnessed_at.is_not(None))).first() if covering else None
        row = row or tx.execute(query).first()
        if row is None:
            return None
        return SignedCheckpoint(row.size, row.root, row.note + row.cosignatures, bool(row.witnessed_at))

    def checkpoint(self, *, covering: int = 0) -> SignedCheckpoint | None:
        """The checkpoint to hand out for an entry at position `covering` (a witnessed one if there is one)."""
        with self._database.read() as tx:
            return self._newest_signed(tx, covering=covering)

    # -- proofs -------------------------------------------------------------------------------------------------------
    def proof(self, event_id: str, checkpoint: SignedCheckpoint | None = None) -> TlogProof:
        """A .tlog-proof of one event, its opening in the `extra` line. Raises NotFound, NotYetInLog."""
        with self._database.read() as tx:
            event = find(tx, event_id)
            if event is None:
                raise NotFound(what="custody event", id=event_id)
            if event.position is None:
                raise NotYetInLog(id=event_id)
            checkpoint = checkpoint or self._newest_signed(tx, covering=event.position)
        if checkpoint is None or checkpoint.size <= event.position:
            raise NotYetInLog(id=event_id)
        return self._prove(event, event.position, checkpoint, self._reader(checkpoint))

    def proofs(self, events: list[CustodyEvent], checkpoint: SignedCheckpoint) -> list[TlogProof]:
        """Proofs of several events under one checkpoint."""
        reader = self._reader(checkpoint)
        found = []
        for event in events:
            if event.position is None or event.position >= checkpoint.size:
                raise NotYetInLog(id=event.id)
            found.append(self._prove(event, event.position, checkpoint, reader))
        return found

    def _reader(self, checkpoint: SignedCheckpoint) -> TileReader:
        return TileReader(checkpoint.size, checkpoint.root, self.files.fetch)

    @staticmethod
    def _prove(event: CustodyEvent, position: int, checkpoint: SignedCheckpoint, reader: TileReader) -> TlogProof:
        return TlogProof(
            index=position,
            hashes=tuple(inclusion_proof(reader.read, position, checkpoint.size)),
            checkpoint=Note.parse(checkpoint.note),
            extra=event.opening.encode(),
        )

    # -- checking ------------------------------------------------------------------------------------------------
    def check(self, *, repair: bool = False) -> list[str]:
        """Compare the static files with the database, and the database with what was signed.

        Gives the paths that differed (mended when `repair`); raises LogDamaged or LogBehind for what cannot be mended.
        """
        sequencer = self._sequencer()
        if sequencer is None:
            raise NotFound(what="custody log", id="here")
        with self._database.read() as tx:
            head = read_head(tx)
            assert head is not None
            newest = self._newest_signed(tx)
            wrong = list(self.files.compare(tx, head.tiles_size))
        if repair:
            with sequencer.turn():
                if wrong:
                    self._rewrite(head.tiles_size)
                wrong += self._published_is_wrong(mend=True)
        else:
            wrong += self._published_is_wrong(mend=False)
        self.witnessing.hear_all_again()
        sequencer.guard(self.witnessing.latest(sequencer.verifier))
        if newest is not None:
            verify_checkpoint(Note.parse(newest.note), [VerifierKey.parse(head.vkey)], check_signature)
            self._recompute(newest)
        return wrong

    def _published_is_wrong(self, *, mend: bool) -> list[str]:
        """["checkpoint"] when the published file is not one that was signed, or is behind while nothing runs."""
        with self._database.read() as tx:
            newest = self._newest_signed(tx)
        if newest is None or self.files.checkpoint() == newest.note.encode():
            return []
        time.sleep(2 * self._interval)  # a running sequencer may be between storing and publishing
        with self._database.read() as tx:
            newest = self._newest_signed(tx)
        if newest is None or self.files.checkpoint() == newest.note.encode():
            return []
        if mend:
            self.files.publish(newest.note)
        return ["checkpoint"]

    def _recompute(self, checkpoint: SignedCheckpoint) -> None:
        """The root from the entries themselves: the database's leaves against what was signed."""
        frontier = Frontier()
        with self._database.read() as tx:
            leaves = sa.select(custody_event.c.leaf).where(custody_event.c.position < checkpoint.size)
            for (leaf,) in tx.execute(leaves.order_by(custody_event.c.position)).yield_per(2000):
                frontier.append(leaf_hash(leaf.encode()))
        if frontier.size != checkpoint.size or frontier.root() != checkpoint.root:
            raise LogDamaged(reason=f"the entries in the database do not give the root signed at size {frontier.size}")

    def _rewrite(self, size: int) -> None:
        step = 65_536
        with self._database.read() as tx:
            for old in range(0, size, step):
                self.files.write_tiles(tx, old, min(old + step, size))
