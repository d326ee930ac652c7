"""A client of the protocol, for machines that hand files to a Candor elsewhere.

What breaks off is tried again, from where the server says; what is unfinished when the command ends is remembered in a
small file, by the file's path, size and date, and gone on with the next time.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

from candor.core.errors import CandorError
from candor.core.files import make_folder, write_durably
from candor.tus.headers import BODY_TYPE, VERSION

__all__ = ["HeldUp", "Memory", "Remembered", "SendingFailed", "Sender", "ServerAway", "ServerRefused"]

_PIECE = 1 << 18
_PAUSES = (0.2, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0)
"""Seconds before each further try; every byte that arrives begins them anew."""
_ASKED_EVERY = 1.0
_HELD_UP = 120
"""Questions in a row that are answered with what keeps a whole file from being sealed; then that is told."""


class SendingFailed(CandorError):
    """The file {path} could not be sent: {reason}."""

    exit_code: ClassVar[int] = 7


class ServerAway(SendingFailed):
    """{url} does not answer: {reason}. What arrived of {path} is kept there; run the same command again to go on."""


class HeldUp(SendingFailed):
    """{path} arrived whole at {url} and could not be sealed there yet: {reason} It is tried again there by itself; run
    the same command again to learn when it is sealed, and keep the file until then."""


class ServerRefused(SendingFailed):
    """{url} did not take {path}: {reason} (status {status})."""

    exit_code = 5


@dataclass(frozen=True)
class Remembered:
    """An upload that was begun and is not sealed. `size` in bytes, `modified` in nanoseconds since 1970."""

    url: str
    path: str
    size: int
    modified: int
    begun_at: str


class Memory:
    """The unfinished uploads of one person on one machine, in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def all(self) -> list[Remembered]:
        """Every one, the oldest first. A file that cannot be read remembers nothing."""
        try:
            return [Remembered(**one) for one in json.loads(self._file.read_bytes())]
        except (OSError, ValueError, TypeError):
            return []

    def find(self, path: str, size: int, modified: int, at: str) -> Remembered | None:
        """The upload of that very file to an address that begins so."""
        same = [one for one in self.all() if (one.path, one.size, one.modified) == (path, size, modified)]
        return next((one for one in same if one.url.startswith(at)), None)

    def keep(self, one: Remembered) -> None:
        """Remember one more."""
        self._write([*(other for other in self.all() if other.url != one.url), one])

    def forget(self, url: str) -> None:
        """It is sealed, or wanted no more."""
        self._write([one for one in self.all() if one.url != url])

    def _write(self, found: list[Remembered]) -> None:
        make_folder(self._file.parent, mode=0o700)
        write_durably(self._file, json.dumps([asdict(one) for one in found], indent=1).encode(), mode=0o600)


