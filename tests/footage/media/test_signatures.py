"""Signatures that cameras put into their recordings: found, checked, and never taken for more than they are."""

from __future__ import annotations

import hashlib
import io
import random
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
from tests.footage.media import onvif_signer as maker
from tests.footage.media.c2pa_signer import with_manifest
from tests.footage.media.onvif_signer import Camera, Identity, flipped, identity, remuxed, rewritten, signed
from tests.footage.media.recordings import film

from candor.core.limited import LimitedError, LimitedRefused
from candor.footage.media import examine, make_renditions
from candor.footage.media.signature_c2pa import Cbor, certificates_in, signers_in
from candor.footage.media.signature_chain import ders_of, first_fingerprint
from candor.footage.media.signature_document import read_document
from candor.footage.media.signature_examine import check_signatures, trusted_roots
from candor.footage.media.signature_units import H264, length_with_prevention, message_of, units, without_prevention
from candor.footage.signatures import Verdict, results_of

#: Slices of one group: ten pictures, as many slices each as the encoder made.
GROUP = 10


@pytest.fixture(scope="module")
def camera_identity() -> Identity:
    return identity()


@pytest.fixture(scope="module")
def plain() -> bytes:
    return film(seconds=6, group=GROUP)


@pytest.fixture(scope="module")
def plain_265() -> bytes:
    return film(codec="libx265", seconds=5, group=GROUP)


@pytest.fixture(scope="module")
def recording(plain: bytes, camera_identity: Identity) -> tuple[bytes, Camera]:
    camera = Camera(camera_identity)
    return signed(plain, camera), camera


def check(data: bytes, *roots: str) -> dict[str, Any]:
    return check_signatures(io.BytesIO(data), list(roots))


def track(data: bytes, *roots: str) -> dict[str, Any]:
    found = check(data, *roots)["onvif"]
    assert len(found) == 1
    return found[0]


# -- ONVIF media signing


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize(
    "ways",
    [{}, {"prevent_first": True}, {"late": False}, {"with_hashes": False}],
    ids=lambda ways: str(ways) or "usual",
)
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_what_a_camera_signed_is_verified(
    codec: str, ways: dict[str, Any], kind: str, plain: bytes, plain_265: bytes
) -> None:
    who = identity(kind)
    camera = Camera(who, hevc=codec == "h265", **ways)
    told = track(signed(plain_265 if codec == "h265" else plain, camera), who.root)
    covered = sum(len(group) for group in camera.groups)
    assert told["groups_verified"] == len(camera.groups) >= 4
    assert told["slices_verified"] == covered
    assert (told["signatures"], told["signatures_bad"]) == (len(camera.groups), 0)
    assert told["groups_failed"] == told["groups_missing"] == told["slices_failed"] == told["links_broken"] == 0
    assert told["groups_unsigned"] == 1  # the last, which no picture came after
    assert told["faults"] == []
    (certificate,) = told["certificates"]
    assert certificate["sha256"] == who.fingerprint
    assert certificate["subject"] == "CN=CAM-0001"
    assert (certificate["not_before"], certificate["trust"]["state"]) == ("2025-01-01T00:00:00Z", "trusted")
    assert certificate["trust"]["root"]["subject"] == "CN=Maker Root"
    assert told["vendor"] == {"firmware": "11.9.2", "serial": "ACCC8E00AA01", "manufacturer": "Axis"}
    assert told["signed_from"] == "2026-11-20T18:04:06.000Z"


def test_a_message_without_signature_is_vouched_for_by_the_next(plain: bytes, camera_identity: Identity) -> None:
    camera = Camera(camera_identity, every=2)
    told = track(signed(plain, camera), camera_identity.root)
    assert (told["messages"], told["signatures"]) == (5, 2)
    assert (told["groups_verified"], told["groups_failed"], told["groups_unsigned"]) == (4, 0, 2)


