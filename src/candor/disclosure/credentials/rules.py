"""What is true of content credentials. No database is asked here, no clock: values and decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from candor import __version__
from candor.verify.edit_list import EditList

__all__ = [
    "CUSTODY",
    "LEAF_DAYS",
    "MEDIA_TYPE",
    "ROOT_DAYS",
    "Algorithm",
    "Facts",
    "KeyOrigin",
    "KeyRole",
    "hidden_in",
    "is_near_its_end",
    "manifest_of",
    "was_encoded",
]

MEDIA_TYPE: Final = "video/mp4"
CUSTODY: Final = "org.candor.custody"
"""Name of the statement that ties a copy to the custody log. Its fields: `Facts.custody`."""

ROOT_DAYS: Final = 20 * 365
LEAF_DAYS: Final = 2 * 365
_RENEW: Final = timedelta(days=180)  # before its end; a copy is checked for some time after it went out


class KeyRole(StrEnum):
    """What a certificate is for."""

    ROOT = "root"  # signs certificates that sign
    LEAF = "leaf"  # signs content credentials


class KeyOrigin(StrEnum):
    """Where a key is from."""

    MADE = "made"
    RENEWED = "renewed"  # made because the one before was near its end
    IMPORTED = "imported"


class Algorithm(StrEnum):
    """How a key signs, as COSE (RFC 9053) and C2PA name it."""

    ES256 = "es256"
    ES384 = "es384"
    ED25519 = "ed25519"


@dataclass(frozen=True)
class Facts:
    """What a copy's credentials say of it; all of it follows from its signed edit list and the custody log.

    origin: of the log; index: of the entry by which the copy was made; leaf: its leaf hash (RFC 6962), hex. masks: how
    many of each kind; sound: how many stretches are hidden.
    """

    copy_id: str
    recording_id: str
    part: int
    edit: int
    made_at: str
    maker: str
    original_sha256: str
    copy_sha256: str
    copy_size: int
    list_sha256: str
    origin: str
    index: int
    leaf: str
    mode: str
    masks: Mapping[str, int]
    sound: int
    muted: bool
    encoded: bool
    title: str

    @property
    def custody(self) -> dict[str, Any]:
        """The statement of its own. `copy` is the file without credentials, as `candor.verify.credentials` gives it."""
        return {
            "v": 1,
            "log": {"origin": self.origin, "index": self.index, "leaf": self.leaf},
            "original": {"sha256": self.original_sha256},
            "copy": {"id": self.copy_id, "sha256": self.copy_sha256, "size": self.copy_size},
            "edit_list": {"sha256": self.list_sha256},
        }


def hidden_in(edits: EditList) -> dict[str, int]:
    """How many masks of each kind an edit list names."""
    found: dict[str, int] = {}
    for one in edits.masks:
        found[one.kind] = found.get(one.kind, 0) + one.count
    return dict(sorted(found.items()))


def was_encoded(edits: EditList) -> bool:
    """Whether anything of the picture or the sound was encoded anew."""
    return bool(edits.facts.get("encoder")) or edits.facts.get("sound") == "encoded"


def manifest_of(facts: Facts) -> dict[str, Any]:
    """What is signed, in the form that the C2PA library takes (C2PA Technical Specification 2.2, section 18).

    The original is the parent, by identifiers alone: it carries no credentials, so its hash stands in our own
    statement. Hiding is `c2pa.edited`. `c2pa.redacted` would mean that a statement was removed, and is never used.
    """
    hidden = {"mode": facts.mode, "masks": dict(facts.masks), "sound": facts.sound, "muted": facts.muted}
    actions: list[dict[str, Any]] = [
        {"action": "c2pa.opened", "parameters": {"ingredientIds": ["original"]}},
        {
            "action": "c2pa.edited",
            "description": _description(facts),
            "when": facts.made_at,
            "parameters": {"org.candor.hidden": hidden},
        },
    ]
    if facts.encoded:
        actions.append({"action": "c2pa.transcoded", "when": facts.made_at})
    return {
        "claim_generator_info": [{"name": "Candor", "version": __version__}],
        "title": facts.title,
        "format": MEDIA_TYPE,
        "ingredients": [
            {
                "title": f"recording {facts.recording_id}, part {facts.part}",
                "format": MEDIA_TYPE,
                "instance_id": f"urn:uuid:{facts.recording_id}",
                "relationship": "parentOf",
                "label": "original",
            }
        ],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions}},
            {"label": CUSTODY, "data": facts.custody},
        ],
    }


def _description(facts: Facts) -> str:
    parts: Sequence[str] = [f"{count} × {kind}" for kind, count in facts.masks.items()]
    picture = "everything in the picture but what is shown" if facts.mode == "show-only" else ", ".join(parts)
    stretches = "stretch" if facts.sound == 1 else "stretches"
    sound = "all sound" if facts.muted else f"{facts.sound} {stretches} of sound" if facts.sound else ""
    said = " and ".join(one for one in (picture, sound) if one)
    return f"parts hidden: {said}" if said else "nothing hidden; the file was written anew without its metadata"


def is_near_its_end(not_after: datetime, now: datetime) -> bool:
    """Whether a certificate is to be followed by a new one."""
    return now >= not_after - _RENEW
