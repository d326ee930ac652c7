"""How long files are and what they are made up of, so that it can be told which go on from which.

A file that is in is not opened for it: its part says so. Any other is examined in a limited process, as at intake.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any, BinaryIO, cast

from candor.core.limited import LimitedUnavailable
from candor.docking.cards.found import Clip
from candor.docking.cards.grouping import Measured
from candor.docking.cards.listing import Card
from candor.footage.media import examine
from candor.footage.times import claims_of

__all__ = ["Measuring", "measured"]

#: Problems of a file (footage.media.findings) with which its length is not to be relied on.
_UNRELIABLE = frozenset({"empty", "not-media", "index-missing", "ends-early", "length-unknown", "examination-stopped"})


def measured(clip: Clip, media: Mapping[str, Any]) -> Measured:
    """A clip with what its file says of itself (the shape of `footage.media.examine`)."""
    duration = media.get("duration")
    sound = duration is not None and 0 <= duration < 1e7 and not _UNRELIABLE & set(media.get("problems", ()))
    shape = tuple(
        (one.get("type"), one.get("codec"), one.get("width"), one.get("height"), one.get("sample_rate"))
        for one in media.get("streams", ())
        if one.get("type") in ("video", "audio")
    )
    return Measured(clip, float(duration) if sound and duration is not None else None, _claimed(media), shape)


def _claimed(media: Mapping[str, Any]) -> datetime | None:
    return next((claim.at for claim in claims_of(media) if claim.at is not None), None)


class Measuring:
    """Measures files, each once as long as it stays as it is."""

    def __init__(self) -> None:
        self._found: dict[tuple[object, ...], Mapping[str, Any]] = {}

    def of(self, card: Card, clip: Clip, media: Mapping[str, Any] | None) -> Measured:
        """`media`: what is known from the part that it is already, if it is one. A file that cannot be read is one of
        unknown length."""
        if media:
            return measured(clip, media)
        key = clip.file.as_it_was
        if key not in self._found:
            self._found[key] = self._examined(card, clip)
        return measured(clip, self._found[key])

    def forget(self, there: set[tuple[object, ...]]) -> None:
        """Let go of every file but these."""
        self._found = {key: value for key, value in self._found.items() if key in there}

    @staticmethod
    def _examined(card: Card, clip: Clip) -> Mapping[str, Any]:
        try:
            with os.fdopen(card.open(clip.file), "rb", buffering=0) as stream:
                return examine(cast(BinaryIO, stream))
        except (OSError, LimitedUnavailable):
            return {}