def test_of_groups_under_one_signature_only_the_changed_one_fails(plain: bytes, camera_identity: Identity) -> None:
    told = track(flipped(signed(plain, Camera(camera_identity, every=2)), 3), camera_identity.root)
    assert (told["groups_verified"], told["groups_failed"]) == (3, 1)


@pytest.mark.parametrize("with_hashes", [True, False])
@pytest.mark.parametrize("picture", [20, 24])
def test_one_flipped_bit_fails_exactly_its_group(
    picture: int, with_hashes: bool, plain: bytes, camera_identity: Identity
) -> None:
    camera = Camera(camera_identity, with_hashes=with_hashes)
    told = track(flipped(signed(plain, camera), picture), camera_identity.root)
    assert (told["groups_verified"], told["groups_failed"]) == (4, 1)
    assert told["signatures_bad"] == told["groups_missing"] == told["links_broken"] == 0
    whole = len(camera.groups[2])
    if with_hashes:
        # The group's first picture has several slices; the last of them is no anchor, so it alone fails.
        assert (told["slices_failed"], told["slices_missing"]) == (1, 0)
    else:
        assert told["slices_failed"] == whole
    assert [fault["at_ms"] for fault in told["faults"]] == [2000]


def test_a_changed_first_slice_takes_its_whole_group_along(
    recording: tuple[bytes, Camera], camera_identity: Identity
) -> None:
    data, camera = recording

    def change(number: int, found: list[bytes]) -> list[bytes]:
        place = next((n for n, unit in enumerate(found) if unit[0] & 0x1F == 5), None)
        if number == 20 and place is not None:
            bad = bytearray(found[place])
            bad[-2] ^= 1
            found[place] = bytes(bad)
        return found

    told = track(rewritten(data, change), camera_identity.root)
    assert (told["groups_verified"], told["groups_failed"]) == (4, 1)
    assert told["slices_failed"] == len(camera.groups[2])


def test_a_picture_taken_out_is_missed(recording: tuple[bytes, Camera], camera_identity: Identity) -> None:
    data, _ = recording
    told = track(rewritten(data, lambda number, found: None if number == 24 else found), camera_identity.root)
    assert (told["groups_verified"], told["groups_failed"]) == (4, 1)
    assert told["slices_missing"] >= 1
    assert told["slices_failed"] == 0
    assert "missing" in told["faults"][0]["words"]


def test_a_group_taken_out_with_its_message_is_missed(
    recording: tuple[bytes, Camera], camera_identity: Identity
) -> None:
    data, _ = recording
    # The message about the third group comes with the second picture of the fourth.
    gone = range(20, 30)
    own = maker.UUID

    def change(number: int, found: list[bytes]) -> list[bytes] | None:
        if number in gone:
            return None
        return [unit for unit in found if number != 31 or own not in unit]

    told = track(rewritten(data, change), camera_identity.root)
    assert told["groups_missing"] == 1
    assert told["groups_failed"] == 0
    assert told["groups_verified"] >= 3


def slices(found: list[bytes]) -> list[bytes]:
    return [unit for unit in found if unit[0] & 31 in (1, 5)]


@pytest.mark.parametrize("filler", [0, 4100], ids=["", "behind many small units"])
def test_pictures_put_in_behind_a_group_are_counted(
    filler: int, recording: tuple[bytes, Camera], plain: bytes, camera_identity: Identity
) -> None:
    """The camera counted its slices, so its group is whole all the same: what stands behind it is nobody's."""
    data, _ = recording
    pictures: list[list[bytes]] = []
    rewritten(plain, lambda n, found: (pictures.append(found), found)[1])
    strange = slices(pictures[26]) + slices(pictures[27])

    def change(number: int, found: list[bytes]) -> list[bytes]:
        return found + [b"\x0c\xff\x80"] * filler + strange if number == 29 else found

    found = check(rewritten(data, change), camera_identity.root)
    assert found["onvif"][0]["slices_between"] == len(strange)
    assert results_of(found)[0]["verdict"] is Verdict.PARTLY
    assert results_of(check(data, camera_identity.root))[0]["verdict"] is Verdict.VERIFIED


