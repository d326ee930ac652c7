"""candor dock: how cameras hand over what they hold, and what is missing."""

from __future__ import annotations

import importlib
import importlib.util

import click

#: Word -> what it does, in the order in which the help shows them. Each is `command` in `candor.cli.dock_<word>`.
WORDS = {
    "axis": "Axis camera systems: connection files, their users and who they are.",
    "tus": "Send files to a Candor elsewhere, going on after a break.",
    "link": "Links for footage from the public: make, list, revoke.",
    "watch": "Take in what is on a card or in a folder, and go on as more comes.",
    "report": "What cameras say they recorded, against what arrived.",
    "cameras": "Cameras, docks and sites: list, add, change.",
    "assign": "Who had which camera, from when to when.",
    "clock": "How far each camera's clock was off.",
    "keys": "Credentials of docks: make, list, revoke.",
}


class _Words(click.Group):
    """A group whose commands are imported when they are named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [word for word in WORDS if importlib.util.find_spec(_module(word)) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(_module(cmd_name)).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        words = [(word, WORDS[word]) for word in self.list_commands(ctx)]
        if words:
            with formatter.section("Commands"):
                formatter.write_dl(words)


@click.group(cls=_Words)
def command() -> None:
    """How cameras hand over what they hold, and what is missing."""


def _module(word: str) -> str:
    return f"candor.cli.dock_{word}"
