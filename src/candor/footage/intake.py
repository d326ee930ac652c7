"""The one gate: bytes come in, are sealed while they are received, and become a recording all at once.

    begin → write … → finish:   the object is durably sealed
                                → the sealed bytes are examined in a limited process
                                → one transaction: rows, seal, custody events, job
                                → acknowledged

Killed anywhere before the commit, nothing is there but ciphertext that no row names (`Vault` sweeps it later).
Whoever abandons a writer calls `abort`, or uses it as a context manager.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self, cast

from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from candor.core import tracing
from candor.core.clock import Clock, SystemClock
from candor.core.database import Database
from candor.core.limited import LimitedUnavailable
from candor.footage import names
from candor.footage.errors import IntakeEnded
from candor.footage.media import examine
from candor.footage.receipt import Claim, Receipt, Received, enter, enter_again, is_known, unrecorded
from candor.footage.rules import Flag, choose_start, flags_of
from candor.footage.times import claims_of, file_date, in_order
from candor.jobs import Jobs
from candor.store import ObjectWriter, SealedObject, StoreError, Vault

__all__ = ["Claim", "Intake", "IntakeWriter", "Readable", "Received"]

#: Bytes asked of a stream at a time.
_PIECE = 1 << 20
#: How often a commit is tried when another writer took the same place or sealed the same bytes in that moment.
_TRIES = 5


class Readable(Protocol):
    """Anything bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


class Intake:
    """Takes files in. Shared by the threads of a process."""

    def __init__(self, database: Database, vault: Vault, jobs: Jobs, clock: Clock | None = None) -> None:
        self.database, self.vault, self.jobs = database, vault, jobs
        self.clock: Clock = clock or SystemClock()

    def begin(self, claim: Claim, *, writer: ObjectWriter | None = None) -> IntakeWriter:
        """Begin to take one file in, piece by piece. `writer`: what was received of it already, of kind "original"."""
        return IntakeWriter(self, claim, writer=writer)

    def take_in(self, stream: Readable, claim: Claim, progress: Callable[[int], None] | None = None) -> Received:
        """Take in all that a stream gives; `progress` is told how many bytes it was so far.

        A stream that fails half-way (OSError): what it gave is sealed, with a flag. One that gives nothing before
        it fails: the OSError is raised and nothing is taken in.
        """
        with self.begin(claim) as writer:
            writer.write_all(stream, progress)
            return writer.finish()


class IntakeWriter:
    """One file coming in, by one thread at a time. As a context manager it gives up what was not finished."""

    def __init__(self, intake: Intake, claim: Claim, *, writer: ObjectWriter | None = None) -> None:
        self._intake, self._claim = intake, claim
        self._received_at = intake.clock.now()
        self._writer = writer or intake.vault.writer("original")
        self._noted: set[Flag] = set()
        self._ended = ""
        self._also: Callable[[Connection, Received], None] = lambda tx, received: None

    @property
    def size(self) -> int:
        """Bytes taken so far."""
        return self._writer.size

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Take bytes in; returns their number. Any error ends the intake and leaves nothing."""
        self._must_be_open()
        try:
            return self._writer.write(data)
        except BaseException:
            self.abort()
            raise

    def write_all(self, stream: Readable, progress: Callable[[int], None] | None = None) -> None:
        """Take in what is left of a stream; see `Intake.take_in`."""
        while True:
            try:
                piece = stream.read(_PIECE)
            except OSError:
                if self.size == 0:
                    self.abort()
                    raise
                self.note(Flag.READ_INCOMPLETE)
                return
            if not piece:
                return
            self.write(piece)
            if progress is not None:
                progress(self.size)

    def note(self, flag: Flag) -> None:
        """Say what went wrong while the file was read."""
        self._must_be_open()
        self._noted.add(flag)

    def finish(self, also: Callable[[Connection, Received], None] | None = None) -> Received:
        """Seal, examine, and enter into the catalogue. When this returns the recording is there for good.

        `also` is called in the transaction that enters it, once more where that is tried again; what it raises undoes
        all of it.
        """
        self._must_be_open()
        self._also = also or self._also
        with tracing.span("intake", {"candor.face": self._claim.face, "candor.bytes": self.size}) as span:
            received = self._finish()
            span.note("candor.new", received.new)
        return received

    def _finish(self) -> Received:
        try:
            sealed = self._writer.finish()
        except BaseException:
            self.abort()
            raise
        self._ended = "it was finished"
        # From here on nothing is removed on an error: a database that went away may have committed all the same.
        # If it has not, no row names the object and it is swept.
        received = self._enter_known(sealed) or self._enter(self._examined(sealed))
        if not received.kept:
            self._discard(sealed)
        return received

    def abort(self) -> None:
        """Give up; nothing stays. Does nothing after `finish` or another `abort`."""
        if not self._ended:
            self._ended = "it was given up"
            self._writer.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

    def _must_be_open(self) -> None:
        if self._ended:
            raise IntakeEnded(how=self._ended)

    def _enter_known(self, sealed: SealedObject) -> Received | None:
        """Enter the file if its bytes are known, without examining them once more; None if they are not."""
        intake = self._intake
        with intake.database.read() as tx:
            if not is_known(tx, intake.vault, sealed):
                return None
        start = choose_start(file_date(self._claim.modified_at), self._received_at)
        receipt = Receipt(self._claim, self._received_at, sealed, {}, (), start, ())
        with intake.database.write() as tx:
            received = enter_again(tx, intake.vault, intake.clock, receipt)
            if received is not None:
                self._also(tx, received)
            return received

    def _examined(self, sealed: SealedObject) -> Receipt:
        """What the sealed bytes claim, and what is wrong with them."""
        claim, flags = self._claim, set(self._noted)
        media: dict[str, Any] = {}
        try:
            with unrecorded(self._intake.vault, sealed) as stream:
                media = examine(cast(BinaryIO, stream))
            flags |= flags_of(media["problems"])
        except (LimitedUnavailable, StoreError) as error:
            # Sealed is sealed: that it could not be examined now is no reason to lose it.
            media = {"problems": ["examination-stopped"], "stopped": str(error)}
            flags.add(Flag.NOT_EXAMINED)
        times = in_order([*claim.times, *claims_of(media), *file_date(claim.modified_at)])
        start = choose_start(times, self._received_at)
        if start.unlikely:
            flags.add(Flag.TIME_UNLIKELY)
        if names.unusual(claim.name):
            flags.add(Flag.NAME_UNUSUAL)
        return Receipt(claim, self._received_at, sealed, media, tuple(times), start, tuple(sorted(flags)))

    def _enter(self, receipt: Receipt) -> Received:
        intake = self._intake
        for attempt in range(_TRIES):
            try:
                with intake.database.write() as tx:
                    received = enter(tx, intake.vault, intake.jobs, intake.clock, receipt)
                    self._also(tx, received)
                    return received
            except IntegrityError:
                # Another process sealed the same bytes, or took the same place in the order, just now.
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _discard(self, sealed: SealedObject) -> None:
        # That the bytes are known is durable by now. What cannot be removed at once is swept later.
        with contextlib.suppress(StoreError):
            self._intake.vault.discard(sealed)
