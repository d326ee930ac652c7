"""candor dock assign: who had which camera, from when to when."""

from __future__ import annotations

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, say, table
from candor.cli.fleet_words import camera_named, person_id, person_names, zone_of
from candor.core.clock import iso
from candor.fleet import assignments
from candor.fleet.errors import AssignmentUnknown
from candor.fleet.moments import moment
from candor.people.rules import Permission


@click.command()
@click.argument("serial")
@click.argument("person", required=False)
@click.option("--from", "first", metavar="TIME", help="From when; default: now.")
@click.option("--to", "last", metavar="TIME", help="Until when; without it until the next one has it.")
@click.option("--pool", is_flag=True, help="Instead of PERSON: it lies in the pool, with nobody.")
@click.option("--note", help="A note.")
@click.option("--end", is_flag=True, help="End what runs, now or --to a moment.")
@click.option("--correct", metavar="ID", help="Put what you give in the place of this entry, which stays on record.")
@click.option("--withdraw", metavar="ID", help="Say that this entry never was; it stays on record.")
@click.option("--reason", default="", help="Why, for --correct and --withdraw.")
@click.option("--list", "listed", is_flag=True, help="List who had it.")
@as_account
@needs(Permission.DOCKS_MANAGE)
@as_json
def command(
    serial: str,
    person: str | None,
    first: str | None,
    last: str | None,
    pool: bool,
    note: str | None,
    end: bool,
    correct: str | None,
    withdraw: str | None,
    reason: str,
    listed: bool,
    acting: str | None,
    json_out: bool,
) -> None:
    """Enter that PERSON (a sign-in name) has, had or will have the camera with the serial number SERIAL.

    An earlier entry without an end ends where this one begins. The wearer of recordings that nobody set by hand
    follows, each with an event. Times without an offset are in the agency's zone.
    """
    if sum((bool(person), pool, end, withdraw is not None, listed)) != 1:
        raise click.UsageError("Give one of PERSON, --pool, --end, --withdraw and --list.")
    with opened() as installation:
        who, clock = actor(installation, acting), installation.clock
        with installation.database.write() as tx:
            zone, device = zone_of(tx), camera_named(tx, serial)
            lacks: tuple[str, ...] = ()
            begins = moment(first, zone) if first else clock.now()
            ends = moment(last, zone) if last else None
            if withdraw is not None:
                assignments.withdraw_assignment(tx, who, withdraw, reason=reason, clock=clock)
            elif end:
                running = assignments.wearer_at(tx, device.id, clock.now())
                if running is None:
                    raise AssignmentUnknown(id=f"of {device.serial} that runs now")
                assignments.end_assignment(tx, who, running.id, ends, clock=clock)
            elif not listed:
                account_id = person_id(tx, person) if person else None
                if correct is not None:
                    assignments.correct_assignment(
                        tx, who, correct, account_id, begins, ends, reason=reason, clock=clock
                    )
                else:
                    assignments.assign(tx, who, device.id, account_id, begins, ends, note=note, clock=clock)
                lacks = assignments.lacking(tx, account_id, device.id, begins) if account_id else ()
            found = assignments.assignments_of(tx, device.id)
            people = person_names(tx)
        for words in lacks:
            say(f"Entered; look at this: {words}.")
        if not listed:
            bring_log_up_to_date(installation)
    rows = [
        {
            "id": one.id,
            "person": people.get(one.account_id or ""),
            "from": iso(one.from_at),
            "to": None if one.to_at is None else iso(one.to_at),
            "note": one.note,
        }
        for one in found
    ]
    if json_out:
        put_json({"device": device.id, "serial": device.serial, "assignments": rows})
        return
    table(
        ("ID", f"FROM ({zone})", "TO", "PERSON", "NOTE"),
        (
            (
                one.id,
                f"{one.from_at.astimezone(zone):%Y-%m-%d %H:%M}",
                "" if one.to_at is None else f"{one.to_at.astimezone(zone):%Y-%m-%d %H:%M}",
                people.get(one.account_id or "", "(in the pool)"),
                one.note or "",
            )
            for one in found
        ),
    )
