"""candor category: the categories that are offered, and what each means to the law."""

from __future__ import annotations

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json
from candor.cli.law_changes import try_out
from candor.footage import catalogue, categories
from candor.law.vocabulary import CLASS_WORDS, LawClass
from candor.people.rules import Permission


@click.group()
def command() -> None:
    """The categories that are offered: list, set, meanings, mean."""


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


@command.command("meanings")
@as_json
def meanings(json_out: bool) -> None:
    """List what each category means to the law; one without a meaning is kept longest."""
    with opened() as installation, installation.database.read() as tx:
        names, means = categories.categories(tx), categories.law_classes(tx)
    if json_out:
        put_json({name: means[name].value if name in means else None for name in names})
        return
    for name in names:
        words = f"{means[name].value}: {CLASS_WORDS[means[name]]}" if name in means else "no meaning: kept longest"
        click.echo(f"{name:30} {words}")


@command.command("mean")
@click.argument("name")
@click.argument("law_class", type=click.Choice([*(one.value for one in LawClass), "none"]), metavar="MEANING")
@click.option("--reason", required=True, help="Why; it goes on record.")
@as_account
@needs(Permission.CATEGORIES_MANAGE)
def mean(name: str, law_class: str, reason: str, acting: str | None) -> None:
    """Say what the category NAME means to the law: `traffic-stop`, `arrest` and so on, or `none`.

    While law is in effect here it is a change of that: it is tried out at once, and another person approves it. `none`
    is so at once: by that everything only stays longer. For some days after either nothing is destroyed by schedule.
    """
    with opened() as installation:
        who = actor(installation, acting)
        meant = None if law_class == "none" else categories.class_named(law_class)
        with installation.database.write() as tx:
            said = categories.set_meaning(tx, who, name, meant, reason=reason, clock=installation.clock)
        bring_log_up_to_date(installation)
        if said is not None and said.change is not None:
            try_out(installation, who, said.change, json_out=False)
            return
    click.echo("The meaning is set." if said else "It meant that already.")
