"""Errors of the custody log."""

from __future__ import annotations

from candor.core.errors import CandorError


class CustodyError(CandorError):
    """The custody log could not do what was asked."""

    exit_code = 6


class LogKeyMissing(CustodyError):
    """The key that signs the custody log is not at {path}. Events are recorded, but no checkpoint is signed.
    Put the key back from its backup (CANDOR_KEYS names the folder); never make a new one for the same log."""

    exit_code = 9


class LogKeyWrong(CustodyError):
    """The key at {path} is not the key of this custody log ({reason}). Put the right key file back."""


class LogBehind(CustodyError):
    """The custody log refuses to sign: {reason}. A log that signs a shorter or other history than it signed
    before proves misbehaviour. Events go on being recorded, and nothing is lost by waiting. Restore the newer
    database if there is one; otherwise `candor log recover` shows what is possible."""


class NotYetInLog(CustodyError):
    """The event {id} is recorded but has no place in a signed checkpoint yet. Wait a moment and try again; if it
    lasts, see `candor log check`."""

    exit_code = 6


class LogDamaged(CustodyError):
    """The custody log does not check out: {reason}. The database holds the entries; `candor log check --repair`
    writes the static files anew from them."""


class LogDisturbed(CustodyError):
    """Another process sequenced the custody log in the same moment. Nothing was signed by this one; it tries again."""


class LogKeyWithoutLog(CustodyError):
    """There is a log key at {path}, but the database knows of no log. Is it the right database (CANDOR_DATABASE_URL,
    CANDOR_HOME)? Nothing was made. To begin another installation, give it other folders."""

    exit_code = 9


class LogFilesUnwritable(CustodyError):
    """The custody log cannot be written: {reason}. Events are recorded and wait; nothing is signed or published
    until the folder can be written again. Free space or put the disk back; it goes on by itself."""

    exit_code = 7


class LogNotRecoverable(CustodyError):
    """The custody log cannot be recovered from what there is: {reason}. Nothing was changed. Name more surviving
    copies with --from, or, if the rest is lost for good, open a new log with `candor log recover --handover`."""


class NothingToRecover(CustodyError):
    """Nothing of the custody log is missing here: {reason}. Nothing was changed."""


class WitnessSilent(CustodyError):
    """A witness does not say what it holds: {names}. It may have seen a newer checkpoint than any that is known here,
    and a log that goes on from an older one would show two histories. Nothing was changed. Try again when it answers;
    if it never will, `--despite-silence` goes on without it."""


class HandoverNotNeeded(CustodyError):
    """The log can be recovered from {place}; a new log would give up a history that is still there. Nothing was
    changed. Run `candor log recover --take-in` with the same --from."""


class HandoverWrong(CustodyError):
    """The custody log was not handed over: {reason}. Nothing was changed."""

    exit_code = 2


class SearchWrong(CustodyError):
    """The search cannot be made: {reason}. Correct it and search again."""

    exit_code = 2


class EventErased(CustodyError):
    """What the event {id} said was erased by order (tombstone {order}): nothing opens its entry in the log any more,
    and no proof of it can be made. The entry itself stays where it is, and proofs that were handed out before still
    hold."""

    exit_code = 4
