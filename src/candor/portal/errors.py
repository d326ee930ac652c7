"""What the portal answers when something cannot be done. Each class is a message for whoever stands before it."""

from __future__ import annotations

from candor.core.errors import CandorError

__all__ = [
    "BodyTooLarge",
    "BodyTooSlow",
    "BodyWrong",
    "CameFromElsewhere",
    "CodeTriesOver",
    "FileRefused",
    "LogChanged",
    "LogPartMissing",
    "LogUnsigned",
    "NotHere",
    "NotInLog",
    "NotReady",
    "TooManyAtOnce",
]


class BodyTooLarge(CandorError):
    """That is more than can be sent at once. Nothing was sent. Shorten what you wrote, or send fewer or smaller
    files."""

    exit_code = 3


class BodyTooSlow(CandorError):
    """What you sent did not arrive whole within {seconds} seconds. Nothing was taken. Check your connection and send it
    again."""

    exit_code = 7


class BodyWrong(CandorError):
    """What was sent is not what the form on this page sends ({reason}). Nothing was taken. Go back to the page and send
    the form from there."""

    exit_code = 3


class FileRefused(CandorError):
    """The file “{name}” was not taken: {reason}. Nothing was sent yet. Send it as PDF, PNG or JPEG, at most {most} MB,
    or leave it out and describe it."""

    exit_code = 3


class CameFromElsewhere(CandorError):
    """This did not come from a page of this site, or the page is from before you gave your code. Nothing was changed.
    Load the page again and send it once more."""

    exit_code = 5


class CodeTriesOver(CandorError):
    """Too many codes were tried from where you are. Wait {minutes} minutes and try again; your request goes on
    meanwhile."""

    exit_code = 5


class LogChanged(CandorError):
    """These entries are not shown: {path}, a file of the log that lies here, is not what the signed checkpoint says.
    The file was damaged or changed after it was published. Do not rely on it, and tell the office. A copy that somebody
    else keeps can show what stood there."""

    exit_code = 6


class LogPartMissing(CandorError):
    """These entries cannot be shown: {path}, a file of the log, is missing here or cannot be read. Try again in a
    minute. If it stays so, tell the office; a copy that somebody else keeps can show what stood there."""

    exit_code = 6


class LogUnsigned(CandorError):
    """The checkpoint that lies here is not signed as this agency's key and its witnesses sign, so nothing is shown
    under it. It was damaged or changed, or it is of another log. Do not rely on it, and tell the office."""

    exit_code = 6


class NotInLog(CandorError):
    """“{asked}” is no place in this log. It has {count} entries, numbered from 0 to {last}; give a number in digits
    alone."""

    exit_code = 4


class TooManyAtOnce(CandorError):
    """Many people are sending something at this moment. Nothing of yours was taken. Wait a minute and send it again."""

    exit_code = 7


class NotHere(CandorError):
    """There is nothing at this address, or it may not be seen without the tracking code that belongs to it."""

    exit_code = 4


class NotReady(CandorError):
    """These pages are not ready yet: the office has not published anything. Try again in a minute, or ask by telephone
    or by post."""

    exit_code = 9
