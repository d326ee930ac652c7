"""What is looked after beside the senders: idle writers, expired uploads, interrupted sealing, leftovers."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from candor.core.errors import CandorError
from candor.docking.uploads import service as uploads
from candor.docking.uploads.rules import Upload, UploadState
from candor.docking.uploads.segments import known_segments

if TYPE_CHECKING:
    from candor.docking.uploads.reception import Uploads

__all__ = ["Keeping"]

KEPT_SECONDS = 60.0
"""How long a writer is kept that nobody uses."""
LOOKS_EVERY = 15.0
TRIED_AGAIN = timedelta(seconds=60)
"""After how long sealing that could not be is tried again."""
_LEFT_OVER = 3600.0
"""Seconds after which a draft that no row names is taken for left over."""
_ROWS_KEPT_DAYS = 30

_logger = logging.getLogger("candor.docking")


class Keeping:
    """A thread that looks now and then, in one process or several: each upload is held by one at a time."""

    def __init__(self, home: Uploads) -> None:
        self._home = home
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look, at once and then every quarter of a minute."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="uploads", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, after the look that is under way."""
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except Exception as error:  # the next look may do better
                _logger.warning("looking after uploads: %s", error)
            if self._stop.wait(LOOKS_EVERY):
                return

    def look(self) -> None:
        """One look."""
        home = self._home
        home.park_idle(KEPT_SECONDS)
        now, place = home.clock.now(), home.drafts.place
        with home.database.read() as tx:
            late = uploads.expired(tx, place, now)
            waiting = uploads.stranded(tx, place, now, after=TRIED_AGAIN, is_gone=home.drafts.is_gone)
        for upload in late:
            self._expire(upload)
        for upload_id in waiting:
            home.put_together(upload_id)
        self._clear_drafts()
        with home.database.write() as tx:
            uploads.forget(tx, before=now - timedelta(days=max(_ROWS_KEPT_DAYS, home.days)))

    def _expire(self, upload: Upload) -> None:
        home = self._home
        try:
            home.take_place(upload.id)
        except CandorError:
            return  # somebody is sending to it
        try:
            with home.database.write() as tx:
                held = uploads.found(tx, upload.owner, upload.id, held=True)
                if held.state is not UploadState.OPEN or held.expires_at > home.clock.now():
                    return
                uploads.hold(tx, held, home.drafts.holder, home.drafts.is_gone, home.clock.now())
                segments = uploads.end(tx, held, UploadState.EXPIRED, "system:uploads", home.clock)
            home.remove(upload.id, [one.object_id for one in segments])
        except CandorError as error:
            _logger.warning("upload %s has expired and could not be ended: %s", upload.id, error)
        finally:
            home.leave_place(upload.id)

    def _clear_drafts(self) -> None:
        home = self._home
        old = [name for name, changed in home.drafts.left() if changed < time.time() - _LEFT_OVER]
        for start in range(0, len(old), 500):
            batch = old[start : start + 500]
            with home.database.read() as tx:
                known = known_segments(tx, batch)
            for name in batch:
                if name not in known:
                    home.drafts.remove(name)
