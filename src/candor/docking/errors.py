"""What can go wrong with docks whatever they speak: one family; each protocol has its own beside it."""

from __future__ import annotations

from typing import ClassVar

from candor.core.errors import CandorError


class DockingError(CandorError):
    """Something about a dock went wrong."""

    exit_code: ClassVar[int] = 3


class DockClosed(DockingError):
    """There is no open dock {id}. Nothing was made. Choose one of the list, or make a new one."""

    exit_code = 4


class CredentialUnknown(DockingError):
    """There is no credential {id}. Nothing was changed. `candor dock axis list` shows those that there are."""

    exit_code = 4


class CredentialWrong(DockingError):
    """The credential is none of a dock's, or not any more. Nothing was taken. Check user name and key; where they were
    lost or revoked, have new ones made."""

    exit_code = 5
