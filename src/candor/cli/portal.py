"""candor portal: the pages for everybody, and how they are doing."""

from __future__ import annotations

import os
from datetime import timedelta

import click

from candor.cli.common import (
    actor,
    as_account,
    as_json,
    bring_log_up_to_date,
    needs,
    opened,
    put_json,
    safe,
    say,
)
from candor.core.clock import iso
from candor.core.portal_settings import PortalSettings
from candor.core.settings import Settings
from candor.disclosure.publishing import lag
from candor.disclosure.publishing.rounds import is_wanted
from candor.people.rules import Permission
from candor.portal import process

#: Older than this, what is published lies too far behind.
TOO_OLD = timedelta(minutes=2)


@click.group()
def command() -> None:
    """The portal: the pages for everybody, in a process of its own."""


@command.command()
@click.option("--host", help="Address to listen on. Default: CANDOR_PORTAL_HOST, else 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port. Default: CANDOR_PORTAL_PORT; 0 takes a free one.")
def serve(host: str | None, port: int | None) -> None:
    """Serve the portal alone, on this machine or on another one.

    It needs CANDOR_PUBLISHED_URL, CANDOR_PUBLISHED_FILES, CANDOR_INBOX_URL and the log's public files, and nothing
    else: whatever other settings there are do not reach its process.
    """
    given = {name: value for name, value in (("portal_host", host), ("portal_port", port)) if value is not None}
    settings = PortalSettings.of(Settings.load(**given))
    called = process.command()
    os.execve(called[0], called, process.environment(settings))


@command.command()
@as_json
@click.option("--seen", is_flag=True, help="Say that what was put aside has been seen.")
def status(json_out: bool, seen: bool) -> None:
    """How far what is published lies behind, what waits in the inbox, and what could not be taken in."""
    with opened() as installation:
        _, inbox = installation.publishing.places()
        now = installation.clock.now()
        if seen:
            with installation.database.write() as tx:
                lag.dismiss(tx, clock=installation.clock)
        with installation.database.read() as tx:
            state, aside = lag.portal_state(tx, inbox), lag.put_aside(tx)
        wanted = is_wanted(installation.settings)
    behind = state.behind(now)
    told = {
        "wanted": wanted,
        "waiting": state.waiting,
        "waiting_bytes": state.waiting_bytes,
        "oldest": iso(state.oldest) if state.oldest else None,
        "drained_at": iso(state.drained_at) if state.drained_at else None,
        "published_at": iso(state.published_at) if state.published_at else None,
        "seconds_behind": None if behind is None else round(behind),
        "requests_taken_in": state.taken,
        "put_aside": [
            {"entry": one.entry_id, "kind": one.kind, "sent_at": iso(one.sent_at), "problem": one.problem}
            for one in aside
        ],
    }
    if json_out:
        put_json(told)
    else:
        _say(state, aside, behind, wanted)
    wrong = []
    if wanted and (behind is None or behind > TOO_OLD.total_seconds()):
        wrong.append("what is published lies behind")
    if state.aside:
        wrong.append("1 entry was put aside" if state.aside == 1 else f"{state.aside} entries were put aside")
    if wrong:
        say(f"The portal is not as it should be: {' and '.join(wrong)}. Nothing that came in is lost.")
        say("`candor serve` goes the rounds; its log says what keeps it from them.")
        raise SystemExit(6)


@command.command()
@click.argument("entry")
@as_account
@needs(Permission.REQUESTS_MANAGE)
def again(entry: str, acting: str | None) -> None:
    """Try once more to take in ENTRY, which was put aside: after an update, or when what kept it out was set right."""
    with opened() as installation:
        actor(installation, acting).require(Permission.REQUESTS_MANAGE)
        problem = installation.publishing.again(entry)
        bring_log_up_to_date(installation)
    if problem is not None:
        say(f"It could not be taken in, and stays where it is: {safe(problem)}")
        raise SystemExit(6)
    click.echo("It was taken in. It was received when it was sent.")


def _say(state: lag.PortalState, aside: list[lag.PutAside], behind: float | None, wanted: bool) -> None:
    if not wanted:
        say("There is no portal here: CANDOR_PORTAL_PORT, CANDOR_PUBLISHED_URL and CANDOR_INBOX_URL are not set.")
    published = "nothing yet" if behind is None else f"{behind:.0f} s ago"
    waiting = f"{state.waiting} entries, {state.waiting_bytes / 1e6:.1f} MB"
    since = f", the oldest since {iso(state.oldest)}" if state.oldest else ""
    click.echo(f"Last round of publishing  {published}")
    click.echo(f"Waits in the inbox        {waiting}{since}")
    click.echo(f"Requests taken in         {state.taken}")
    click.echo(f"Put aside                 {state.aside}")
    for one in aside:
        click.echo(f"  {one.entry_id}  {one.kind}  {iso(one.sent_at)}  {safe(one.problem)}")
