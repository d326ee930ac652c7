"""What a link for the public is. Pure: no database, no clock but what is given."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from candor.docking.links.errors import LinkWrong

__all__ = [
    "GB",
    "GRACE",
    "LARGEST",
    "LONGEST_DAYS",
    "MOST_FILES",
    "STATEMENT",
    "Link",
    "LinkState",
    "LinkUse",
    "checked_note",
    "hash_of",
    "new_number",
    "new_secret",
    "shown_address",
    "statement",
]

GB = 10**9
"""Bytes in a gigabyte, as those who sell phones count."""
MOST_FILES = 16
LARGEST = 60 * GB
"""Bytes by one link together, at most."""
LONGEST_DAYS = 90
GRACE = timedelta(days=3)
"""How long after a link's end a file can be gone on with that was begun before it."""
LONGEST_NOTE = 1000

#: What the giver may say, and the most characters of it. It is kept as said by the giver, and believed by nobody.
STATEMENT = {"name": 100, "contact": 200, "shows": 1000, "when": 200, "where": 200}

#: Without the letters and digits that are taken for one another.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LONGEST_SECRET = 64


class LinkState(StrEnum):
    """Whether more can be given by a link. `full`: it has all that it takes."""

    OPEN = "open"
    FULL = "full"
    ENDED = "ended"
    REVOKED = "revoked"


@dataclass(frozen=True)
class LinkUse:
    """What came by a link: sealed files, and those together with what is under way."""

    sealed: int = 0
    files: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Link:
    """A link for one giver and one case, without its secret. Sizes in bytes."""

    id: str
    number: str
    incident_number: str
    note: str
    created_at: datetime
    created_by: str
    ends_at: datetime
    most_files: int
    most_bytes: int
    opened_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    use: LinkUse = LinkUse()

    def state(self, now: datetime) -> LinkState:
        """Whether more can be given by it."""
        if self.revoked_at is not None:
            return LinkState.REVOKED
        if self.ends_at <= now:
            return LinkState.ENDED
        if self.use.files >= self.most_files or self.use.bytes >= self.most_bytes:
            return LinkState.FULL
        return LinkState.OPEN

    def goes_on(self, now: datetime) -> bool:
        """Whether what was begun can be gone on with: a while longer than a link can be used for more."""
        return self.revoked_at is None and now < self.ends_at + GRACE


def new_secret() -> str:
    """192 random bits, as they stand in the address."""
    return secrets.token_urlsafe(24)


def hash_of(secret: str) -> bytes:
    """What is kept of a secret: its SHA-256. Of a text that is no secret of ours, one that nothing has."""
    return hashlib.sha256(secret[:_LONGEST_SECRET].encode("utf-8", "surrogatepass")).digest()


def new_number() -> str:
    """Eight signs that can be told over the phone. It opens nothing."""
    signs = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{signs[:4]}-{signs[4:]}"


def shown_address(address: str) -> str:
    """What counts as one address: of IPv6 the network, for a visitor has 2⁶⁴ of its addresses."""
    return ":".join(address.split(":")[:4]) if ":" in address else address


def checked_note(text: str) -> str:
    """What the agency writes to the giver. Raises LinkWrong."""
    note = _clean(text)
    if len(note) > LONGEST_NOTE:
        raise LinkWrong(reason=f"the note has more than {LONGEST_NOTE} characters")
    return note


def statement(given: Mapping[str, str]) -> dict[str, str]:
    """What the giver said, without what is empty, each cut to its length."""
    found = {name: _clean(given.get(name, ""))[:longest].strip() for name, longest in STATEMENT.items()}
    return {name: text for name, text in found.items() if text}


def _clean(text: str) -> str:
    """Without what nobody sees; only line breaks stay."""
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(
        c for c in plain if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    ).strip()
