"""candor case add | remove | person | event | relate: what belongs to a case."""

from __future__ import annotations

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json
from candor.cli.fleet_words import person_id, zone_of
from candor.fleet.moments import moment
from candor.matters import service
from candor.matters.rules import EVENTS_NOTED, Part, Side
from candor.people.rules import Permission

_reason = click.option("--reason", required=True, help="Why; it goes on record.")
_why = click.option("--reason", default="", help="Why, where something is ended or corrected; it goes on record.")
_ENTRY = "ENTRY"


@click.command()
@click.argument("case")
@click.argument("recordings", nargs=-1, metavar="RECORDING…")
@click.option("--incident", metavar="NUMBER", help="Add those of this incident instead.")
@_reason
@as_account
@needs(Permission.CASES_MANAGE)
@as_json
def add(
    case: str,
    recordings: tuple[str, ...],
    incident: str | None,
    reason: str,
    acting: str | None,
    json_out: bool,
) -> None:
    """Add recordings to the case with the number CASE: all or none."""
    if bool(recordings) == (incident is not None):
        raise click.UsageError("Name recordings, or an incident with --incident, and not both.")
    with opened() as installation:
        who, clock = actor(installation, acting), installation.clock
        with installation.database.write() as tx:
            if incident is not None:
                added = service.add_by_incident(tx, who, case, incident, reason=reason, clock=clock)
            else:
                added = service.add_recordings(tx, who, case, recordings, reason=reason, clock=clock)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"case": case, "added": added})
    else:
        click.echo(f"Recordings added to {case}: {len(added)}." if added else "They were in it already.")


@click.command()
@click.argument("case")
@click.argument("recording")
@_reason
@as_account
@needs(Permission.CASES_MANAGE)
def remove(case: str, recording: str, reason: str, acting: str | None) -> None:
    """Take a recording out of the case with the number CASE; that it was in it stays on record."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            service.remove_recording(tx, who, case, recording, reason=reason, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo(f"The recording was taken out of {case}.")


@click.command()
@click.argument("case")
@click.option("--account", metavar="NAME", help="Somebody with an account.")
@click.option("--name", metavar="TEXT", help="Somebody from outside.")
@click.option("--part", type=click.Choice([part.value for part in Part]), help="What they are in it.")
@click.option(
    "--side",
    type=click.Choice([side.value for side in Side]),
    default=Side.NONE.value,
    show_default=True,
    help="On which side they work.",
)
@click.option("--from", "from_at", metavar="MOMENT", help="Since when. Default: now.")
@click.option("--end", metavar=_ENTRY, help="End this entry instead.")
@_why
@as_account
@needs(Permission.CASES_MANAGE)
@as_json
def person(
    case: str,
    account: str | None,
    name: str | None,
    part: str | None,
    side: str,
    from_at: str | None,
    end: str | None,
    reason: str,
    acting: str | None,
    json_out: bool,
) -> None:
    """Enter somebody in the case with the number CASE, or end an entry."""
    if end is None and part is None:
        raise click.UsageError("Say with --part what they are in it, or with --end which entry ends.")
    with opened() as installation:
        who, clock = actor(installation, acting), installation.clock
        with installation.database.write() as tx:
            if end is not None:
                service.end_person(tx, who, case, end, reason=reason, clock=clock)
                entry = end
            else:
                entry = service.add_person(
                    tx,
                    who,
                    case,
                    part or "",
                    side,
                    account_id=None if account is None else person_id(tx, account),
                    name=name,
                    from_at=None if from_at is None else moment(from_at, zone_of(tx)),
                    clock=clock,
                )
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"case": case, "entry": entry})
    else:
        click.echo("The entry was ended." if end else "The person was entered.")


@click.command()
@click.argument("case")
@click.argument("event", type=click.Choice([event.value for event in EVENTS_NOTED]), required=False)
@click.option("--at", metavar="MOMENT", help="When it was. Default: now.")
@click.option("--note", default="", help="A line about it.")
@click.option("--correct", metavar=_ENTRY, help="Put the moment of --at in the place of this entry's.")
@click.option("--withdraw", metavar=_ENTRY, help="Withdraw this entry.")
@_why
@as_account
@needs(Permission.CASES_MANAGE)
@as_json
def event(
    case: str,
    event: str | None,
    at: str | None,
    note: str,
    correct: str | None,
    withdraw: str | None,
    reason: str,
    acting: str | None,
    json_out: bool,
) -> None:
    """Note in the case with the number CASE when something happened from which a period or a clock runs."""
    if sum(one is not None for one in (event, correct, withdraw)) != 1 or (correct is not None and at is None):
        raise click.UsageError("Name what happened; or --correct ENTRY with --at; or --withdraw ENTRY.")
    with opened() as installation:
        who, clock = actor(installation, acting), installation.clock
        with installation.database.write() as tx:
            then = clock.now() if at is None else moment(at, zone_of(tx))
            if event is not None:
                entry = service.note_event(tx, who, case, event, then, words=note, clock=clock)
            elif correct is not None:
                entry = service.correct_event(tx, who, case, correct, then, reason=reason, clock=clock)
            else:
                entry = withdraw or ""
                service.withdraw_event(tx, who, case, entry, reason=reason, clock=clock)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"case": case, "entry": entry})
    else:
        click.echo("The entry was withdrawn." if withdraw else "It is noted.")


@click.command()
@click.argument("case")
@click.argument("other", required=False)
@click.option("--end", metavar=_ENTRY, help="End this entry instead.")
@_reason
@as_account
@needs(Permission.CASES_MANAGE)
@as_json
def relate(case: str, other: str | None, end: str | None, reason: str, acting: str | None, json_out: bool) -> None:
    """Put the cases with the numbers CASE and OTHER beside each other, as they are about the same thing."""
    if (other is None) == (end is None):
        raise click.UsageError("Name the other case, or with --end the entry that ends.")
    with opened() as installation:
        who, clock = actor(installation, acting), installation.clock
        with installation.database.write() as tx:
            if end is None:
                entry = service.relate_cases(tx, who, case, other or "", reason=reason, clock=clock)
            else:
                service.end_relation(tx, who, case, end, reason=reason, clock=clock)
                entry = end
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"case": case, "entry": entry})
    else:
        click.echo("The entry was ended." if end else "The cases stand beside each other.")
