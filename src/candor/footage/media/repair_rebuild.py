"""A film whose index is lost: pictures and sound are told apart in its media data, proved, and given a new index.

What cannot be proved is left out and named. Where pictures are left out between two others their time stays empty;
where a stretch tells nothing at all, what follows it is joined on, for nobody knows how long it was. Runs in a limited
process.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from statistics import median_low
from typing import Any, Final

from candor.core.limited_task import Refused, Task
from candor.footage.media.repair_found import Held, Loss, has_parameters, media_range
from candor.footage.media.repair_index import Film, Track, avcc, hvcc, picture_entry
from candor.footage.media.repair_profile import Profile, length_size
from candor.footage.media.repair_proof import Prover, decoder, packet
from candor.footage.media.repair_sound import Sound
from candor.footage.media.repair_units import Codec, Codec265, Picture, Pictures, sets_of_avcc, teach

_PORTION_BYTES: Final = 48 << 20
_PORTION_PICTURES: Final = 600
_SEARCHED: Final = 64 << 20  # bytes in which the first picture is looked for
_BOXES: Final = (b"free", b"skip", b"wide", b"moov", b"moof", b"uuid", b"mdat", b"udta", b"meta")


class Rebuild:
    """One film without an index. `run` once."""

    def __init__(self, task: Task, output: Any, own: Profile, reference: Profile | None) -> None:
        self.task, self.source = task, task.source
        self.film = Film(output)
        self.loss = Loss()
        self.own, self.reference = own, reference
        self.begin, self.end = media_range(self.source)
        self.known = own.first("pictures") or (reference.first("pictures") if reference else None)
        self.codec, self.first, self.lengths = self._first_picture()
        self.found = Pictures(self.source, self.end, self.codec, self.lengths, self._largest())
        self.parameters, self.parameters_from = b"", ""
        self.sound_profile = own.first("sound") or (reference.first("sound") if reference else None)
        self.sound = Sound(self.source, self.end, self.sound_profile) if self.sound_profile else None
        self.prover: Prover | None = None
        self.pictures: Track | None = None
        self.sounds: Track | None = None
        self.tick, self.rate_from = 0, ""
        self._first_at: int | None = None
        self._held: list[Held] = []
        self._held_bytes = 0
        self._slot = 0  # the place of the next picture in time, counted in pictures
        self._waiting: deque[int] = deque()  # slots of pictures that were kept and have not come out of the decoder
        self._numbers: dict[int, int] = {}  # slot -> number in the track, of pictures that have not come out
        self._places: dict[int, int] = {}  # slot -> the slot at whose time it is shown, of pictures not yet written
        self._proved: list[Held] = []
        self._broken = True  # nothing counts before the first picture that needs none before it
        self._gap = False
        self._opened = False  # it was begun at a picture before which others are shown that cannot be
        self._lags: list[int] = []
        self._stretches: deque[int] = deque(maxlen=64)  # bytes between pictures that tell nothing

    # where it begins

    def _largest(self) -> int:
        return self.known.sample_sizes[1] if self.known else 0

    def _first_picture(self) -> tuple[Codec, Picture, int]:
        """The rules, the first picture that needs none before it, and the size of a unit's length."""
        tries: list[tuple[Codec, int]] = []
        if self.known is not None:
            rules = Codec() if self.known.codec == "h264" else Codec265()
            parameters = bytes.fromhex(self.known.parameters)
            teach(rules, parameters)
            tries = [(rules, length_size(self.known.codec, parameters))]
        else:
            tries = [(Codec(), 4), (Codec265(), 4)]
        until = min(self.end, self.begin + _SEARCHED)
        for rules, lengths in tries:
            found = Pictures(self.source, self.end, rules, lengths, self._largest())
            whole = self.known is not None and bool(self.known.parameters)

            def fits(picture: Picture, rules: Codec = rules, whole: bool = whole, found: Pictures = found) -> bool:
                if not picture.key or not (whole or has_parameters(rules, picture)):
                    return False
                return whole or found.at(picture.place + picture.size) is not None or picture.size > 2000

            picture = found.next_after(self.begin, until, fits)
            if picture is not None:
                return rules, picture, lengths
        if self.known is None:
            raise Refused(
                "no-parameters",
                "its index is gone, and what is needed to show its pictures does not stand beside them. A whole "
                "recording of the same camera, made with the same settings, can serve as a reference",
            )
        raise Refused("nothing-found", "no picture was found in it")

    # the walk

    def run(self) -> dict[str, Any]:
        """Write the film; what it came to (see `repair.repair`)."""
        place = self.begin
        while place < self.end:
            picture = self.found.at(place)
            if picture is not None and self._plausible(picture):
                self._take(picture)
                place += picture.size
            else:
                place = self._between(place)
            self.task.progress(0.95 * (place - self.begin) / max(1, self.end - self.begin))
        self._prove(drain=True)
        self._write(len(self._proved))
        if self.pictures is None or not self.loss.pictures:
            raise Refused("nothing-proved", self._why_nothing())
        size = self.film.finish([one for one in (self.pictures, self.sounds) if one is not None])
        return self._report(size)

    def _why_nothing(self) -> str:
        if self.parameters_from == "reference":
            return (
                "what looks like its pictures does not decode with the parameters of the reference. It needs one from "
                "the same camera, made with the same settings"
            )
        return "what looks like its pictures does not decode"

    def _plausible(self, picture: Picture) -> bool:
        """Whether it follows on the place before; only asked where one picture ends and the next begins."""
        return picture.key or not self._gap or self._follows(picture)

    def _follows(self, picture: Picture) -> bool:
        if picture.key:
            return True
        if not picture.follows:
            return False
        after = picture.place + picture.size
        return self.codec.numbers or after == self.end or self.found.at(after) is not None or self._sound_at(after)

    def _sound_at(self, place: int) -> bool:
        return self.sound is not None and self.sound.begins(place)

    def _starts(self, place: int) -> bool:
        """Whether sound that fills a stretch up to here ends here: a picture or another box begins."""
        picture = self.found.at(place)
        return (picture is not None and (picture.key or picture.follows)) or self._box(place) > 0

    def _between(self, place: int) -> int:
        """Something that is no picture: sound, another box, or what nobody can tell. Where it ends."""
        if self.sound is not None and self.sound.able:
            frames, after = self.sound.fill(place, self._starts)
            if frames:
                self._hold(Held(self._slot, frames=frames, after_gap=self._gap), after - place)
                self._gap = False
                return after
        passed = self._box(place)
        if passed:
            return passed
        following = self.found.next_after(place + 1, self.end, self._follows)
        after = self.end if following is None else following.place
        if self.sound is not None and following is not None and self.sound.one(place, after - place):
            self._hold(Held(self._slot, frames=[(place, after - place)], after_gap=self._gap), after - place)
            self._gap = False
            return after
        self._unknown(place, after)
        return after

    def _box(self, place: int) -> int:
        """The end of a box that stands there (of media data: of its header), or 0."""
        self.source.seek(place)
        head = self.source.read(16)
        if len(head) < 8 or head[4:8] not in _BOXES:
            return 0
        length = int.from_bytes(head[:4], "big")
        if head[4:8] == b"mdat":
            return place + (16 if length == 1 else 8)
        return place + length if 8 <= length <= self.end - place else 0

    def _unknown(self, begin: int, end: int) -> None:
        self.loss.skip(begin, end)
        self._gap = True
        # Pictures may have stood there. Their numbers tell, but small numbers come round soon; so where sound is known
        # and this is none of it, or where this is longer than what usually lies between pictures, all begins anew.
        size, usual = end - begin, median_low(self._stretches) if self._stretches else 16 << 10
        able = self.sound is not None and self.sound.able
        if able or size > 4 * usual + 256 or (not self.codec.numbers and size > 64 << 10):
            self._prove(drain=True, damage=end < self.end)
            self._broken = True
            self.loss.lost += size
        else:
            self._stretches.append(size)

    # what is found

    def _take(self, picture: Picture) -> None:
        self._gap = self._gap and self.sound is not None
        if picture.key:
            self._prove(drain=self._broken or picture.closed)
            self._opened = self._broken and not picture.closed
            self._broken = False
        elif not picture.follows:
            self._prove(drain=True, damage=True)
            self._broken = True
        self.found.take(picture)
        self._note_parameters(picture)
        if self._broken or (picture.leading and self._opened):
            self._drop(picture.size)
        else:
            self._hold(Held(self._slot, picture), picture.size)
        self._slot += 1

    def _drop(self, size: int) -> None:
        self.loss.dropped += 1
        self.loss.lost += size

    def _hold(self, one: Held, size: int) -> None:
        self._held.append(one)
        self._held_bytes += size
        if self._held_bytes >= _PORTION_BYTES or len(self._held) >= _PORTION_PICTURES:
            self._prove(drain=False)

    def _note_parameters(self, picture: Picture) -> None:
        if self.parameters or not picture.key:
            return
        if has_parameters(self.codec, picture):
            self.parameters_from = "stream"
            sets = {self._type(content): content for content in reversed(picture.parameters)}
            self.parameters = (
                avcc(sets[7], sets[8], self.lengths) if self.codec.name == "h264" else hvcc(sets, self.lengths)
            )
        elif self.known is not None:
            self.parameters_from = "remains" if self.own.first("pictures") else "reference"
            self.parameters = bytes.fromhex(self.known.parameters)

    def _type(self, content: bytes) -> int:
        return content[0] & 31 if self.codec.name == "h264" else content[0] >> 1 & 63

    # what is proved

    def _prove(self, *, drain: bool, damage: bool = False) -> None:
        """Decode what is held and write what is without fault, but for the last picture: damage that follows may begin
        in it without a fault that shows. `damage`: it follows."""
        held, self._held, self._held_bytes = self._held, [], 0
        fault: int | None = None
        shown: list[int] = []
        for one in held:
            if one.picture is not None:
                one.data = self._bytes(one.picture.place, one.picture.size)
        packets = [(one.slot, packet(one.data, one.slot)) for one in held if one.picture is not None]
        if packets or (drain and self.prover is not None):
            if self.prover is None:
                self.prover = Prover(decoder(self.codec.name, self.parameters))
            proof = self.prover.check(packets, drain=drain)
            fault, shown = proof.fault, proof.shown
            self._set_clock()
        for one in held:
            if one.picture is not None and (self.pictures is None or (fault is not None and one.slot >= fault)):
                self._drop(one.picture.size)
            else:
                self._proved.append(one)
                self._waiting.extend([one.slot] if one.picture is not None else [])
        self._order(shown)
        if drain or fault is not None:
            self._waiting.clear()
        last = max((number for number, one in enumerate(self._proved) if one.picture is not None), default=None)
        if last is not None and (damage or fault is not None):
            self._drop(len(self._proved.pop(last).data))
            last = None
        self._write(len(self._proved) if last is None else last)
        self._broken = self._broken or fault is not None

    def _write(self, count: int) -> None:
        """Write so many of what is proved."""
        for one in self._proved[:count]:
            if one.picture is None:
                self._write_sound(one)
            else:
                self._write_picture(one, one.data)
        del self._proved[:count]

    def _bytes(self, place: int, size: int) -> bytes:
        self.source.seek(place)
        return bytes(self.source.read(size))

    def _set_clock(self) -> None:
        """How long a picture lasts, and the track, once the first pictures were decoded."""
        prover = self.prover
        if self.pictures is not None or prover is None or not prover.width:
            return
        scale, tick = 90_000, 3_000
        claimed = prover.context.framerate
        if self.known is not None and 0 < self.known.tick < 1 << 24 and 0 < self.known.timescale <= 10_000_000:
            scale, tick = self.known.timescale, self.known.tick
            self.rate_from = "remains" if self.own.first("pictures") else "reference"
        elif claimed and 1 <= claimed <= 240:
            scale, tick = claimed.numerator * 1000, claimed.denominator * 1000
            self.rate_from = "stream"
        else:
            self.rate_from = "assumed"
        self.tick = tick
        parameters = self.parameters
        if self.codec.name == "h264" and self.parameters_from == "stream":
            sets = sets_of_avcc(parameters)
            parameters = avcc(sets[0], sets[1], self.lengths, prover.layout)
        entry = picture_entry(self.codec.name, parameters, prover.width, prover.height)
        self.pictures = Track(b"vide", entry, scale)
        self.pictures.size = prover.width, prover.height

    def _write_picture(self, one: Held, data: bytes) -> None:
        track = self.pictures
        if track is None:
            return
        at = one.slot * self.tick
        self._first_at = at if self._first_at is None else self._first_at
        track.pause(at - self._first_at - track.length)
        shown = self._places.pop(one.slot, None)
        number = self.film.add(
            track,
            data,
            self.tick,
            shown=(one.slot if shown is None else shown) * self.tick,
            key=bool(one.picture and one.picture.key),
        )
        if shown is None:
            self._numbers[one.slot] = number
            if len(self._numbers) > 2 * _PORTION_PICTURES:
                del self._numbers[next(iter(self._numbers))]
        self.loss.pictures += 1
        self.loss.used += len(data)

    def _order(self, shown: list[int]) -> None:
        """Pictures are shown in the order in which the decoder gives them, at the times that are there."""
        for slot in shown:
            if not self._waiting:
                return
            place = self._waiting.popleft()
            number = self._numbers.pop(slot, None)
            if number is not None and self.pictures is not None:
                self.pictures.shown[number] = place * self.tick
            else:
                self._places[slot] = place

    def _write_sound(self, one: Held) -> None:
        sound, known = self.sound, self.sound_profile
        if sound is None or known is None:
            return
        if self.sounds is None:
            self.sounds = Track(b"soun", bytes.fromhex(known.entry), known.timescale or known.rate or 48_000)
            self.sounds.even, self.sounds.skip = sound.each, known.skip
        track = self.sounds
        if self.pictures is not None:
            self._keep_time(track, one, self.pictures)
        for place, size in one.frames:
            self.film.add(track, self._bytes(place, size), sound.ticks)
            self.loss.sound_frames += 1
            self.loss.used += size

    def _keep_time(self, track: Track, one: Held, pictures: Track) -> None:
        """After a gap the sound goes on as far from the pictures as it was before."""
        at = int(Fraction(one.slot * self.tick, pictures.timescale) * track.timescale)
        lag = track.length - at
        if one.after_gap and self._lags:
            track.pause(median_low(self._lags) - lag)
        elif len(self._lags) < 32:
            self._lags.append(lag)

    # what it came to

    def _report(self, size: int) -> dict[str, Any]:
        pictures, loss = self.pictures, self.loss
        assert pictures is not None
        shown = int(Fraction(loss.pictures * self.tick, pictures.timescale) * 1000)
        total = self.end - self.begin
        return {
            "method": "index-rebuilt",
            "container": "mp4",
            "size": size,
            "codec": self.codec.name,
            "width": pictures.size[0],
            "height": pictures.size[1],
            "pictures": loss.pictures,
            "pictures_dropped": loss.dropped,
            "picture_ms": shown,
            "length_ms": int(Fraction(pictures.length, pictures.timescale) * 1000),
            "claimed_ms": None,
            "estimated_ms": shown * total // max(1, total - loss.lost),
            "rate": str(Fraction(pictures.timescale, self.tick)),
            "rate_from": self.rate_from,
            "parameters_from": self.parameters_from,
            **self._sound_report(),
            "skipped": loss.skipped,
            "skipped_count": loss.skipped_count,
            "skipped_bytes": loss.skipped_bytes,
            "media_bytes": total,
            "used_bytes": loss.used,
        }

    def _sound_report(self) -> dict[str, Any]:
        track = self.sounds
        if track is not None and track.count:
            length = track.count if track.even else self.loss.sound_frames * (self.sound.ticks if self.sound else 0)
            milliseconds = int(Fraction(length, track.timescale) * 1000)
            return {"sound": "recovered", "sound_codec": self.sound_profile.codec if self.sound_profile else None,
                    "sound_ms": milliseconds}  # fmt: skip
        if self.sound_profile is None:
            state = "no-reference" if self.reference is None and not self.own.tracks else "none"
        else:
            state = "not-told-apart"
        return {"sound": state, "sound_codec": self.sound_profile.codec if self.sound_profile else None, "sound_ms": 0}
