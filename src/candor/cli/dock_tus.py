"""candor dock tus: send files from this machine to a Candor elsewhere."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

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

from candor.cli.common import as_json, put_json, safe, say, table
from candor.tus.client import Memory, Sender, SendingFailed

#: Some files were not sent; those that were are sealed.
PART_DONE = 10


@click.command()
@click.argument("files", nargs=-1, metavar="FILE…", type=click.Path(path_type=Path))
@click.option("--to", "url", metavar="URL", help="The Candor to send to: its site, or the door for cameras.")
@click.option(
    "--credential", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="File with a program's token, or with a dock's user name and key as `user:key`, in one line.",
)  # fmt: skip
@click.option("--serial", default="", metavar="SERIAL", help="Serial of the camera, for all files.")
@click.option("--incident", default="", metavar="NUMBER", help="Incident number, for all files.")
@click.option("--category", default="", help="Category, for all files.")
@click.option("--list", "listing", is_flag=True, help="Show what was begun and is not sealed yet, and send nothing.")
@click.option("--forget", metavar="URL", help="Cancel an unfinished upload there and forget it.")
@click.option(
    "--memory", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Where unfinished uploads are remembered; by itself in candor/uploads.json of XDG_STATE_HOME.",
)  # fmt: skip
@as_json
def command(
    files: tuple[Path, ...],
    url: str | None,
    credential: Path | None,
    serial: str,
    incident: str,
    category: str,
    listing: bool,
    forget: str | None,
    memory: Path | None,
    json_out: bool,
) -> None:
    """Send files to a Candor elsewhere, and wait until each is sealed there.

    What breaks off goes on by itself; after the command was stopped, the same command goes on where it was. The files
    themselves are only read. A file is told as sealed, with its SHA-256, only when the other side has sealed it.
    """
    remembered = Memory(memory or _usual_memory())
    if listing:
        _list(remembered, json_out)
        return
    if credential is None or (url is None and forget is None):
        raise click.UsageError("Say --to where, and --credential with which.")
    secret = _secret(credential)
    if forget is not None:
        Sender(forget, secret, remembered).cancel(forget)
        say("It was cancelled there, and nothing of it was kept.")
        return
    if not files:
        raise click.UsageError("Name the files to send.")
    said = {"serial": serial, "incident": incident, "category": category}
    sent, failed = _send(Sender(url or "", secret, remembered), files, said, json_out)
    if json_out:
        put_json({"sent": sent, "failed": failed})
    else:
        say(f"{len(sent)} sealed, {len(failed)} not.")
    if failed:
        raise SystemExit(PART_DONE)


def _send(
    sender: Sender, files: tuple[Path, ...], said: dict[str, str], json_out: bool
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    sent, failed = [], []
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        for path in files:
            task = bar.add_task(safe(path.name)[:40], total=None)
            try:
                found = sender.send(path, said, partial(_show, bar, task))
            except SendingFailed as error:
                failed.append({"path": str(path), "reason": str(error)})
                say(f"NOT SENT  {safe(str(path))}: {error}")
            else:
                sent.append({"path": str(path), **found})
                if not json_out:
                    click.echo(f"sealed  {found['sha256']}  {safe(str(path))}")
            bar.remove_task(task)
    return sent, failed


def _show(bar: Progress, task: TaskID, done: int, size: int) -> None:
    bar.update(task, completed=done, total=size)


def _list(remembered: Memory, json_out: bool) -> None:
    found = remembered.all()
    if json_out:
        put_json([{"url": one.url, "path": one.path, "size": one.size, "begun_at": one.begun_at} for one in found])
        return
    table(("Begun", "Bytes", "File", "Upload"), [(one.begun_at, f"{one.size:,}", one.path, one.url) for one in found])


def _secret(file: Path) -> str:
    try:
        found = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"The credential in {file} cannot be read: {error}") from error
    if not found or "\n" in found:
        raise click.UsageError(f"{file} holds no credential in one line.")
    return found


def _usual_memory() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "candor" / "uploads.json"
