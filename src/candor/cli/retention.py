"""candor retention: what must stay, what may go, and how it goes."""

from __future__ import annotations

import click

from candor.cli.retention_dispositions import approve, dispositions, keep, propose, refuse, run, show, withdraw
from candor.cli.retention_holds import hold, holds, release
from candor.cli.retention_plan import explain, plan


@click.group()
def command() -> None:
    """What must stay and until when, what may be destroyed, and destroying it: proposed by one person, approved by
    another, run when its recycle period is over."""


for _one in (plan, explain, hold, release, holds, propose, dispositions, show, approve, refuse, withdraw, keep, run):
    command.add_command(_one)
