"""What can go wrong with what is published, and with what comes in."""

from __future__ import annotations

from candor.core.errors import CandorError


class TrackingCodeWrong(CandorError):
    """That is not a tracking code. It begins with CR and has seventeen letters and digits after it, as it stood on the
    page when you sent your request. Look at what you wrote down and type it again."""

    exit_code = 3


class NoticeWrong(CandorError):
    """The published {what} cannot be read: {reason}. Nothing was changed. It was written by a newer version of Candor,
    or by something else; publish it again."""

    exit_code = 6


class PublishedTooNew(CandorError):
    """The published database was made by a newer version of Candor (form {found}, this version knows {known}). Nothing
    was changed. Start the portal with the same version as the site."""

    exit_code = 8


class FileGone(CandorError):
    """The published file {sha256} is not there any more. Nothing else was changed; publish its release again."""

    exit_code = 7


class FileOther(CandorError):
    """What was to be published as {sha256} has another content ({found}). It was not published, and nothing else was
    changed. Make the release again."""

    exit_code = 6


class InboxFull(CandorError):
    """More has come in than can be kept until it is read here. What you wrote was not sent. What was sent before is
    safe. Try again in an hour, or ask by telephone or by post."""

    exit_code = 7


class InboxTooOften(CandorError):
    """From where you are, too much was sent within an hour. What you wrote was not sent. What was sent before is safe.
    Try again in {minutes} minutes, or ask by telephone or by post."""

    exit_code = 5


class EntryTooLarge(CandorError):
    """That is more than can be sent at once (at most {most} bytes). What you wrote was not sent. Send less of it, or
    ask by telephone or by post."""

    exit_code = 3


class NotReadyForRequests(CandorError):
    """This page cannot take requests yet: the office has not published the key by which they are sealed. What you
    wrote was not sent. Try again in a minute, or ask by telephone or by post."""

    exit_code = 9
