"""candor dock axis: Axis camera systems."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from candor.cli.common import actor, as_account, as_json, needs, opened, put_json, say, table
from candor.core.clock import iso
from candor.core.errors import CandorError, NotFound
from candor.docking import credentials
from candor.docking.axis import connecting as axis_connections
from candor.docking.axis import entries as axis_entries
from candor.fleet import places
from candor.people import service
from candor.people.rules import Permission


class FileThere(CandorError):
    """There is a file {path} already, and it was not replaced. Nothing was made. Give another name with --out."""

    exit_code = 2


_out = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where the file goes. Default: standard output."
)


@click.group()
def command() -> None:
    """Axis camera systems: connection files, their users and who they are."""


@command.command()
@click.argument("name")
@click.option("--site", metavar="ID", help="The site where the dock stands.")
@click.option("--encrypted", is_flag=True, help="Have the cameras encrypt for the agency's own key, which is made now.")
@click.option(
    "--container",
    type=click.Choice(["mkv", "mp4"]),
    default="mkv",
    show_default=True,
    help="The form in which clips come.",
)
@_out
@as_account
@needs(Permission.DOCKS_MANAGE)
def new(name: str, site: str | None, encrypted: bool, container: str, out: Path | None, acting: str | None) -> None:
    """Make a connection for the camera system NAME, and its connection file.

    The file holds the key that the camera system comes with. It is shown this once and kept nowhere.
    """
    _must_be_free(out)
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            made = axis_connections.new_connection(
                tx,
                installation.vault,
                who,
                name,
                site_id=site,
                encrypted=encrypted,
                container_type=container,
                clock=installation.clock,
            )
            content = axis_connections.connection_file(
                tx, who, made, settings=installation.settings, clock=installation.clock
            )
    _hand_out(content, out)


@command.command("file")
@click.argument("name")
@_out
@as_account
@needs(Permission.DOCKS_MANAGE)
def file_(name: str, out: Path | None, acting: str | None) -> None:
    """Make the connection file of NAME again, with a new key.

    The keys of earlier files stay valid, so that nothing stops before the new file is loaded. End them with `candor
    dock axis revoke NAME --older` then.
    """
    _must_be_free(out)
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            found = axis_connections.connection_named(tx, name)
            content = axis_connections.connection_file(
                tx, who, found.id, settings=installation.settings, clock=installation.clock
            )
    _hand_out(content, out)


@command.command("list")
@as_json
def list_connections(json_out: bool) -> None:
    """List the connections of camera systems, with their keys' users."""
    with opened() as installation, installation.database.read() as tx:
        documents = [_document(tx, one) for one in axis_connections.connections(tx)]
    if json_out:
        put_json(documents)
        return
    table(
        ("NAME", "STATE", "CLIPS", "KEYS IN USE", "LAST SEEN", "UNKNOWN USERS"),
        (
            (
                one["name"],
                one["state"],
                one["container"] + (", encrypted" if one["encrypted"] else ""),
                ", ".join(key["user"] for key in one["keys"] if not key["revoked_at"]),
                (one["seen_at"] or "never")[:16],
                str(one["unmatched_users"]),
            )
            for one in documents
        ),
    )


@command.command()
@click.argument("name")
@click.option("--older", is_flag=True, help="Only the keys of earlier connection files; the newest stays.")
@as_account
@needs(Permission.DOCKS_MANAGE)
def revoke(name: str, older: bool, acting: str | None) -> None:
    """End the connection NAME for good: nothing comes through it any more. What came stays."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            found = axis_connections.connection_named(tx, name)
            if older:
                count = axis_connections.revoke_older_keys(tx, who, found.id, clock=installation.clock)
                said = f"{count} older {'key was' if count == 1 else 'keys were'} revoked."
            else:
                done = axis_connections.revoke_connection(tx, who, found.id, clock=installation.clock)
                said = "The connection is ended." if done else "The connection was ended already."
    say(said)


@command.command()
@click.option("--connection", "name", metavar="NAME", help="Only those of this camera system.")
@click.option("--unmatched", is_flag=True, help="Only those of whom nobody knows who they are here.")
@click.option("--match", "matches", nargs=2, multiple=True, metavar="USER ACCOUNT", help="Say who a user is.")
@click.option("--unmatch", multiple=True, metavar="USER", help="Take back who a user is.")
@as_account
@needs(Permission.DOCKS_MANAGE)
@as_json
def users(
    name: str | None,
    unmatched: bool,
    matches: tuple[tuple[str, str], ...],
    unmatch: tuple[str, ...],
    acting: str | None,
    json_out: bool,
) -> None:
    """List the users of camera systems and who they are here; say so where it is not known.

    USER is the identifier in the first column, ACCOUNT a sign-in name. It holds for what comes from now on.
    """
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            for user, account in matches:
                found = service.account_named(tx, account)
                if found is None:
                    raise NotFound(what="account", id=account)
                axis_entries.match_user(tx, who, user, found.id, clock=installation.clock)
            for user in unmatch:
                axis_entries.match_user(tx, who, user, None, clock=installation.clock)
            connection_id = axis_connections.connection_named(tx, name).id if name else None
            listed = axis_entries.camera_users(tx, connection_id=connection_id, unmatched=unmatched)
    if json_out:
        put_json([vars(one) for one in listed])
        return
    table(
        ("USER", "CAMERA SYSTEM", "NAME", "ID", "ACTIVE", "ACCOUNT"),
        (
            (
                one.id,
                one.connection_name,
                one.name,
                one.user_key,
                "yes" if one.active else "no",
                one.account_name or "nobody known",
            )
            for one in listed
        ),
    )


def _document(tx: Any, one: axis_connections.Connection) -> dict[str, Any]:
    dock = places.dock(tx, one.dock_id)
    return {
        "connection": one.id,
        "dock": one.dock_id,
        "name": one.name,
        "state": "ended" if one.revoked_at else "open",
        "container": one.container_type,
        "encrypted": one.encrypted,
        "created_at": iso(one.created_at),
        "seen_at": iso(dock.seen_at) if dock.seen_at else None,
        "unmatched_users": len(axis_entries.camera_users(tx, connection_id=one.id, unmatched=True)),
        "keys": [
            {
                "credential": key.id,
                "user": key.user_name,
                "created_at": iso(key.created_at),
                "used_at": iso(key.used_at) if key.used_at else None,
                "revoked_at": iso(key.revoked_at) if key.revoked_at else None,
            }
            for key in credentials.credentials_of(tx, one.dock_id)
        ],
    }


def _must_be_free(out: Path | None) -> None:
    if out is not None and out.exists():
        raise FileThere(path=out)


def _hand_out(content: bytes, out: Path | None) -> None:
    """Write the file for its owner alone: it holds a key."""
    if out is None:
        sys.stdout.buffer.write(content + b"\n")
        sys.stdout.buffer.flush()
        say("This is the connection file; the key in it is shown this once. Load it into the camera system.")
        return
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    say(f"The connection file is {out}; the key in it is kept nowhere else. Load it into the camera system.")
