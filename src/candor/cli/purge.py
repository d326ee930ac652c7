"""candor purge: destroy recordings for good."""

from __future__ import annotations

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, safe, say
from candor.core.errors import CandorError
from candor.footage import purging
from candor.footage.errors import RecordingUnknown
from candor.footage.rules import visible_to
from candor.footage.tables import recording
from candor.installation import Installation
from candor.people.rules import Actor, Permission
from candor.recovery.keeping import pass_on_purges
from candor.recovery.place import BackupPlace
from candor.recovery.runs import places


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="RECORDING…")
@click.option("--authority", required=True, help="By what right: a court's order, a section of a law. Goes on record.")
@click.option("--reason", required=True, help="Why. Goes on record.")
@click.option("--yes", is_flag=True, help="Do not ask for each identifier to be typed again.")
@needs(Permission.RECORDINGS_PURGE)
@as_account
@as_json
def command(ids: tuple[str, ...], authority: str, reason: str, yes: bool, acting: str | None, json_out: bool) -> None:
    """Destroy recordings for good: their keys, every copy made for viewing, the stored bytes, and those in the backup.

    Nobody can undo it. Catalogue entry and custody history stay, with who destroyed it, when, by what right and why. No
    backup brings it back. What was handed out before cannot be called back.
    """
    with opened() as installation:
        who = actor(installation, acting)
        chosen = list(dict.fromkeys(ids))
        if not yes:
            for recording_id in chosen:
                _ask(installation, who, recording_id)
        done = []
        try:
            for recording_id in chosen:
                with installation.database.write() as tx:
                    stone = purging.purge(
                        tx,
                        installation.vault,
                        installation.jobs,
                        who,
                        recording_id,
                        authority=authority,
                        reason=reason,
                        clock=installation.clock,
                    )
                done.append({"recording": recording_id, "tombstone": stone})
                say(f"Destroyed {recording_id}.")
        finally:  # what was destroyed is passed on, also when a later one is refused
            owed = _pass_on(installation)
        if json_out:
            put_json({"purged": done, "owed": owed})
        bring_log_up_to_date(installation)
    if owed:
        say(f"STILL OWED  {owed} Nobody can read it any more; the rest is done by the next `candor backup`.")
        raise SystemExit(10)


def _ask(installation: Installation, who: Actor, recording_id: str) -> None:
    """Have the identifier typed again, after what it names was shown."""
    with installation.database.read() as tx:
        query = recording.select().where(recording.c.id == recording_id, visible_to(who).expression)
        found = tx.execute(query).first()
    if found is None:
        raise RecordingUnknown(id=recording_id)
    say(f"{safe(found.title)}, {found.started_at:%Y-%m-%d %H:%M:%S} UTC, {found.size:,} bytes")
    if click.prompt("Type its identifier again to destroy it for good", err=True) != recording_id:
        raise click.UsageError("That is another identifier. Nothing was destroyed.")


def _pass_on(installation: Installation) -> str | None:
    """Do at once what can be done at once, in every place that holds a backup; in words what is still owed.

    A place that the settings do not name and that is not there may be gone for good: that is said, and owed to nobody.
    """
    problems = []
    with installation.database.read() as tx:
        made = places(tx)
    named = installation.settings.backup
    for target in (None, *([named] if named else []), *(one for one in made if one != named)):
        try:
            if target is None:
                pass_on_purges(installation, None)
            else:
                pass_on_purges(installation, BackupPlace.open(installation.settings, target))
        except (CandorError, OSError) as error:
            if target in (None, named):
                problems.append(str(error))
            else:
                say(
                    f"NOT TOLD  {target} holds backups from before and cannot be reached ({error}) Should one of them "
                    "ever be restored, name tombstones.jsonl of the keys' folder with --tombstones."
                )
    with installation.database.read() as tx:
        if not problems and purging.owed(tx):
            problems.append("Somebody is reading the database, so copies of the destroyed keys stand in its log still.")
    return " ".join(dict.fromkeys(problems)) or None
