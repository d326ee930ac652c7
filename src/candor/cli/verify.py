"""candor verify: check a package or a proof."""

from __future__ import annotations

import sys

import click

from candor.verify.__main__ import main as verify_main


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Verify a package, or one .tlog-proof, in numbered steps.

    The same program as the package's own candor-verify.pyz; `candor verify --help` shows its options.
    """
    sys.exit(verify_main(list(arguments), prog="candor verify"))
