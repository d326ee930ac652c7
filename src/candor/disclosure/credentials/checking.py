"""Reading the content credentials of a film, whoever made it, and saying whether they hold."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from candor.core.limited import LimitedRefused, Limits, run_limited
from candor.disclosure.credentials.certificates import PURPOSES
from candor.verify.credentials import without_credentials
from candor.verify.errors import VerifyError

__all__ = ["Checked", "check_credentials", "limits_for", "read_found"]

_WORK: Final = "candor.disclosure.credentials.work:read"
#: The library takes the hash of up to 256 MiB at a time, and reads the next while it does.
_TWICE: Final = 2 * (256 << 20)
_BESIDES: Final = 160 << 20
_BYTES_A_SECOND: Final = 20 << 20  # on a slow disk
_PURPOSES: Final = "".join(f"{one.dotted_string}\n" for one in PURPOSES)


@dataclass(frozen=True)
class Checked:
    """What a film's credentials say.

    holds: nothing was changed since they were signed. trusted: by a key whose root was given. faults: what the C2PA
    library finds wrong, in its words. custody: the statement that ties the film to a custody log, if it has one. bare:
    SHA-256 and size of the film without them, or None where they cannot be taken out exactly (`why_not`). found:
    title, generator, signer, actions as they stand there.
    """

    holds: bool
    trusted: bool
    faults: tuple[str, ...]
    custody: Mapping[str, Any] | None
    bare: tuple[str, int] | None
    why_not: str
    found: Mapping[str, Any]

    @property
    def is_the_copy(self) -> bool | None:
        """Whether the film without them is the copy that they name; None where they name none, or it is not known."""
        named = (self.custody or {}).get("copy")
        if self.bare is None or not isinstance(named, Mapping):
            return None
        return (named.get("sha256"), named.get("size")) == self.bare


def limits_for(size: int) -> Limits:
    """What taking the hash of a film of `size` bytes may use: memory does not grow with the film."""
    seconds = 120 + size / _BYTES_A_SECOND
    memory = _BESIDES + min(2 * size, _TWICE)
    return Limits(memory=memory, cpu_seconds=seconds, wall_seconds=seconds, output_bytes=32 << 20)


def read_found(stream: BinaryIO, size: int, anchors: str) -> dict[str, Any]:
    """What the library finds, in a limited process. Raises LimitedRefused with the code "none" where there are none."""
    params = {"anchors": anchors, "purposes": _PURPOSES}
    return run_limited(_WORK, stream, params, limits_for(size))


def check_credentials(
    stream: BinaryIO, read_at: Callable[[int, int], bytes], size: int, anchors: str
) -> Checked | None:
    """Read and judge a film's credentials; None when it has none. anchors: root certificates to trust, PEM, or "".

    Raises LimitedRefused when they cannot be read, and the other errors of limited work.
    """
    try:
        found = read_found(stream, size, anchors)
    except LimitedRefused as error:
        if error.fields.get("code") == "none":
            return None
        raise
    bare, why_not = _without(read_at, size)
    state = found["state"]
    return Checked(
        holds=state in ("Valid", "Trusted"),
        trusted=state == "Trusted",
        faults=tuple(one for one in found["faults"] if one),
        custody=found["custody"],
        bare=bare,
        why_not=why_not,
        found=found,
    )


def _without(read_at: Callable[[int, int], bytes], size: int) -> tuple[tuple[str, int] | None, str]:
    digest, length = hashlib.sha256(), 0
    try:
        for piece in without_credentials(read_at, size):
            digest.update(piece)
            length += len(piece)
    except VerifyError as error:
        return None, str(error)
    return (digest.hexdigest(), length), ""
