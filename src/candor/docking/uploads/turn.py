"""One connection's turn at an upload: its bytes are sealed while they come, and noted once they are durable.

The writer of the last segment is kept between turns, so that a file that comes in one process is written once. Where
there is none (the process ended, or it was let go for want of room), a new segment begins under a key of its own; a
short one before it is read back into it, so that there are never many.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from candor.docking.uploads import service as uploads
from candor.docking.uploads.errors import BeyondLength, UploadFailed, UploadsTooLarge, UploadTooLarge
from candor.docking.uploads.rules import Upload
from candor.docking.uploads.segments import Segment, add_segment, drop_segment, segments_of
from candor.store.drafts import DraftWriter, Durable
from candor.store.errors import KeyDestroyed, ObjectAltered, ObjectMissing
from candor.store.room import must_have_room

if TYPE_CHECKING:
    from candor.docking.uploads.reception import Uploads

__all__ = ["LOST", "Live", "Turn"]

SHORT = 64 << 20
"""Bytes of a segment below which it is read back into the next one, rather than kept beside it."""
LOST = (ObjectMissing, ObjectAltered, KeyDestroyed)
"""What says that a segment cannot be read any more. A key that is not at hand is none of these: a keyring may be away,
or a rotation not have come to this machine yet."""


@dataclass
class Live:
    """A segment that is being written. `base`: bytes of the upload before it. `replaced`: a shorter one whose bytes
    are in it too, until it is noted."""

    segment: Segment
    writer: DraftWriter
    base: int
    replaced: Segment | None
    used_at: float = field(default_factory=time.monotonic)

    @property
    def received(self) -> int:
        """Bytes of the upload up to the end of what was taken."""
        return self.base + self.writer.size

    def goes_on(self, upload: Upload, segments: Sequence[Segment]) -> bool:
        """Whether this is where the upload ends, as its rows say: nobody else has gone on with it."""
        last = segments[-1] if segments else None
        same = last is not None and last.object_id == self.segment.object_id and last.durable.size == self.writer.size
        return same and self.received == upload.received


class Turn:
    """Begun by `Uploads.begin_turn`, ended by `end` in any case. Used by one thread at a time; only `note_in_passing`
    may run beside `write`."""

    def __init__(self, home: Uploads, upload: Upload, live: Live | None, most: int) -> None:
        self._home, self.upload, self._live, self._most = home, upload, live, most
        #: Whether somebody else sees to the rest, and the upload stays this process's own.
        self.handed_over = False
        self._noted = upload.received
        #: Called from any thread when somebody else wants to go on with the upload: this one may be gone.
        self.challenged: Callable[[], None] = lambda: None

    @property
    def received(self) -> int:
        """Bytes of the upload that were taken, durable or not."""
        return self._noted if self._live is None else self._live.received

    @property
    def noted(self) -> int:
        """Bytes of the upload that are durable and written down."""
        return self._noted

    @property
    def whole(self) -> bool:
        """Whether the last byte was taken."""
        return self.upload.length is not None and self.received == self.upload.length

    @property
    def is_one_segment(self) -> bool:
        """Whether all that was taken is in the segment that is being written."""
        return self._live is not None and self._live.base == 0

    def write(self, pieces: Iterable[bytes]) -> None:
        """Take bytes in. Raises BeyondLength or UploadTooLarge before anything that is too much is taken, NoRoom,
        StoreFull and StoreUnreachable; what is noted stays."""
        pieces = list(pieces)
        size = sum(map(len, pieces))
        if not size:
            return
        self._check(size)
        live = self._live or self._open()
        try:
            for piece in pieces:
                live.writer.write(piece)
        except BaseException:
            self._drop()
            raise

    def _check(self, size: int) -> None:
        end, upload = self.received + size, self.upload
        if upload.length is not None and end > upload.length:
            raise BeyondLength(length=upload.length)
        if end > self._home.largest:
            raise UploadTooLarge(limit=self._home.largest >> 30)
        if end > self._most:
            raise UploadsTooLarge(limit=round(self._home.together / (1 << 30), 2))
        # At every piece: others take in files at the same time, and not every sender announces a size.
        must_have_room(self._home.vault, size)
        self._home.must_have_room_for_drafts(size)

    def _open(self) -> Live:
        """Begin a segment, at the end of what is noted."""
        home = self._home
        with home.database.write() as tx:
            before = segments_of(tx, self.upload)
            for one in [one for one in before if one.durable.size == 0]:
                drop_segment(tx, one)
            before = [one for one in before if one.durable.size]
            last = before[-1] if before else None
            short = last if last is not None and last.durable.size < SHORT else None
            segment, key = add_segment(tx, home.vault, self.upload, last.number + 1 if last else 1)
            short_key = home.vault.open_secret(tx, short.secret_id) if short else b""
        base = self._noted - (short.durable.size if short else 0)
        live = Live(segment, home.drafts.begin(segment.object_id, "original", key), base, short)
        self._live = live
        if short is not None:
            self._read_back(live, short, short_key)
        return live

    def _read_back(self, live: Live, short: Segment, key: bytes) -> None:
        try:
            with self._home.drafts.open(short.object_id, key, short.durable) as reader:
                for piece in reader.pieces():
                    live.writer.write(piece)
        except LOST as error:
            self._drop()
            self._home.fail(self.upload, str(error))
            raise UploadFailed(problem=str(error)) from error
        except BaseException:
            self._drop()
            raise

    def note_in_passing(self) -> None:
        """Note what is durable by now while bytes go on coming; the upload stays this process's own."""
        live, home = self._live, self._home
        durable = live.writer.sync_in_passing() if live is not None else Durable(0)
        if live is not None and live.base + durable.size > self._noted:
            self._note(live, durable)
            return
        with home.database.write() as tx:
            uploads.renew(tx, self.upload.id, home.drafts.holder, home.clock.now())

    def settle(self) -> int:
        """Have everything that was taken durable, and note it; the bytes of the upload that are. Raises what the
        store and the database raise, and UploadTakenOver; what was noted before stays."""
        live = self._live
        if live is not None and live.received > self._noted:
            try:
                self._note(live, live.writer.settle())
            except BaseException:
                self._drop()
                raise
        return self._noted

    def _note(self, live: Live, durable: Durable) -> None:
        home, received = self._home, live.base + durable.size
        with home.database.write() as tx:
            uploads.note_durable(
                tx,
                self.upload.id,
                home.drafts.holder,
                live.segment,
                durable,
                received=received,
                length=self.upload.length,
                replaced=live.replaced,
                days=home.days,
                now=home.clock.now(),
            )
        self._noted = received
        home.drafts.remove_tails(live.segment.object_id, keep=durable.number)
        if live.replaced is not None:
            home.drafts.remove(live.replaced.object_id)
            live.replaced = None

    def give_up_writer(self) -> Live | None:
        """The live segment, for whoever finishes the upload with it; this turn has none from then on."""
        live, self._live = self._live, None
        return live

    def keep_writer(self) -> Live | None:
        """The live segment, if all of it is noted, for the next turn."""
        live = self.give_up_writer()
        if live is not None and (live.received != self._noted or live.replaced is not None):
            live.writer.park()
            return None
        return live

    def _drop(self) -> None:
        live = self.give_up_writer()
        if live is not None:
            live.writer.park()
