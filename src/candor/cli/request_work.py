"""candor request propose, meant, assign, extend, message, note, estimate: working on a request."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, say, table
from candor.cli.fleet_words import person_id, zone_of
from candor.cli.request_words import totals_of, when_of
from candor.core.clock import iso
from candor.disclosure.requests import clocks, fees, messages, reading
from candor.disclosure.requests import meant as service
from candor.disclosure.requests.assigning import assign as give
from candor.disclosure.requests.proposing import MOST, propose
from candor.people.rules import Permission

__all__ = ["COMMANDS"]


@click.command("propose")
@click.argument("request")
@click.option("--limit", type=click.IntRange(1, MOST), default=20, show_default=True, help="Recordings.")
@as_account
@needs(Permission.REQUESTS_VIEW)
@as_json
def propose_recordings(request: str, limit: int, acting: str | None, json_out: bool) -> None:
    """Propose which recordings REQUEST may mean, each with its reasons. `candor request meant` says which are."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            found, zone = propose(tx, who, request, limit=limit), zone_of(tx)
    if json_out:
        rows = [
            {
                "recording": one.recording.id,
                "title": one.recording.title,
                "started_at": iso(one.recording.started_at),
                "score": one.score,
                "reasons": list(one.reasons),
                "said": None if one.said is None else one.said.value,
            }
            for one in found.rows
        ]
        more = {"looked_for": list(found.looked_for), "vague": list(found.vague), "bounded": found.bounded}
        put_json({"proposals": rows, **more})
        return
    table(
        ("RECORDING", f"START ({zone})", "TITLE", "SCORE", "BECAUSE", "SAID"),
        (
            (
                one.recording.id,
                when_of(one.recording.started_at, zone),
                one.recording.title,
                str(one.score),
                "; ".join(one.reasons),
                one.said or "",
            )
            for one in found.rows
        ),
    )
    say(f"Looked for: {'; '.join(found.looked_for) or 'nothing, as the request names nothing to look for'}.")
    if found.bounded:
        say("A question found more than is looked at. Name more, and there will be less.")


@click.command()
@click.argument("request")
@click.argument("recordings", metavar="RECORDING…", nargs=-1, required=True)
@click.option("--not", "no", is_flag=True, help="Say that it does not mean them.")
@click.option("--why", required=True, help="Why; it stays with the request.")
@as_account
@needs(Permission.REQUESTS_MANAGE)
@as_json
def meant(request: str, recordings: tuple[str, ...], no: bool, why: str, acting: str | None, json_out: bool) -> None:
    """Say that REQUEST means these RECORDINGS. They are held until it is closed."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            say_it = service.not_mean if no else service.mean
            fresh = say_it(tx, who, request, list(recordings), why=why, clock=installation.clock)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"request": request, "meant": not no, "recordings": fresh})
    else:
        click.echo(f"{len(fresh)} recordings: {'not meant' if no else 'meant, and held'}.")


@click.command()
@click.argument("request")
@click.argument("name", required=False)
@click.option("--nobody", is_flag=True, help="Take it from whoever has it.")
@as_account
@needs(Permission.REQUESTS_MANAGE)
@as_json
def assign(request: str, name: str | None, nobody: bool, acting: str | None, json_out: bool) -> None:
    """Give REQUEST to the account NAME, who is told."""
    if nobody == (name is not None):
        raise click.UsageError("Say to whom, or --nobody.")
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            to = None if name is None else person_id(tx, name)
            fresh = give(tx, who, request, to, clock=installation.clock)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"request": request, "assigned_to": to, "new": fresh})
    else:
        click.echo("Done." if fresh else "It was so already.")


@click.command()
@click.argument("request")
@click.option("--clock", "clock_id", metavar="ID", help="Which clock; needed where more than one can be extended.")
@click.option("--reason", required=True, help="Why; it is for whoever asked.")
@as_account
@needs(Permission.REQUESTS_MANAGE)
@as_json
def extend(request: str, clock_id: str | None, reason: str, acting: str | None, json_out: bool) -> None:
    """Extend a clock of REQUEST by what its rule allows."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            found = reading.records_request(tx, who, request)
            if clock_id is None:
                several = [one for one in reading.clocks_of_request(tx, found.id) if one.extendable]
                if len(several) > 1:
                    raise click.UsageError(f"Say which with --clock: {', '.join(one.id for one in several)}")
                clock_id = several[0].id if several else ""
            due = clocks.extend(tx, who, found.id, clock_id, reason=reason, clock=installation.clock)
            zone = zone_of(tx)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"request": found.id, "clock": clock_id, "due_at": iso(due)})
    else:
        click.echo(f"It is due {when_of(due, zone)} ({zone}) now.")


@click.command()
@click.argument("request")
@click.argument("words")
@click.option("--asks", is_flag=True, help="It asks them something: it is their turn then. The clocks run on.")
@click.option("--from-requester", "inward", is_flag=True, help="It is from whoever asked, by telephone or post.")
@as_account
@needs(Permission.REQUESTS_MANAGE)
@as_json
def message(request: str, words: str, asks: bool, inward: bool, acting: str | None, json_out: bool) -> None:
    """Write WORDS to whoever asked, or put down what they wrote."""
    if asks and inward:
        raise click.UsageError("--asks is of what goes to whoever asked.")
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            if inward:
                made = messages.receive_message(tx, who, request, words, clock=installation.clock)
            else:
                made = messages.send(tx, who, request, words, asks=asks, clock=installation.clock)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"request": request, "message": made})
    else:
        click.echo("Put down." if inward else "Written. They read it where they look how far their request is.")


@click.command()
@click.argument("request")
@click.argument("words")
@as_account
@needs(Permission.REQUESTS_MANAGE)
@as_json
def note(request: str, words: str, acting: str | None, json_out: bool) -> None:
    """Write a note WORDS in REQUEST; it stays here."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            made = messages.write_note(tx, who, request, words, clock=installation.clock)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"request": request, "note": made})
    else:
        click.echo("Written.")


@click.command()
@click.argument("request")
@click.option("--pages", type=click.IntRange(0, fees.MOST_PAGES), default=0, show_default=True, help="Pages on paper.")
@click.option("--work-hours", default="0", show_default=True, help="Hours of other work that is charged for.")
@as_account
@needs(Permission.REQUESTS_MANAGE)
@as_json
def estimate(request: str, pages: int, work_hours: str, acting: str | None, json_out: bool) -> None:
    """Work out what REQUEST would cost whoever asks, by the fees of the law, and put it on record."""
    try:
        hours = Decimal(work_hours)
    except InvalidOperation as error:
        raise click.UsageError("--work-hours is a number, such as 1.5.") from error
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            found = fees.record_estimate(tx, who, request, pages=pages, work_hours=hours, clock=installation.clock)
        bring_log_up_to_date(installation)
    if json_out:
        sums = [
            {"number": str(one.number), "amount": str(one.amount), "currency": one.line.currency, "for": one.line.per}
            for one in found.fees.sums
        ]
        lines = [{"words": one.words, "charged": one.counts, "rule": one.rule.citation} for one in found.lines]
        put_json({"totals": totals_of(found.totals), "sums": sums, "fees": lines, "free": found.free})
        return
    for line in found.lines:
        click.echo(f"{line.words} ({line.rule.citation})")
    if found.free:
        click.echo(found.free)
    total = ", ".join(f"{currency} {amount}" for currency, amount in found.totals.items())
    click.echo(f"In all: {total or 'nothing'}")


COMMANDS = (propose_recordings, meant, assign, extend, message, note, estimate)
