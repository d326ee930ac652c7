"""PocketSphinx with the model of American English that its package ships: a rough fallback that works offline.

About 28 of a hundred words are wrong on clean read speech, more on a street. It is good for finding a place, not for
quoting, and says so.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from candor.footage.transcript_text import Word, WordOrigin
from candor.redaction.speech.decoding import RATE, Samples
from candor.redaction.speech.errors import LanguageNotKnown, TranscriberFailed, TranscriberMissing
from candor.redaction.speech.ways import ROUGH_PACKAGE as PACKAGE
from candor.redaction.speech.ways import rough_problem

__all__ = ["Sphinx"]

REMARK: Final = (
    "Written by a rough machine: on clean read speech about 28 of a hundred words are wrong, outdoors more. "
    "It helps to find a place; what was said has to be heard."
)
_FRAME_MS: Final = 10
_LEAST: Final = RATE // 10  # samples; nothing is heard in less
_VARIANT: Final = re.compile(r"\(\d+\)$")
#: Fillers in its dictionary: silence, noise, breath.
_FILLER: Final = re.compile(r"^(<.*>|\[.*\]|\+\+.*\+\+)$")


@dataclass(frozen=True)
class _Heard:
    words: tuple[Word, ...]
    language: str


class Sphinx:
    """A decoder. One thread at a time."""

    sha256 = None
    rough = True
    remark = REMARK

    def __init__(self, language: str = "") -> None:
        """Raises TranscriberMissing, LanguageNotKnown."""
        missing = rough_problem()
        if missing is not None:
            raise TranscriberMissing(reason=missing)
        self.name = f"{PACKAGE}@{version(PACKAGE)}/en-us"
        if language and not language.lower().startswith("en"):
            raise LanguageNotKnown(name="The rough machine", known="English", language=language)
        self._decoder: Any = import_module(PACKAGE).Decoder(samprate=RATE, loglevel="FATAL")

    def hear(self, sound: Samples, language: str) -> _Heard:
        """What is said in a passage, with the posterior of each word as its confidence."""
        if len(sound) < _LEAST:
            return _Heard((), "en-US")
        samples = np.asarray(np.clip(sound, -1, 1) * 32767, "<i2").tobytes()
        try:
            self._decoder.start_utt()
            self._decoder.process_raw(samples, full_utt=True)
            self._decoder.end_utt()
            segments = list(self._decoder.seg() or ())
        except RuntimeError as error:
            raise TranscriberFailed(name=self.name, reason=error) from error
        logmath = self._decoder.get_logmath()
        words = tuple(
            Word(
                segment.start_frame * _FRAME_MS,
                (segment.end_frame + 1) * _FRAME_MS,
                _VARIANT.sub("", segment.word),
                _share(logmath.exp(segment.prob)),
                WordOrigin.MACHINE,
            )
            for segment in segments
            if not _FILLER.match(segment.word)
        )
        return _Heard(words, "en-US")


def _share(value: float) -> float:
    return min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0
