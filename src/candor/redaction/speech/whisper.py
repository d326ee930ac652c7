"""A model of the Whisper family, supplied by the site as a folder and named by its path; run by faster-whisper.

The library takes a path that is no folder for the name of a model on the net, and asks the net for a tokenizer that is
not in the folder. So both are looked for here, first, and it is told that there is no net.
"""

from __future__ import annotations

import functools
import hashlib
import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from candor.footage.transcript_text import Word, WordOrigin
from candor.redaction.speech.decoding import Samples
from candor.redaction.speech.errors import LanguageNotKnown, TranscriberFailed, TranscriberMissing
from candor.redaction.speech.ways import WHISPER_FILES, whisper_problem

__all__ = ["Whisper"]

_NO_NET: Final = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


@dataclass(frozen=True)
class _Heard:
    words: tuple[Word, ...]
    language: str


class Whisper:
    """A model, loaded. One thread at a time."""

    rough = False
    remark = (
        "Written by a machine: it can mishear, leave out, and write what nobody said, above all in noise and silence."
    )

    def __init__(self, folder: Path | None, *, threads: int | None = None) -> None:
        """threads: on a processor; None: all of it, four at most. Raises TranscriberMissing, also when the model cannot
        be loaded."""
        missing = whisper_problem(folder)
        if missing is not None or folder is None:
            raise TranscriberMissing(reason=missing)
        os.environ.update(_NO_NET)
        file = folder / WHISPER_FILES[0]
        self.sha256 = _hash(file, file.stat().st_size, file.stat().st_mtime_ns)
        self.name = f"whisper@{self.sha256.hex()[:12]}/{folder.name}"
        try:
            # A GPU where the library finds one; 8-bit numbers on a processor.
            on_gpu = import_module("ctranslate2").get_cuda_device_count() > 0
            self._model: Any = import_module("faster_whisper").WhisperModel(
                str(folder),
                device="cuda" if on_gpu else "cpu",
                compute_type="default" if on_gpu else "int8",
                cpu_threads=threads or min(4, os.cpu_count() or 1),
                local_files_only=True,
            )
        except Exception as error:  # whatever the library and its parts raise
            raise TranscriberMissing(reason=f"the model in {folder} cannot be loaded ({_first_line(error)})") from error

    def hear(self, sound: Samples, language: str) -> _Heard:
        """What is said in a passage."""
        tag = language.partition("-")[0].lower()
        if tag and tag not in self._model.supported_languages:
            raise LanguageNotKnown(
                name="This model", known=", ".join(self._model.supported_languages), language=language
            )
        try:
            segments, told = self._model.transcribe(
                sound,
                language=tag or None,
                word_timestamps=True,
                vad_filter=False,  # the passage is where somebody speaks
                condition_on_previous_text=False,  # or one mistake would be told on and on
            )
            words = [word for segment in segments for word in segment.words or ()]
        except Exception as error:
            raise TranscriberFailed(name=self.name, reason=_first_line(error)) from error
        return _Heard(tuple(_words(words, len(sound) // 16)), language or str(told.language or ""))


def _words(found: list[Any], length: int) -> list[Word]:
    """Words in order and within a passage of `length` milliseconds, whatever the model says."""
    words: list[Word] = []
    for one in found:
        begin = min(length, max(0, round(one.start * 1000)))
        until = min(length, max(begin, round(one.end * 1000)))
        sure = min(1.0, max(0.0, float(one.probability)))
        for text in str(one.word).split():
            plain = "".join(letter for letter in text if letter.isprintable())
            if plain:
                words.append(Word(begin, until, plain, sure, WordOrigin.MACHINE))
    return sorted(words, key=lambda word: (word.begin, word.until))


@functools.lru_cache(maxsize=4)
def _hash(file: Path, size: int, modified: int) -> bytes:
    """The SHA-256 of a file, read once as long as it stays as it is."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:240]
