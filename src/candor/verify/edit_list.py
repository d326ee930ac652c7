"""The signed edit list of a redacted copy: what was hidden, when and why, and which original the copy is made of.

A signed note (C2SP signed-note) of three lines, by the key of the custody log:

    candor redaction edit list v1
    <origin of the log>
    <canonical JSON, see EditList>

It names every mask with its times, kind, exemption and style, every span of sound, and by their SHA-256 the original,
the copy, the proof and the proof's public form. It does not hold where in the picture the masks are: that is big, and
of use only to somebody who holds the original; it stands in the proof, whose hash is here. No checkpoint can be read
as an edit list or the other way round: the second line of a checkpoint is a number, its first the log's own name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from candor.verify import ed25519
from candor.verify.encoding import MAX_EXACT, canonical_json, canonical_json_object, hex_bytes, reading, utf8
from candor.verify.leaf import parse_time
from candor.verify.note import MAX_NOTE_SIZE, Note, SignatureCheck, VerifierKey, verify_note

__all__ = ["HEADER", "MAX_MASKS", "EditList", "Mask", "Sealed", "Sound", "verify_edit_list"]

HEADER = "candor redaction edit list v1"
MAX_MASKS = 4000
"""Masks that are named one by one; of more, each row sums up those of one kind, exemption and style."""
VERDICTS = ("holds", "doubtful", "broken")
_LONGEST_TEXT = 1000


@dataclass(frozen=True)
class Sealed:
    """A file by its SHA-256 (hex) and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Mask:
    """Something hidden in the picture from `first` to `last`, milliseconds of the recording. `count`: how many masks
    this row stands for, with the first beginning and the last end; `track`: "" when it is more than one."""

    kind: str
    exemption: str
    style: str
    first: int
    last: int
    track: str
    count: int = 1


@dataclass(frozen=True)
class Sound:
    """A stretch of sound that is hidden, milliseconds of the recording, `until` excluded."""

    style: str
    exemption: str
    begin: int
    until: int


