"""A form with files (RFC 7578), read piece by piece as it arrives and bounded at every step.

What browsers send is read: a boundary, parts with a Content-Disposition that names the field. Whatever else there could
be (nested parts, encodings, several files under one header) is refused. A file is looked at as soon as its first bytes
are here, so that nobody sends megabytes of what is not taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from candor.core.portal_settings import PortalLimits
from candor.portal.errors import BodyTooLarge, BodyWrong, FileRefused

__all__ = ["LONGEST_FIELD", "MOST_FIELDS", "Multipart", "SentFile", "boundary_of"]

MOST_FIELDS = 60
#: Bytes of one field.
LONGEST_FIELD = 64 * 1024
_LONGEST_HEADER = 2048
_BOUNDARY = re.compile(r"multipart/form-data\s*;\s*boundary=\"?([0-9A-Za-z'()+_,./:=?-]{1,70})\"?\s*", re.IGNORECASE)
_PARAMETER = re.compile(r';\s*(name|filename)="([^"\r\n]*)"', re.IGNORECASE)
#: What a file may begin with, and what it is then.
_MAGIC = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_ENOUGH = max(len(one) for one in _MAGIC)


@dataclass
class SentFile:
    """A file that was sent: its name as it was given, what it is by its first bytes, its bytes."""

    name: str
    media_type: str = ""
    content: bytearray = field(default_factory=bytearray)


def boundary_of(content_type: str) -> bytes | None:
    """The boundary that a Content-Type names; None where it is another type. Raises BodyWrong."""
    if content_type.split(";")[0].strip().lower() != "multipart/form-data":
        return None
    found = _BOUNDARY.fullmatch(content_type)
    if found is None:
        raise BodyWrong(reason="it has no boundary")
    return found[1].encode("ascii")


class Multipart:
    """Feed it the body as it comes, then `end`; `fields` and `files` hold what was sent."""

    def __init__(self, boundary: bytes, limits: PortalLimits) -> None:
        self.fields: dict[str, str] = {}
        self.files: list[SentFile] = []
        self._limits = limits
        self._delimiter = b"\r\n--" + boundary
        self._buffer = bytearray(b"\r\n")  # so that the first boundary looks like the others
        self._step = self._preamble
        self._ended = False
        self._parts = 0
        self._name = ""
        self._value = bytearray()
        self._file: SentFile | None = None

    def feed(self, data: bytes) -> None:
        """The next bytes. Raises BodyTooLarge, BodyWrong, FileRefused."""
        if not self._ended:
            self._buffer += data
            while self._step():
                pass

    def end(self) -> None:
        """No more comes. Raises BodyWrong where it is cut off."""
        if not self._ended:
            raise BodyWrong(reason="it ends too early")

    def _preamble(self) -> bool:
        if len(self._buffer) < len(self._delimiter):
            return False
        if not self._buffer.startswith(self._delimiter):
            raise BodyWrong(reason="it does not begin with its boundary")
        del self._buffer[: len(self._delimiter)]
        self._step = self._after
        return True

    def _after(self) -> bool:
        """Behind a boundary: another part, or the end."""
        if len(self._buffer) < 2:
            return False
        head = bytes(self._buffer[:2])
        if head == b"--":
            self._ended = True
            self._buffer.clear()
            return False
        if head != b"\r\n":
            raise BodyWrong(reason="a boundary is not followed by a line's end")
        del self._buffer[:2]
        self._step = self._header
        return True

    def _header(self) -> bool:
        at = self._buffer.find(b"\r\n\r\n", 0, _LONGEST_HEADER)
        if at < 0:
            if len(self._buffer) >= _LONGEST_HEADER:
                raise BodyWrong(reason="a part has too long a header")
            return False
        lines = bytes(self._buffer[:at]).decode("utf-8", "replace").split("\r\n")
        del self._buffer[: at + 4]
        self._begin(lines)
        self._step = self._body
        return True

    def _begin(self, lines: list[str]) -> None:
        self._parts += 1
        if self._parts > MOST_FIELDS:
            raise BodyTooLarge()
        said = [line for line in lines if line.lower().startswith("content-disposition:")]
        if len(said) != 1 or "form-data" not in said[0].lower():
            raise BodyWrong(reason="a part is no field of a form")
        if any(line.lower().startswith("content-transfer-encoding:") for line in lines):
            raise BodyWrong(reason="a part is encoded")
        given = {name.lower(): value for name, value in _PARAMETER.findall(said[0])}
        self._name, self._value = given.get("name", ""), bytearray()
        if not self._name:
            raise BodyWrong(reason="a field has no name")
        self._file = SentFile(given["filename"].replace("%22", '"')[-255:]) if "filename" in given else None

    def _body(self) -> bool:
        at = self._buffer.find(self._delimiter)
        # The beginning of a boundary may stand at the end of what is here.
        ready = at if at >= 0 else max(0, len(self._buffer) - len(self._delimiter))
        if ready:
            self._take(bytes(self._buffer[:ready]))
            del self._buffer[:ready]
        if at < 0:
            return False
        self._finish()
        del self._buffer[: len(self._delimiter)]
        self._step = self._after
        return True

    def _take(self, data: bytes) -> None:
        if self._file is None:
            self._value += data
            if len(self._value) > LONGEST_FIELD:
                raise BodyTooLarge()
            return
        self._file.content += data
        if len(self._file.content) > self._limits.file_megabytes * 1_000_000:
            raise self._refused("it is too large")
        if not self._file.media_type and len(self._file.content) >= _ENOUGH:
            self._recognise()

    def _finish(self) -> None:
        if self._file is None:
            if self._name in self.fields:
                raise BodyWrong(reason="a field comes twice")
            self.fields[self._name] = self._value.decode("utf-8", "replace")
        elif self._file.content:  # a form without a file chosen sends an empty one
            self._recognise()
            self.files.append(self._file)
            if len(self.files) > self._limits.files:
                raise self._refused(f"at most {self._limits.files} files can be sent")

    def _recognise(self) -> None:
        assert self._file is not None
        known = [kind for magic, kind in _MAGIC.items() if self._file.content.startswith(magic)]
        if not known:
            raise self._refused("it is neither a PDF nor a PNG or JPEG picture, whatever its name says")
        self._file.media_type = known[0]

    def _refused(self, reason: str) -> FileRefused:
        assert self._file is not None
        name = "".join(one if one.isprintable() else "?" for one in self._file.name)[-80:]
        return FileRefused(name=name, reason=reason, most=self._limits.file_megabytes)
