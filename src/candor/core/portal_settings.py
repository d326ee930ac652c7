"""What the portal is told, and nothing else: where published things lie, where its inbox is, how it is reached.

The portal is a process of its own with an environment of its own. This is all that stands in that environment, so what
is not here (a database, a store, a key, a mail server) cannot be read from it by whoever takes the portal over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from candor.core.errors import SettingsWrong

if TYPE_CHECKING:
    from candor.core.settings import Settings

__all__ = ["PortalLimits", "PortalSettings"]

_MOST = 1_000_000
#: Files of a request are read into memory as they come, and documents of a request have at most 20 MiB each: what the
#: portal took and the office could not keep would be lost to whoever sent it.
_AT_MOST = {"files": 20, "file_megabytes": 20}


@dataclass(frozen=True)
class PortalLimits:
    """How much may come in: `sent` requests and messages and `tries` of codes from one address in an hour; `waiting`
    entries and `megabytes` (10^6 bytes) in the inbox until they are read; `files` and `file_megabytes` each of one
    request; `hourly` requests taken over by the staff side in an hour."""

    sent: int = 12
    tries: int = 30
    waiting: int = 5000
    megabytes: int = 2000
    files: int = 3
    file_megabytes: int = 5
    hourly: int = 600

    @classmethod
    def parse(cls, text: str) -> PortalLimits:
        """`sent=12, tries=30`: those that differ from the above. Raises ValueError with what is wrong."""
        names = {one.name for one in fields(cls)}
        given: dict[str, int] = {}
        for item in filter(None, re.split(r"[,\s]+", text)):
            name, _, value = item.partition("=")
            if name not in names:
                raise ValueError(f"there is no limit {name!r}; there are {', '.join(sorted(names))}")
            most = _AT_MOST.get(name, _MOST)
            if not (value.isascii() and value.isdigit() and len(value) < 9 and 1 <= int(value) <= most):
                raise ValueError(f"{name} must be a number from 1 to {most}, such as {name}={min(30, most)}")
            given[name] = int(value)
        made = cls(**given)
        if made.megabytes <= made.files * made.file_megabytes:
            raise ValueError("megabytes must be more than files times file_megabytes: no request with files would fit")
        return made

    def format(self) -> str:
        """What `parse` reads."""
        return ",".join(f"{one.name}={getattr(self, one.name)}" for one in fields(self))


@dataclass(frozen=True)
class PortalSettings:
    """All that the portal's process knows. `url` is the address under which people reach it, if it has one; `address`
    and `port` where it listens."""

    published_url: str
    published_files: Path
    inbox_url: str
    log: Path
    host: str = "127.0.0.1"
    port: int = 0
    url: str | None = None
    trusted_proxies: str = "127.0.0.1"
    limits: PortalLimits = PortalLimits()

    @classmethod
    def of(cls, settings: Settings) -> PortalSettings:
        """Those of an installation; port 0 where none is set."""
        return cls(
            settings.published_database,
            settings.published_folder,
            settings.inbox_database,
            (settings.portal_log or settings.log_folder).expanduser().absolute(),
            settings.portal_host,
            settings.portal_port or 0,
            settings.portal_url,
            settings.trusted_proxies,
            PortalLimits.parse(settings.portal_limits),
        )

    @property
    def secure(self) -> bool:
        """Whether people reach it by https."""
        return (self.url or "").startswith("https://")

    def environment(self) -> dict[str, str]:
        """The environment of its process, beside what any program needs to start."""
        found = {
            "CANDOR_PUBLISHED_URL": self.published_url,
            "CANDOR_PUBLISHED_FILES": str(self.published_files),
            "CANDOR_INBOX_URL": self.inbox_url,
            "CANDOR_PORTAL_LOG": str(self.log),
            "CANDOR_PORTAL_HOST": self.host,
            "CANDOR_PORTAL_PORT": str(self.port),
            "CANDOR_PORTAL_URL": self.url or "",
            "CANDOR_TRUSTED_PROXIES": self.trusted_proxies,
            "CANDOR_PORTAL_LIMITS": self.limits.format(),
        }
        return {name: value for name, value in found.items() if value}

    @classmethod
    def from_environment(cls, given: Mapping[str, str] = os.environ) -> PortalSettings:
        """What `environment` wrote. Raises SettingsWrong."""
        missing = [name for name in _NEEDED if not given.get(name)]
        if missing:
            raise SettingsWrong(reason=f"{missing[0]} is not set; start the portal with `candor portal serve`")
        try:
            limits = PortalLimits.parse(given.get("CANDOR_PORTAL_LIMITS", ""))
            port = int(given.get("CANDOR_PORTAL_PORT", "0"))
        except ValueError as error:
            raise SettingsWrong(reason=str(error)) from error
        return cls(
            given["CANDOR_PUBLISHED_URL"],
            Path(given["CANDOR_PUBLISHED_FILES"]),
            given["CANDOR_INBOX_URL"],
            Path(given["CANDOR_PORTAL_LOG"]),
            given.get("CANDOR_PORTAL_HOST") or "127.0.0.1",
            port,
            given.get("CANDOR_PORTAL_URL") or None,
            given.get("CANDOR_TRUSTED_PROXIES") or "127.0.0.1",
            limits,
        )


_NEEDED = ("CANDOR_PUBLISHED_URL", "CANDOR_PUBLISHED_FILES", "CANDOR_INBOX_URL", "CANDOR_PORTAL_LOG")
