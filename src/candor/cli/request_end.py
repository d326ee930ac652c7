"""candor request answer, withdraw, reopen, import, statistics."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, say, table
from candor.cli.fleet_words import DOES_NOT_FIT, zone_of
from candor.cli.request_words import plain
from candor.disclosure.requests import answering, codes, statistics
from candor.disclosure.requests.rules import Outcome
from candor.disclosure.requests.table_in import LARGEST, read_table, take_in
from candor.people.rules import Permission

__all__ = ["COMMANDS"]

_OUTCOMES = click.Choice([one.value for one in Outcome if one is not Outcome.WITHDRAWN])


@click.command()
@click.argument("request")
@click.option("--outcome", type=_OUTCOMES, required=True, help="With what it is answered.")
@as_account
@needs(Permission.REQUESTS_MANAGE)
@as_json
def answer(request: str, outcome: str, acting: str | None, json_out: bool) -> None:
    """Answer REQUEST: its clocks end, and what it held is released."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            late = answering.answer(tx, who, request, outcome, clock=installation.clock)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"request": request, "outcome": outcome, "late": late})
    else:
        click.echo("Answered, late." if late else "Answered.")


@click.command()
@click.argument("request")
@click.option("--reason", required=True, help="What whoever asked said; it stays with the request.")
@as_account
@needs(Permission.REQUESTS_MANAGE)
def withdraw(request: str, reason: str, acting: str | None) -> None:
    """Put on record that whoever asked takes REQUEST back."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            answering.withdraw(tx, who, request, reason=reason, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo("Taken back.")


@click.command()
@click.argument("request")
@click.option("--reason", required=True, help="Why; it stays with the request.")
@as_account
@needs(Permission.REQUESTS_MANAGE)
def reopen(request: str, reason: str, acting: str | None) -> None:
    """Take the closed REQUEST up again: its clocks run on, and what it means is held again."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            answering.reopen(tx, who, request, reason=reason, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo("It is open again.")


@click.command("new-code")
@click.argument("request")
@click.option("--shown", required=True, metavar="HOW", help="How they showed that it is they who asked; it is noted.")
@as_account
@needs(Permission.REQUESTS_MANAGE)
@as_json
def new_code(request: str, shown: str, acting: str | None, json_out: bool) -> None:
    """Give whoever asked a new tracking code for REQUEST; the old one ends. It is shown this once: it is kept
    nowhere."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            code = codes.replace_code(tx, who, request, shown=shown, clock=installation.clock)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"request": request, "code": code})
        return
    click.echo(f"Tracking code: {code}")
    say("The old code opens nothing any more as soon as the portal is brought up to date, within seconds.")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--good-only", is_flag=True, help="Take in the good rows, and leave those with faults.")
@click.option("--again", is_flag=True, help="Take it in although the very same table was taken in before.")
@as_account
@needs(Permission.REQUESTS_MANAGE)
@as_json
def import_table(file: Path, good_only: bool, again: bool, acting: str | None, json_out: bool) -> None:
    """Take in requests from a CSV table. Nothing is taken in unless all rows stand; every fault is named at once."""
    with file.open("rb") as source:
        content = source.read(LARGEST + 1)
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            found = read_table(content, zone_of(tx), installation.clock.now())
        with installation.database.write() as tx:
            taken = take_in(tx, who, found, good_only=good_only, again=again, clock=installation.clock)
        bring_log_up_to_date(installation)
    for fault in found.faults:
        say(f"Line {fault.row}: {fault.words}")
    rows = [{"line": line, "number": one.number, "code": one.code} for line, one in taken.received]
    if json_out:
        put_json({"received": rows, "faults": [plain(vars(one)) for one in found.faults]})
    else:
        shown = ((str(line), one.number, one.code or "") for line, one in taken.received)
        table(("LINE", "NUMBER", "TRACKING CODE"), shown)
    if found.faults and not taken.received:
        say("Nothing was taken in.")
        sys.exit(DOES_NOT_FIT)


@click.command("statistics")
@click.option("--from", "first", metavar="MONTH", help="First month, such as 2026-01. Default: eleven months before.")
@click.option("--to", "last", metavar="MONTH", help="Last month. Default: this one.")
@click.option("--csv", "csv_out", is_flag=True, help="As CSV on standard output.")
@as_account
@needs(Permission.REQUESTS_VIEW)
@as_json
def by_month(first: str | None, last: str | None, csv_out: bool, acting: str | None, json_out: bool) -> None:
    """Requests by month: received, answered and when, withheld and why, footage released."""
    with opened() as installation:
        who = actor(installation, acting)
        now = installation.clock.now()
        with installation.database.read() as tx:
            until = _month(last) if last else now.astimezone(zone_of(tx)).date()
            begin = _month(first) if first else _year_before(until)
            found = statistics.by_month(tx, who, begin, until, clock=installation.clock)
    if csv_out:
        for line in statistics.csv_of(found):
            sys.stdout.write(line)
        return
    if json_out:
        ages = [{"age": words, "requests": count} for words, count in found.open_by_age]
        put_json({"months": [_of(one) for one in found.months], "total": _of(found.total), "open_by_age": ages})
        return
    table(
        ("MONTH", "RECEIVED", "ANSWERED", "IN TIME", "LATE", "NO CLOCK", "WITHDRAWN", "HOURS RELEASED"),
        (
            (
                name,
                *(str(one) for one in (row.received, row.answered, row.in_time, row.late, row.no_clock)),
                str(row.withdrawn),
                row.hours_released,
            )
            for name, row in [*((f"{one.first:%Y-%m}", one) for one in found.months), ("all", found.total)]
        ),
    )
    for words, count in sorted(found.total.withheld.items()):
        say(f"Withheld because of {words}: {count} recordings")
    say("Open: " + ", ".join(f"{count} of {words}" for words, count in found.open_by_age))


def _of(one: statistics.Month) -> dict[str, Any]:
    """A month as a JSON document."""
    return {
        **plain(vars(one)),
        "outcomes": [{"outcome": end.value, "requests": count} for end, count in sorted(one.outcomes.items())],
        "withheld": [{"because": words, "recordings": count} for words, count in sorted(one.withheld.items())],
        "released": int(one.released.total_seconds()),
    }


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise click.UsageError(f"“{text}” is no month; write it like 2026-11.") from error


def _year_before(day: date) -> date:
    months = day.year * 12 + day.month - 1 - 11
    return date(months // 12, months % 12 + 1, 1)


COMMANDS = (answer, withdraw, reopen, new_code, import_table, by_month)