def test_what_came_in_place_of_a_group_and_its_message(
    recording: tuple[bytes, Camera], plain: bytes, camera_identity: Identity
) -> None:
    data, _ = recording
    other: list[list[bytes]] = []
    rewritten(plain, lambda n, found: (other.append(slices(found)), found)[1])

    def change(number: int, found: list[bytes]) -> list[bytes]:
        kept = [unit for unit in found if number != 31 or maker.UUID not in unit]
        return [unit for unit in kept if unit not in slices(kept)] + other[number - 10] if 20 <= number < 30 else kept

    found = check(rewritten(data, change), camera_identity.root)
    told = found["onvif"][0]
    assert told["messages_missing"] == 1
    assert told["groups_missing"] == told["groups_failed"] == 0
    assert results_of(found)[0]["verdict"] is Verdict.INCOMPLETE


def test_another_track_without_signatures(recording: tuple[bytes, Camera], plain: bytes) -> None:
    """A player shows the first one."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as made:
        opened = [av.open(io.BytesIO(data)) for data in (plain, recording[0])]
        streams = [made.add_stream_from_template(source.streams.video[0]) for source in opened]
        for source, stream in zip(opened, streams, strict=True):
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    packet.stream = stream
                    made.mux(packet)
            source.close()
    found = check(out.getvalue())
    assert found["tracks_without"] == 1
    assert results_of(found)[0]["verdict"] is Verdict.PARTLY


def test_two_signers_are_said(plain: bytes) -> None:
    """Groups, links and counts fit: the second signer took care of that. Who it is no file can tell."""
    camera, strange = Camera(identity(name="CAM-1")), identity(name="CAM-2")

    def change(number: int, found: list[bytes]) -> list[bytes]:
        if number == 25:
            camera.identity = strange
        return camera.packet(found)

    found = check(rewritten(plain, change))
    assert (found["onvif"][0]["signers"], found["onvif"][0]["groups_failed"]) == (2, 0)
    assert results_of(found)[0]["verdict"] is Verdict.SEVERAL


def test_nothing_behind_a_signature_is_under_it(recording: tuple[bytes, Camera]) -> None:
    """Fields that are written behind the signature's are no part of what was signed."""
    units_of: list[bytes] = []
    rewritten(recording[0], lambda n, found: (units_of.extend(found), found)[1])
    unit = next(one for one in units_of if maker.UUID in one)
    message = message_of(unit, H264)
    assert message is not None
    end = message.plain.rindex(b"\x03\x01\x03")  # the field of the signature: tag and length
    kept = message.plain[: message.payload + 1] + message.plain[end : end + 3 + 259]
    forged = replace(message, plain=kept + b"\x01\x00\x4a" + bytes(74), end=len(kept) + 77)
    document = read_document(unit, forged, 32)
    assert document is not None
    assert document.signature is not None
    assert (document.covered, document.counter, document.certificate_only) == (0, None, True)


def test_pictures_put_in_are_not_verified(
    recording: tuple[bytes, Camera], plain: bytes, camera_identity: Identity
) -> None:
    data, _ = recording
    strange: list[bytes] = []
    rewritten(film(seconds=2, group=GROUP, sound=None), lambda n, found: strange.extend(found) if n == 3 else found)
    told = track(rewritten(data, lambda n, found: [*found, strange[-1]] if n == 24 else found), camera_identity.root)
    assert (told["groups_verified"], told["groups_failed"]) == (4, 1)
    assert told["slices_failed"] == 1


def test_a_cut_out_of_a_recording_keeps_its_signatures(
    recording: tuple[bytes, Camera], camera_identity: Identity
) -> None:
    data, camera = recording
    told = track(rewritten(data, lambda number, found: None if number < 20 else found), camera_identity.root)
    assert told["groups_failed"] == told["signatures_bad"] == 0
    assert told["groups_verified"] == len(camera.groups) - 2


