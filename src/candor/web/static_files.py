"""Files that anybody may read: the site's own, and the custody log's public ones."""

from __future__ import annotations

import os
import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

#: C2SP tlog-tiles: the checkpoint, hash tiles and entry bundles; nothing else of the folder is public.
_LOG_PATHS = re.compile(r"checkpoint|tile/(?:entries|\d{1,2})/(?:x\d{3}/)*\d{3}(?:\.p/\d{1,3})?")


class SiteFiles(StaticFiles):
    """Style sheets, scripts, icons. With the hash in its address a file may be kept for a year."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder)

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        versioned = scope["query_string"].startswith(b"v=")
        answer.headers["cache-control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return answer


class LogFiles(StaticFiles):
    """The log as C2SP tlog-tiles wants it served. It is public on purpose: any page anywhere may read it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        name = path.replace(os.sep, "/")
        if not _LOG_PATHS.fullmatch(name):
            raise HTTPException(404)
        answer = await super().get_response(path, scope)
        if name == "checkpoint":
            answer.headers["content-type"] = "text/plain; charset=utf-8"
            answer.headers["cache-control"] = "no-cache"
        else:
            answer.headers["content-type"] = "application/octet-stream"
            # A full tile never changes; a partial one neither, but it is soon replaced by a longer one.
            answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        answer.headers["access-control-allow-origin"] = "*"
        answer.headers["cross-origin-resource-policy"] = "cross-origin"
        return answer

    async def check_config(self) -> None:
        """Nothing: the log's folder may be made after the site; until then every file in it is missing."""
