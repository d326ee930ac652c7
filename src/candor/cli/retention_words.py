"""What the commands of retention share: moments, figures, progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import click
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.engine import Connection

from candor.core.errors import NotFound
from candor.people import service


class Moment(click.ParamType[datetime]):
    """A moment of ISO 8601; without a zone it is UTC."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        except ValueError:
            self.fail(f"{value!r} is no moment. Write it as 2026-11-22 or 2026-11-22T14:00Z.", param, ctx)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


class Day(click.ParamType[date]):
    """A day of the calendar."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no day. Write it as 2026-11-22.", param, ctx)


moment_option = Moment()
day_option = Day()


def hours(counted: Mapping[str, int]) -> str:
    """The length of what was counted, in hours."""
    return f"{counted['duration_ms'] / 3_600_000:,.1f}"


def size(counted: Mapping[str, int]) -> str:
    """The size of what was counted."""
    return decimal(counted["size"])


def account_id(tx: Connection, name: str) -> str:
    """The identifier of the account with a sign-in name. Raises NotFound."""
    found = service.account_named(tx, name)
    if found is None or not found.active:
        raise NotFound(what="active account", id=name)
    return found.id


@contextmanager
def progress(title: str) -> Iterator[Callable[[float], None]]:
    """A progress bar on standard error; yields what to call with how much is done, 0 to 1."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(title, total=1.0)
        yield lambda done: bar.update(task, completed=done)