def test_a_recording_that_begins_within_a_group(recording: tuple[bytes, Camera], camera_identity: Identity) -> None:
    data, camera = recording
    told = track(rewritten(data, lambda number, found: None if number < 5 else found), camera_identity.root)
    assert told["groups_verified"] == len(camera.groups) - 1
    assert told["slices_verified"] == sum(len(group) for group in camera.groups[1:])


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts", "mov"])
def test_another_container_keeps_the_signatures(container: str, camera_identity: Identity) -> None:
    sound_free = film(seconds=6, group=GROUP, sound=None)
    camera = Camera(camera_identity)
    told = track(remuxed(signed(sound_free, camera), container), camera_identity.root)
    assert (told["groups_verified"], told["groups_failed"]) == (len(camera.groups), 0)


def test_a_viewing_copy_has_no_signatures_left(recording: tuple[bytes, Camera]) -> None:
    data, _ = recording
    made = make_renditions(io.BytesIO(data), ["proxy"])["proxy"]
    with made.file as file:
        copy = file.read()
    assert check(copy)["onvif"] == []
    assert examine(io.BytesIO(copy))["signatures"] == []


def test_signed_by_another_key_than_the_certificate_says(plain: bytes) -> None:
    real, other = identity(), identity()
    forger = Identity(other.key, real.leaf, real.chain, real.root)
    told = track(signed(plain, Camera(forger)), real.root)
    assert told["signatures_bad"] == 5
    assert (told["groups_verified"], told["groups_failed"]) == (0, 5)


def test_a_message_that_was_changed_vouches_for_nothing(
    recording: tuple[bytes, Camera], camera_identity: Identity
) -> None:
    data, _ = recording

    def change(number: int, found: list[bytes]) -> list[bytes]:
        return [unit.replace(b"ACCC8E00AA01", b"ACCC8E00AA02") if number == 11 else unit for unit in found]

    told = track(rewritten(data, change), camera_identity.root)
    assert (told["signatures_bad"], told["groups_failed"], told["groups_verified"]) == (1, 1, 4)


def test_signed_anew_by_somebody_else_is_not_trusted(plain: bytes, camera_identity: Identity) -> None:
    forger = identity(name="CAM-0001")
    told = track(signed(plain, Camera(forger)), camera_identity.root)
    assert told["groups_failed"] == 0  # the pictures are what somebody signed
    (certificate,) = told["certificates"]
    assert certificate["trust"] == {"state": "not-trusted", "root": None}
    assert certificate["sha256"] != camera_identity.fingerprint


def test_without_a_root_nothing_is_compared(recording: tuple[bytes, Camera]) -> None:
    assert track(recording[0])["certificates"][0]["trust"]["state"] == "not-compared"


def test_roots_come_from_a_folder(tmp_path: Path, camera_identity: Identity) -> None:
    assert trusted_roots(None) == trusted_roots(tmp_path / "none") == []
    (tmp_path / "maker.pem").write_text(camera_identity.root)
    (tmp_path / "notes.txt").write_text("no certificate")
    (tmp_path / "odd.pem").write_bytes(b"\xff\xfe")
    (tmp_path / "large.pem").write_text("x" * 70_000)
    assert trusted_roots(tmp_path) == [camera_identity.root]


# -- finding them at intake


def test_examining_tells_of_signatures_and_who_signed(
    recording: tuple[bytes, Camera], plain: bytes, camera_identity: Identity
) -> None:
    assert examine(io.BytesIO(plain))["signatures"] == []
    assert examine(io.BytesIO(recording[0]))["signatures"] == [
        {"kind": "onvif-media-signing", "certificate": camera_identity.fingerprint, "key": None}
    ]


