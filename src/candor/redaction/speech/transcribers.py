"""Machines that write out what is said: what they have in common, and loading one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from candor.core.settings import Settings
from candor.footage.transcript_text import Word
from candor.redaction.speech import sphinx, whisper
from candor.redaction.speech.decoding import Samples
from candor.redaction.speech.ways import Way

__all__ = ["Heard", "Transcriber", "transcriber_for"]


class Heard(Protocol):
    """What a transcriber heard in one passage."""

    @property
    def words(self) -> tuple[Word, ...]:
        """Words with times from the passage's beginning on."""

    @property
    def language(self) -> str:
        """A tag; "": not known."""


class Transcriber(Protocol):
    """Writes out passages of speech of up to half a minute."""

    @property
    def name(self) -> str:
        """With a version, or the beginning of the model's hash."""

    @property
    def sha256(self) -> bytes | None:
        """Of the model; None where a package ships it and its version says it."""

    @property
    def rough(self) -> bool:
        """Whether it is known to mishear a lot."""

    @property
    def remark(self) -> str | None:
        """What has to be known of what it writes."""

    def hear(self, sound: Samples, language: str) -> Heard:
        """What is said in a passage. `language`: a tag, or "" for what it hears. Raises TranscriberFailed."""


def transcriber_for(way: Way, settings: Settings, language: str = "") -> Transcriber | None:
    """A transcriber, loaded; None for the way without words. Raises TranscriberMissing, LanguageNotKnown."""
    make: dict[Way, Callable[[], Transcriber | None]] = {
        Way.WHISPER: lambda: whisper.Whisper(settings.whisper_model),
        Way.ROUGH: lambda: sphinx.Sphinx(language),
        Way.SPEECH: lambda: None,
    }
    return make[way]()
