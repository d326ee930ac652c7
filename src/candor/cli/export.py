"""candor export: hand out recordings."""

from __future__ import annotations

from pathlib import Path

import click

from candor import disclosure
from candor.cli.common import actor, as_account, as_json, byte_progress, opened, put_json, say


@click.command()
@click.argument("ids", nargs=-1, metavar="ID…")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write into.")
@click.option("--zip", "as_zip", is_flag=True, help="Write one .zip instead of a folder.")
@click.option("--recipient", default="", help="Who gets it; goes on record.")
@click.option("--purpose", default="", help="Why; goes on record.")
@click.option("--package", "package_id", metavar="ID", help="Write a package that was handed out before once more.")
@as_account
@as_json
def command(
    ids: tuple[str, ...],
    out: Path,
    as_zip: bool,
    recipient: str,
    purpose: str,
    package_id: str | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Hand out recordings as a package that anyone can verify offline.

    The hand-out is on record before a byte is read. The package holds the originals, their whole custody history with a
    proof for every event, a draft certificate for counsel, and verifiers that need neither Candor nor the internet.
    """
    if bool(ids) == bool(package_id):
        raise click.UsageError("Name recordings, or a package with --package.")
    with opened() as installation:
        who = actor(installation, acting)
        if package_id is None:
            with installation.database.write() as tx:
                package_id = disclosure.request(
                    tx, who, ids, recipient=recipient, purpose=purpose, clock=installation.clock
                )
        with installation.database.read() as tx:
            found = disclosure.package(tx, who, package_id)
        size = sum(one["size"] for one in found.plan["originals"])
        with byte_progress("Reading against the seals", size) as advance:
            disclosure.build(
                installation.database, installation.vault, installation.log, package_id,
                told=advance, clock=installation.clock,
            )  # fmt: skip
        with installation.database.read() as tx, byte_progress("Writing", size) as advance:
            found = disclosure.package(tx, who, package_id)
            write = disclosure.write_zip if as_zip else disclosure.write_folder
            place = write(tx, installation.vault, found, out, told=advance)
    if not found.witnessed:
        say("No independent witness has cosigned the log's state in this package.")
    if json_out:
        put_json(
            {
                "package": str(place),
                "manifest_sha256": found.manifest_sha256.hex(),
                "id": found.id,
                "recordings": list(found.recordings),
                "checkpoint_size": found.checkpoint_size,
                "witnessed": found.witnessed,
            }
        )
    else:
        click.echo(f"{place}")
        say(f"Check it with: candor verify {place} --policy FILE   (candor log policy --out FILE)")
