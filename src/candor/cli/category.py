"""candor category: the categories that are offered."""

from __future__ import annotations

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json
from candor.footage import catalogue
from candor.people.rules import Permission


@click.group()
def command() -> None:
    """The categories that are offered: list, set."""


@command.command("list")
@as_json
def list_categories(json_out: bool) -> None:
    """List the categories, in the agency's order."""
    with opened() as installation, installation.database.read() as tx:
        names = catalogue.categories(tx)
    if json_out:
        put_json(names)
    else:
        for name in names:
            click.echo(name)


@command.command("set")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@as_account
@needs(Permission.CATEGORIES_MANAGE)
def set_categories(names: tuple[str, ...], acting: str | None) -> None:
    """Offer these categories, in this order, instead of those before. Recordings keep the category they have."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            event = catalogue.set_categories(tx, who, names, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo("The categories are set." if event else "The categories were so already.")
