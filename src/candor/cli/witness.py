"""candor witness: an independent witness."""

from __future__ import annotations

from pathlib import Path

import click

from candor.custody.witness_server import add_log, create_witness, open_witness, run_witness


@click.command()
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("candor-witness"),
    show_default=True,
    help="Folder of the witness: its key and what it remembers.",
)
@click.option("--name", help="Name of the witness, as a URL without scheme; needed the first time.")
@click.option("--add-log", "vkeys", multiple=True, metavar="VKEY", help="Watch this log from now on; may be repeated.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8643, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--key", "only_key", is_flag=True, help="Print the witness's public key and stop.")
def command(home: Path, name: str | None, vkeys: tuple[str, ...], host: str, port: int, only_key: bool) -> None:
    """Run an independent witness (C2SP tlog-witness).

    A witness is run by somebody OTHER than the agency: a public defender, a university, a newspaper. It cosigns
    each checkpoint of a log only when that extends everything it has seen before, so nobody can rewrite the log's
    history without all witnesses taking part. It needs nothing of the agency's but the log's public key.

    \b
      candor witness --name witness.example.org/w1 --add-log 'KEY OF THE LOG' --port 8643

    Give the key that it prints, and the address, to the agency (CANDOR_WITNESSES).
    """
    if name is not None and not (home / "witness.key").exists():
        create_witness(home, name).store.close()
    for vkey in vkeys:
        add_log(home, vkey)
    if only_key:
        witness = open_witness(home)
        click.echo(witness.key.format())
        witness.store.close()
        return
    click.echo(f"Witness in {home}, listening on http://{host}:{port} . Stop it with Ctrl-C.", err=True)
    run_witness(home, host=host, port=port)
