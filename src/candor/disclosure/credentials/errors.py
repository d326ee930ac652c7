"""Errors of content credentials."""

from __future__ import annotations

from candor.core.errors import CandorError

__all__ = [
    "ChainUnusable",
    "CopyNotSignable",
    "CredentialsError",
    "CredentialsExpired",
    "CredentialsMissing",
    "CredentialsNotHolding",
    "KeyNotRead",
    "NotInLogYet",
    "PassphraseWrong",
    "RootRequired",
]


class CredentialsError(CandorError):
    """Content credentials could not be put into the copy."""


class ChainUnusable(CredentialsError):
    """These certificates cannot sign content credentials: {reason}. Nothing was changed."""

    exit_code = 3


class KeyNotRead(CredentialsError):
    """The file with the private key cannot be used: {reason}. Nothing was changed."""

    exit_code = 3


class PassphraseWrong(CredentialsError):
    """The private key is protected by a passphrase, and the one given does not open it. Nothing was changed."""

    exit_code = 5


class CredentialsMissing(CredentialsError):
    """There is no key for content credentials here yet. `candor credentials make` makes one; so does the first
    release."""

    exit_code = 4


class CredentialsExpired(CredentialsError):
    """The certificate that was brought in for content credentials ended on {date}, and only who issued it can make a
    new one. Bring in a new one with `candor credentials import`, or let Candor make its own with
    `candor credentials make --anew`. Nothing was signed."""

    exit_code = 9


class RootRequired(CredentialsError):
    """{path} holds no certificate that can be read, in PEM form. Give the root certificate that the agency
    hands out."""

    exit_code = 3


class CopyNotSignable(CredentialsError):
    """Content credentials cannot be put into the copy {id}: {reason}. The copy is as it was."""

    exit_code = 3


class CredentialsNotHolding(CredentialsError):
    """Content credentials were made for the copy {id}, but do not hold when read back: {reason}. They were thrown away,
    and the copy is as it was."""

    exit_code = 6


class NotInLogYet(CredentialsError):
    """The making of the copy {id} is on record but does not stand in the log yet, and its credentials name its place
    there. Try again in a moment; `candor doctor` says when the log stands still."""

    exit_code = 6