def test_axis_signed_video_is_found_and_counted(plain: bytes) -> None:
    key = identity().key.public_key()
    pem = maker.serialization.Encoding.PEM
    text = key.public_bytes(pem, maker.serialization.PublicFormat.SubjectPublicKeyInfo)
    body = maker.AXIS + b"\x00\x01\x00\x02\x00\x00" + text
    size = b"\xff" * (len(body) // 255) + bytes([len(body) % 255])
    message = maker._prevented(b"\x06\x05" + size + body + b"\x80")
    data = rewritten(plain, lambda number, found: [message, *found] if number % GROUP == 1 else found)
    der = ders_of(text.replace(b"PUBLIC KEY", b"CERTIFICATE"))[0]
    expected = {"certificate": None, "key": hashlib.sha256(der).hexdigest()}
    assert examine(io.BytesIO(data))["signatures"] == [{"kind": "axis-signed-video", **expected}]
    found = check(data)
    assert found["axis"] == {"messages": 6, **expected}
    assert found["onvif"] == []


@pytest.mark.parametrize(("container", "media_type"), [("mp4", "video/mp4"), ("wav", "audio/wav")])
def test_c2pa_is_found_with_its_certificate(container: str, media_type: str, plain: bytes) -> None:
    data = plain if container == "mp4" else film(codec=None, seconds=1, sound="pcm_s16le", container="wav")
    marked, fingerprint = with_manifest(data, media_type)
    assert examine(io.BytesIO(marked))["signatures"] == [{"kind": "c2pa", "certificate": fingerprint, "key": None}]
    found = check(marked)["c2pa"]
    assert found["manifests"] == 1
    assert found["certificate"]["sha256"] == fingerprint
    assert found["certificate"]["subject"] == "CN=Camera 7,O=Test"
    assert found["trust"]["state"] == "not-compared"


def test_what_is_no_recording_is_refused() -> None:
    with pytest.raises(LimitedRefused):
        check(b"nothing of the kind" * 100)


# -- hostile bytes


def test_broken_signatures_break_nothing(recording: tuple[bytes, Camera], plain: bytes) -> None:
    rng = random.Random(8)
    c2pa_film, _ = with_manifest(plain)
    for number in range(24):
        data = bytearray(recording[0] if number % 2 else c2pa_film)
        at = data.find(maker.UUID, rng.randrange(len(data) // 2)) if number % 2 else data.find(b"jumb")
        for _ in range(rng.randrange(1, 40)):
            data[min(len(data) - 1, at + rng.randrange(4000))] = rng.choice((0, 1, 3, 0x7F, 0xFF, rng.randrange(256)))
        try:
            found = check(bytes(data))
        except LimitedRefused:
            continue
        except LimitedError as error:
            pytest.fail(f"variant {number}: {error}")
        assert found["v"] == "signatures@1"


def test_nesting_without_end_is_left_alone() -> None:
    assert certificates_in(b"\x81" * 5000) == []
    assert certificates_in(b"\x9b" + b"\xff" * 8) == []
    deep = b""
    for _ in range(2000):
        deep = struct.pack(">I4s", 8 + len(deep), b"jumb") + deep
    assert signers_in(deep) == []
    with pytest.raises(ValueError, match="length"):
        Cbor(b"\x5f").item()


def test_units_and_their_wrapping() -> None:
    assert list(units(b"\x00\x00\x00\x01\x09\x10\x00\x00\x01\x65\x88\x00\x00", 0)) == [b"\x09\x10", b"\x65\x88"]
    assert list(units(b"\x00\x00\x00\x02\x65\x88\x00\x00\x00\x09\x41", 4)) == [b"\x65\x88", b"\x41"]
    wrapped = b"\x06\x00\x00\x03\x01\x00\x00\x03\x00\x05"
    plain = b"\x06\x00\x00\x01\x00\x00\x00\x05"
    assert without_prevention(wrapped) == plain
    lengths = [length_with_prevention(wrapped, length) for length in range(len(plain) + 1)]
    assert lengths == [0, 1, 2, 3, 5, 6, 7, 9, 10]  # never ending in a byte that was only put in between
    assert [without_prevention(wrapped[:length]) for length in lengths] == [plain[:n] for n in range(9)]
    assert H264.kind(b"") == H264.kind(b"\x85\x00") == -1
    assert first_fingerprint(b"-----BEGIN CERTIFICATE-----\n!!") is None
