"""candor work: jobs and the sequencer, without a site."""

from __future__ import annotations

import signal
import threading

import click

from candor.cli.common import opened, say


@click.command()
@click.option("--until-idle", is_flag=True, help="Stop when nothing is left to do.")
@click.option("--timeout", default=3600.0, show_default=True, help="With --until-idle: give up after so many seconds.")
def command(until_idle: bool, timeout: float) -> None:
    """Run jobs (viewing copies) and the custody log's sequencer without a site.

    Several may run at a time on one PostgreSQL; they share the queue, and one sequencer is active among them all.
    """
    with opened() as installation:
        installation.start()
        if until_idle:
            installation.jobs.wait_idle(timeout)
            installation.log.settle()
            return
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        say("Working. Stop with Ctrl-C; jobs that are open go on at the next start.")
        stop.wait()
