"""candor log: the transparency log."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from candor.cli.common import as_json, opened, put_json, say
from candor.core.errors import NotFound
from candor.core.files import write_durably
from candor.custody import LogStatus, find, history
from candor.custody.errors import NotYetInLog


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def command(ctx: click.Context, json_out: bool) -> None:
    """The transparency log: how it is doing, proofs, checks.

    Alone it shows the state: origin, key, size, lag from an act to its signed checkpoint, witnesses.
    """
    if ctx.invoked_subcommand is not None:
        return
    with opened() as installation:
        status = installation.log.status()
    if status is None:
        raise NotFound(what="custody log", id="here")
    if json_out:
        put_json(asdict(status))
    else:
        _show(status)


def _show(status: LogStatus) -> None:
    lag = "nothing signed yet" if status.lag is None else f"{status.lag:.2f} s from the act to the signature"
    lines = [
        ("Origin", status.origin),
        ("Key", status.vkey),
        ("Fingerprint", status.fingerprint),
        ("Entries", f"{status.size:,}, signed up to {status.signed_size:,}, witnessed up to {status.witnessed_size:,}"),
        ("Lag", lag),
        ("Waiting", f"{status.waiting:,} events" + (f", oldest of {status.waiting_since}" if status.waiting else "")),
    ]
    for witness in status.witnesses:
        state = f"cosigned up to {witness.size:,}" + (f"; PROBLEM: {witness.problem}" if witness.problem else "")
        lines.append(("Witness", f"{witness.name}: {state}"))
    if not status.witnesses:
        lines.append(("Witness", "none: checkpoints rest on the agency's word alone (CANDOR_WITNESSES)"))
    if status.refusal:
        lines.append(("REFUSES", status.refusal))
    for name, text in lines:
        click.echo(f"{name:12} {text}")


@command.command()
@click.argument("identifier", metavar="EVENT-OR-RECORDING")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Folder to write to.")
@as_json
def proof(identifier: str, out: Path, json_out: bool) -> None:
    """Write the .tlog-proof of an event, or of every event of a recording.

    Each holds the opening of its public leaf: give it only to somebody who may know what happened.
    """
    with opened() as installation:
        installation.log.settle()
        with installation.database.read() as tx:
            event = find(tx, identifier)
            events = [event] if event is not None else history(tx, identifier)
        if not events:
            raise NotFound(what="custody event or recording", id=identifier)
        covering = max(event.position if event.position is not None else -1 for event in events)
        checkpoint = installation.log.checkpoint(covering=covering)
        if checkpoint is None:
            raise NotYetInLog(id=identifier)
        proofs = installation.log.proofs(events, checkpoint)
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for event, one in zip(events, proofs, strict=True):
        path = out / f"{event.id}.tlog-proof"
        write_durably(path, one.format().encode())
        written.append({"event": event.id, "kind": event.kind.value, "index": one.index, "file": str(path)})
    if json_out:
        put_json({"proofs": written, "size": checkpoint.size, "witnessed": checkpoint.witnessed})
        return
    for line in written:
        click.echo(f"{line['index']:>8}  {line['kind']:32} {line['file']}")


@command.command()
@click.option("--repair", is_flag=True, help="Write files that are missing or differ anew from the database.")
@as_json
def check(repair: bool, json_out: bool) -> None:
    """Check the whole log: files against database, entries against the signed root, signature, witnesses."""
    with opened() as installation:
        wrong = installation.log.check(repair=repair)
        status = installation.log.status()
    assert status is not None
    if json_out:
        put_json({"size": status.signed_size, "wrong_files": wrong, "repaired": repair, "refusal": status.refusal})
    elif wrong:
        for path in wrong:
            click.echo(f"{'mended' if repair else 'WRONG '}  {path}")
    else:
        click.echo(f"The log checks out: {status.signed_size:,} entries, every file, root and signature.")
    if wrong and not repair:
        say("`candor log check --repair` writes these files anew.")
        raise SystemExit(6)


@command.command()
def checkpoint() -> None:
    """Bring the log up to date and print its newest signed checkpoint."""
    with opened() as installation:
        installation.log.settle()
        newest = installation.log.checkpoint()
    if newest is None:
        raise NotFound(what="signed checkpoint", id="of this log")
    click.echo(newest.note, nl=False)


@command.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; default: standard output.")
def policy(out: Path | None) -> None:
    """Print the trust policy that outsiders verify with: log key, witnesses, quorum (C2SP tlog-policy).

    Hand it out apart from any package, and have its fingerprint printed where the agency cannot change it unnoticed.
    """
    with opened() as installation:
        text = installation.log.policy().format()
        verifier = installation.log.verifier
    if out is None:
        click.echo(text.decode(), nl=False)
    else:
        write_durably(out, text)
        say(f"Written to {out}. Fingerprint of the log's key: {verifier.fingerprint if verifier else '-'}")
