"""candor access: who may do what, as one table."""

from __future__ import annotations

from collections.abc import Iterator

import click

from candor.cli.common import as_json, put_json, table
from candor.core.settings import Settings
from candor.people.rules import Role
from candor.web.access_table import PUBLIC, Right, rights_of_routes
from candor.web.app import routes

_YES, _NO = "yes", "–"
COLUMNS = (PUBLIC, *(role.value for role in Role))


@click.command()
@click.option("--markdown", is_flag=True, help="As the table of docs/reference/access.md.")
@as_json
def command(markdown: bool, json_out: bool) -> None:
    """Who may do what: every address of the site and every command, by role.

    A command without --as can be run by whoever may run commands with this installation's folders and keys, and by
    nobody with an account alone.
    """
    rights = [*rights_of_routes(routes(Settings.load())), *rights_of_commands()]
    if json_out:
        put_json([_document(right) for right in rights])
    elif markdown:
        click.echo("\n".join(markdown_lines(rights)))
    else:
        table(("What", "Open to"), ([right.name, _open_to(right)] for right in rights))


def rights_of_commands() -> list[Right]:
    """A row per command, by name."""
    from candor.cli.main import candor

    return sorted(_walk("candor", candor), key=lambda right: right.name)


def _walk(name: str, command: click.Command) -> Iterator[Right]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for word in command.list_commands(context):
            below = command.get_command(context, word)
            if below is not None:
                yield from _walk(f"{name} {word}", below)
        return
    what = (command.get_short_help_str(120)).strip()
    any_of = getattr(command.callback, "needs", None)
    yield Right(name, what, any_of=any_of or (), operator=any_of is None)


def _allows(right: Right, column: str) -> bool:
    return right.allows(None if column == PUBLIC else Role(column))


def _open_to(right: Right) -> str:
    if right.operator:
        return "operator of the machine"
    if right.public:
        return "everybody"
    return (
        ", ".join(column for column in COLUMNS if _allows(right, column)) if right.any_of else "whoever has an account"
    )


def _document(right: Right) -> dict[str, object]:
    return {
        "name": right.name,
        "what": right.what,
        "needs": ["operator"] if right.operator else [permission.value for permission in right.any_of],
        "open_to": [column for column in COLUMNS if _allows(right, column)],
    }


def markdown_lines(rights: list[Right]) -> Iterator[str]:
    """The table of docs/reference/access.md."""
    short = ("public", "off.", "sup.", "coun.", "e.tech.", "rec.", "pros.", "def.", "over.", "prog.", "res.", "adm.")
    yield "| what | needs | " + " | ".join(short) + " |"
    yield "|---|---|" + "---|" * len(short)
    for right in rights:
        cells = " | ".join(_YES if _allows(right, column) else _NO for column in COLUMNS)
        yield f"| `{right.name}` | {right.needs} | {cells} |"
