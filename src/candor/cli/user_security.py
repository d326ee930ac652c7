"""candor user policy | reset-second-factor | release: how people sign in, and help for whoever cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from sqlalchemy.engine import Connection

from candor.cli.common import actor, as_account, as_json, needs, opened, put_json, say
from candor.core.errors import NotFound
from candor.people import policy, second_factor, service, sign_in
from candor.people.policy import BOUNDS
from candor.people.rules import Permission, Role


@click.command("policy")
@click.option(
    "--second-factor",
    "roles",
    multiple=True,
    type=click.Choice([*(role.value for role in Role), "none"]),
    help="A role that needs a second factor; may be repeated, and replaces what was. 'none': no role does.",
)
@click.option("--idle-lock", type=click.IntRange(*BOUNDS["idle_lock_minutes"]), help="Lock the screen after MINUTES.")
@click.option("--absolute", type=click.IntRange(*BOUNDS["absolute_hours"]), help="End a session after HOURS.")
@click.option("--fresh", type=click.IntRange(*BOUNDS["fresh_minutes"]), help="A proof is fresh for MINUTES.")
@click.option("--lock-names/--no-lock-names", default=None, help="After 5 failures in 15 minutes, until released.")
@click.option("--notice/--no-notice", "notice_shown", default=None, help="Show the notice before signing in.")
@click.option("--notice-text", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its wording.")
@as_account
@needs(Permission.POLICY_MANAGE)
@as_json
def rules(
    roles: tuple[str, ...],
    idle_lock: int | None,
    absolute: int | None,
    fresh: int | None,
    lock_names: bool | None,
    notice_shown: bool | None,
    notice_text: Path | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Show the rules of signing in, or change those that are named."""
    given: dict[str, Any] = {
        "idle_lock_minutes": idle_lock,
        "absolute_hours": absolute,
        "fresh_minutes": fresh,
        "lock_until_released": lock_names,
        "notice_shown": notice_shown,
        "notice": None if notice_text is None else notice_text.read_text("utf-8", "replace"),
        "second_factor_roles": [role for role in roles if role != "none"] if roles else None,
    }
    changes = {field: value for field, value in given.items() if value is not None}
    with opened() as installation:
        who = actor(installation, acting)
        if changes:
            with installation.database.write() as tx:
                found = policy.change(tx, who, changes, clock=installation.clock)
        else:
            with installation.database.read() as tx:
                found = policy.read(tx)
    if json_out:
        put_json(found.plain())
        return
    needing = ", ".join(found.plain()["second_factor_roles"]) or "no role"
    click.echo(f"A second factor is needed by: {needing}")
    click.echo(f"The screen locks after {found.idle_lock_minutes} idle minutes")
    click.echo(f"A session ends after {found.absolute_hours} hours in any case")
    click.echo(f"A proof of who is there is fresh for {found.fresh_minutes} minutes")
    click.echo(f"A name is locked after 5 failures in 15 minutes: {'yes' if found.lock_until_released else 'no'}")
    click.echo(f"A notice is shown before signing in: {'yes' if found.notice_shown else 'no'}")


@click.command("reset-second-factor")
@click.argument("name")
@as_account
@needs(Permission.ACCOUNTS_MANAGE)
def reset_second_factor(name: str, acting: str | None) -> None:
    """Take every second factor from an account whose owner lost them; its sessions end."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            had = second_factor.remove_all(tx, who, _named(tx, name), clock=installation.clock)
    say(f"Every second factor of {name} was removed." if had else f"{name} had no second factor.")


@click.command("release")
@click.argument("name")
@as_account
@needs(Permission.ACCOUNTS_MANAGE)
def release(name: str, acting: str | None) -> None:
    """Let a name that was locked after failures sign in again."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            was = sign_in.release_lock(tx, who, _named(tx, name), clock=installation.clock)
    say(f"The name {name} was released." if was else f"The name {name} was not locked.")


def _named(tx: Connection, name: str) -> str:
    found = service.account_named(tx, name)
    if found is None:
        raise NotFound(what="account", id=name)
    return found.id
