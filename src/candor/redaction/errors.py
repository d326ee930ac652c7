"""What can go wrong with a redaction. Each class is a message for people."""

from __future__ import annotations

from candor.core.errors import CandorError


class RedactionError(CandorError):
    """Something about a redaction went wrong."""

    exit_code = 3


class RedactionUnknown(RedactionError):
    """There is no redaction with the identifier {id}, or its recording may not be seen with these rights."""

    exit_code = 4


class CopyUnknown(RedactionError):
    """There is no redacted copy with the identifier {id}, or its recording may not be seen with these rights."""

    exit_code = 4


class CopyNotReady(RedactionError):
    """This redacted copy is not ready: {reason}. The original is sealed and safe; look again in a while."""

    exit_code = 4


class RedactionClosed(RedactionError):
    """The redaction {id} is closed, so it is not changed any more. Begin a new one of the same recording; nothing of
    the closed one is lost."""

    exit_code = 5


class EditWrong(RedactionError):
    """Change {act} of edit {edit} cannot be made: {reason}. Nothing of this was kept; load the page again and make the
    change anew."""

    def __init__(self, *, reason: object, act: int = 1, edit: int = 1) -> None:
        super().__init__(act=act, edit=edit, reason=reason)


class EditsBehind(RedactionError):
    """Somebody changed this redaction in the meantime ({by}, {at}): it is at edit {newest}, you saw {base}. Nothing of
    yours was kept here. Load the newest state and make your change again."""

    exit_code = 5


class HeldByAnother(RedactionError):
    """{holder} is at work on this redaction, last seen {since}. Look on, or take the work over: they are told, and
    nothing of theirs is lost."""

    exit_code = 5


class NotHeld(RedactionError):
    """This page does not hold the redaction any more: it was away for too long, or the work was taken over. Nothing of
    this was kept; load the page again."""

    exit_code = 5


class NothingToRedact(RedactionError):
    """The recording {id} cannot be redacted: {reason}."""


class DetectionRefused(RedactionError):
    """Nothing is being looked for: {reason}."""

    exit_code = 5


class RenderRefused(RedactionError):
    """No copy is being made: {reason}."""

    exit_code = 5


class ListTooLong(RedactionError):
    """The signed list of what is hidden would be too long for anybody to check: {count} stretches of sound are hidden
    in this part. Join those that follow each other, shorten what they are for, or take all sound out; then make the
    copy again. Nothing was lost."""

    exit_code = 5
