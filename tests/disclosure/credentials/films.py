"""Films in the layouts that there are, and content credentials as the C2PA library itself puts them in."""

from __future__ import annotations

import io
import json
import struct
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import av
import c2pa
import numpy as np

from candor.disclosure.credentials import certificates
from candor.disclosure.credentials.certificates import Chain, PrivateKey

LAYOUTS = {
    "index last": "",
    "index first": "faststart",
    "fragments that say from where they count": "frag_keyframe+empty_moov+skip_trailer",
    "fragments that count from themselves": "frag_keyframe+empty_moov+default_base_moof+skip_trailer",
    "fragments with a map": "frag_keyframe+empty_moov+dash+skip_trailer",
}


@cache
def film(movflags: str = "faststart", seconds: float = 1.0, format: str = "mp4") -> bytes:
    """A film with picture and sound."""
    with tempfile.TemporaryDirectory() as folder:  # the index is moved to the front by reading the file again
        place = Path(folder) / f"film.{format}"
        _write(str(place), movflags, seconds, format)
        return place.read_bytes()


def _write(place: str, movflags: str, seconds: float, format: str) -> None:
    options = {"fflags": "+bitexact", **({"movflags": movflags} if movflags else {})}
    with av.open(place, "w", format=format, options=options) as container:
        picture = container.add_stream("libx264", rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        picture.options = {"g": "5", "threads": "1"}
        sound = container.add_stream("aac", rate=8000, layout="mono")
        for number in range(round(seconds * 10)):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number * 20 % 256, np.uint8), "rgb24")
            container.mux(picture.encode(frame))
            tone = np.full((1, 800), number / 100, np.float32)
            heard = av.AudioFrame.from_ndarray(tone, "fltp", "mono")
            heard.sample_rate, heard.pts = 8000, number * 800
            container.mux(sound.encode(heard))
        container.mux(picture.encode())
        container.mux(sound.encode())


def wide(data: bytes) -> bytes:
    """The same film (index last) with places told in 64 bits."""
    made = bytearray(data)

    def widen(begin: int, end: int) -> int:
        grown = 0
        while begin < end:
            size, name = struct.unpack(">I4s", made[begin : begin + 8])
            more = 0
            if name in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
                more = widen(begin + 8, begin + size)
            elif name == b"stco":
                (count,) = struct.unpack(">I", made[begin + 12 : begin + 16])
                places = struct.unpack(f">{count}I", made[begin + 16 : begin + size])
                made[begin + 16 : begin + size] = struct.pack(f">{count}Q", *places)
                made[begin + 4 : begin + 8] = b"co64"
                more = 4 * count
            if more:
                made[begin : begin + 4] = struct.pack(">I", size + more)
            begin, end, grown = begin + size + more, end + more, grown + more
        return grown

    widen(0, len(made))
    return bytes(made)


@cache
def authority() -> tuple[Chain, PrivateKey]:
    """A chain that signs, and its key."""
    now = datetime.now(UTC)
    root, root_key = certificates.make_root("The Agency", now)
    return certificates.make_leaf("The Agency", root, root_key, now)


def signed_by_library(data: bytes, media_type: str = "video/mp4") -> bytes:
    """The film with credentials that the library made, moved and wrote all by itself."""
    chain, key = authority()
    settings = {"verify": {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False}}
    signer = c2pa.Signer.from_callback(
        lambda claim: certificates.sign(key, claim), c2pa.C2paSigningAlg.ES256, chain.pem, None
    )
    manifest = {
        "claim_generator_info": [{"name": "test", "version": "1"}],
        "title": "a film",
        "format": media_type,
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "data": {
                    "actions": [
                        {
                            "action": "c2pa.created",
                            "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
                        }
                    ]
                },
            }
        ],
    }
    made = io.BytesIO()
    context = c2pa.Context(c2pa.Settings.from_dict(settings))
    builder = c2pa.Builder(json.dumps(manifest), context)
    builder.sign(signer, media_type, io.BytesIO(data), made)
    return made.getvalue()
