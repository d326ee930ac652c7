"""Files that anybody may read: the site's own, and the custody log's public ones."""

from __future__ import annotations

import os
import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

#: C2SP tlog-tiles: the checkpoint, hash tiles and entry bundles; nothing else of the folder is public but the signed
#: statements of handovers, and the logs that ended with one.
_LOG_PATHS = re.compile(
    r"handover|(?:old/[1-9]\d{0,3}/)?"
    r"(?:checkpoint|handed-over|tile/(?:entries|\d{1,2})/(?:x\d{3}/)*\d{3}(?:\.p/\d{1,3})?)"
)
#: The files among them that are text, and are replaced.
_TEXTS = ("checkpoint", "handover", "handed-over")


class SiteFiles(StaticFiles):
    """Style sheets, scripts, icons. With the hash in its address a file may be kept for a year."""

    def __init__(self, *folders: Path) -> None:
        """What is in several folders is taken from the first that has it."""
        super().__init__(directory=folders[0])
        self.all_directories = list(folders)

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        versioned = scope["query_string"].startswith(b"v=")
        answer.headers["cache-control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return answer


def _number_of(name: str) -> int | None:
    """2 of `2/checkpoint`: a log that followed another has its number in its address, as tiles of one address never
    change."""
    first = name.partition("/")[0]
    return int(first) if re.fullmatch(r"[1-9]\d{0,3}", first) and first != "1" else None


class LogFiles(StaticFiles):
    """The log as C2SP tlog-tiles wants it served. It is public on purpose: any page anywhere may read it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._old = folder / "old"

    async def get_response(self, path: str, scope: Scope) -> Response:
        name = path.replace(os.sep, "/")
        number, current = _number_of(name), self._current()
        if number == current:
            name = path = name.partition("/")[2]
        if not _LOG_PATHS.fullmatch(name):
            raise HTTPException(404)
        answer = await super().get_response(path, scope)
        # Without a number in its address, a tile may be of another log after a handover.
        replaced = current > 1 and number is None and not name.startswith("old/")
        if replaced or name.endswith(_TEXTS):
            answer.headers["cache-control"] = "no-cache"
        if name.endswith(_TEXTS):
            answer.headers["content-type"] = "text/plain; charset=utf-8"
        else:
            answer.headers["content-type"] = "application/octet-stream"
            # A full tile never changes; a partial one neither, but it is soon replaced by a longer one.
            answer.headers.setdefault("cache-control", "public, max-age=31536000, immutable")
        answer.headers["access-control-allow-origin"] = "*"
        answer.headers["cross-origin-resource-policy"] = "cross-origin"
        return answer

    def _current(self) -> int:
        """Number of the present log: one more than there were handovers."""
        try:
            return 1 + max((int(name) for name in os.listdir(self._old) if name.isdecimal()), default=0)
        except OSError:
            return 1

    async def check_config(self) -> None:
        """Nothing: the log's folder may be made after the site; until then every file in it is missing."""
