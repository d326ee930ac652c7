"""candor work: jobs and the sequencer, without a site."""

from __future__ import annotations

import signal
import threading
import time

import click

from candor.cli.common import opened, say
from candor.cli.key_state import say_of_log_key
from candor.core import tracing
from candor.health.watch import Watch
from candor.installation import Installation


@click.command()
@click.option("--until-idle", is_flag=True, help="Stop when nothing is left to do.")
@click.option("--timeout", default=3600.0, show_default=True, help="With --until-idle: give up after so many seconds.")
def command(until_idle: bool, timeout: float) -> None:
    """Run jobs (viewing copies) and the custody log's sequencer without a site.

    Several may run at a time on one PostgreSQL; they share the queue, and one sequencer is active among them all.
    """
    with opened() as installation:
        tracing.set_up(installation.settings)
        try:
            _work(installation, timeout if until_idle else None)
        finally:
            tracing.shut_down()


def _work(installation: Installation, timeout: float | None) -> None:
    """Until stopped, or (with a timeout) until nothing is left to do."""
    say_of_log_key(installation)
    installation.start()
    if timeout is not None:
        deadline = time.monotonic() + timeout
        installation.jobs.wait_idle(timeout)
        installation.log.settle(timeout=min(max(deadline - time.monotonic(), 0.0), 60.0))
        return
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    watch = Watch(installation)
    watch.start()
    say("Working. Stop with Ctrl-C; jobs that are open go on at the next start.")
    stop.wait()
    watch.stop()
