"""The limited process's side of `plan.py`: one pass over packets, a few pictures decoded, and only where that does not
tell the times, one pass over all pictures."""

from __future__ import annotations

import bisect
from collections import Counter
from itertools import islice
from typing import Any, Final

from av.stream import Discard

from candor.core.limited_task import Refused, Task
from candor.footage.media.opening import open_media, read_packets
from candor.redaction.media.times import Tracks, find_tracks, picture_of, same_shape, shape_of, timed_frames
from candor.redaction.media.units import closed_key, length_size, parameter_sets
from candor.redaction.model import FrameTimes

MOST_PICTURES: Final = 4_000_000
"""More than a day at 30 a second."""
MOST_JUMPS: Final = 10
_MOST_SETS: Final = 64
_JUMP_SECONDS: Final = 2  # how far a time may lie before the latest, before it counts as gone back
_TRIED_PICTURES: Final = 40  # decoded at the start, to see whether packets tell the truth
_TRIED_SEEKS: Final = (0.5, 0.95)  # of the length


class _Packets:
    """What the packets of the chosen track say."""

    def __init__(self) -> None:
        self.codec = ""
        self.times: list[int] = []
        self.keys: list[int] = []
        self.closed: list[int] = []
        self.shapes: dict[bytes, int] = {}  # distinct parameter sets, and where each first stands
        self.last_duration = 0
        self.jumps = 0
        self.counts = {"read": 0, "damaged": 0}
        self.found: Counter[str] = Counter()

    def key(self, time: int, data: bytes, size: int) -> None:
        """A key frame. size: of the lengths before its units."""
        self.keys.append(time)
        if closed_key(self.codec, data, size):
            self.closed.append(time)
        sets = parameter_sets(self.codec, data, size)
        if sets and len(self.shapes) < _MOST_SETS:
            self.shapes.setdefault(sets, time)


def look(task: Task) -> dict[str, Any]:
    """The task. Result: `Plan.to_json`."""
    tracks = find_tracks(task.source)
    picture = picture_of(tracks.first, tracks.aspect)
    packets = _read(task, tracks)
    told = _told_by_packets(task, tracks, packets)
    if told:
        times, keys = packets.times, sorted(set(packets.keys))
        seekable = len(keys) > 1 and _can_be_sought(task, tracks, keys)
        _refuse_other_sizes(task, tracks, packets, seekable)
    else:
        times, keys, seekable = _by_decoding(task, tracks, packets), [], False
    if not times:
        raise Refused("no-picture", "no picture in it can be decoded")
    return _plan(tracks, picture, packets, times, keys, seekable)


def _plan(
    tracks: Tracks, picture: Any, packets: _Packets, times: list[int], keys: list[int], seekable: bool
) -> dict[str, Any]:
    frames = FrameTimes.of(times, tracks.clock, tracks.zero)
    first, last = frames.at(0), frames.at(len(frames) - 1)
    length = packets.last_duration or round(1 / (tracks.rate * tracks.clock))
    frame = tracks.first
    return {
        "maker": "plan@1",
        "picture": picture.to_json(),
        "frames": frames.to_json(),
        "facts": {
            "keys": keys or [first],
            "closed": sorted(set(packets.closed)) if keys else [],
            "seekable": seekable,
            "codec": packets.codec,
            "pixels": frame.format.name,
            "container": tracks.format,
            "coded": [frame.width, frame.height],
            "rate": str(tracks.rate),
            "track": tracks.video,
            "sound_track": tracks.audio,
            "duration": round(float((last - first + length) * tracks.clock), 6),
            "interlaced": bool(frame.interlaced_frame),
            "counts": {
                "damaged": packets.counts["damaged"],
                "repeated": len(times) - len(frames),
                "early": sum(1 for time in times if time < frames.zero),
                "untimed": packets.found["untimed"],
                "hidden": packets.found["hidden"],
                "back": packets.jumps,
            },
        },
    }


