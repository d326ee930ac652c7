"""What a room registers to have its jobs done."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from candor.core.errors import CandorError
from candor.jobs.context import JobContext
from candor.jobs.errors import JobNameWrong
from candor.jobs.records import Job

#: Does a job: handler(context, params). What it returns is not kept.
Handler = Callable[[JobContext, dict[str, Any]], object]


@dataclass(frozen=True)
class Failure:
    """A job that is given up."""

    job: Job
    error: BaseException
    problem: str  # the error in words


#: Puts on record that a job is given up, in the transaction in which it is.
FailureHandler = Callable[[Connection, Failure], None]

#: Attempts in all, and seconds before the second one; each further wait is four times as long.
ATTEMPTS = 3
BACKOFF = 10.0
#: So many processes may die over one job before it is given up.
DEATHS = 5

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+@[1-9][0-9]*")


@dataclass(frozen=True)
class Registration:
    """A handler and how patient to be with it."""

    name: str
    handler: Handler
    on_failure: FailureHandler | None
    attempts: int
    backoff: float

    def wait(self, attempts: int) -> float:
        """Seconds to wait after the attempt of this number (1, 2, …)."""
        return float(self.backoff * 4 ** (attempts - 1))


def check_name(name: str) -> None:
    """Raise JobNameWrong unless the name has the form room.act@version."""
    if _NAME.fullmatch(name) is None:
        raise JobNameWrong(name=name)


def in_words(error: BaseException) -> str:
    """An error as one line for the job's record."""
    text = str(error) if isinstance(error, CandorError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:2000]
