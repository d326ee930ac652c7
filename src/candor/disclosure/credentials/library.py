"""What is asked of the C2PA library: sign without being given a place to write, and read what is there.

Its Python names for signing write the signed file themselves, and keep all of it in memory or in a temporary file on
the way. A limited process has neither. So three further calls of the same library are used (`c2pa.h` of c2pa-rs 0.91:
`c2pa_builder_placeholder`, `c2pa_builder_update_hash_from_stream`, `c2pa_builder_sign_embeddable`): they say how large
the credentials will be, take the hash of the copy with room for them in it, and give the signed box.

This module is imported before a limited process locks itself in: whatever the library has to open, it opens here.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable
from typing import Any, BinaryIO, Final

import c2pa
from c2pa import c2pa as native

from candor.disclosure.credentials.rules import MEDIA_TYPE

__all__ = ["Maker", "read_credentials"]

_FORMAT: Final = MEDIA_TYPE.encode()
_ALGORITHMS: Final = {
    "es256": c2pa.C2paSigningAlg.ES256,
    "es384": c2pa.C2paSigningAlg.ES384,
    "ed25519": c2pa.C2paSigningAlg.ED25519,
}
#: Nothing is fetched from anywhere, and no pictures are made.
_SETTINGS: Final[dict[str, Any]] = {
    "version": 1,
    "verify": {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
    "builder": {"thumbnail": {"enabled": False}, "bmff_hash_exclude_free_and_skip_boxes": False},
}

_library = native._lib
for _name, _given, _back in (
    ("c2pa_builder_placeholder", (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p), ctypes.c_int64),
    ("c2pa_builder_sign_embeddable", (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p), ctypes.c_int64),
    ("c2pa_builder_update_hash_from_stream", (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p), ctypes.c_int),
):
    _call = getattr(_library, _name)
    _call.argtypes, _call.restype = list(_given), _back

#: The memory that calls come back through is made executable in blocks, which a locked-in process cannot do any more:
#: the first block is made here.
_first_block = ctypes.CFUNCTYPE(None)(lambda: None)


class Maker:
    """One set of credentials in the making."""

    def __init__(self, manifest: dict[str, Any], chain: str, algorithm: str, sign: Callable[[bytes], bytes]) -> None:
        signer = c2pa.Signer.from_callback(sign, _ALGORITHMS[algorithm], chain, None)
        self._context = c2pa.Context(c2pa.Settings.from_dict(_SETTINGS), signer)
        self._builder = c2pa.Builder(json.dumps(manifest), self._context)

    def placeholder(self) -> bytes:
        """A box as large as the signed one will be."""
        return self._box(_library.c2pa_builder_placeholder)

    def take_hash(self, stream: BinaryIO) -> None:
        """Take the hash of the copy with the placeholder in it."""
        wrapped = c2pa.Stream(stream)
        try:
            if _library.c2pa_builder_update_hash_from_stream(self._builder._handle, _FORMAT, wrapped._stream) != 0:
                raise c2pa.C2paError(_reason())
        finally:
            wrapped.close()

    def signed(self) -> bytes:
        """The box, signed."""
        return self._box(_library.c2pa_builder_sign_embeddable)

    def _box(self, call: Callable[..., int]) -> bytes:
        found = ctypes.c_void_p()
        size = call(self._builder._handle, _FORMAT, ctypes.byref(found))
        if size <= 0 or not found.value:
            raise c2pa.C2paError(_reason())
        try:
            return ctypes.string_at(found.value, size)
        finally:
            _library.c2pa_free(found)


def read_credentials(stream: BinaryIO, anchors: str, purposes: str) -> dict[str, Any]:
    """What the library finds in a film. anchors: root certificates to trust, PEM, or "". purposes: extended key usages,
    one a line. Raises c2pa.C2paError: `ManifestNotFound` where there are no credentials."""
    settings = {**_SETTINGS, "trust": {"user_anchors": anchors, "trust_config": purposes} if anchors else {}}
    context = c2pa.Context(c2pa.Settings.from_dict(settings))
    with context, c2pa.Reader(MEDIA_TYPE, stream, context=context) as reader:
        found: dict[str, Any] = json.loads(reader.json())
    return found


def _reason() -> str:
    return native._read_native_error() or "the library does not say why"
