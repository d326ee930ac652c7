"""What a file claims, and whether it plays. Runs in a limited process; see `examine.py` for the parent's side.

The claims: container, duration, tracks, times, device, place. The proof: one picture or stretch of sound decoded of
every track, and a look at the end. Everything is bounded: packets read, tags, their length.
"""

from __future__ import annotations

import os
from typing import Any, Final

import av
import av.error
from av.container import InputContainer

from candor.core.limited_task import Refused, Task
from candor.footage.media import boxes, claims
from candor.footage.media.opening import (
    claimed_seconds,
    decode,
    first_frame,
    is_attached_picture,
    open_media,
    prepare_decoder,
    read_packets,
    turn_of_frame,
)
from candor.footage.media.signature_detection import detect

VERSION: Final = "probe@1"
_MAX_PACKETS: Final = 600  # at the beginning, until every track has been decoded once
_MAX_TAIL_PACKETS: Final = 4000  # at the end: two long groups of pictures with their sound
_MAX_BYTES: Final = 64 << 20
# Only these formats write down a length of their own; of others FFmpeg guesses it.
_KNOW_THEIR_LENGTH: Final = ("mov", "matroska", "avi", "wav", "flac")


def probe(task: Task) -> dict[str, Any]:
    """The task: `probe_stream` over the task's source."""
    return probe_stream(task.source)


def probe_stream(stream: Any) -> dict[str, Any]:
    """Everything a file claims, as JSON data. Times are in seconds, sizes in bytes or pixels, rates in bit/s.

    {"v", "size", "container", "duration", "start", "bit_rate", "streams": […], "times": […], "device": {…},
    "place": {…} or None, "tags": […], "data_tracks": […], "packets": {"read", "damaged"}, "playable": bool,
    "problems": [codes of findings.PROBLEMS], "signatures": what `signature_detection.detect` tells}. A stream:
    {"index", "type", "codec", "profile", "tag" (four letters), "language", "title", "duration", "start", "bit_rate",
    "frames", "decoded"} and, by type, {"width", "height", "rotation" (degrees clockwise to stand upright), "mirrored",
    "pixel_aspect", "fps", "pixel_format"} or {"sample_rate", "channels", "layout"}.
    """
    size = stream.seek(0, os.SEEK_END)
    found: dict[str, Any] = {
        "v": VERSION, "size": size, "container": None, "duration": None, "start": None, "bit_rate": None,
        "streams": [], "times": [], "device": {}, "place": None, "tags": [], "data_tracks": [],
        "packets": {"read": 0, "damaged": 0}, "playable": False, "problems": [], "signatures": [],
    }  # fmt: skip
    if size == 0:
        found["problems"].append("empty")
        return found
    found["signatures"] = detect(stream)
    film = boxes.walk(stream)
    if film.missing or boxes.missing_from_riff(stream):
        found["problems"].append("ends-early")
    if film.is_film and film.has_media and not film.has_index:
        found["problems"].append("index-missing")
        return found
    try:
        container = open_media(stream)
    except Refused as refusal:
        found["problems"].append("index-broken" if film.is_film and film.has_media else refusal.code)
        return found
    with container:
        _claims(container, found, boxes.tracks(stream) if film.is_film else [])
        _prove(stream, container, found)
    if film.is_film and film.has_media and "nothing-to-show" in found["problems"]:
        found["problems"].append("index-broken")
    found["problems"] = list(dict.fromkeys(found["problems"]))
    return found


def _claims(container: InputContainer, found: dict[str, Any], named: list[boxes.Track]) -> None:
    found["container"] = container.format.name
    duration = claimed_seconds(container)
    found["duration"] = None if duration is None else round(duration, 6)
    found["start"] = None if container.start_time is None else round(container.start_time / av.time_base, 6)
    found["bit_rate"] = container.bit_rate or None
    tags = claims.tags_of("container", container.metadata)
    for stream in container.streams:
        tags += claims.tags_of(f"stream {stream.index}", stream.metadata)
        claim = _claim(stream)
        if len(named) == len(container.streams):  # otherwise which is which would be a guess
            claim["tag"] = named[stream.index].format or claim["tag"]
        found["streams"].append(claim)
        if stream.type == "data":
            found["data_tracks"].append({k: claim[k] for k in ("index", "codec", "tag", "title")})
    found["tags"] = tags[: claims.MAX_TAGS]
    found["times"] = claims.times(tags)[:50]
    found["device"] = claims.device(tags)
    found["place"] = claims.place(tags)
    if duration is None:
        found["problems"].append("length-unknown")


