"""candor notices: what was told, whether mail goes out, who is told of what."""

from __future__ import annotations

import click
from sqlalchemy.engine import Connection

from candor import notices
from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, say, table
from candor.core.clock import iso
from candor.core.errors import NotFound
from candor.core.outbox import KINDS
from candor.notices import delivery, listing, routing
from candor.notices.errors import MailNotSetUp, MailNotTaken, NoAddress
from candor.notices.smtp import Result
from candor.people import contact, service
from candor.people.rules import GUESTS, Permission, Role

_TELLABLE = [role.value for role in Role if role not in GUESTS]


@click.group()
def command() -> None:
    """Notices: what was told, how mail is doing, who is told of what."""


@command.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="At most so many.")
@as_account
@needs(Permission.NOTICES_MANAGE)
@as_json
def list_notices(limit: int, acting: str | None, json_out: bool) -> None:
    """List what was told, newest first, and how mail is doing."""
    with opened() as installation:
        actor(installation, acting).require(Permission.NOTICES_MANAGE)
        with installation.database.read() as tx:
            found = listing.recent(tx, limit=limit)
            state = notices.state(tx, now=installation.clock.now())
        post = installation.notifier.post
    if json_out:
        put_json(
            {
                "notices": [one.as_json() for one in found],
                "mail": {
                    "server": post.server.place if post else None,
                    "waiting": state.waiting,
                    "oldest_waiting_at": iso(state.oldest_waiting_at) if state.oldest_waiting_at else None,
                    "given_up": state.given_up,
                    "last_sent_at": iso(state.last_sent_at) if state.last_sent_at else None,
                    "problem": state.problem,
                    "not_passed_on": state.pending,
                },
            }
        )
        return
    table(
        ("WHEN", "SEVERITY", "WHAT", "TIMES", "TOLD", "READ", "STATE"),
        (
            (
                f"{one.created_at:%Y-%m-%d %H:%M} UTC",
                one.severity,
                one.title,
                str(one.times),
                str(one.told),
                str(one.read),
                one.state,
            )
            for one in found
        ),
    )
    say(_about_mail(state, post.server.place if post else None))


def _about_mail(state: notices.State, place: str | None) -> str:
    if place is None:
        return "No mail server is set (CANDOR_SMTP_URL): notices stand in the inbox only."
    last = f"last taken {state.last_sent_at:%Y-%m-%d %H:%M} UTC" if state.last_sent_at else "none taken yet"
    words = f"Mail by {place}: {last}, {state.waiting} waiting, {state.given_up} given up."
    if state.problem:
        words += f" The one that waits longest: {state.problem}"
    return words


@command.command("test")
@click.argument("name")
@as_account
@needs(Permission.NOTICES_MANAGE)
def send_test(name: str, acting: str | None) -> None:
    """Send a test mail to the account NAME now, and say what the mail server did."""
    with opened() as installation:
        actor(installation, acting).require(Permission.NOTICES_MANAGE)
        post = installation.notifier.post
        if post is None:
            raise MailNotSetUp()
        with installation.database.read() as tx:
            email = contact.email_of(tx, _named(tx, name))
        if email is None:
            raise NoAddress(name=name)
        outcome = delivery.send_test(post, email, installation.clock.now())
    if outcome.result is not Result.TAKEN:
        raise MailNotTaken(words=outcome.sentence)
    click.echo(f"The mail server {post.server.place} took the mail for {email}. {outcome.sentence}")


