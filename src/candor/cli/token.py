"""candor token: tokens that programs come with."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy.engine import Connection

from candor.cli.common import actor, as_account, as_json, needs, opened, put_json, say, table
from candor.core.clock import iso
from candor.core.errors import NotFound
from candor.people import service, service_accounts
from candor.people.rules import Permission, Role
from candor.people.service_accounts import LONGEST_DAYS, SCOPES, Token


@click.group()
def command() -> None:
    """Tokens that programs come with: add, list, revoke."""


@command.command()
@click.argument("account")
@click.option("--name", required=True, help="Which program, on which machine.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([scope.value for scope in SCOPES]),
    help="What it may do; may be repeated. Never more than the account's roles grant.",
)
@click.option("--days", type=click.IntRange(1, LONGEST_DAYS), default=90, show_default=True, help="When it ends.")
@click.option("--create", is_flag=True, help="Make the service account when there is none of that name.")
@click.option("--display-name", help="With --create: as people know it.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice([role.value for role in Role]),
    help="With --create: its roles; may be repeated.",
)
@as_account
@needs(Permission.POLICY_MANAGE)
@as_json
def add(
    account: str,
    name: str,
    scopes: tuple[str, ...],
    days: int,
    create: bool,
    display_name: str | None,
    roles: tuple[str, ...],
    acting: str | None,
    json_out: bool,
) -> None:
    """Make a token for the service account ACCOUNT. The token is shown once and kept nowhere."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            found = service.account_named(tx, account)
            if found is None and create:
                account_id = service_accounts.create(
                    tx,
                    who,
                    sign_in_name=account,
                    display_name=display_name or account,
                    roles=roles,
                    clock=installation.clock,
                )
            else:
                account_id = _id(tx, account)
            token_id, text = service_accounts.create_token(
                tx,
                who,
                account_id,
                name=name,
                scopes=[Permission(scope) for scope in scopes],
                days=days,
                clock=installation.clock,
            )
    if json_out:
        put_json({"token": token_id, "account": account_id, "secret": text})
    else:
        say("The token, shown once:")
        click.echo(text)


@command.command("list")
@click.option("--account", help="Only those of this service account.")
@as_json
def list_tokens(account: str | None, json_out: bool) -> None:
    """List the tokens, newest first. Their secrets are kept nowhere."""
    with opened() as installation, installation.database.read() as tx:
        found = service_accounts.tokens(tx, _id(tx, account) if account else None)
        now = installation.clock.now()
    documents = [{**_document(one), "state": one.state(now)} for one in found]
    if json_out:
        put_json(documents)
        return
    table(
        ("TOKEN", "ACCOUNT", "NAME", "SCOPES", "ENDS", "LAST USED", "STATE"),
        (
            (
                one["token"],
                one["account_name"],
                one["name"],
                ", ".join(one["scopes"]),
                one["expires_at"][:10],
                " ".join(part for part in ((one["used_at"] or "")[:16], one["used_address"]) if part),
                one["state"],
            )
            for one in documents
        ),
    )


@command.command()
@click.argument("token")
@as_account
@needs(Permission.POLICY_MANAGE)
def revoke(token: str, acting: str | None) -> None:
    """End the token with the identifier TOKEN now, for good."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            done = service_accounts.revoke_token(tx, who, token, clock=installation.clock)
    say("The token is revoked." if done else "The token was revoked already.")


def _id(tx: Connection, account: str) -> str:
    found = service.account_named(tx, account)
    if found is None:
        raise NotFound(what="service account", id=account)
    return found.id


def _document(token: Token) -> dict[str, Any]:
    return {
        "token": token.id,
        "account": token.account_id,
        "account_name": token.account_name,
        "name": token.name,
        "scopes": [scope.value for scope in token.scopes],
        "created_at": iso(token.created_at),
        "created_by": token.created_by,
        "expires_at": iso(token.expires_at),
        "revoked_at": iso(token.revoked_at) if token.revoked_at else None,
        "used_at": iso(token.used_at) if token.used_at else None,
        "used_address": token.used_address,
    }
