"""What can go wrong when untrusted bytes are examined. Each class is a message for people."""

from __future__ import annotations

from typing import ClassVar

from candor.core.errors import CandorError


class LimitedError(CandorError):
    """The file could not be examined."""

    exit_code = 3
    passes: ClassVar[bool] = False
    """Whether it may be the machine's fault and not the file's: busy, short of memory, unable to start processes. It
    says nothing about the file for good, and is worth another attempt. Used up processor time and memory are not: they
    are counted for the file alone."""


class LimitedRefused(LimitedError):
    """The file cannot be used for this: {reason}"""


class LimitedCrashed(LimitedError):
    """The process that examined the file broke off ({how}). The file is damaged or made to break programs; nothing
    else was affected. The file itself is unchanged."""


class LimitedFailed(LimitedError):
    """The process that examined the file met something it does not expect: {text}. The file itself is unchanged."""


class LimitedMemory(LimitedError):
    """Examining the file needed more than the {memory_mib} MiB of memory allowed for it, and was stopped."""


class LimitedSlow(LimitedError):
    """Examining the file took longer than the {seconds:g} seconds of {what} allowed for it, and was stopped."""


class LimitedHeldUp(LimitedSlow):
    """Examining the file took longer than the {seconds:g} seconds of {what} allowed for it, and was stopped. The
    machine may have been too busy."""

    passes = True


class LimitedKilled(LimitedCrashed):
    """The process that examined the file was killed from outside, most likely because this machine has too little
    memory. The file itself is unchanged."""

    passes = True


class LimitedTooMuch(LimitedError):
    """Examining the file gave more than the {limit} bytes of {what} allowed for it, and was stopped."""


class LimitedGarbage(LimitedError):
    """The process that examined the file gave an answer that makes no sense ({how}), and was stopped."""


class LimitedCancelled(LimitedError):
    """The work on the file was cancelled."""

    exit_code = 10


class LimitedUnavailable(LimitedError):
    """The separate process in which files are examined could not be started: {reason}. The file was not examined.
    Check that this machine can start processes and that Candor is installed whole, then try again."""

    exit_code = 1
    passes = True


class LimitedBusy(LimitedUnavailable):
    """The file was not examined: so many others were being examined that it waited {seconds:g} seconds for its turn in
    vain. Try again later, or allow more at a time (CANDOR_LIMITED_AT_ONCE, CANDOR_LIMITED_MEMORY_MIB)."""
