"""candor export: hand out recordings."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from candor import disclosure
from candor.cli.common import actor, as_account, as_json, byte_progress, needs, opened, put_json, safe, say
from candor.disclosure.packages import Package
from candor.installation import Installation
from candor.people.rules import Actor, Permission

#: What goes on record when a script names no recipient or purpose: that none was named.
NOT_STATED = "not stated"


@click.command()
@click.argument("ids", nargs=-1, metavar="ID…")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write into.")
@click.option("--zip", "as_zip", is_flag=True, help="Write one .zip instead of a folder.")
@click.option("--recipient", help="Who gets it; goes on record. Asked for at a terminal.")
@click.option("--purpose", help="Why; goes on record. Asked for at a terminal.")
@click.option("--redacted", "copy_id", metavar="COPY", help="Hand out this redacted copy instead of the original.")
@click.option("--although", metavar="REASON", help="With --redacted: why, where its proof is doubtful; on record.")
@click.option("--package", "package_id", metavar="ID", help="Write a package that was handed out before once more.")
@as_account
@needs(Permission.RECORDINGS_EXPORT)
@as_json
def command(
    ids: tuple[str, ...],
    out: Path,
    as_zip: bool,
    recipient: str | None,
    purpose: str | None,
    copy_id: str | None,
    although: str | None,
    package_id: str | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Hand out recordings as a package that anyone can verify offline.

    The hand-out is on record before a byte is read. The package holds the originals, their whole custody history with a
    proof for every event, a draft certificate for counsel, and verifiers that need neither Candor nor the internet.
    Whoever gets it sees all of the history: every viewing with its purpose, every change of the notes.

    With --redacted it holds a redacted copy instead, its signed edit list and its proof, and nothing of the original,
    the catalogue or the history but the copy's making and this hand-out. A copy whose proof is broken is refused.
    """
    if bool(ids) == bool(package_id):
        raise click.UsageError("Name recordings, or a package with --package.")
    if package_id and (recipient is not None or purpose is not None):
        raise click.UsageError("--recipient and --purpose are on record with the package already.")
    if copy_id is None and although is not None:
        raise click.UsageError("--although goes with --redacted.")
    if copy_id is not None and len(ids) != 1:
        raise click.UsageError("With --redacted, name the one recording that the copy is of.")
    with opened() as installation:
        who = actor(installation, acting)
        if package_id is None:
            words = _words(recipient, purpose, ask=sys.stdin.isatty() and not json_out)
            if copy_id is None:
                found = _hand_out(installation, who, ids, out, *words)
            else:
                found = _hand_out_redacted(installation, who, ids[0], copy_id, although, out, *words)
        else:
            with installation.database.read() as tx:
                found = disclosure.package(tx, who, package_id)
        found, place = _made_and_written(installation, who, found, out, as_zip, again=package_id is not None)
    _tell(found, place, json_out)


def _words(recipient: str | None, purpose: str | None, *, ask: bool) -> tuple[str, str]:
    """Recipient and purpose: as given, as answered, or that they were not stated."""
    words = []
    for given, name, question in ((recipient, "--recipient", "Who gets it"), (purpose, "--purpose", "What for")):
        if given is not None:
            words.append(given)
        elif ask:
            words.append(click.prompt(question, err=True))
        else:
            say(f"No {name} was given; “{NOT_STATED}” goes on record.")
            words.append(NOT_STATED)
    return words[0], words[1]


def _hand_out(
    installation: Installation, who: Actor, ids: tuple[str, ...], out: Path, recipient: str, purpose: str
) -> Package:
    """The act, undone as a whole when the place to write to is unfit."""
    with installation.database.write() as tx:
        package_id = disclosure.request(tx, who, ids, recipient=recipient, purpose=purpose, clock=installation.clock)
        found = disclosure.package(tx, who, package_id)
        disclosure.check_place(out, found)
    say(f"On record as package {found.id}. If this is interrupted: candor export --package {found.id} --out …")
    return found


def _hand_out_redacted(
    installation: Installation,
    who: Actor,
    recording_id: str,
    copy_id: str,
    although: str | None,
    out: Path,
    recipient: str,
    purpose: str,
) -> Package:
    """As `_hand_out`, of a redacted copy."""
    with installation.database.write() as tx:
        package_id = disclosure.request_redacted(
            tx,
            who,
            copy_id,
            recipient=recipient,
            purpose=purpose,
            although=although,
            recording_id=recording_id,
            clock=installation.clock,
        )
        found = disclosure.package(tx, who, package_id)
        disclosure.check_place(out, found)
    say(f"On record as package {found.id}. If this is interrupted: candor export --package {found.id} --out …")
    return found


def _made_and_written(
    installation: Installation, who: Actor, found: Package, out: Path, as_zip: bool, *, again: bool
) -> tuple[Package, Path]:
    database, vault, clock = installation.database, installation.vault, installation.clock
    size = sum(one["size"] for one in found.plan["originals"])
    with byte_progress("Reading against the seals", size) as advance:
        disclosure.build(database, vault, installation.log, found.id, told=advance, clock=clock)
    if again:
        with database.write() as tx:
            found = disclosure.package(tx, who, found.id)
            disclosure.record_download(tx, who, found, clock=clock)
    else:
        with database.read() as tx:
            found = disclosure.package(tx, who, found.id)
    with byte_progress("Writing", size) as advance:
        write = disclosure.write_zip if as_zip else disclosure.write_folder
        return found, write(database, vault, found, out, told=advance)


def _tell(found: Package, place: Path, json_out: bool) -> None:
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
        return
    click.echo(safe(str(place)))
    say(f"Check it with: candor verify {safe(str(place))} --policy FILE   (candor log policy --out FILE)")
    say("Give the recipient the log's fingerprint by another way than the package: candor log")
