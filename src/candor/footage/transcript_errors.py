"""What can go wrong with transcripts. Each class is a message for people."""

from __future__ import annotations

from candor.footage.errors import FootageError


class TranscriptUnknown(FootageError):
    """There is no transcript with the identifier {id}, or it may not be read with these rights."""

    exit_code = 4


class TranscriptNotReady(FootageError):
    """This transcript has no text: {reason}. Look again in a while, or have another one made."""

    exit_code = 4


class TranscriptChanged(FootageError):
    """Somebody changed the transcript in the meantime: it is at version {version}, you saw {expected}. Nothing of yours
    was kept. Look at the new text and make your change again."""

    exit_code = 5


class TranscriptWrong(FootageError):
    """This cannot be kept as a transcript: {reason}. Nothing was changed."""


class TranscriptsTooMany(FootageError):
    """A file has at most {most} transcripts, and this one has them. Remove one that nobody needs, then try again."""

    exit_code = 5


class LanguageWrong(FootageError):
    """“{language}” is no language tag. Give one such as en, es or pt-BR, or none."""

    exit_code = 2


class TranscriptReasonMissing(FootageError):
    """Say why the transcript is removed, in 1 to {longest} characters; it goes on record. Nothing was changed."""

    exit_code = 2


class CaptionsWrong(FootageError):
    """This is no WebVTT file that can be read here: {reason}. Correct it and import it again; nothing was changed."""


class NothingHeard(FootageError):
    """There is no sound in file {number} of this recording, so nothing can be written out. Nothing was changed."""

    exit_code = 5
