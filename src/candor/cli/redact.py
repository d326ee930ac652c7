"""candor redact: find what has to be hidden, hide it for good in a copy, and prove both."""

from __future__ import annotations

import importlib

import click

#: Where each command is. They are imported when they are named: checking a copy needs nothing of an installation.
COMMANDS: dict[str, str] = {
    "detect": "redact_detect",
    "list": "redact_show",
    "show": "redact_show",
    "history": "redact_show",
    "render": "redact_render",
    "stop": "redact_show",
    "close": "redact_show",
    "verify": "redact_verify",
    "bench": "redact_bench",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"candor.cli.{COMMANDS[cmd_name]}")
        found: click.Command = getattr(module, f"{cmd_name}_" if cmd_name == "list" else cmd_name)
        return found


@click.group(cls=_Commands)
def command() -> None:
    """Find what has to be hidden, hide it for good in a copy, and prove both. The original is never altered."""
