"""One family of errors: the docstring of a class is its message for people, and each has an exit code.

The message says what happened, to what, and what to do. Fields in braces are filled from the keyword
arguments, which stay on the error (`error.fields`) so that a face can show them its own way.

Exit codes of the command line (docs/reference/exit-codes.md):
0 done · 1 unexpected fault · 2 wrong usage · 3 input not usable · 4 nothing found · 5 refused by a rule ·
6 a check failed (fixity, log, seal) · 7 storage fault · 8 database fault · 9 the installation is not set up ·
10 done in part · 20-39 verification steps.
"""

from __future__ import annotations

import inspect
from typing import Any, ClassVar


class CandorError(Exception):
    """Something went wrong."""

    exit_code: ClassVar[int] = 1

    def __init__(self, **fields: Any) -> None:
        self.fields = fields
        super().__init__(self.message())

    def message(self) -> str:
        """The docstring with the fields filled in; a missing field is shown as its name."""
        template = " ".join(inspect.cleandoc(self.__class__.__doc__ or "").split())
        return template.format_map(_Named(self.fields))


class _Named(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"({key} not given)"


class NotSetUp(CandorError):
    """There is no Candor installation at {home}. Run `candor serve` there once and make the agency and its
    administrator in the browser, or run `candor demo` for a site with example footage."""

    exit_code = 9


class SettingsWrong(CandorError):
    """The settings cannot be used: {reason}. Correct the environment variable or candor.toml and try again."""

    exit_code = 2


class DatabaseGone(CandorError):
    """The database does not answer: {reason}. Nothing was changed by this command. Start the database or check
    CANDOR_DATABASE_URL, then run the same command again."""

    exit_code = 8


class NotFound(CandorError):
    """There is no {what} with the identifier {id}, or it may not be seen with these rights."""

    exit_code = 4
