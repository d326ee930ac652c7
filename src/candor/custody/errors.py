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
    before proves misbehaviour. Events go on being recorded. Restore the newer database and log files; if they
    are lost, keep everything as it is and ask for help."""


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
