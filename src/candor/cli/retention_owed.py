"""What lies outside the database after recordings were destroyed: the bytes, the keys' ledger, places of backups."""

from __future__ import annotations

from candor.cli.common import say
from candor.core.errors import CandorError
from candor.footage import purging
from candor.installation import Installation
from candor.recovery.keeping import pass_on_purges
from candor.recovery.place import BackupPlace
from candor.recovery.runs import places


def settle_here(installation: Installation) -> None:
    """Do what is owed on this machine."""
    pass_on_purges(installation, None)


def pass_on(installation: Installation) -> str | None:
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
