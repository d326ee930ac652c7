"""What runs in a limited process: making credentials for a copy, and reading those of any film.

The process holds the certificates and no private key: what is to be signed goes to the parent through the output
`signature`, which answers with the signature when it is read.
"""

from __future__ import annotations

from typing import Any, BinaryIO, Final, cast

import c2pa

from candor.core.limited_task import Refused, Task
from candor.disclosure.credentials.library import Maker, read_credentials
from candor.disclosure.credentials.placing import NotPlaceable, Placed, layout_of
from candor.disclosure.credentials.rules import CUSTODY

__all__ = ["make", "read"]

_LONGEST_TEXT: Final = 500
_MOST: Final = 50  # of a list that is shown


def make(task: Task) -> dict[str, Any]:
    """The box with the credentials of the copy that is the input. params: manifest, chain (PEM), algorithm. outputs:
    box; signature, see above. Result: {"at": where the box goes, "size": its bytes}."""
    desk = task.outputs["signature"]

    def sign(data: bytes) -> bytes:
        desk.seek(0)
        desk.write(data)
        desk.seek(0)
        return desk.read(1024)

    def read_at(offset: int, length: int) -> bytes:
        task.source.seek(offset)
        return task.source.read(length)

    params = task.params
    try:
        layout = layout_of(read_at, task.source.size)
        maker = Maker(params["manifest"], params["chain"], params["algorithm"], sign)
        room = maker.placeholder()
        maker.take_hash(cast(BinaryIO, Placed(read_at, task.source.size, layout, room)))
        box = maker.signed()
    except NotPlaceable as error:
        raise Refused("not-placeable", str(error)) from error
    except c2pa.C2paError as error:
        raise Refused("library", f"the C2PA library says: {error}") from error
    if len(box) != len(room):
        raise Refused("library", "the C2PA library made the credentials larger than it had said")
    task.outputs["box"].write(box)
    return {"at": layout.at, "size": len(box)}


def read(task: Task) -> dict[str, Any]:
    """What the credentials of the input say, in short. params: anchors (PEM), purposes."""
    try:
        found = read_credentials(cast(BinaryIO, _ReadOnly(task)), task.params["anchors"], task.params["purposes"])
    except c2pa.C2paError as error:
        if "ManifestNotFound" in f"{type(error).__name__} {error}":
            raise Refused("none", "there are no content credentials in this file") from error
        raise Refused("library", f"its content credentials cannot be read: {error}") from error
    return _in_short(found)


class _ReadOnly:
    """The input as the library wants a stream: with the words for writing, which do nothing but fail."""

    def __init__(self, task: Task) -> None:
        self.read, self.readinto = task.source.read, task.source.readinto
        self.seek, self.tell = task.source.seek, task.source.tell

    def write(self, _data: bytes) -> int:
        raise OSError("this stream is only read")

    def flush(self) -> None:
        pass


def _in_short(found: dict[str, Any]) -> dict[str, Any]:
    active = _object(_object(found.get("manifests")).get(str(found.get("active_manifest"))))
    assertions = [_object(one) for one in _list(active.get("assertions"))]
    results = _object(_object(found.get("validation_results")).get("activeManifest"))
    generator = [_object(one) for one in _list(active.get("claim_generator_info"))]
    signature = _object(active.get("signature_info"))
    names = ("alg", "issuer", "common_name", "cert_serial_number", "time")
    return {
        "state": _text(found.get("validation_state")),
        "faults": [_text(_object(one).get("code")) for one in _list(results.get("failure"))],
        "manifests": len(_object(found.get("manifests"))),
        "title": _text(active.get("title")),
        "generator": " ".join(f"{_text(one.get('name'))} {_text(one.get('version'))}".strip() for one in generator[:3]),
        "signer": {name: _text(signature.get(name)) for name in names},
        "parents": [_text(_object(one).get("title")) for one in _list(active.get("ingredients"))],
        "actions": [
            {
                "action": _text(_object(one).get("action")),
                "description": _text(_object(one).get("description")),
                "when": _text(_object(one).get("when")),
            }
            for one in _actions(assertions)
        ],
        "custody": next((_object(one.get("data")) for one in assertions if one.get("label") == CUSTODY), None),
    }


def _actions(assertions: list[dict[str, Any]]) -> list[Any]:
    for one in assertions:
        if str(one.get("label", "")).startswith("c2pa.actions"):
            return _list(_object(one.get("data")).get("actions"))
    return []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value[:_MOST] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:_LONGEST_TEXT]