@command.command("routes")
@as_account
@needs(Permission.NOTICES_MANAGE)
@as_json
def show_routes(acting: str | None, json_out: bool) -> None:
    """Show every kind of notice and who is told of it."""
    with opened() as installation:
        actor(installation, acting).require(Permission.NOTICES_MANAGE)
        with installation.database.read() as tx:
            found = notices.routes(tx)
            names = {one.id: one.sign_in_name for one in service.accounts(tx)}
            breaks = notices.urgent_breaks_quiet(tx)
    if json_out:
        put_json(
            {
                "urgent_breaks_quiet": breaks,
                "routes": [
                    {
                        "kind": kind.value,
                        "title": KINDS[kind].title,
                        "severity": KINDS[kind].severity.value,
                        "roles": sorted(route.roles),
                        "people": sorted(names.get(account_id, account_id) for account_id in route.accounts),
                        "changed": route.changed_at is not None,
                    }
                    for kind, route in found.items()
                ],
            }
        )
        return
    table(
        ("KIND", "SEVERITY", "WHAT", "ROLES", "PEOPLE"),
        (
            (
                kind.value,
                KINDS[kind].severity.value,
                KINDS[kind].title,
                ", ".join(sorted(route.roles)),
                ", ".join(sorted(names.get(account_id, account_id) for account_id in route.accounts)),
            )
            for kind, route in found.items()
        ),
    )
    say(f"Urgent notices are mailed in quiet hours too: {'yes' if breaks else 'no'}.")


@command.command("set")
@click.argument("kind", required=False)
@click.option("--role", "roles", multiple=True, type=click.Choice(_TELLABLE), help="May be repeated.")
@click.option("--person", "people", multiple=True, metavar="NAME", help="Sign-in name. May be repeated.")
@click.option("--default", "to_default", is_flag=True, help="Who is told as long as nobody changes it.")
@click.option(
    "--urgent-breaks-quiet/--urgent-waits",
    "breaks",
    default=None,
    help="Whether urgent notices are mailed in quiet hours too; for all kinds.",
)
@as_account
@needs(Permission.NOTICES_MANAGE)
def set_route(
    kind: str | None,
    roles: tuple[str, ...],
    people: tuple[str, ...],
    to_default: bool,
    breaks: bool | None,
    acting: str | None,
) -> None:
    """Say who is told of KIND: these roles and people, instead of those before."""
    if kind is None and (breaks is None or roles or people or to_default):
        raise click.UsageError("Name a KIND of `candor notices routes`, or give --urgent-breaks-quiet.")
    if kind is not None and not (roles or people or to_default):
        raise click.UsageError("Give --role, --person or --default.")
    if to_default and (roles or people):
        raise click.UsageError("--default stands alone.")
    with opened() as installation:
        who = actor(installation, acting)
        changed = False
        with installation.database.write() as tx:
            if kind is not None:
                found = routing.kind_named(kind)
                chosen = routing.default_route(found).roles if to_default else roles
                accounts = routing.account_ids(tx, people)
                event = notices.change_route(tx, who, found, roles=chosen, accounts=accounts, clock=installation.clock)
                changed = event is not None
            if breaks is not None:
                event = notices.set_urgent_breaks_quiet(tx, who, breaks, clock=installation.clock)
                changed = changed or event is not None
        bring_log_up_to_date(installation)
    click.echo("Changed." if changed else "It was so already.")


@command.command("address")
@click.argument("name")
@click.argument("email", required=False)
@click.option("--none", "remove", is_flag=True, help="Remove the address.")
@as_account
@needs()
def set_address(name: str, email: str | None, remove: bool, acting: str | None) -> None:
    """Set the e-mail address of the account NAME, or show it. Another's needs the right to keep accounts."""
    if email is not None and remove:
        raise click.UsageError("Give an address or --none, not both.")
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            account_id = _named(tx, name)
            if email is None and not remove:
                if who.account_id != account_id:
                    who.require(Permission.ACCOUNTS_MANAGE)
                click.echo(contact.email_of(tx, account_id) or "none")
                return
            event = contact.set_email(tx, who, account_id, email, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo("The address is set." if event else "The address was so already.")


def _named(tx: Connection, name: str) -> str:
    found = service.account_named(tx, name)
    if found is None:
        raise NotFound(what="account", id=name)
    return found.id
