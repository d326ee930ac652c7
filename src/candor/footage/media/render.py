"""Making renditions: everything from one decoding pass. Runs in a limited process; the parent is `renditions.py`.

Where the proxy is not wanted, pictures are found by seeking from key frame to key frame, and sound is read alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from typing import Any, Final

import av.error
from av.stream import Discard

from candor.core.limited_task import Refused, Task
from candor.footage.media.filmstrip import MAX_TILES, Filmstrip, interval_for
from candor.footage.media.opening import (
    choose_pictures,
    choose_sound,
    claimed_seconds,
    decode,
    first_frame,
    open_media,
    origin_seconds,
    prepare_decoder,
    read_packets,
)
from candor.footage.media.pictures import Pictures
from candor.footage.media.poster import Poster
from candor.footage.media.proxy import Proxy
from candor.footage.media.sound import Sound
from candor.footage.media.waveform import Waveform

_POSTER_TRIES: Final = (1.5, 4.0, 8.0, 16.0, 30.0, 60.0)  # seconds; where a poster is looked for when seeking


def render(task: Task) -> dict[str, Any]:
    """The task. params: {"wanted": [names]}. Result: {"made": {name: details}, "counts": {…}, "origin": seconds,
    "duration": seconds or None, "tracks": {"pictures" and "sound": index of the track that was used}}."""
    return _Rendering(task, set(task.params["wanted"])).run()


class _Rendering:
    """One original, on its way through the pass."""

    def __init__(self, task: Task, wanted: set[str]) -> None:
        self.task = task
        self.wanted = wanted
        self.counts = {"read": 0, "damaged": 0, "early": 0}
        self.container = open_media(task.source)
        self.duration = claimed_seconds(self.container)
        self.video = self._that_decodes(choose_pictures(self.container))
        self.audio, self.channels = self._sound_that_decodes()
        if self.video is None and self.audio is None:
            raise Refused("undecodable", "neither a picture nor a sound could be decoded from it")
        self.origin = origin_seconds([s for s in (self.video, self.audio) if s is not None])
        self.pictures = Pictures(self.video.sample_aspect_ratio if self.video is not None else None)
        self.sound = Sound(self.origin)
        self.poster = Poster() if "poster" in wanted and self.video is not None else None
        self.filmstrip = Filmstrip() if "filmstrip" in wanted and self.video is not None else None
        self.waveform = Waveform() if "waveform" in wanted and self.audio is not None else None
        self.proxy: Proxy | None = None
        self.last_time: Fraction | None = None
        self.latest = 0.0  # the end of what was seen and heard, for progress and as the length

    def _that_decodes(self, stream: Any) -> Any:
        if stream is not None and first_frame(self.task.source, stream.index) is None:
            return None
        return stream

    def _sound_that_decodes(self) -> tuple[Any, int]:
        stream = choose_sound(self.container)
        frame = None if stream is None else first_frame(self.task.source, stream.index)
        return (None, 0) if frame is None else (stream, min(2, frame.layout.nb_channels))

    def run(self) -> dict[str, Any]:
        # A track must not be touched once its container is closed.
        tracks = {name: s.index for name, s in (("pictures", self.video), ("sound", self.audio)) if s is not None}
        with self.container:
            if "proxy" in self.wanted:
                self._whole_pass()
            else:
                self._sketch()
        made = self._finish()
        if not made:
            raise Refused("undecodable", "nothing could be decoded from it")
        self.task.progress(1.0)
        return {
            "made": made,
            "counts": {**self.counts, "sound_dropped": self.sound.dropped},
            "origin": round(self.origin, 6),
            "duration": round(self.latest, 6) or self.duration,
            "tracks": tracks,
        }

    # with a proxy: everything once

    def _whole_pass(self) -> None:
        video = self.video
        self.proxy = Proxy(
            self.task.outputs["proxy"],
            pictures=video is not None,
            channels=self.channels,
            time_base=video.time_base if video is not None else None,
            rate=(video.average_rate or video.guessed_rate) if video is not None else None,
        )
        self._read([s for s in (video, self.audio) if s is not None])

    def _read(self, streams: list[Any]) -> None:
        """Decode these tracks from the beginning to the end."""
        self._choose(self.container, streams)
        for packet in read_packets(self.container, streams, self.counts):
            if packet.stream is self.video:
                self._see(decode(self.video, packet, self.counts))
            else:
                self._hear(decode(self.audio, packet, self.counts))
            if self.duration:
                self.task.progress(0.98 * min(1.0, self.latest / self.duration))
        # Decoders that were not told to let go (reading broke off) still hold frames; the others hold none.
        if self.video in streams:
            self._see(decode(self.video, None, self.counts))
            self._show(self.pictures.finish())
        if self.audio in streams:
            self._hear(decode(self.audio, None, self.counts))
            self._play(self.sound.finish())

    def _choose(self, container: Any, streams: list[Any]) -> None:
        chosen = {s.index for s in streams}
        for stream in container.streams:
            stream.discard = Discard.default if stream.index in chosen else Discard.all
        for stream in streams:
            prepare_decoder(stream)

    def _see(self, frames: list[Any]) -> None:
        for frame in frames:
            if frame.pts is None:
                frame.pts = frame.dts if frame.dts is not None else self._next_pts(frame)
            self._show(self.pictures.shape(frame))

    def _next_pts(self, frame: Any) -> int:
        """Where the recording gives no times at all, pictures follow one another at its claimed rate."""
        rate = self.video.average_rate or self.video.guessed_rate or Fraction(30)
        time = Fraction(0) if self.last_time is None else self.last_time + 1 / rate
        return round((time + Fraction(self.origin)) / Fraction(frame.time_base))

    def _timed(self, frames: Iterator[Any]) -> Iterator[tuple[Any, Fraction]]:
        """Shaped pictures with their times from the origin on, in whole ticks of the original's clock."""
        base = self.video.time_base
        start = round(self.origin / base)
        for frame in frames:
            time = (round(frame.pts * frame.time_base / base) - start) * base
            if time < 0:
                self.counts["early"] += 1
                continue
            self.last_time = time
            yield frame, time

    def _show(self, frames: Iterator[Any]) -> None:
        for frame, time in self._timed(frames):
            self.latest = max(self.latest, float(time))
            if self.poster is not None and self.poster.wants(float(time)):
                self.poster.take(frame, float(time))
            if self.filmstrip is not None and self.filmstrip.wants(float(time)):
                self.filmstrip.take(frame, float(time))
            if self.proxy is not None:
                self.proxy.picture(frame, time)

    def _hear(self, frames: list[Any]) -> None:
        for frame in frames:
            self._play(self.sound.shape(frame))

    def _play(self, frames: Iterator[Any]) -> None:
        for frame in frames:
            self.latest = max(self.latest, float((frame.pts + frame.samples) * frame.time_base))
            if self.waveform is not None:
                self.waveform.take(frame.to_ndarray())
            if self.proxy is not None:
                self.proxy.sound(frame)

    # without: as little as possible

    def _sketch(self) -> None:
        if self.poster is not None or self.filmstrip is not None:
            self._leaf_through()
        if self.waveform is not None:
            with open_media(self.task.source) as self.container:
                self.audio = self.container.streams[self.audio.index]
                self._read([self.audio])

    def _leaf_through(self) -> None:
        """From key frame to key frame: those just before the tiles and before the candidates for the poster."""
        self._choose(self.container, [self.video])
        self.video.codec_context.skip_frame = "NONKEY"
        if self.duration is None:  # where to seek is not known: read on, decoding key frames only
            self._read([self.video])
            return
        for time in _POSTER_TRIES:
            if self.poster is not None:
                for frame, shown in self._pictures_at(min(time, self.duration / 2)):
                    if self.poster.wants(float(shown)):
                        self.poster.take(frame, float(shown))
        if self.filmstrip is not None:
            self.filmstrip.interval = interval = interval_for(self.duration)
            count = min(MAX_TILES, int(self.duration / interval) + 1)
            for place in range(count):
                # A tile stands for its place on the strip, although its key frame may be a little earlier.
                for frame, _ in self._pictures_at(place * interval):
                    self.filmstrip.take(frame, place * interval)
                self.task.progress(0.5 * place / count)

    def _pictures_at(self, time: float) -> Iterator[tuple[Any, Fraction]]:
        frame = self._key_frame(time)
        if frame is not None:
            yield from self._timed(chain(self.pictures.shape(frame), self.pictures.finish()))

    def _key_frame(self, time: float) -> Any | None:
        try:
            self.container.seek(round((time + self.origin) / self.video.time_base), stream=self.video)
        except (av.error.FFmpegError, OverflowError):
            return None
        for tried, packet in enumerate(read_packets(self.container, [self.video], self.counts)):
            frames = decode(self.video, packet, self.counts)
            if not frames and packet.is_keyframe:
                frames = decode(self.video, None, self.counts)
                self.video.codec_context.flush_buffers()
            if frames:
                return frames[0]
            if tried > 300:
                break
        return None

    # the results

    def _finish(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        makers = {"poster": self.poster, "filmstrip": self.filmstrip, "waveform": self.waveform}
        for name, maker in makers.items():
            result = maker.finish() if maker is not None else None
            if result is not None:
                self.task.outputs[name].write(result[0])
                made[name] = result[1]
        if self.proxy is not None:
            details = self.proxy.finish()
            if details["pictures"] or details["sound"]:
                made["proxy"] = details
        return made
