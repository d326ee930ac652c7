"""candor case: cases, and what belongs to them."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy.engine import Connection

from candor.cli import case_entries
from candor.cli.case_words import document_of, print_case, row_of, unit_named
from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, say, table
from candor.cli.fleet_words import person_id, zone_of
from candor.law.vocabulary import CASE_KIND_WORDS, CaseKind
from candor.matters import service
from candor.matters.reading import MOST_ROWS, CaseQuery
from candor.matters.rules import MAY_LOOK, STATE_WORDS, CaseState
from candor.people.rules import Permission

_KINDS = click.Choice([kind.value for kind in CaseKind])
_reason = click.option("--reason", required=True, help="Why; it goes on record.")


@click.group()
def command() -> None:
    """Cases: open, list, show, change, their recordings, people and moments, close, reopen."""


for _one in (
    case_entries.add,
    case_entries.remove,
    case_entries.person,
    case_entries.event,
    case_entries.relate,
):
    command.add_command(_one)


@command.command("open")
@click.argument("number", default="")
@click.option("--kind", type=_KINDS, required=True, help="What it is about.")
@click.option("--title", required=True, help="A line that says which one it is.")
@click.option("--owner", metavar="NAME", help="Whose case it is. Default: the account that acts.")
@click.option("--unit", metavar="NAME", help="Its unit.")
@click.option("--note", default="", help="A note.")
@as_account
@needs(Permission.CASES_MANAGE)
@as_json
def open_case(
    number: str,
    kind: str,
    title: str,
    owner: str | None,
    unit: str | None,
    note: str,
    acting: str | None,
    json_out: bool,
) -> None:
    """Open a case with the number NUMBER; without one it gets the next of this year."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            case_id = service.open_case(
                tx,
                who,
                number,
                kind,
                title,
                owner_id=None if owner is None else person_id(tx, owner),
                unit_id=unit_named(tx, unit),
                note_text=note,
                clock=installation.clock,
            )
            given = service.case(tx, who, case_id).number
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"case": case_id, "number": given})
    else:
        click.echo(f"Case {given} opened.")


@command.command("list")
@click.option("--text", default="", help="Only those with these words in number or title.")
@click.option("--state", type=click.Choice([state.value for state in CaseState]), help="Only in this state.")
@click.option("--kind", type=_KINDS, help="Only of this kind.")
@click.option("--owner", metavar="NAME", help="Only this account's.")
@click.option("--unit", metavar="NAME", help="Only of this unit.")
@click.option("--limit", type=click.IntRange(1, MOST_ROWS), default=50, show_default=True, help="Cases of a page.")
@click.option("--after", default="", help="The cursor that the page before printed.")
@as_account
@needs(*MAY_LOOK)
@as_json
def list_cases(
    text: str,
    state: str | None,
    kind: str | None,
    owner: str | None,
    unit: str | None,
    limit: int,
    after: str,
    acting: str | None,
    json_out: bool,
) -> None:
    """List the cases that may be seen, the newest first."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            query = CaseQuery(
                text,
                None if state is None else CaseState(state),
                None if kind is None else CaseKind(kind),
                "" if owner is None else person_id(tx, owner),
                unit_named(tx, unit) or "",
                after,
                limit,
            )
            found, zone = service.cases(tx, who, query), zone_of(tx)
    if json_out:
        put_json({"cases": [row_of(one) for one in found.rows], "after": found.after})
        return
    table(
        ("NUMBER", "KIND", "TITLE", "STATE", "OWNER", "UNIT", f"OPENED ({zone})"),
        (
            (
                one.number,
                CASE_KIND_WORDS[one.kind],
                one.title,
                STATE_WORDS[one.state],
                one.owner_name,
                one.unit_name or "",
                f"{one.opened_at.astimezone(zone):%Y-%m-%d}",
            )
            for one in found.rows
        ),
    )
    if found.after:
        say(f"More follow: --after {found.after}")


@command.command()
@click.argument("case")
@as_account
@needs()
@as_json
def show(case: str, acting: str | None, json_out: bool) -> None:
    """Show the case with the number CASE: people, recordings, moments, cases beside it, history."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            found = document_of(tx, who, service.case(tx, who, case))
            zone = zone_of(tx)
    if json_out:
        put_json(found)
    else:
        print_case(found, zone)


@command.command()
@click.argument("case")
@click.option("--number", help="Another number.")
@click.option("--kind", type=_KINDS, help="What it is about.")
@click.option("--title", help="A line that says which one it is.")
@click.option("--owner", metavar="NAME", help="Whose case it is.")
@click.option("--unit", metavar="NAME", help="Its unit; empty for none.")
@click.option("--note", help="A note; empty for none.")
@as_account
@needs(Permission.CASES_MANAGE)
@as_json
def change(
    case: str,
    number: str | None,
    kind: str | None,
    title: str | None,
    owner: str | None,
    unit: str | None,
    note: str | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Change what is known of the case with the number CASE; what is not named stays."""

    def changes(tx: Connection) -> dict[str, Any]:
        given: dict[str, Any] = {"number": number, "kind": kind, "title": title, "note": note}
        if owner is not None:
            given["owner_id"] = person_id(tx, owner)
        found = {field: value for field, value in given.items() if value is not None}
        return found if unit is None else {**found, "unit_id": unit_named(tx, unit)}

    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            case_id = service.case(tx, who, case).id
            event = service.change_case(tx, who, case_id, changes(tx), clock=installation.clock)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"case": case_id, "event": event})
    else:
        click.echo("The case was changed." if event else "The case is so already.")


@command.command()
@click.argument("case")
@_reason
@as_account
@needs(Permission.CASES_MANAGE)
@as_json
def close(case: str, reason: str, acting: str | None, json_out: bool) -> None:
    """Close the case with the number CASE; what still hangs on it is said."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            hanging = service.close_case(tx, who, case, reason=reason, clock=installation.clock)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"case": case, "hanging": list(hanging)})
        return
    click.echo(f"Case {case} closed.")
    for words in hanging:
        say(words)


@command.command()
@click.argument("case")
@_reason
@as_account
@needs(Permission.CASES_MANAGE)
def reopen(case: str, reason: str, acting: str | None) -> None:
    """Open the closed case with the number CASE again."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            service.reopen_case(tx, who, case, reason=reason, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo(f"Case {case} is open again.")
