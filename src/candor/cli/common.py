"""What several commands share: opening the installation, who acts, JSON, tables, progress."""

from __future__ import annotations

import getpass
import json
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from candor.core.errors import NotFound
from candor.core.settings import Settings
from candor.custody.errors import CustodyError
from candor.installation import Installation
from candor.people import refusals, service
from candor.people.errors import Refused
from candor.people.rules import Actor, Permission, system_actor

as_json = click.option("--json", "json_out", is_flag=True, help="One JSON document on standard output.")
as_account = click.option(
    "--as", "acting", metavar="NAME", help="Act as this account, with its rights. Default: the operator of the machine."
)

Function = TypeVar("Function", bound=Callable[..., Any])


def needs(*any_of: Permission) -> Callable[[Function], Function]:
    """Say that a command with `--as` takes one of these permissions; without any, an account is enough. `actor`
    asks for it at the door, what the command calls asks again; `candor access` shows it, and a test walks through."""

    def say_so(function: Function) -> Function:
        function.needs = any_of  # type: ignore[attr-defined]
        return function

    return say_so


@contextmanager
def opened(*, create: bool = False, **given: Any) -> Iterator[Installation]:
    """The installation that the settings describe, closed at the end; `given` settings win."""
    with Installation.open(Settings.load(**given), create=create) as installation:
        yield installation


def end_on_sigterm() -> None:
    """Let a SIGTERM end the command as Ctrl-C does: what is open is closed, and processes it started end with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def actor(installation: Installation, acting: str | None) -> Actor:
    """Who acts: the named account, or the operator, recorded as `system:cli-<user of the operating system>`.

    Raises Refused when the account has none of the permissions that the command `needs`.
    """
    if acting is None:
        return system_actor(f"cli-{getpass.getuser()}")
    with installation.database.read() as tx:
        account = service.account_named(tx, acting)
    if account is None or not account.active:
        raise NotFound(what="active account", id=acting)
    found = service.actor_of(account)
    context = click.get_current_context()
    try:
        found.require_any(*getattr(context.command.callback, "needs", ()))
    except Refused as error:
        with installation.database.write() as tx:
            refusals.note(
                tx,
                found,
                str(error.fields["rule"]),
                method="command",
                route=context.command_path,
                source=f"cli-{getpass.getuser()}",
                clock=installation.clock,
            )
        raise
    return found


def bring_log_up_to_date(installation: Installation) -> None:
    """Have what was done signed. Where the log cannot sign, that is said: what was done is done, and recorded."""
    try:
        installation.log.settle()
    except CustodyError as error:
        say(f"Done and recorded; the log has not signed it yet. {error}")


def put_json(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def say(text: str) -> None:
    """Words for people, on standard error."""
    click.echo(text, err=True)


def safe(text: str) -> str:
    """Text of outside origin, made safe for a terminal: control and direction characters are shown, not obeyed."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on standard output, as wide as the terminal, plain when it is not one."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 200, highlight=False)
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(safe(cell)) for cell in row))
    console.print(drawn)


@contextmanager
def byte_progress(title: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar in bytes on standard error; yields what to call with each further count of bytes."""
    console = Console(file=sys.stderr)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task: TaskID = bar.add_task(title, total=total)

        def advance(count: int) -> None:
            bar.update(task, advance=count)

        yield advance
