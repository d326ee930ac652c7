"""Checking the signatures of a whole file. Runs in a limited process; see `signature_examine` for the parent's side."""

from __future__ import annotations

import hashlib
from typing import Any, BinaryIO, Final, cast

from candor.core.limited_task import Refused, Task
from candor.footage.media import signature_c2pa
from candor.footage.media.opening import is_attached_picture, open_media, read_packets
from candor.footage.media.signature_chain import certificates_of, ders_of, described, trust_of
from candor.footage.media.signature_detection import keys_in
from candor.footage.media.signature_onvif import Verifier
from candor.footage.media.signature_units import AXIS, CODECS, length_size, message_of, units

VERSION: Final = "signatures@1"
_MOST_TRACKS: Final = 4


def check(task: Task) -> dict[str, Any]:
    """Look at every picture track and at the manifest store. Parameters: {"roots": [PEM texts the agency trusts]}.

    {"v", "onvif": [what `Verifier.finish` tells, with "track" and "certificates": each with its "trust"] for each track
    that has such messages, "tracks_without": picture tracks that have none,
    "axis": {"messages", "certificate", "key"} or None, "c2pa": {"manifests", "certificate": {…} or None, "trust"} or
    None, "packets": {"read", "damaged"}}. Refused("not-media") where no track can be read and there is no manifest.
    """
    roots = certificates_of([der for pem in task.params["roots"] for der in ders_of(str(pem).encode())])
    c2pa = _c2pa(task, roots)
    counts = {"read": 0, "damaged": 0}
    try:
        tracks = _tracks(task, counts)
    except Refused:
        if c2pa is None:
            raise
        tracks = []
    onvif = []
    for track in tracks:
        told = track.verifier.finish()
        if told["messages"]:
            signers = [
                {**signer.to_json(), "trust": trust_of(signer.chain, roots)} for signer in track.verifier.signers
            ]
            onvif.append({"track": track.index, **told, "certificates": signers})
    task.progress(1.0)
    without = _pictures(task) - len(onvif) if onvif else 0
    return {
        "v": VERSION, "onvif": onvif, "tracks_without": without, "axis": _axis(tracks), "c2pa": c2pa, "packets": counts
    }  # fmt: skip


def _pictures(task: Task) -> int:
    """How many picture tracks there are, a cover that stands beside the recording left out."""
    with open_media(task.source) as container:
        return sum(1 for stream in container.streams.video if not is_attached_picture(stream))


class _Track:
    """One picture track on its way through."""

    def __init__(self, stream: Any) -> None:
        context = stream.codec_context
        self.codec = CODECS[context.codec.canonical_name]
        self.index = stream.index
        self.verifier = Verifier(self.codec)
        self.axis = 0
        self.axis_keys: dict[str, str | None] = {"certificate": None, "key": None}
        self._size = length_size(bytes(context.extradata or b""), self.codec)

    def take(self, packet: Any) -> None:
        seconds = float(packet.pts * packet.time_base) if packet.pts is not None and packet.time_base else 0.0
        for unit in units(bytes(packet), self._size):
            self.verifier.take(unit, seconds)
            if self.codec.kind(unit) in self.codec.messages:
                self._look_for_axis(unit)

    def _look_for_axis(self, unit: bytes) -> None:
        message = message_of(unit, self.codec)
        if message is None or message.uuid != AXIS:
            return
        self.axis += 1
        if not any(self.axis_keys.values()):
            self.axis_keys = keys_in(message.plain[message.payload : message.end])


def _tracks(task: Task, counts: dict[str, int]) -> list[_Track]:
    with open_media(task.source) as container:
        streams = [
            stream
            for stream in container.streams.video
            if stream.codec_context is not None and stream.codec_context.codec.canonical_name in CODECS
        ][:_MOST_TRACKS]
        tracks = {stream.index: _Track(stream) for stream in streams}
        for packet in read_packets(container, streams, counts) if streams else ():
            if packet.size:
                tracks[packet.stream.index].take(packet)
                if packet.pos is not None and task.source.size:
                    task.progress(min(0.99, packet.pos / task.source.size))
    return list(tracks.values())


def _axis(tracks: list[_Track]) -> dict[str, Any] | None:
    found = [track for track in tracks if track.axis]
    if not found:
        return None
    return {"messages": sum(track.axis for track in found), **found[0].axis_keys}


def _c2pa(task: Task, roots: tuple[Any, ...]) -> dict[str, Any] | None:
    store = signature_c2pa.manifest_store(cast(BinaryIO, task.source))
    if store is None:
        return None
    signers = signature_c2pa.signers_in(store)
    ders = signers[-1] if signers else []
    chain = certificates_of(ders)
    certificate = described(chain[0]) if chain else None
    if certificate is None and ders:
        certificate = {"sha256": hashlib.sha256(ders[0]).hexdigest()}
    return {"manifests": len(signers), "certificate": certificate, "trust": trust_of(chain, roots)}
