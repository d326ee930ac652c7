"""The custody log of one installation: its sequencer in the background, its state, its proofs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.errors import CandorError, NotFound
from candor.custody.checking import LogCheck, newest_signed
from candor.custody.errors import LogFilesUnwritable, LogKeyMissing, NotYetInLog
from candor.custody.events import Event
from candor.custody.evidence import Plan
from candor.custody.handing_over import hand_over, has_unsettled, settle_handover
from candor.custody.keys import LogKey
from candor.custody.record import CustodyEvent, append, find
from candor.custody.recovering import Recovery
from candor.custody.sequencer import Head, Pass, Sequencer, read_head
from candor.custody.state import LogStatus, SignedCheckpoint, read_status
from candor.custody.surroundings import FILES, begin, problems
from candor.custody.tables import custody_event, log_head
from candor.custody.tile_files import LogFiles
from candor.custody.turn import hold_turn
from candor.custody.witnessing import Witnessing
from candor.verify.errors import VerifyError
from candor.verify.handover import VerifiedHandover
from candor.verify.merkle import Frontier, inclusion_proof
from candor.verify.note import Note, VerifierKey
from candor.verify.policy import Policy
from candor.verify.tiles import TileReader
from candor.verify.tlogproof import TlogProof

_logger = logging.getLogger("candor.custody")


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

    def sign_statement(self, text: str) -> Note:
        """A text that is no checkpoint (see `LogKey.sign_statement`) as a note signed by the log's key.

        Raises NotFound before the log exists, LogKeyMissing where its key is not on this machine.
        """
        verifier = self.verifier
        if verifier is None:
            raise NotFound(what="custody log", id="here")
        return LogKey.load(self._keys, verifier.format()).sign_statement(text)

    def _sequencer(self) -> Sequencer | None:
        with self._database.read() as tx:
            head = read_head(tx)
            unsettled = has_unsettled(tx)
        if head is None:
            return None
        if unsettled:  # a handover that was committed, and stopped before keys and files were in their places
            with hold_turn(self._database, self.files.folder):
                settle_handover(self._database, self.files, self._keys)
        made = self._sequencer_made
        if made is None or made.verifier.format() != head.vkey:
            if made is not None:
                self.witnessing.begin_anew()
            made = Sequencer(self._database, self.files, LogKey.load(self._keys, head.vkey), self._clock)
            self._sequencer_made = made
        return made

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
            except LogKeyMissing:
                self._stopping.wait(5.0)  # the sequencer says so
            except (CandorError, VerifyError, OSError) as error:
                _logger.error("custody log, witnesses: %s", error)
                self._stopping.wait(5.0)
            except Exception:
                _logger.exception("custody log: asking the witnesses failed; it will be tried again")
                self._stopping.wait(5.0)

    def run_once(self, *, wait: bool = True) -> Pass | None:
        """One pass; None when there is no log yet or somebody else has the turn. Raises LogBehind, LogKeyMissing,
        LogKeyWrong, LogFilesUnwritable: events go on being recorded, and wait."""
        try:
            return self._run_once(wait)
        except OSError as error:
            raise self._files_failed(error) from error

    def _files_failed(self, error: OSError) -> LogFilesUnwritable:
        """Say in the database why nothing is published; over once a pass went through."""
        words = str(error)
        with suppress(CandorError):
            with self._database.read() as tx:
                known = any((one.kind, one.words) == (FILES, words) for one in problems(tx))
            if not known:
                with self._database.write() as tx:
                    begin(tx, FILES, words, self._clock)
        return LogFilesUnwritable(reason=words)

    def _run_once(self, wait: bool) -> Pass | None:
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
        """Run until everything recorded so far is covered by a signed checkpoint that is published: whoever fetches the
        file `checkpoint` from here on gets it, or a later one. Gives its size. Raises NotYetInLog after `timeout`
        seconds, and without a thread what `run_once` raises."""
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
                newest = newest_signed(tx)
                head = read_head(tx)
            if head is None:
                return 0
            if open_events is None and newest is not None and self._is_published(head, newest):
                return newest.size
            if time.monotonic() > deadline:
                raise NotYetInLog(id="of the newest act" + (f" ({head.refusal})" if head.refusal else ""))

    def _is_published(self, head: Head, newest: SignedCheckpoint) -> bool:
        """Whether all that has a place is signed, and the file says so. What is signed is stored before it is
        published; and after a handover the old log's file, which may be longer, lies there a moment more."""
        if newest.size < head.size:
            return False
        published = self.files.published()
        return published is not None and published.origin == head.origin and published.size >= newest.size

    # -- state ------------------------------------------------------------------------------------------------------
    def status(self) -> LogStatus | None:
        """How the log is doing; None before it exists."""
        with self._database.read() as tx:
            return read_status(tx, self._keys, self.witnessing.states(tx), self.quorum)

    # -- recovering -------------------------------------------------------------------------------------------------
    def recovery(self, places: Sequence[str] = ()) -> Plan:
        """What can be done about a log that is behind, with the surviving copies at `places` (folders or addresses)
        besides its own folder. Changes nothing of the log. Raises NotFound before the log exists."""
        return self._recovery().plan(places)

    def take_in(self, places: Sequence[str] = (), *, actor: str, despite_silence: bool = False) -> Plan:
        """Rebuild the log's head from a surviving copy, so that the same log goes on. Raises LogNotRecoverable,
        NothingToRecover, WitnessSilent. Gives what was done as the plan that it followed."""
        with self._held():
            return self._recovery().take_in(places, actor=actor, despite_silence=despite_silence)

    def hand_over(
        self, *, actor: str, reason: str, origin: str | None = None, places: Sequence[str] = ()
    ) -> VerifiedHandover:
        """Open a new log that names the old one, which never signs again. Raises HandoverNotNeeded, HandoverWrong."""
        with self._held():
            plan = self._recovery().plan(places)
            done = hand_over(self._database, self._keys, self._clock, plan, actor=actor, reason=reason, origin=origin)
            settle_handover(self._database, self.files, self._keys)
        return done

    @contextmanager
    def _held(self) -> Iterator[None]:
        try:
            with hold_turn(self._database, self.files.folder):
                yield
        except OSError as error:
            raise self._files_failed(error) from error
        self._sequencer_made = None
        self.witnessing.begin_anew()

    def _recovery(self) -> Recovery:
        return Recovery(self._database, self.files, self._keys, self._clock, self.witnessing)

    # -- checkpoints ------------------------------------------------------------------------------------------------
    def checkpoint(self, *, covering: int = 0) -> SignedCheckpoint | None:
        """The checkpoint to hand out for an entry at position `covering` (a witnessed one if there is one)."""
        with self._database.read() as tx:
            return newest_signed(tx, covering=covering)

    # -- proofs -------------------------------------------------------------------------------------------------------
    def proof(self, event_id: str, checkpoint: SignedCheckpoint | None = None) -> TlogProof:
        """A .tlog-proof of one event, its opening in the `extra` line. Raises NotFound, NotYetInLog."""
        with self._database.read() as tx:
            event = find(tx, event_id)
            if event is None:
                raise NotFound(what="custody event", id=event_id)
            if event.position is None:
                raise NotYetInLog(id=event_id)
            checkpoint = checkpoint or newest_signed(tx, covering=event.position)
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

    def proof_at(self, position: int, checkpoint: SignedCheckpoint) -> TlogProof:
        """A .tlog-proof of the entry at a position, without an opening."""
        hashes = inclusion_proof(self._reader(checkpoint).read, position, checkpoint.size)
        return TlogProof(position, tuple(hashes), Note.parse(checkpoint.note))

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
        return LogCheck(self._database, self.files, sequencer, self.witnessing, self._interval).run(repair=repair)
