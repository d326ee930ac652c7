"""What can go wrong with speech. Each class is a message for people."""

from __future__ import annotations

from candor.redaction.errors import RedactionError


class TranscriberMissing(RedactionError):
    """Nothing can be written out that way here: {reason}."""

    exit_code = 9


class LanguageNotKnown(RedactionError):
    """{name} knows {known} only, and {language} was asked for. Choose another way of writing it out."""

    exit_code = 2


class TranscriberFailed(RedactionError):
    """{name} gave up on a stretch of the sound: {reason}. The recording is untouched; another model may do better."""