def _claim(stream: Any) -> dict[str, Any]:
    """One track, as it describes itself."""
    context = stream.codec_context
    base = stream.time_base
    claim: dict[str, Any] = {
        "index": stream.index,
        "type": "picture" if is_attached_picture(stream) else stream.type,
        "codec": _text(context.codec.canonical_name) if context is not None else None,
        "profile": _text(stream.profile) if context is not None else None,
        "tag": _text(getattr(stream, "codec_tag", None) or getattr(context, "codec_tag", None)),
        "language": _text(stream.language),
        "title": _text(stream.metadata.get("title") or stream.metadata.get("handler_name")),
        "duration": _seconds(stream.duration, base),
        "start": _seconds(stream.start_time, base),
        "bit_rate": getattr(context, "bit_rate", None) or None,
        "frames": stream.frames or None,
        "decoded": False,
    }
    if stream.type == "video" and context is not None:
        claim |= {
            "width": context.width,
            "height": context.height,
            "rotation": 0,
            "mirrored": False,
            "pixel_aspect": _text(stream.sample_aspect_ratio),
            "fps": _rate(stream.average_rate),
            "pixel_format": _text(context.pix_fmt),
        }
    elif stream.type == "audio" and context is not None:
        claim |= {
            "sample_rate": context.sample_rate,
            "channels": context.channels,
            "layout": _text(context.layout.name),
        }
    return claim


def _prove(source: Any, container: InputContainer, found: dict[str, Any]) -> None:
    """Decode one frame of every track, look at the end, and say what that showed."""
    tracks = [s for s in container.streams if s.type in ("video", "audio") and not is_attached_picture(s)]
    problems = found["problems"]
    if not tracks:
        problems.append("nothing-to-show")
        return
    claim_of = {claim["index"]: claim for claim in found["streams"]}
    _decode_first(container, [s for s in tracks if s.codec_context is not None], found)
    for stream in tracks:
        claim = claim_of[stream.index]
        if not claim["decoded"] and stream.codec_context is not None:  # it may begin late: read it alone
            frame = first_frame(source, stream.index)
            if frame is not None:
                _describe(claim, frame)
        if not claim["decoded"]:
            problems.append("picture-undecodable" if stream.type == "video" else "sound-undecodable")
    found["playable"] = any(claim_of[s.index]["decoded"] for s in tracks)
    if found["playable"]:
        _look_at_end(container, tracks, found)
    if found["packets"]["damaged"]:
        problems.append("damaged")


def _decode_first(container: InputContainer, tracks: list[Any], found: dict[str, Any]) -> None:
    """Read packets until every track has given a frame, or enough were read."""
    claim_of = {claim["index"]: claim for claim in found["streams"]}
    counts, size = found["packets"], 0
    for stream in tracks:
        prepare_decoder(stream)
    waiting = {s.index for s in tracks}
    for packet in read_packets(container, tracks, counts):
        size += packet.size
        index = packet.stream.index
        if index in waiting:
            frames = decode(packet.stream, packet, counts)
            whole = next((f for f in frames if not getattr(f, "is_corrupt", False)), None)
            if whole is not None:
                _describe(claim_of[index], whole)
                waiting.discard(index)
        if not waiting or counts["read"] >= _MAX_PACKETS or size >= _MAX_BYTES:
            return


def _describe(claim: dict[str, Any], frame: Any) -> None:
    """What a decoded frame adds: the proof, and how the picture is to be turned."""
    claim["decoded"] = True
    if claim["type"] == "video":
        turn = turn_of_frame(frame)
        claim |= {"width": frame.width, "height": frame.height, "rotation": turn.degrees, "mirrored": turn.mirrored}


def _look_at_end(container: InputContainer, streams: list[Any], found: dict[str, Any]) -> None:
    """Seek to the claimed end and see whether the tracks reach it."""
    duration, start = found["duration"], found["start"] or 0.0
    if duration is None or not found["container"].startswith(_KNOW_THEIR_LENGTH):
        return
    try:
        container.seek(int(max(0.0, start + duration - 1.0) * av.time_base))
    except (av.error.FFmpegError, OverflowError):
        found["problems"].append("ends-early")
        return
    last, read = 0.0, 0
    before = found["packets"]["read"]
    for packet in read_packets(container, streams, found["packets"]):
        if packet.pts is not None and packet.size:
            last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base) - start)
            read += packet.size
        if found["packets"]["read"] - before >= _MAX_TAIL_PACKETS or read >= _MAX_BYTES:
            return
    if duration - last > max(1.0, 0.02 * duration):
        found["problems"].append("ends-early")


def _seconds(value: int | None, base: Any) -> float | None:
    return round(float(value * base), 6) if value is not None and base else None


def _rate(rate: Any) -> float | None:
    return round(float(rate), 4) if rate else None


def _text(value: Any) -> str | None:
    return claims.clean(str(value), 100) if value else None
