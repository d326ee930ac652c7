"""candor user review: what somebody who answers for the accounts should look at."""

from __future__ import annotations

from typing import Any

import click

from candor.cli.common import actor, as_account, as_json, needs, opened, put_json, safe, say
from candor.core.clock import iso
from candor.people import reviews
from candor.people.reviews import EXPIRING_DAYS, INACTIVE_DAYS, Review
from candor.people.rules import Permission
from candor.people.service import Account
from candor.people.service_accounts import Token


@click.command("review")
@click.option("--mark", metavar="NOTE", help="Put on record that the accounts were reviewed, with this note.")
@click.option("--disable-inactive", is_flag=True, help="Make inactive whoever was not there for 90 days.")
@as_account
@needs(Permission.ACCOUNTS_MANAGE)
@as_json
def review(mark: str | None, disable_inactive: bool, acting: str | None, json_out: bool) -> None:
    """Show who is never there, who may watch footage, which tokens end, and when somebody last looked."""
    with opened() as installation:
        who = actor(installation, acting)
        disabled: list[Account] = []
        if disable_inactive or mark is not None:
            with installation.database.write() as tx:
                if disable_inactive:
                    disabled = reviews.disable_inactive(tx, who, clock=installation.clock)
                if mark is not None:
                    reviews.mark_reviewed(tx, who, mark, clock=installation.clock)
        with installation.database.read() as tx:
            found = reviews.review(tx, clock=installation.clock)
    document = _document(found) | {"disabled": [one.sign_in_name for one in disabled]}
    if json_out:
        put_json(document)
        return
    for one in disabled:
        say(f"Inactive now: {safe(one.display_name)} ({one.sign_in_name})")
    _show(document)


def _document(found: Review) -> dict[str, Any]:
    return {
        "active": found.active,
        "inactive": _names(found.inactive),
        "never_signed_in": _names(found.never_signed_in),
        "without_second_factor": _names(found.without_second_factor),
        "password_listed": _names(found.password_listed),
        "administrators": _names(found.administrators),
        "footage": {role.value: _names(people) for role, people in found.footage.items()},
        "tokens_expiring": _tokens(found.expiring),
        "tokens_unused": _tokens(found.unused),
        "last_review": iso(found.last.at) if found.last else None,
        "last_review_by": found.last.actor if found.last else None,
        "next_review": iso(found.due_at) if found.due_at else None,
    }


def _names(found: list[Account]) -> list[str]:
    return [one.sign_in_name for one in found]


def _tokens(found: list[Token]) -> list[str]:
    return [one.id for one in found]


def _show(document: dict[str, Any]) -> None:
    for label, key in (
        (f"Not there for {INACTIVE_DAYS} days", "inactive"),
        ("Never signed in", "never_signed_in"),
        ("Without a second factor", "without_second_factor"),
        ("With a known password", "password_listed"),
        ("Administrators", "administrators"),
        (f"Tokens that end within {EXPIRING_DAYS} days", "tokens_expiring"),
        ("Tokens nobody uses", "tokens_unused"),
    ):
        click.echo(f"{label:32} {safe(', '.join(document[key])) or '-'}")
    for role, people in document["footage"].items():
        click.echo(f"{'Footage as ' + role:32} {safe(', '.join(people))}")
    click.echo(f"{'Last review':32} {document['last_review'] or 'never'}")
    click.echo(f"{'Next review due':32} {document['next_review'] or 'now'}")