def _read(task: Task, tracks: Tracks) -> _Packets:
    """One pass over the packets of the pictures' track."""
    found = _Packets()
    with open_media(task.source) as container:
        stream: Any = container.streams[tracks.pictures]
        for other in container.streams:
            other.discard = Discard.default if other is stream else Discard.all
        found.codec = stream.codec_context.name
        size = length_size(found.codec, stream.codec_context.extradata)
        latest: int | None = None
        jump = round(_JUMP_SECONDS / tracks.clock)
        for packet in read_packets(container, [stream], found.counts):
            if not packet.size:
                continue
            if packet.pos is not None and task.source.size:
                task.progress(0.95 * min(1.0, packet.pos / task.source.size))
            if packet.is_discard:
                found.found["hidden"] += 1
                continue
            if packet.pts is None:
                found.found["untimed"] += 1
                continue
            found.times.append(packet.pts)
            found.last_duration = packet.duration or found.last_duration
            # Nothing that is decoded before a key frame is shown after it; others may be shown a little earlier.
            limit = None if latest is None else latest + 1 if packet.is_keyframe else latest - jump
            found.jumps += limit is not None and packet.pts < limit
            latest = packet.pts if latest is None else max(latest, packet.pts)
            if packet.is_keyframe:
                found.key(packet.pts, bytes(packet), size)
            if len(found.times) > MOST_PICTURES:
                raise Refused("too-long", f"it has more than {MOST_PICTURES} pictures; cut it into parts first")
    if found.jumps > MOST_JUMPS:
        raise _restarts()
    return found


def _restarts() -> Refused:
    return Refused(
        "times-restart",
        "the times of its pictures begin again in the middle, so that a time does not name one picture; have it "
        "repaired or cut into parts first",
    )


def _told_by_packets(task: Task, tracks: Tracks, packets: _Packets) -> bool:
    """Whether decoding gives a picture at each packet's time, as far as the beginning shows it."""
    if packets.found["untimed"] or packets.jumps or not packets.times:
        return False
    frames = timed_frames(task.source, tracks)
    decoded = sorted({time for time, _ in islice(frames, _TRIED_PICTURES)})
    frames.close()
    told = sorted(set(packets.times))
    first = bisect.bisect_left(told, decoded[0]) if decoded else 0
    # Pictures before the first that decodes, and a few that damage took, do not matter.
    return bool(decoded) and told[first : first + len(decoded)] == decoded


def _can_be_sought(task: Task, tracks: Tracks, keys: list[int]) -> bool:
    """Whether the container leads to key frames where they are said to be."""
    for share in _TRIED_SEEKS:
        key = keys[min(len(keys) - 1, max(1, round(share * len(keys))))]
        frames = timed_frames(task.source, tracks, begin=key)
        first = next(frames, None)
        frames.close()
        if first is None or first[0] != key:
            return False
    return True


def _refuse_other_sizes(task: Task, tracks: Tracks, packets: _Packets, seekable: bool) -> None:
    """Look at the pictures where a parameter set is new. What nothing announces is met when pictures are decoded."""
    shape = shape_of(tracks.first)
    if not seekable:
        return
    for time in packets.shapes.values():
        frames = timed_frames(task.source, tracks, begin=time)
        found = next(frames, None)
        frames.close()
        if found is not None:
            same_shape(shape, found[1], float((found[0] - tracks.zero) * tracks.clock))


def _by_decoding(task: Task, tracks: Tracks, packets: _Packets) -> list[int]:
    """The times as decoding alone tells them."""
    shape = shape_of(tracks.first)
    times: list[int] = []
    packets.found["untimed"] = 0
    for time, frame in timed_frames(task.source, tracks, counts=packets.counts):
        same_shape(shape, frame, float((time - tracks.zero) * tracks.clock))
        times.append(time)
        task.progress(0.95)
        if len(times) > MOST_PICTURES:
            raise Refused("too-long", f"it has more than {MOST_PICTURES} pictures; cut it into parts first")
    if len(times) - len(set(times)) > MOST_JUMPS:
        raise _restarts()
    return times
