"""`candor key rotate`: events, progress, and what it says at the end."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.engine import Connection

from candor.cli.common import say
from candor.custody import Event, append
from candor.installation import Installation
from candor.people.rules import Actor
from candor.store.rotation import Begun, Rotated, rotate

__all__ = ["run_rotation", "say_rotated"]


def run_rotation(installation: Installation, who: Actor, keep_old: bool) -> Rotated:
    clock = installation.clock

    def ended(tx: Connection, done: Rotated) -> None:
        details = {"old": list(done.old), "new": done.new, "keys": done.keys, "resumed": done.resumed, "kept": keep_old}
        append(tx, Event.KEY_ROTATION_ENDED, actor=who.account_id, details=details, clock=clock)

    bar = Progress(
        TextColumn("Wrapping keys anew"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task("", total=None)

        def begun(tx: Connection, plan: Begun) -> None:
            details = {"old": list(plan.old), "new": plan.new, "keys": plan.keys}
            append(tx, Event.KEY_ROTATION_STARTED, actor=who.account_id, details=details, clock=clock)
            bar.update(task, total=plan.keys)

        return rotate(
            installation.database,
            installation.vault,
            installation.settings.keys_folder,
            begun=begun,
            ended=ended,
            progress=lambda count: bar.update(task, advance=count),
            keep_old=keep_old,
        )


def say_rotated(done: Rotated) -> None:
    old = ", ".join(str(epoch) for epoch in done.old)
    if done.resumed and not done.keys:
        # Nothing was left to wrap: what ran was the end of an earlier change, or an old key had been put back.
        say(
            f"NO NEW KEY WAS MADE: this only ended an earlier change. The newest key is still that of epoch {done.new};"
        )
        say("run this again to change it.")
    say(f"{done.keys:,} keys were wrapped under the new key of epoch {done.new}; epoch {old} is retired.")
    if done.destroyed:
        say(f"The key of epoch {', '.join(str(epoch) for epoch in done.destroyed)} is destroyed.")
    else:
        say("The old key's file was left in CANDOR_KEYS; delete it there when you no longer need it.")
    if not done.scrubbed:
        say("The database may keep old wrapped keys in its files for a time; without the old key they are noise.")
    say("From now on:")
    say("- The old recovery sheet, shares and escrow files do not restore what is sealed from now on.")
    say("- Old backups open with the old sheet only. So: print the new sheet, confirm it, make a new backup,")
    say("  then destroy the old sheet, shares and escrow files, and the old backups when they are no longer needed.")
