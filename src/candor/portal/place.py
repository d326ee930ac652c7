"""What the portal has: published things to read, an inbox to append to, and how often somebody came."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from dataclasses import dataclass, field

from starlette.requests import Request

from candor.core.clock import Clock, SystemClock
from candor.core.portal_settings import PortalSettings
from candor.portal.errors import CodeTriesOver, NotReady
from candor.portal.rates import Rate, source_of
from candor.published.errors import InboxTooOften
from candor.published.inbox import Inbox
from candor.published.notices import AboutNotice, StatusNotice
from candor.published.place import Published
from candor.published.tracking import code_of, digest_of

__all__ = ["Portal", "portal_of"]

#: Seconds for which who the agency is is not asked again.
_KEPT = 2.0


@dataclass
class Portal:
    """All that the pages work with. It holds no credential; `_key` is made at the start and ends with the process."""

    settings: PortalSettings
    clock: Clock = field(default_factory=SystemClock)
    published: Published = field(init=False)
    inbox: Inbox = field(init=False)
    sent: Rate = field(init=False)
    tries: Rate = field(init=False)

    def __post_init__(self) -> None:
        self.published = Published.to_read(self.settings)
        self.inbox = Inbox.to_append(self.settings)
        self.sent = Rate(self.settings.limits.sent)
        self.tries = Rate(self.settings.limits.tries)
        self._key = secrets.token_bytes(32)
        self._guard = threading.Lock()
        self._about: AboutNotice | None = None
        self._asked = float("-inf")

    def about(self) -> AboutNotice:
        """Who the agency is. Raises NotReady before it was published, DatabaseGone."""
        with self._guard:
            if time.monotonic() - self._asked > _KEPT:
                self._about = self.published.about() if self.published.is_made() else None
                self._asked = time.monotonic()
            if self._about is None:
                self._asked = float("-inf")
                raise NotReady()
            return self._about

    def code_for(self, once: str, content: bytes) -> str:
        """The tracking code of what was sent by one form: the same for the same content sent again, so that a button
        that was pressed twice makes one request. Nobody can guess it without the key of this process."""
        digest = hashlib.sha256(content).digest()
        return code_of(hmac.digest(self._key, b"code\0" + once.encode() + b"\0" + digest, "sha256")[:10])

    def mark_of(self, code: str) -> str:
        """What a cookie carries beside a code that was given here: without it nobody tries codes by cookies, which are
        not counted. It ends with the process."""
        return hmac.digest(self._key, b"given\0" + code.encode(), "sha256").hex()

    def append(self, kind: str, sealed: bytes, request: Request) -> None:
        """Put something into the inbox, in this address's measure. Raises InboxTooOften, InboxFull."""
        source, now = self.source(request), time.monotonic()
        minutes = self.sent.take(source, now)
        if minutes:
            raise InboxTooOften(minutes=minutes)
        try:
            self.inbox.append(kind, sealed, clock=self.clock)
        except BaseException:
            self.sent.give_back(source, now)
            raise

    def find(self, code: str | None, request: Request) -> StatusNotice | None:
        """How the request of a code stands, in this address's measure of codes that open nothing; None where there is
        none. `code` None: it was no code at all, and counts as well. Raises CodeTriesOver."""
        source, now = self.source(request), time.monotonic()
        minutes = self.tries.take(source, now)
        if minutes:
            raise CodeTriesOver(minutes=minutes)
        try:
            found = None if code is None else self.published.status(digest_of(code))
        except BaseException:
            self.tries.give_back(source, now)
            raise
        if found is not None:
            self.tries.give_back(source, now)
        return found

    @staticmethod
    def source(request: Request) -> str:
        """Where a request comes from, as it is counted."""
        return source_of(request.client.host if request.client else "")

    def close(self) -> None:
        """End the connections."""
        self.published.close()
        self.inbox.close()


def portal_of(request: Request) -> Portal:
    """The portal that answers."""
    found: Portal = request.app.state.portal
    return found