@dataclass(frozen=True)
class EditList:
    """What the list says. `mode`: "hide" or "show-only"; `copied`: stretches of the picture, milliseconds, that are the
    original's own bits; `watched`: thousandths of the recording that somebody watched in review; `facts`: what else the
    maker says (encoder, quality), texts and counts."""

    recording: str
    part: int
    redaction: str
    copy_id: str
    edit: int
    made_at: str
    maker: str
    original: Sealed
    copy: Sealed
    mode: str
    style: str
    overlay: bool
    muted: bool
    masks: Sequence[Mask]
    sound: Sequence[Sound]
    copied: Sequence[tuple[int, int]]
    verdict: str
    proof_sha256: str
    public_proof_sha256: str
    watched: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The object of the third line."""
        return {
            "copied": [list(one) for one in self.copied],
            "copy": {"id": self.copy_id, "sha256": self.copy.sha256, "size": self.copy.size},
            "edit": self.edit,
            "facts": dict(self.facts),
            "made_at": self.made_at,
            "maker": self.maker,
            "masks": [vars(one) for one in self.masks],
            "mode": self.mode,
            "muted": self.muted,
            "original": vars(self.original),
            "overlay": self.overlay,
            "part": self.part,
            "proof_sha256": self.proof_sha256,
            "public_proof_sha256": self.public_proof_sha256,
            "recording": self.recording,
            "redaction": self.redaction,
            "sound": [vars(one) for one in self.sound],
            "style": self.style,
            "v": 1,
            "verdict": self.verdict,
            "watched": self.watched,
        }

    def format(self, origin: str) -> str:
        """The text to be signed, by the log of this origin."""
        return f"{HEADER}\n{origin}\n{canonical_json(self.to_json()).decode()}\n"

    @classmethod
    def parse(cls, text: bytes | str) -> tuple[str, EditList]:
        """The log's origin and the list, of a note's text. Raises Malformed."""
        with reading("redaction edit list"):
            lines = utf8(text, MAX_NOTE_SIZE).split("\n")
            if len(lines) != 4 or lines[0] != HEADER or lines[3]:
                raise ValueError(f"it must begin with {HEADER!r} and have three lines")
            return lines[1], _read(canonical_json_object(lines[2].encode("utf-8")))


def verify_edit_list(
    data: bytes, keys: Sequence[VerifierKey], check: SignatureCheck = ed25519.verify
) -> tuple[VerifierKey, EditList]:
    """The list in a signed note, and which of `keys` signed it: a log's key, of the very log that the list names.

    Raises Malformed, BadSignature, NoKnownSignature.
    """
    note = Note.parse(data)
    origin, found = EditList.parse(note.text)
    own = [key for key in keys if key.name == origin]
    return verify_note(note, own, check)[0], found


_KEYS = {
    *("copied", "copy", "edit", "facts", "made_at", "maker", "masks", "mode", "muted", "original", "overlay", "part"),
    *("proof_sha256", "public_proof_sha256", "recording", "redaction", "sound", "style", "v", "verdict", "watched"),
}


def _read(found: Mapping[str, Any]) -> EditList:
    if found.keys() != _KEYS or found["v"] != 1:
        raise ValueError("it holds other things than an edit list, or is of another version than 1")
    copy = _object(found["copy"], {"id", "sha256", "size"})
    if found["verdict"] not in VERDICTS:
        raise ValueError("its verdict is none")
    return EditList(
        recording=_text(found["recording"]),
        part=_count(found["part"]),
        redaction=_text(found["redaction"]),
        copy_id=_text(copy["id"]),
        edit=_count(found["edit"]),
        made_at=_time(found["made_at"]),
        maker=_text(found["maker"]),
        original=_sealed(_object(found["original"], {"sha256", "size"})),
        copy=_sealed(copy),
        mode=_text(found["mode"]),
        style=_text(found["style"]),
        overlay=_truth(found["overlay"]),
        muted=_truth(found["muted"]),
        masks=[_mask(one) for one in _list(found["masks"])],
        sound=[_sound(one) for one in _list(found["sound"])],
        copied=[_stretch(one) for one in _list(found["copied"])],
        verdict=found["verdict"],
        proof_sha256=hex_bytes(found["proof_sha256"], 32).hex(),
        public_proof_sha256=hex_bytes(found["public_proof_sha256"], 32).hex(),
        watched=_count(found["watched"]),
        facts=_object(found["facts"], None),
    )


def _mask(value: object) -> Mask:
    found = _object(value, {"kind", "exemption", "style", "first", "last", "track", "count"})
    texts = {name: _text(found[name]) for name in ("kind", "exemption", "style", "track")}
    return Mask(**texts, first=_moment(found["first"]), last=_moment(found["last"]), count=_count(found["count"]))


def _sound(value: object) -> Sound:
    found = _object(value, {"style", "exemption", "begin", "until"})
    begin, until = _moment(found["begin"]), _moment(found["until"])
    return Sound(_text(found["style"]), _text(found["exemption"]), begin, until)


def _sealed(found: Mapping[str, Any]) -> Sealed:
    return Sealed(hex_bytes(found["sha256"], 32).hex(), _count(found["size"]))


def _stretch(value: object) -> tuple[int, int]:
    pair = _list(value)
    if len(pair) != 2:
        raise ValueError("a stretch has a beginning and an end")
    return _moment(pair[0]), _moment(pair[1])


def _object(value: object, keys: set[str] | None) -> Mapping[str, Any]:
    if not isinstance(value, dict) or (keys is not None and value.keys() != keys):
        raise ValueError("a part of it is missing, or holds other things than it should")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("a list in it is missing")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise ValueError("a text in it is missing, or too long")
    return value


def _time(value: object) -> str:
    parse_time(_text(value))
    return str(value)


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("a yes or no in it is missing")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_EXACT:
        raise ValueError(f"not a count: {str(value)[:40]!r}")
    return value


def _moment(value: object) -> int:
    """Milliseconds; pictures may come before the recording's zero."""
    if not isinstance(value, int) or isinstance(value, bool) or not -MAX_EXACT <= value <= MAX_EXACT:
        raise ValueError(f"not a time in milliseconds: {str(value)[:40]!r}")
    return value
