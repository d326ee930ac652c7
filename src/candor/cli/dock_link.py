"""candor dock link: links by which the public gives footage."""

from __future__ import annotations

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, say, table
from candor.core.clock import iso
from candor.docking.links import service as links
from candor.docking.links.rules import GB, LARGEST, LONGEST_DAYS, MOST_FILES
from candor.people.rules import Permission


@click.group()
def command() -> None:
    """Links by which the public gives footage: new, list, revoke."""


@command.command()
@click.argument("incident")
@click.option("--note", default="", help="What the giver is told besides: who asks, for what stretch of time.")
@click.option("--days", type=click.IntRange(1, LONGEST_DAYS), default=14, show_default=True, help="When it ends.")
@click.option(
    "--files", type=click.IntRange(1, MOST_FILES), default=MOST_FILES, show_default=True, help="Files it takes at most."
)
@click.option(
    "--gigabytes",
    type=click.IntRange(1, LARGEST // GB),
    default=LARGEST // GB,
    show_default=True,
    help="GB it takes together at most.",
)
@as_account
@needs(Permission.RECORDINGS_TAKE_IN)
@as_json
def new(incident: str, note: str, days: int, files: int, gigabytes: int, acting: str | None, json_out: bool) -> None:
    """Make a link for one giver of the case with the number INCIDENT. It is shown once and kept nowhere."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            link, secret = links.new_link(
                tx,
                who,
                incident,
                note=note,
                days=days,
                files=files,
                gigabytes=gigabytes,
                clock=installation.clock,
            )
        bring_log_up_to_date(installation)
        settings = installation.settings
        base = settings.public_url or f"http://{settings.host}:{settings.port}"
    address = f"{base.rstrip('/')}/give/{secret}"
    if json_out:
        put_json({"link": link.number, "address": address, "ends_at": iso(link.ends_at)})
    else:
        say(f"Link {link.number}, until {link.ends_at:%Y-%m-%d %H:%M} UTC. Send it to one giver only; shown once:")
        click.echo(address)


@command.command("list")
@as_account
@needs(Permission.RECORDINGS_TAKE_IN)
@as_json
def list_links(acting: str | None, json_out: bool) -> None:
    """List the links, the newest first: one's own, or everybody's with the right docks:manage."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            found = links.links(tx, who)
            recordings = {one.id: [given.recording_id for given in links.files_of(tx, one)] for one in found}
        now = installation.clock.now()
    if json_out:
        put_json(
            [
                {
                    "link": one.number,
                    "incident_number": one.incident_number,
                    "state": one.state(now).value,
                    "created_at": iso(one.created_at),
                    "created_by": one.created_by,
                    "ends_at": iso(one.ends_at),
                    "files": one.use.files,
                    "bytes": one.use.bytes,
                    "recordings": recordings[one.id],
                }
                for one in found
            ]
        )
        return
    table(
        ("LINK", "INCIDENT", "STATE", "ENDS", "FILES", "GB"),
        (
            (
                one.number,
                one.incident_number,
                one.state(now).value,
                f"{one.ends_at:%Y-%m-%d}",
                f"{one.use.files}/{one.most_files}",
                f"{one.use.bytes / GB:.1f}/{one.most_bytes // GB}",
            )
            for one in found
        ),
    )


@command.command()
@click.argument("number")
@as_account
@needs(Permission.RECORDINGS_TAKE_IN)
def revoke(number: str, acting: str | None) -> None:
    """Withdraw the link NUMBER now: nothing more comes by it. What was given stays, and so does its receipt."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            done = links.revoke_link(tx, who, number, clock=installation.clock)
        bring_log_up_to_date(installation)
    say("The link is withdrawn." if done else "The link was withdrawn already.")
