"""Uploads that came in several segments are put together: read back in order, and sealed by intake as one file.

It can be stopped anywhere: the segments stay until the intake is committed, and then it begins again. What stands in
its way for a time (no room, a store that is away) is noted and tried again; a segment that cannot be read any more ends
the upload, as an event.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from candor.core.errors import CandorError
from candor.docking.uploads import service as uploads
from candor.docking.uploads.errors import UploadFailed, UploadTakenOver, UploadUnknown
from candor.docking.uploads.rules import Upload, UploadState
from candor.docking.uploads.segments import Segment, segments_of
from candor.docking.uploads.turn import LOST
from candor.footage.intake import IntakeWriter
from candor.store.room import must_have_room

if TYPE_CHECKING:
    from candor.docking.uploads.reception import Uploads

__all__ = ["Assembling"]

_AT_ONCE = 2
_NOTED_EVERY = 5.0

_logger = logging.getLogger("candor.docking")


class Assembling:
    """The uploads that this process puts together, a few at a time."""

    def __init__(self, home: Uploads) -> None:
        self._home = home
        self._guard = threading.Lock()
        self._workers: ThreadPoolExecutor | None = None
        self._under_way: dict[str, Future[None]] = {}
        self._stopping = threading.Event()

    def put_together(self, upload_id: str) -> Future[None]:
        """Have an upload assembled; ended when it is sealed, or with the error for which it is not yet."""
        with self._guard:
            known = self._under_way.get(upload_id)
            if known is not None:
                return known
            if self._workers is None:
                self._stopping.clear()
                self._workers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="assembling")
            future = self._workers.submit(self._run, upload_id)
            self._under_way[upload_id] = future
        future.add_done_callback(lambda _: self._forget(upload_id))
        return future

    def stop(self) -> None:
        """End: what is half-done is begun again later."""
        self._stopping.set()
        workers, self._workers = self._workers, None
        if workers is not None:
            workers.shutdown(wait=True, cancel_futures=True)

    def _forget(self, upload_id: str) -> None:
        with self._guard:
            self._under_way.pop(upload_id, None)

    def _run(self, upload_id: str) -> None:
        home = self._home
        with home.database.write() as tx:
            upload = uploads.find(tx, upload_id)
            if upload is None:
                raise UploadUnknown()
            if upload.state is not UploadState.ASSEMBLING and not (upload.state is UploadState.OPEN and upload.whole):
                return
            uploads.hold(tx, upload, home.drafts.holder, home.drafts.is_gone, home.clock.now())
            uploads.set_assembling(tx, upload.id, home.drafts.holder, home.clock.now())
            segments = segments_of(tx, upload)
        try:
            self._assemble(upload, segments)
        except UploadTakenOver:
            raise
        except UploadFailed as error:
            home.fail(upload, str(error.fields["problem"]))
            raise
        except CandorError as error:
            _logger.warning("upload %s: %s", upload.id, error)
            with home.database.write() as tx:
                uploads.note_problem(tx, upload.id, str(error), home.clock.now())
                uploads.let_go(tx, upload.id, home.drafts.holder)
            raise

    def _assemble(self, upload: Upload, segments: list[Segment]) -> None:
        home = self._home
        must_have_room(home.vault, upload.received)
        with home.intake.begin(upload.claim) as writer:
            progress = _Progress(home, upload)
            for segment in segments:
                self._feed(writer, segment, progress)
            if writer.size != upload.received:
                raise UploadFailed(problem=f"{writer.size} of its {upload.received} bytes are there.")
            home.seal(upload, writer)

    def _feed(self, writer: IntakeWriter, segment: Segment, progress: _Progress) -> None:
        home = self._home
        try:
            with home.database.read() as tx:
                key = home.vault.open_secret(tx, segment.secret_id)
            reader = home.drafts.open(segment.object_id, key, segment.durable)
        except LOST as error:
            raise UploadFailed(problem=str(error)) from error
        with reader:
            pieces = reader.pieces()
            while True:
                if self._stopping.is_set():
                    raise UploadTakenOver()
                try:
                    piece = next(pieces, b"")
                except LOST as error:
                    raise UploadFailed(problem=str(error)) from error
                if not piece:
                    return
                writer.write(piece)
                progress.told(writer.size)


class _Progress:
    """Writes down now and then how far it is, which also keeps the upload this process's own."""

    def __init__(self, home: Uploads, upload: Upload) -> None:
        self._home, self._upload = home, upload
        self._at = time.monotonic()

    def told(self, done: int) -> None:
        if time.monotonic() - self._at < _NOTED_EVERY:
            return
        self._at = time.monotonic()
        home = self._home
        with home.database.write() as tx:
            uploads.note_assembled(tx, self._upload.id, home.drafts.holder, done, home.clock.now())
