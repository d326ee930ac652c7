"""What can go wrong with requests for records. Each class is a message for people."""

from __future__ import annotations

from candor.core.errors import CandorError
from candor.footage.errors import ChangedMeanwhile

__all__ = [
    "DocumentRefused",
    "DocumentUnknown",
    "ExtensionRefused",
    "LetterChanged",
    "LetterNotYet",
    "MessageWrong",
    "RequestChangedMeanwhile",
    "RequestClosed",
    "RequestError",
    "RequestFieldWrong",
    "RequestNotAnswerable",
    "RequestOpenAlready",
    "RequestReasonMissing",
    "RequestUnknown",
    "RequestsQueryWrong",
    "TableWrong",
    "TooManyForRequest",
]


class RequestError(CandorError):
    """Something about a request for records went wrong."""

    exit_code = 3


class RequestUnknown(RequestError):
    """There is no request with the number or identifier {id}, or it may not be seen with these rights. Look at the list
    of requests."""

    exit_code = 4


class RequestFieldWrong(RequestError):
    """The {field} of a request cannot be that: {reason}. Nothing was changed. Correct it and send it again."""


class RequestReasonMissing(RequestError):
    """Say why, in 1 to {longest} characters: it stays with the request. Nothing was changed."""


class RequestChangedMeanwhile(RequestError, ChangedMeanwhile):
    """Somebody changed the request {number} in the meantime (it is at version {version}, you saw {expected}). Nothing
    of yours was kept. Look at the new state and make your change again."""

    exit_code = 5


class RequestClosed(RequestError):
    """The request {number} is {state}. Nothing was changed. Take it up again first, with a reason."""

    exit_code = 5


class RequestOpenAlready(RequestError):
    """The request {number} is open. Nothing was changed."""

    exit_code = 5


class RequestNotAnswerable(RequestError):
    """The request {number} cannot be answered so: {reason}. Nothing was changed."""

    exit_code = 5


class ExtensionRefused(RequestError):
    """The time for answering the request {number} cannot be extended: {reason}. Nothing was changed. Answer by the time
    that runs, or tell whoever asked that you will be late."""

    exit_code = 5


class MessageWrong(RequestError):
    """A message cannot be that: {reason}. Nothing was sent. Correct it and send it again."""


class DocumentRefused(RequestError):
    """{name} was not taken in: {reason}. Nothing of it was kept. Send it as PDF, PNG, JPEG or plain text, at most
    {most} MiB."""


class DocumentUnknown(RequestError):
    """There is no document with the identifier {id} in this request. Load the page again."""

    exit_code = 4


class TooManyForRequest(RequestError):
    """At most {most} {what} at a time, and {count} were given. Nothing was changed. Do it in several steps."""

    exit_code = 2


class TableWrong(RequestError):
    """The table of requests cannot be read: {reason}. Nothing was taken in."""


class RequestsQueryWrong(RequestError):
    """The list of requests cannot be narrowed like that: {reason}."""

    exit_code = 2


class LetterNotYet(RequestError):
    """The letter “{letter}” cannot be written in the request {number} yet: {reason}. Nothing was written."""

    exit_code = 5


class LetterChanged(RequestError):
    """Something was changed in the request {number} since the letter was written, so it may say what does not hold any
    more. It was not kept. Write it again."""

    exit_code = 5