class Sender:
    """Sends files to one server. `url`: the collection; `credential`: a token, or `user:key` of a dock."""

    def __init__(self, url: str, credential: str, memory: Memory) -> None:
        self._dock = ":" in credential
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ServerRefused(url=url, path="anything", reason="it is no http or https address", status="none")
        if parts.path in ("", "/"):
            url = urljoin(url, "/tus" if self._dock else "/upload/tus")
        self.url, self._memory = url.rstrip("/"), memory
        secret = base64.b64encode(credential.encode()).decode() if self._dock else credential
        self._who = f"Basic {secret}" if self._dock else f"Bearer {secret}"

    def send(self, path: Path, said: dict[str, str], told: Callable[[int, int], None]) -> dict[str, Any]:
        """Send one file until it is sealed; what the server says of it. `told` hears how many bytes of how many are
        there. Raises SendingFailed, also where what is sealed there is not what the file holds."""
        try:
            status = path.stat()
        except OSError as error:
            raise SendingFailed(path=path, reason=error.strerror or str(error)) from error
        size, whole = status.st_size, str(path.absolute())
        known = self._memory.find(whole, size, status.st_mtime_ns, self.url)
        where = known.url if known is not None and self._is_there(known.url, path) else ""
        if not where:
            if known is not None:
                self._memory.forget(known.url)
            where = self._begin(path, size, {"name": path.name, "source": whole, **said}, status.st_mtime_ns)
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            self._memory.keep(Remembered(where, whole, size, status.st_mtime_ns, now))
        self._go_on(where, path, size, told)
        found = self._await_seal(where, path)
        self._memory.forget(where)
        if (here := _sha256(path)) != found.get("sha256"):
            reason = f"what is sealed there has another SHA-256 than the file now, {here}: it was changed meanwhile"
            raise SendingFailed(path=path, reason=reason)
        return found

    def cancel(self, url: str) -> None:
        """Have the server keep nothing of an upload, and forget it. One that is there no more is only forgotten."""
        answer = self._ask("DELETE", url, Path(url))
        if answer.status not in (204, 404, 410):
            raise ServerRefused(url=url, path="it", reason=answer.words, status=answer.status)
        self._memory.forget(url)

    def _begin(self, path: Path, size: int, said: dict[str, str], modified: int) -> str:
        said = {"modified": str(modified // 1_000_000), **{key: value for key, value in said.items() if value}}
        pairs = (
            f"{key} {base64.b64encode(value.encode('utf-8', 'surrogateescape')).decode()}"
            for key, value in said.items()
        )
        headers = {"Upload-Length": str(size), "Upload-Metadata": ",".join(pairs)}
        answer = self._patiently("POST", self.url, path, headers)
        if answer.status != 201:
            raise ServerRefused(url=self.url, path=path, reason=answer.words, status=answer.status)
        return urljoin(self.url, answer.headers["location"])

    def _is_there(self, url: str, path: Path) -> bool:
        return self._patiently("HEAD", url, path).status == 200

    def _go_on(self, url: str, path: Path, size: int, told: Callable[[int, int], None]) -> None:
        tries, furthest = 0, -1
        while True:
            head = self._patiently("HEAD", url, path)
            if head.status != 200:
                raise ServerRefused(url=url, path=path, reason="the upload has ended there", status=head.status)
            offset = int(head.headers.get("upload-offset") or size)
            told(offset, size)
            if offset >= size:
                return
            if offset > furthest:
                tries, furthest = 0, offset
            try:
                answer = self._ask("PATCH", url, path, {"Upload-Offset": str(offset)}, (path, offset, size, told))
            except ServerAway:
                answer = None
            if answer is not None and answer.status == 204:
                continue
            if answer is not None and answer.status not in (408, 409, 423) and answer.status < 500:
                raise ServerRefused(url=url, path=path, reason=answer.words, status=answer.status)
            if tries >= len(_PAUSES):
                reason = answer.words if answer is not None else "the connection breaks again and again"
                raise ServerAway(url=url, path=path, reason=reason)
            time.sleep(_PAUSES[tries])
            tries += 1

    def _await_seal(self, url: str, path: Path) -> dict[str, Any]:
        held_up = 0
        while True:
            answer = self._patiently("GET", url, path)
            if answer.status != 200:
                raise ServerRefused(url=url, path=path, reason=answer.words, status=answer.status)
            found: dict[str, Any] = json.loads(answer.body)
            if found["state"] == "done":
                return found
            held_up = held_up + 1 if found.get("problem") else 0
            if held_up > _HELD_UP:
                raise HeldUp(url=url, path=path, reason=found["problem"])
            if found["state"] == "open":  # whole, and not sealed: the last answer was lost, or the store was full
                last = {"Upload-Offset": str(found["received"]), "Content-Type": BODY_TYPE}
                self._patiently("PATCH", url, path, last)
            time.sleep(_ASKED_EVERY)

    def _patiently(self, method: str, url: str, path: Path, headers: dict[str, str] | None = None) -> _Answer:
        """A request without a body, tried again while the server is away."""
        for pause in (*_PAUSES, None):
            try:
                answer = self._ask(method, url, path, headers)
                if answer.status < 500 or pause is None:
                    return answer
            except ServerAway:
                if pause is None:
                    raise
            time.sleep(pause)
        raise AssertionError("unreachable")

    def _ask(
        self,
        method: str,
        url: str,
        path: Path,
        headers: dict[str, str] | None = None,
        body: tuple[Path, int, int, Callable[[int, int], None]] | None = None,
    ) -> _Answer:
        parts = urlsplit(url)
        given = {"Tus-Resumable": VERSION, "Authorization": self._who, **(headers or {})}
        content: Iterator[bytes] | None = None
        if body is not None:
            given |= {"Content-Type": BODY_TYPE, "Content-Length": str(body[2] - body[1])}
            content = _pieces(*body)
        elif method in ("POST", "PATCH"):
            given["Content-Length"] = "0"
        try:
            line = _connect(parts.scheme, parts.hostname or "", parts.port)
            try:
                line.request(method, parts.path, body=content, headers=given)
                answer = line.getresponse()
                return _Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read(1 << 20))
            finally:
                line.close()
        except (OSError, http.client.HTTPException) as error:
            raise ServerAway(url=url, path=path, reason=str(error) or type(error).__name__) from error


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def words(self) -> str:
        """What the server says of itself."""
        try:
            return str(json.loads(self.body)["error"])
        except (ValueError, KeyError, TypeError):
            return "it gave no reason"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SendingFailed(path=path, reason=error.strerror or str(error)) from error


def _connect(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=90, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=90)


def _pieces(path: Path, offset: int, size: int, told: Callable[[int, int], None]) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            while offset < size:
                piece = file.read(min(_PIECE, size - offset))
                if not piece:
                    raise SendingFailed(path=path, reason="it became shorter while it was being sent")
                yield piece
                offset += len(piece)
                told(offset, size)
    except OSError as error:
        raise SendingFailed(path=path, reason=error.strerror or str(error)) from error
