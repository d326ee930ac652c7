"""Writing and signing the edit list of a copy; the format, and the reading of it, are in `candor.verify.edit_list`.

The list is for everybody: times, kinds, exemptions, styles, and hashes. Where in the picture the masks are stands in
the proof, of which the list has the SHA-256: whoever is to repeat the checks needs the original, and gets the proof
with it. The proof has a public form as well, without the places at which something may be left to be seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from candor.custody import CustodyLog
from candor.redaction.errors import ListTooLong
from candor.redaction.media.plan import Plan
from candor.redaction.model import FrameTimes, Kind, Mode, PartDocument, Style, Track
from candor.redaction.proving import Proof
from candor.verify.edit_list import MAX_MASKS, EditList, Mask, Sealed, Sound
from candor.verify.encoding import canonical_json
from candor.verify.leaf import time_text

__all__ = ["EditList", "Sealed", "event_details", "list_of", "signed"]

_LONGEST = 200  # characters of an exemption's or a style's words
#: Bytes that masks, and stretches of sound, may take in the list: no verifier reads a note of more than a million.
_MASKS_BYTES, _SOUND_BYTES = 600_000, 250_000


def list_of(
    plan: Plan,
    part: PartDocument,
    style: Style,
    details: Mapping[str, Any],
    proof: Proof,
    *,
    recording: str,
    number: int,
    redaction: str,
    copy_id: str,
    edit: int,
    made_at: datetime,
    original: Sealed,
    copy: Sealed,
    watched: int = 0,
) -> EditList:
    """What the list says of a rendered copy. number: the part's, from 1; details: what the rendering said of itself;
    watched: thousandths of the part that somebody watched in review. Raises ListTooLong."""
    frames = plan.frames
    return EditList(
        recording=recording,
        part=number,
        redaction=redaction,
        copy_id=copy_id,
        edit=edit,
        made_at=time_text(made_at),
        maker=str(details.get("maker", "")),
        original=original,
        copy=copy,
        mode=part.mode.value,
        style=style.value,
        overlay=part.overlay,
        muted=part.mute_all,
        masks=_masks(frames, part, style),
        sound=_sound(part),
        copied=[(_ms(frames, first), _ms(frames, last)) for first, last in details.get("copied", [])],
        verdict=proof.verdict.value,
        proof_sha256=hashlib.sha256(proof.encode()).hexdigest(),
        public_proof_sha256=hashlib.sha256(proof.public()).hexdigest(),
        watched=watched,
        facts={**_facts(details), "reasons": sorted(proof.report.get("reasons", {}))},
    )


def signed(log: CustodyLog, found: EditList) -> bytes:
    """The list as a note that the custody log's key signed. Raises LogKeyMissing where the key is not here."""
    verifier = log.policy().logs[0].key
    return log.sign_statement(found.format(verifier.name)).format().encode()


def event_details(found: EditList, data: bytes) -> dict[str, Any]:
    """What `redaction:rendered` says of a copy and its list; `data` is the signed list."""
    return {
        "redaction": found.redaction,
        "copy": found.copy_id,
        "part": found.part,
        "edit": found.edit,
        "original_sha256": found.original.sha256,
        "copy_sha256": found.copy.sha256,
        "copy_size": found.copy.size,
        "list_sha256": hashlib.sha256(data).hexdigest(),
        "proof_sha256": found.proof_sha256,
        "public_proof_sha256": found.public_proof_sha256,
        "verdict": found.verdict,
        "reasons": list(found.facts.get("reasons", ())),
    }


def _masks(frames: FrameTimes, part: PartDocument, style: Style) -> list[Mask]:
    rows = []
    if part.mode is Mode.SHOW_ONLY and len(frames):
        first, last = _ms(frames, frames.at(0)), _ms(frames, frames.at(len(frames) - 1))
        rows.append(Mask(Kind.FRAME.value, "", style.value, first, last, ""))
    hidden = [one for one in part.tracks.values() if one.hidden and one.keys]
    # Numbered anew: whoever draws a track names it, and the list is for everybody.
    for number, track in enumerate(sorted(hidden, key=lambda one: (one.first, one.last, one.id)), 1):
        rows.append(_row(frames, track, style, str(number)))
    if len(rows) <= MAX_MASKS and _size(rows) <= _MASKS_BYTES:
        return rows
    summed = _summed(rows)
    if len(summed) <= MAX_MASKS and _size(summed) <= _MASKS_BYTES:
        return summed
    # Nearly every mask has words of its own: kinds and times are told, and the words stand in the proof.
    return _summed([replace(row, exemption="") for row in rows])


def _sound(part: PartDocument) -> list[Sound]:
    """Unlike masks these are not summed up: whoever checks the copy listens between them. Raises ListTooLong."""
    rows = [
        Sound(one.style.value, (one.exemption or "")[:_LONGEST], one.begin, one.until)
        for one in sorted(part.spans.values(), key=lambda one: (one.begin, one.until, one.id))
        if one.hidden
    ]
    if _size(rows) > _SOUND_BYTES:
        raise ListTooLong(count=len(rows))
    return rows


def _size(rows: Sequence[Mask] | Sequence[Sound]) -> int:
    return sum(len(canonical_json(vars(row))) + 1 for row in rows)


def _row(frames: FrameTimes, track: Track, style: Style, name: str) -> Mask:
    return Mask(
        track.kind.value,
        (track.exemption or "")[:_LONGEST],
        (track.style or style).value,
        _ms(frames, track.first),
        _ms(frames, track.last),
        name,
    )


def _summed(rows: list[Mask]) -> list[Mask]:
    groups: dict[tuple[str, str, str], list[Mask]] = {}
    for row in rows:
        groups.setdefault((row.kind, row.exemption, row.style), []).append(row)
    return [
        Mask(*alike, min(one.first for one in found), max(one.last for one in found), "", len(found))
        for alike, found in sorted(groups.items())
    ]


def _ms(frames: FrameTimes, time: int) -> int:
    return round((time - frames.zero) * frames.clock * 1000)


def _facts(details: Mapping[str, Any]) -> dict[str, Any]:
    """How the copy was made, in texts and whole numbers."""
    encoder, sound = details.get("encoder") or {}, details.get("sound") or {}
    return {
        "method": str(details.get("method", "")),
        "encoder": " ".join(f"{name} {encoder[name]}" for name in ("name", "crf", "preset") if name in encoder),
        "pictures": int(details.get("pictures", 0)),
        "masked": int(details.get("masked", 0)),
        "shift": int(details.get("shift") or 0),
        "sound": str(sound.get("method", "none")),
        **{
            str(name): value
            for name, value in (details.get("facts") or {}).items()
            if isinstance(value, str | bool | int)
        },
        "notes": [str(one)[:300] for one in details.get("notes", [])][:20],
    }
