"""States of redaction and their names. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from candor.redaction.model import Kind


class PartState(StrEnum):
    """How far the detection of a part, or of one stretch of it, is."""

    PLANNED = "planned"  # its times are known; nothing was looked for
    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    NO_PICTURE = "no-picture"  # sound alone


class CopyState(StrEnum):
    """How far a redacted copy is."""

    WAITING = "waiting"
    MAKING = "making"
    PROVING = "proving"
    READY = "ready"
    FAILED = "failed"


class Verdict(StrEnum):
    """What the proof of a copy says."""

    HOLDS = "holds"
    DOUBTFUL = "doubtful"  # something is left for a person to look at; it says where
    BROKEN = "broken"  # outside the masks it is not the original, or something usable is left inside


class Profile(StrEnum):
    """How closely a part is looked through."""

    FAST = "fast"  # every fourth picture
    DEFAULT = "default"  # every second
    STRICT = "strict"  # every one


KIND_WORDS: Final[dict[Kind, str]] = {
    Kind.FACE: "face",
    Kind.PLATE: "licence plate",
    Kind.SCREEN: "screen",
    Kind.DOCUMENT: "document",
    Kind.PERSON: "person",
    Kind.REGION: "drawn region",
    Kind.FRAME: "whole picture",
}
