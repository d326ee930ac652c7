"""candor user: accounts."""

from __future__ import annotations

import secrets
import sys

import click
from sqlalchemy.engine import Connection

from candor.cli import user_review, user_security
from candor.cli.common import actor, as_account, as_json, needs, opened, put_json, say, table
from candor.core.clock import iso
from candor.core.errors import NotFound
from candor.installation import Installation
from candor.people import passwords, service
from candor.people.rules import Permission, Role

_role = click.option(
    "--role", "roles", multiple=True, type=click.Choice([role.value for role in Role]), help="May be repeated."
)


@click.group()
def command() -> None:
    """Accounts: add, list, change, set a password."""


for _one in (user_review.review, user_security.rules, user_security.reset_second_factor, user_security.release):
    command.add_command(_one)


def _password(installation: Installation, given: str | None, name: str) -> tuple[str, bool]:
    """The password to set, and whether it was made here and must be shown."""
    if given is None:
        return "-".join(secrets.token_hex(3) for _ in range(4)), True
    if given == "-":
        given = sys.stdin.readline().rstrip("\n")
    passwords.check_new_password(given, name, installation.password_list)
    return given, False


def _unit(installation: Installation, name: str | None, acting: str | None) -> str | None:
    if name is None:
        return None
    who = actor(installation, acting)
    with installation.database.write() as tx:
        for unit in service.units(tx):
            if unit.name == name:
                return unit.id
        return service.create_unit(tx, who, name, clock=installation.clock)


@command.command()
@click.argument("name")
@click.option("--display-name", help="As people know them; default: the sign-in name.")
@click.option("--badge", help="Badge number.")
@click.option("--unit", "unit_name", help="Unit; made when there is none of that name.")
@click.option("--password", help="'-' reads a line from standard input; without it one is made and shown once.")
@_role
@as_account
@needs(Permission.ACCOUNTS_MANAGE)
@as_json
def add(
    name: str,
    display_name: str | None,
    badge: str | None,
    unit_name: str | None,
    password: str | None,
    roles: tuple[str, ...],
    acting: str | None,
    json_out: bool,
) -> None:
    """Add an account with the sign-in name NAME."""
    with opened() as installation:
        chosen, made = _password(installation, password, name)
        who = actor(installation, acting)
        unit_id = _unit(installation, unit_name, acting)
        hashed = passwords.hash_password(chosen)
        new = service.NewAccount(
            sign_in_name=name,
            display_name=display_name or name,
            roles=[Role(role) for role in roles or (Role.OFFICER.value,)],
            password_hash=hashed,
            badge=badge,
            unit_id=unit_id,
        )
        with installation.database.write() as tx:
            account_id = service.create_account(tx, who, new, clock=installation.clock)
    if json_out:
        put_json({"account": account_id, "password": chosen if made else None})
    else:
        click.echo(f"Account {name} made.")
        if made:
            click.echo(f"Password, shown once: {chosen}")


@command.command("list")
@click.option("--text", default="", help="Only those whose name or badge holds this.")
@as_json
def list_accounts(text: str, json_out: bool) -> None:
    """List the accounts."""
    with opened() as installation, installation.database.read() as tx:
        found = service.accounts(tx, text=text)
        units = {unit.id: unit.name for unit in service.units(tx)}
    if json_out:
        put_json(
            [
                {
                    "id": one.id,
                    "name": one.sign_in_name,
                    "display_name": one.display_name,
                    "badge": one.badge,
                    "unit": units.get(one.unit_id or ""),
                    "roles": sorted(one.roles),
                    "active": one.active,
                    "kind": one.kind.value,
                    "signed_in_at": iso(one.signed_in_at) if one.signed_in_at else None,
                }
                for one in found
            ]
        )
        return
    table(
        ("NAME", "DISPLAY NAME", "BADGE", "UNIT", "ROLES", "STATE"),
        (
            (
                one.sign_in_name,
                one.display_name,
                one.badge or "",
                units.get(one.unit_id or "", ""),
                ", ".join(sorted(one.roles)),
                "active" if one.active else "inactive",
            )
            for one in found
        ),
    )


@command.command()
@click.argument("name")
@click.option("--display-name")
@click.option("--badge")
@click.option("--unit", "unit_name")
@_role
@click.option("--active/--inactive", default=None, help="Whether they may sign in.")
@as_account
@needs(Permission.ACCOUNTS_MANAGE)
def change(
    name: str,
    display_name: str | None,
    badge: str | None,
    unit_name: str | None,
    roles: tuple[str, ...],
    active: bool | None,
    acting: str | None,
) -> None:
    """Change an account; what is not named stays. Roles given replace all it had."""
    with opened() as installation:
        who = actor(installation, acting)
        unit_id = _unit(installation, unit_name, acting)
        given = {"display_name": display_name, "badge": badge, "unit_id": unit_id, "active": active}
        changes: dict[str, object] = {field: value for field, value in given.items() if value is not None}
        if roles:
            changes["roles"] = [Role(role) for role in roles]
        with installation.database.write() as tx:
            event = service.change_account(tx, who, _named(tx, name), changes, clock=installation.clock)
    click.echo(f"Account {name} changed." if event else f"Account {name} was so already.")


@command.command("password")
@click.argument("name")
@click.option("--password", help="'-' reads a line from standard input; without it one is made and shown once.")
@as_account
@needs(Permission.ACCOUNTS_MANAGE)
def set_password(name: str, password: str | None, acting: str | None) -> None:
    """Set a new password; open sessions end."""
    with opened() as installation:
        chosen, made = _password(installation, password, name)
        who = actor(installation, acting)
        hashed = passwords.hash_password(chosen)
        with installation.database.write() as tx:
            service.set_password(tx, who, _named(tx, name), hashed, clock=installation.clock)
    say(f"New password for {name} set." + (f" Shown once: {chosen}" if made else ""))


def _named(tx: Connection, name: str) -> str:
    found = service.account_named(tx, name)
    if found is None:
        raise NotFound(what="account", id=name)
    return found.id
