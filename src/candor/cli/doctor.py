"""candor doctor: look at everything, and say how to mend it."""

from __future__ import annotations

from collections.abc import Iterable

import click

from candor.cli.common import as_json, put_json, safe
from candor.core.errors import CandorError
from candor.core.settings import Settings
from candor.health.examination import examine, names
from candor.health.findings import Finding, Level, bad, worst
from candor.health.place import Place

#: Level -> (mark, colour).
_MARKS = {Level.OK: ("ok", "green"), Level.WARN: ("look", "yellow"), Level.BAD: ("BAD", "red")}


@click.command()
@click.option("--check", "only", multiple=True, metavar="NAME", help="Make this check only; may be repeated.")
@click.option("--write", is_flag=True, help="Also write an object to the footage store, read it again and remove it.")
@click.option("--list", "listing", is_flag=True, help="List the names of the checks and stop.")
@as_json
def command(only: tuple[str, ...], write: bool, listing: bool, json_out: bool) -> None:
    """Look at everything that must work: settings, folders, disks, database, keys, store, log, witnesses, clock,
    jobs, backups, mail, codecs. Each finding says how to mend it.

    Nothing is changed, and it works where nothing else does: on a machine without an installation it says what is
    missing to begin. Exit code 6 when something is bad, 0 with warnings.
    """
    if listing:
        put_json(list(names())) if json_out else click.echo("\n".join(names()))
        return
    try:
        settings = Settings.load()
    except CandorError as error:
        mend = "Correct what it names; docs/reference/settings.md lists every setting."
        _end(_shown([bad("settings", str(error), mend)], json_out))
        return
    with Place.by_settings(settings, write=write) as place:
        found = _shown(examine(place, only or None), json_out)
    _end(found)


def _shown(findings: Iterable[Finding], json_out: bool) -> list[Finding]:
    """Say them, each as soon as it is known: some take seconds."""
    if json_out:
        found = list(findings)
        put_json(
            {
                "level": worst(found).value,
                "findings": [
                    {"name": one.name, "level": one.level.value, "words": one.words, "mend": one.mend} for one in found
                ],
            }
        )
        return found
    found = []
    for one in findings:
        mark, colour = _MARKS[one.level]
        click.echo(f"{click.style(f'{mark:4}', fg=colour, bold=one.level is Level.BAD)}  {one.name:20} ", nl=False)
        click.echo(safe(one.words))
        if one.mend:
            click.echo(f"{'':28}{click.style(safe(one.mend), dim=True)}")
        found.append(one)
    counts = {level: sum(one.level is level for one in found) for level in Level}
    click.echo(f"\n{counts[Level.OK]} well, {counts[Level.WARN]} to look at, {counts[Level.BAD]} bad.")
    return found


def _end(found: list[Finding]) -> None:
    if worst(found) is Level.BAD:
        raise SystemExit(6)
