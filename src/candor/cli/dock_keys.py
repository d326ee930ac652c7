"""candor dock keys: the credentials that docks and their programs come with."""

from __future__ import annotations

import click

from candor.cli.common import actor, as_account, as_json, needs, opened, put_json, say, table
from candor.core.clock import iso
from candor.core.errors import NotFound
from candor.docking import credentials
from candor.fleet import places
from candor.people.rules import Permission


@click.group()
def command() -> None:
    """Credentials of docks: make, list, revoke."""


@command.command()
@click.argument("dock")
@as_account
@needs(Permission.DOCKS_MANAGE)
@as_json
def new(dock: str, acting: str | None, json_out: bool) -> None:
    """Make a credential for the dock named DOCK. Its key is shown once and kept nowhere.

    A program sends files with it by the tus protocol to the door's address and /tus. A camera system gets its own in
    its connection file: `candor dock axis`.
    """
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            found = places.dock_named(tx, dock)
            if found is None:
                raise NotFound(what="dock", id=dock)
            user, key = credentials.new_credential(tx, who, found.id, clock=installation.clock)
    if json_out:
        put_json({"dock": found.id, "user": user, "key": key})
        return
    say("The credential, user name and key; the key is shown once:")
    click.echo(f"{user}:{key}")


@command.command("list")
@as_json
def list_keys(json_out: bool) -> None:
    """List the credentials of every dock. Their keys are kept nowhere."""
    with opened() as installation, installation.database.read() as tx:
        found = [
            {
                "credential": one.id,
                "dock": dock.id,
                "dock_name": dock.name,
                "user": one.user_name,
                "created_at": iso(one.created_at),
                "created_by": one.created_by,
                "used_at": iso(one.used_at) if one.used_at else None,
                "revoked_at": iso(one.revoked_at) if one.revoked_at else None,
            }
            for dock in places.docks(tx, closed=True)
            for one in credentials.credentials_of(tx, dock.id)
        ]
    if json_out:
        put_json(found)
        return
    table(
        ("CREDENTIAL", "DOCK", "USER", "MADE", "LAST USED", "STATE"),
        (
            (
                str(one["credential"]),
                str(one["dock_name"]),
                str(one["user"]),
                str(one["created_at"])[:16],
                (one["used_at"] or "never")[:16],
                "revoked" if one["revoked_at"] else "live",
            )
            for one in found
        ),
    )


@command.command()
@click.argument("credential")
@as_account
@needs(Permission.DOCKS_MANAGE)
def revoke(credential: str, acting: str | None) -> None:
    """End the credential with the identifier CREDENTIAL now, for good."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            done = credentials.revoke_credential(tx, who, credential, clock=installation.clock)
    say("The credential is revoked." if done else "The credential was revoked already.")
