"""Opening a file from outside with FFmpeg: which formats, how much to look at, and which of its tracks to use.

Runs in a limited process.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Iterator
from typing import Any, Final

import av
import av.error
from av.container import InputContainer
from av.stream import Discard

from candor.core.limited_task import Refused
from candor.core.positioned import Positioned
from candor.footage.media.geometry import Turn, turn_of

# Formats that hold recordings. None of them names other files or addresses; playlists, scripts, picture sequences
# and text art, which FFmpeg also reads, are not footage.
FORMATS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,h264,hevc,asf,flv,mxf,ivf,dv,"
    "wav,w64,mp3,aac,flac,ogg,amr,caf,aiff,au"
)
MAX_PIXELS: Final = 8192 * 8192
_OPTIONS: Final = {
    "format_whitelist": FORMATS,
    "protocol_whitelist": "none",
    "probesize": str(5 << 20),
    "analyzeduration": "5000000",
    "max_streams": "64",
}
MAX_FAULTS: Final = 1000  # in one file, before reading it is given up
MAX_TRIAL_PACKETS: Final = 600  # of one track, until it has given a frame
MAX_TRIAL_BYTES: Final = 64 << 20
_THREADS: Final = 2
_NOT_NEEDED: Final = ("av.__main__", "av.datasets", "av._launch")

# PyAV imports parts of itself when a file first needs them. In a limited process no file can be opened by then.
for _module in pkgutil.walk_packages(av.__path__, "av."):
    if _module.name not in _NOT_NEEDED:
        importlib.import_module(_module.name)


class View(Positioned):
    """A stream read from a position of its own, so that a file can be open several times. Closing it leaves it open."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream

    def extent(self) -> int:
        return int(self._stream.seek(0, os.SEEK_END))

    def read(self, size: int = -1, /) -> bytes:
        self._stream.seek(self._position)
        data: bytes = self._stream.read(size)
        self._position += len(data)
        return data


def open_media(source: Any) -> InputContainer:
    """Open `source` (a seekable stream), as often as one likes.

    Refused("not-media") when FFmpeg finds no format that holds recordings. FFmpeg's log stays off, as PyAV leaves it:
    switched on, a decoder's thread that logs waits for the interpreter while the interpreter waits for the thread.
    """
    try:
        view: Any = View(source)
        container: InputContainer = av.open(
            view, "r", container_options=dict(_OPTIONS), metadata_errors="replace", buffer_size=256 << 10
        )
    except MemoryError:
        raise
    except (av.error.FFmpegError, ValueError, EOFError) as error:
        raise Refused("not-media", f"it is not a recording in a known format ({error})") from error
    return container


def prepare_decoder(stream: Any) -> None:
    """Bound what decoding one track may take."""
    stream.codec_context.thread_count = _THREADS
    stream.codec_context.thread_type = "AUTO"
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}


def read_packets(container: InputContainer, streams: list[Any], counts: dict[str, int]) -> Iterator[Any]:
    """Packets of these tracks, each followed by an empty one at its end. `counts` has "read" and "damaged".

    A fault in between is counted, and reading goes on where FFmpeg can.
    """
    faults = 0
    reader = container.demux(streams)
    while faults < MAX_FAULTS:
        try:
            packet = next(reader)
        except StopIteration:
            return
        except MemoryError:
            raise
        except (av.error.FFmpegError, ValueError):
            faults += 1
            counts["damaged"] += 1
            reader = container.demux(streams)
            continue
        counts["read"] += 1
        if packet.is_corrupt:
            counts["damaged"] += 1
        yield packet


def decode(stream: Any, packet: Any | None, counts: dict[str, int]) -> list[Any]:
    """The frames that a packet gives (None: those the decoder still holds); damage is counted, not raised."""
    try:
        frames = stream.codec_context.decode(packet)
    except EOFError:
        return []
    except MemoryError:
        raise
    except (av.error.FFmpegError, ValueError):
        counts["damaged"] += 1
        return []
    for frame in frames:
        frame.time_base = stream.time_base  # not set on those that a decoder held back
    return list(frames)


def first_frame(source: Any, index: int) -> Any | None:
    """The first frame of one track that decodes, reading that track alone; None within a sensible amount."""
    counts = {"read": 0, "damaged": 0}
    size = 0
    with open_media(source) as container:
        stream = container.streams[index]
        for other in container.streams:
            other.discard = Discard.default if other is stream else Discard.all
        prepare_decoder(stream)
        for packet in read_packets(container, [stream], counts):
            size += packet.size
            frames = decode(stream, packet, counts)
            whole = next((f for f in frames if not getattr(f, "is_corrupt", False)), None)
            if whole is not None:
                return whole
            if counts["read"] >= MAX_TRIAL_PACKETS or size >= MAX_TRIAL_BYTES or packet.size == 0:
                break
        return next(iter(decode(stream, None, counts)), None)


def turn_of_frame(frame: Any) -> Turn:
    """How the picture is to be turned to stand upright."""
    matrix = frame.side_data.get("DISPLAYMATRIX")
    return turn_of(bytes(matrix)) if matrix is not None else Turn()


def is_attached_picture(stream: Any) -> bool:
    """Cover art and thumbnails are a picture, not a track of pictures."""
    return bool(stream.disposition & (av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails))


def choose_pictures(container: InputContainer) -> Any | None:
    """The video track to show: the default one first, then the largest; None when there is none that can be decoded."""
    tracks = [s for s in container.streams.video if s.codec_context is not None and not is_attached_picture(s)]
    return max(
        tracks,
        key=lambda s: (bool(s.disposition & av.stream.Disposition.default), s.width * s.height, -s.index),
        default=None,
    )


def choose_sound(container: InputContainer) -> Any | None:
    """The audio track to hear: the default one first, then the first; None when there is none that can be decoded."""
    tracks = [s for s in container.streams.audio if s.codec_context is not None]
    return max(tracks, key=lambda s: (bool(s.disposition & av.stream.Disposition.default), -s.index), default=None)


def origin_seconds(streams: list[Any]) -> float:
    """The earliest claimed presentation time of these tracks, in seconds; 0 when none is claimed."""
    starts = [float(s.start_time * s.time_base) for s in streams if s.start_time is not None and s.time_base]
    return min(starts, default=0.0)


def claimed_seconds(container: InputContainer) -> float | None:
    """The claimed duration in seconds, or None."""
    if container.duration is None or container.duration <= 0:
        return None
    return container.duration / av.time_base
