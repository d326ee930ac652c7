"""Errors of the health room."""

from __future__ import annotations

from candor.core.errors import CandorError


class CheckUnknown(CandorError):
    """There is no check called {name}. There are: {known}."""

    exit_code = 2


class CheckSlow(CandorError):
    """It did not answer within {seconds} seconds."""

    exit_code = 7
