"""What can go wrong with an upload. Each class is a message for people."""

from __future__ import annotations

from candor.docking.errors import DockingError

__all__ = [
    "BeyondLength",
    "ChecksumWrong",
    "LengthWrong",
    "OffsetWrong",
    "PartsNotWhole",
    "UploadBusy",
    "UploadElsewhere",
    "UploadError",
    "UploadFailed",
    "UploadGone",
    "UploadSealed",
    "UploadStalled",
    "UploadTakenOver",
    "UploadTooLarge",
    "UploadUnknown",
    "UploadsTooMany",
    "UploadsTooLarge",
    "UploadsWait",
]


class UploadError(DockingError):
    """Something about an upload went wrong."""


class UploadUnknown(UploadError):
    """There is no upload at this address, or it is somebody else's. Begin the file again."""

    exit_code = 4


class UploadGone(UploadError):
    """This upload has ended ({how}), and nothing of it was kept. Begin the file again."""

    exit_code = 4


class UploadFailed(UploadError):
    """What was received of this upload can no longer be read: {problem} It was given up, and that is on record. Begin
    the file again."""

    exit_code = 4


class UploadSealed(UploadError):
    """All of this upload was received, and it is sealed or about to be: it cannot be changed or taken back."""

    exit_code = 5


class UploadBusy(UploadError):
    """Another connection is sending to this upload. Nothing of this request was taken. Try again in a moment."""

    exit_code = 5


class UploadTakenOver(UploadError):
    """Another connection has gone on with this upload meanwhile. Ask how much of it is here, and go on from there."""

    exit_code = 5


class UploadElsewhere(UploadError):
    """What was received of this upload lies on another machine. Nothing of this request was taken. Have the same
    machine answer it, or begin the file again."""

    exit_code = 7


class UploadsWait(UploadError):
    """As many files are being received as this machine takes at a time. Nothing of this request was taken. Try again
    in a moment."""

    exit_code = 7


class OffsetWrong(UploadError):
    """The upload has {received} bytes, and {given} was given as where these begin. Nothing of them was taken. Go on
    from {received}."""

    exit_code = 5


class LengthWrong(UploadError):
    """The length of the upload cannot be {given}: {reason}. Nothing was taken."""


class BeyondLength(UploadError):
    """The upload was said to have {length} bytes, and these would be more. Nothing of them was taken. Begin the file
    again with its right length."""


class UploadStalled(UploadError):
    """Nothing more of the file arrived for {seconds} seconds, after {received} bytes. What arrived is kept. Check the
    connection and go on."""

    exit_code = 7


class ChecksumWrong(UploadError):
    """The bytes that arrived are not those that were sent: their {algorithm} is another one. Nothing of them was kept.
    Send them again."""


class UploadTooLarge(UploadError):
    """The file is larger than {limit} GiB, the most that is taken in by upload. Nothing of it was kept. Take it in on
    the server with `candor ingest`."""


class UploadsTooMany(UploadError):
    """There are {count} files already, the most that may be sent here at a time. Nothing of this one was taken. Finish
    or cancel some of them first."""


class UploadsTooLarge(UploadError):
    """With this file there would be more than {limit} GiB of unfinished files of yours. Nothing of it was taken.
    Finish or cancel some of them first."""


class PartsNotWhole(UploadError):
    """These uploads cannot be joined: {reason}. Nothing was changed."""
