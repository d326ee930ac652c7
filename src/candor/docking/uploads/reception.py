"""The desk for resumable uploads: whoever sends begins, goes on, cancels; what is whole is sealed by footage's intake.

Rules it keeps, beside those of the room:

1. An upload is its owner's: for everybody else it is not there.
2. Only what is durable is noted, and only what is noted is acknowledged. What lies beyond it is not believed.
3. An upload is received by one connection at a time, over all processes: a second one is told so at once.
4. It is done in the very transaction in which intake enters the recording; before that it is no evidence.
5. What was begun and never became evidence is on record: cancelled, expired or failed.
6. Memory is bounded by the number of connections, not by the length of what they send.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from candor.core.clock import Clock
from candor.core.database import Database
from candor.docking.links import service as links
from candor.docking.uploads import service as uploads
from candor.docking.uploads.assembling import Assembling
from candor.docking.uploads.errors import (
    BeyondLength,
    OffsetWrong,
    UploadElsewhere,
    UploadSealed,
    UploadTooLarge,
)
from candor.docking.uploads.keeping import Keeping
from candor.docking.uploads.limits import bytes_left, check_limits
from candor.docking.uploads.places import Places
from candor.docking.uploads.rules import Limits, Owner, Upload, UploadKind, UploadState, checked_length
from candor.docking.uploads.segments import Segment, segments_of
from candor.docking.uploads.turn import Live, Turn
from candor.footage.intake import Claim, Intake, IntakeWriter
from candor.jobs import Jobs
from candor.store import Vault
from candor.store.drafts import Drafts
from candor.store.room import RESERVE, NoRoom, must_have_room
from candor.store.scratch import Scratch

__all__ = ["Uploads"]

KEPT = 16
"""Writers kept between the turns of their uploads."""

_logger = logging.getLogger("candor.docking")


class Uploads:
    """The uploads of one installation, seen from one process; shared by its threads.

    `largest`: bytes of one file at most; `together`: of one owner's unfinished ones; `days`: how long one can be gone
    on with.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        jobs: Jobs,
        clock: Clock,
        *,
        spool: Path,
        largest: int,
        together: int,
        days: int,
    ) -> None:
        self.database, self.vault, self.clock = database, vault, clock
        self.largest, self.together, self.days = largest, together, days
        self.drafts = Drafts(vault, spool)
        self.intake = Intake(database, vault, jobs, clock)
        self._assembling = Assembling(self)
        self._guard = threading.Lock()
        self._places = Places()
        self._live: dict[str, Live] = {}
        self._keeping = Keeping(self)

    # -- what a sender asks for

    @property
    def usual_limits(self) -> Limits:
        """What an owner may have where the face says nothing else."""
        return Limits(open_bytes=self.together)

    def begin(
        self,
        owner: Owner,
        claim: Claim,
        *,
        length: int | None,
        kind: UploadKind = UploadKind.WHOLE,
        metadata: str = "",
        limits: Limits | None = None,
    ) -> Upload:
        """Begin an upload. Raises UploadTooLarge, UploadsTooMany, UploadsTooLarge, NoRoom."""
        if length is not None and length > self.largest:
            raise UploadTooLarge(limit=self.largest >> 30)
        must_have_room(self.vault, length or 0)
        self.must_have_room_for_drafts(length or 0)
        place = self.drafts.place
        with self.database.write() as tx:
            return uploads.begin(
                tx,
                owner,
                claim,
                length=length,
                kind=kind,
                metadata=metadata,
                limits=limits or self.usual_limits,
                place=place,
                days=self.days,
                clock=self.clock,
            )

    def join(self, owner: Owner, claim: Claim, part_ids: Sequence[str], *, metadata: str = "") -> Upload:
        """Begin an upload that consists of others, whole and in this order; it is to be assembled at once. Raises
        PartsNotWhole, UploadUnknown, UploadElsewhere, UploadTooLarge."""
        place = self.drafts.place
        with self.database.write() as tx:
            size, parts = uploads.join(tx, owner, part_ids, self.clock.now())
            if parts[0].place != place:
                raise UploadElsewhere()
            if size > self.largest:
                raise UploadTooLarge(limit=self.largest >> 30)
            made = uploads.begin(
                tx,
                owner,
                claim,
                length=size,
                kind=UploadKind.JOINED,
                metadata=metadata,
                parts=part_ids,
                received=size,
                limits=self.usual_limits,
                place=place,
                days=self.days,
                clock=self.clock,
            )
            uploads.hold(tx, made, self.drafts.holder, self.drafts.is_gone, self.clock.now())
            uploads.set_assembling(tx, made.id, self.drafts.holder, self.clock.now())
            return replace(made, state=UploadState.ASSEMBLING)

    def look(self, owner: Owner, upload_id: str) -> Upload:
        """The owner's upload as it stands. Raises UploadUnknown; UploadGone or UploadFailed where it has ended."""
        with self.database.read() as tx:
            found = uploads.found(tx, owner, upload_id)
        found.must_be_there(self.clock.now())
        return found

    def begin_turn(
        self,
        owner: Owner,
        upload_id: str,
        offset: int,
        *,
        announced: int = 0,
        length: int | None = None,
        limits: Limits | None = None,
    ) -> Turn:
        """Begin to receive from `offset` on; `announced`: bytes, as far as known; `length`: of the upload, where it is
        said only now. Whoever begins a turn ends it (`end_turn`).

        Raises UploadUnknown, UploadGone, UploadFailed, UploadSealed, UploadBusy, OffsetWrong, LengthWrong,
        BeyondLength, UploadTooLarge, UploadsTooLarge, UploadsWait, UploadElsewhere, NoRoom: none of the bytes
        was looked at.
        """
        self.take_place(upload_id, owner)
        try:
            turn = self._hold(owner, upload_id, offset, announced, length, limits or self.usual_limits)
        except BaseException:
            self.leave_place(upload_id)
            raise
        self._places.seat(upload_id, turn)
        return turn

    def leave_place(self, upload_id: str) -> None:
        """Have others of this process come to the upload."""
        self._places.leave(upload_id)

    def take_place(self, upload_id: str, owner: Owner | None = None) -> None:
        """Be the only one of this process at the upload. Raises UploadBusy, UploadsWait."""
        self._places.take(upload_id, owner)

    def _hold(
        self, owner: Owner, upload_id: str, offset: int, announced: int, length: int | None, limits: Limits
    ) -> Turn:
        drafts, place = self.drafts, self.drafts.place
        with self._guard:
            live = self._live.pop(upload_id, None)
        lost, held, most = "", False, self.largest
        try:
            with self.database.write() as tx:
                now = self.clock.now()
                upload = uploads.found(tx, owner, upload_id, held=True)
                upload.must_be_open(now)
                if upload.place != place:
                    raise UploadElsewhere()
                if upload.kind is UploadKind.JOINED:
                    raise UploadSealed()
                if offset != upload.received:
                    raise OffsetWrong(received=upload.received, given=offset)
                said = checked_length(upload, length)
                if said is not None and said > self.largest:
                    raise UploadTooLarge(limit=self.largest >> 30)
                if said is not None and offset + announced > said:
                    raise BeyondLength(length=said)
                if upload.length is None:
                    check_limits(tx, owner, limits, max(said or 0, offset + announced) - offset, files=0)
                    left = bytes_left(tx, owner, limits)
                    most = most if left is None else min(most, offset + left)
                uploads.hold(tx, upload, drafts.holder, drafts.is_gone, now)
                if said != upload.length:
                    uploads.say_length(tx, upload.id, said)
                    upload = replace(upload, length=said)
                segments = segments_of(tx, upload)
            held = True
            if live is None or not live.goes_on(upload, segments):
                lost = next((one.object_id for one in segments if not drafts.holds(one.object_id, one.durable)), "")
            must_have_room(self.vault, announced)
            self.must_have_room_for_drafts(announced)
        except BaseException:
            if live is not None:
                self._keep(upload_id, live)
            if held:
                self._let_go(upload_id)
            raise
        if live is not None and not live.goes_on(upload, segments):
            live.writer.park()
            live = None
        if lost:
            problem = f"Its stretch {lost} is missing, or shorter than what was acknowledged."
            self.fail(upload, problem)
            upload = replace(upload, state=UploadState.FAILED, problem=problem)
            upload.must_be_there(self.clock.now())
        return Turn(self, upload, live, most)

    def end_turn(self, turn: Turn) -> None:
        """End a turn: what was taken and is not noted is not kept. Never raises."""
        live = turn.keep_writer()
        if live is not None:
            self._keep(turn.upload.id, live)
        if not turn.handed_over:
            self._let_go(turn.upload.id)
        self.leave_place(turn.upload.id)

    def finish(self, turn: Turn) -> Future[None] | None:
        """All bytes of the turn's upload were taken: seal it. None when it is sealed; else what ends when it was put
        together from its segments, all of which is durable and noted by then. A part waits to be joined. Raises
        LinkEnded where the link by which it came was withdrawn meanwhile, or is over."""
        upload = turn.upload
        if upload.owner.kind == "link":  # it may have been withdrawn while the bytes came
            with self.database.read() as tx:
                links.must_still_take(tx, upload.owner.id, self.clock.now())
        if upload.kind is UploadKind.PART:
            turn.settle()
            return None
        live = turn.give_up_writer() if self._is_one(turn) else None
        if live is not None:
            try:
                self.seal(upload, self.intake.begin(upload.claim, writer=live.writer.writer))
            except BaseException:
                live.writer.park()
                raise
            return None
        turn.settle()
        if upload.length == 0:
            with self.intake.begin(upload.claim) as writer:
                self.seal(upload, writer)
            return None
        with self.database.write() as tx:
            uploads.set_assembling(tx, upload.id, self.drafts.holder, self.clock.now())
        left = turn.keep_writer()
        if left is not None:
            left.writer.park()
        turn.handed_over = True
        return self._assembling.put_together(upload.id)

    def _is_one(self, turn: Turn) -> bool:
        """Whether the live segment is all of the file, and can become the object itself."""
        return self.drafts.direct and turn.is_one_segment

    def put_together(self, upload_id: str) -> Future[None]:
        """Have an upload that is to be assembled put together."""
        return self._assembling.put_together(upload_id)

    def terminate(self, owner: Owner, upload_id: str, actor: str) -> None:
        """Cancel an upload: nothing of it is kept, and that it was begun and cancelled is on record. Raises
        UploadUnknown, UploadGone, UploadSealed, UploadBusy."""
        self.take_place(upload_id)
        try:
            with self.database.write() as tx:
                upload = uploads.found(tx, owner, upload_id, held=True)
                upload.must_be_open(self.clock.now())
                if upload.place != self.drafts.place:
                    raise UploadElsewhere()
                uploads.hold(tx, upload, self.drafts.holder, self.drafts.is_gone, self.clock.now())
                segments = uploads.end(tx, upload, UploadState.TERMINATED, actor, self.clock)
            self.remove(upload_id, [one.object_id for one in segments])
        finally:
            self.leave_place(upload_id)

    def scratch(self) -> Scratch:
        """Room for bytes that are not believed yet."""
        return Scratch(self.drafts.folder)

    # -- what happens to uploads inside

    def seal(self, upload: Upload, writer: IntakeWriter) -> None:
        """Seal what a writer holds, all of an upload; done when this returns. Raises UploadTakenOver, with which the
        intake is undone too."""
        holder = self.drafts.holder
        segments: list[list[Segment]] = []
        received = writer.finish(
            also=lambda tx, received: segments.append(uploads.seal(tx, upload, holder, received, self.clock))
        )
        assert upload.length in (None, received.size), "intake took another number of bytes"
        self.remove(upload.id, [one.object_id for one in segments[-1]])

    def fail(self, upload: Upload, problem: str) -> None:
        """End an upload whose bytes can no longer be read."""
        _logger.error("upload %s: %s", upload.id, problem)
        with self.database.write() as tx:
            segments = uploads.end(tx, upload, UploadState.FAILED, "system:uploads", self.clock, problem)
        self.remove(upload.id, [one.object_id for one in segments])

    def must_have_room_for_scratch(self, size: int) -> None:
        """Raise NoRoom when so many bytes more, that are not believed yet, would take the last room."""
        must_have_room(self.vault, size)
        self.must_have_room_for_drafts(size)

    def must_have_room_for_drafts(self, size: int) -> None:
        """Raise NoRoom when drafts lie elsewhere than the store and there is no room for so many bytes."""
        if not self.drafts.direct and self.drafts.free_bytes() - size < RESERVE:
            raise NoRoom(reserve=RESERVE >> 30)

    def remove(self, upload_id: str, object_ids: list[str]) -> None:
        """Remove the drafts of an upload, which no row names any more."""
        with self._guard:
            live = self._live.pop(upload_id, None)
        if live is not None:
            live.writer.park()
        for object_id in object_ids:
            with contextlib.suppress(OSError):  # no row names it any more: it is cleared away later
                self.drafts.remove(object_id)

    def _let_go(self, upload_id: str) -> None:
        try:
            with self.database.write() as tx:
                uploads.let_go(tx, upload_id, self.drafts.holder)
        except Exception as error:  # others wait until the lease has run out; nothing else depends on it
            _logger.warning("upload %s could not be let go: %s", upload_id, error)

    def _keep(self, upload_id: str, live: Live) -> None:
        live.used_at = time.monotonic()
        with self._guard:
            self._live[upload_id] = live
            oldest = sorted(self._live.items(), key=lambda one: one[1].used_at)
            surplus = [key for key, _ in oldest[: max(0, len(oldest) - KEPT)]]
            parked = [self._live.pop(key) for key in surplus]
        for one in parked:
            one.writer.park()

    # -- keeping house

    def start(self) -> None:
        """Begin to look after what was left behind: idle writers, expired uploads, assembling that was interrupted."""
        self._keeping.start()

    def stop(self) -> None:
        """End it, and let go of everything. What is durable stays."""
        self._keeping.stop()
        self._assembling.stop()
        self.park_idle(0.0)
        self.drafts.close()

    def keep_house(self) -> None:
        """One look: park idle writers, expire what is due, assemble what waits, clear away what no row names."""
        self._keeping.look()

    def park_idle(self, seconds: float) -> None:
        """Let go of writers that nobody used for so long."""
        before = time.monotonic() - seconds
        with self._guard:
            idle = [key for key, live in self._live.items() if live.used_at <= before]
            parked = [self._live.pop(key) for key in idle]
        for one in parked:
            one.writer.park()
