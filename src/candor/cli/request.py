"""candor request: requests for records, from their receipt to their answer."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy.engine import Connection

from candor.cli import request_decide, request_end, request_work
from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, say, table
from candor.cli.fleet_words import person_id, zone_of
from candor.cli.request_words import document_of, hours_words, named_of, plain, print_request, when_of
from candor.disclosure.requests import reading
from candor.disclosure.requests.intake import Intake, receive
from candor.disclosure.requests.messages import mark_seen
from candor.disclosure.requests.queue import MOST_ROWS, QueueQuery, counts, queue
from candor.disclosure.requests.rules import (
    CLOCK_WORDS,
    STATE_WORDS,
    WANTS,
    RequesterClass,
    RequestState,
    Turn,
)
from candor.fleet.moments import moment
from candor.people.rules import Permission

_CLASSES = click.Choice([one.value for one in RequesterClass])


@click.group()
def command() -> None:
    """Requests for records: take in, list, show, find what is meant, decide, write, answer."""


for _one in (*request_work.COMMANDS, *request_decide.COMMANDS, *request_end.COMMANDS):
    command.add_command(_one)


@command.command()
@click.argument("words")
@click.option("--name", default="", help="Who asks.")
@click.option("--organisation", default="", help="For whom they ask.")
@click.option("--class", "requester_class", type=_CLASSES, default="public", show_default=True, help="What they are.")
@click.option("--confirmed", is_flag=True, help="It was seen that they are what they say.")
@click.option("--mail", default="", help="Their mail address.")
@click.option("--phone", default="", help="Their telephone number.")
@click.option("--post", default="", help="Their postal address.")
@click.option("--received", metavar="TIME", help="When it came, such as 2026-11-22 08:30. Default: now.")
@click.option("--person", default="", help="Names a person who was recorded.")
@click.option("--officer", default="", help="Names an officer, by name or badge number.")
@click.option("--place", default="", help="Names a place.")
@click.option("--incident", default="", help="Names an incident number.")
@click.option("--case", "case_number", default="", help="Names a case number.")
@click.option("--from", "time_from", metavar="TIME", default="", help="Names the earliest time, or the day.")
@click.option("--to", "time_to", metavar="TIME", default="", help="Names the latest time, or the day.")
@click.option("--wants", type=click.Choice(list(WANTS)), default="copy", show_default=True, help="A copy, or to look.")
@as_account
@needs(Permission.REQUESTS_MANAGE)
@as_json
def new(
    words: str,
    received: str | None,
    requester_class: str,
    confirmed: bool,
    wants: str,
    acting: str | None,
    json_out: bool,
    **given: str,
) -> None:
    """Take in a request that asks for WORDS. The tracking code is shown this once: it is kept nowhere."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            zone = zone_of(tx)
            who_asks = {name: given.pop(name) for name in ("name", "organisation", "mail", "phone", "post")}
            intake = Intake(
                words,
                requester_class=requester_class,
                class_confirmed=confirmed,
                wants=wants,
                named=named_of(given, zone),
                received_at=None if received is None else moment(received, zone),
                name=who_asks["name"],
                organisation=who_asks["organisation"],
                mail=who_asks["mail"],
                phone=who_asks["phone"],
                post=who_asks["post"],
            )
            made = receive(tx, who, intake, clock=installation.clock)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({**plain({"request": made.id, "number": made.number, "due_at": made.due_at}), "code": made.code})
        return
    click.echo(made.acknowledgement)
    click.echo(f"Tracking code: {made.code}")


@command.command("list")
@click.option("--text", default="", help="Only those with these words in number, names or what is asked for.")
@click.option(
    "--state",
    type=click.Choice(["open", "closed", "all", *(one.value for one in RequestState)]),
    default="open",
    show_default=True,
    help="Only in this state.",
)
@click.option("--turn", type=click.Choice([one.value for one in Turn]), help="Only where it is their turn.")
@click.option("--assigned", metavar="NAME", help="Only this account's; “nobody” for those that nobody has taken.")
@click.option("--class", "requester_class", type=_CLASSES, help="Only of somebody who is this.")
@click.option("--due", type=click.Choice(["over", "near"]), help="Only overdue, or due soon.")
@click.option("--limit", type=click.IntRange(1, MOST_ROWS), default=50, show_default=True, help="Requests of a page.")
@click.option("--after", default="", help="The cursor that the page before printed.")
@as_account
@needs(Permission.REQUESTS_VIEW)
@as_json
def list_requests(acting: str | None, json_out: bool, **given: Any) -> None:
    """List requests, what is due first first."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            query = _query(tx, given)
            found = queue(tx, who, query, clock=installation.clock)
            before, zone = counts(tx, who, clock=installation.clock), zone_of(tx)
    if json_out:
        rows = [{**plain(vars(one)), "hours": plain(vars(one.hours)) if one.hours else None} for one in found.rows]
        put_json({"requests": rows, "after": found.after, "total": found.total, "counts": vars(before)})
        return
    table(
        ("NUMBER", f"DUE ({zone})", "CLOCK", "STATE", "WAITS FOR", "WORK", "ASKS FOR"),
        (
            (
                one.number,
                when_of(one.due_at, zone),
                CLOCK_WORDS[one.clock],
                STATE_WORDS[one.state],
                one.waits_for,
                hours_words(one.hours.work) if one.hours else "",
                " ".join(one.words.split())[:60],
            )
            for one in found.rows
        ),
    )
    say(f"{before.open} open: {before.over} overdue, {before.near} due soon, {before.unassigned} with nobody.")
    if found.after:
        say(f"More follow: --after {found.after}")


@command.command()
@click.argument("request")
@as_account
@needs(Permission.REQUESTS_VIEW)
@as_json
def show(request: str, acting: str | None, json_out: bool) -> None:
    """Show the request with the number REQUEST: clocks, recordings, messages, history."""
    with opened() as installation:
        who = actor(installation, acting)
        now = installation.clock.now()
        with installation.database.read() as tx:
            found = document_of(tx, who, reading.records_request(tx, who, request), now)
            zone = zone_of(tx)
        if who.may(Permission.REQUESTS_MANAGE):  # whoever works on it has seen now what whoever asked wrote
            with installation.database.write() as tx:
                mark_seen(tx, who, found["id"], clock=installation.clock)
    if json_out:
        put_json(found)
    else:
        print_request(found, zone, now)


def _query(tx: Connection, given: dict[str, Any]) -> QueueQuery:
    assigned = given.pop("assigned")
    return QueueQuery(
        assigned="" if assigned is None else assigned if assigned == "nobody" else person_id(tx, assigned),
        turn=None if given["turn"] is None else Turn(given["turn"]),
        requester_class=None if given["requester_class"] is None else RequesterClass(given["requester_class"]),
        due=given["due"] or "",
        **{name: given[name] for name in ("text", "state", "limit", "after")},
    )
