"""candor demo: the example site."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import click

from candor.cli.common import end_on_sigterm, say
from candor.cli.serve import serve
from candor.core.files import write_durably
from candor.demo import asking, court, requests, site
from candor.demo.footage import WEARERS
from candor.dock.serving import DockServer
from candor.installation import Installation


@click.command()
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default=Path(".demo"), show_default=True,
    help="Where the demo lives; served again when it is there.",
)  # fmt: skip
@click.option("--fresh", is_flag=True, help="Begin anew: deletes the folder's demo first.")
@click.option("--port", type=click.IntRange(0, 65535), default=8642, show_default=True, help="Port of the site.")
@click.option("--no-serve", is_flag=True, help="Make everything, then stop.")
@click.option("--scale", type=click.FloatRange(0.05, 1.0), default=1.0, help="Shorter recordings, for a quick look.")
def command(folder: Path, fresh: bool, port: int, no_serve: bool, scale: float) -> None:
    """Make a site with example footage and serve it.

    A fictional troop, a roadside stop seen by four cameras, and quiet patrols: filmed here and now by the program
    itself, taken in like any footage, witnessed by an independent process, with viewing copies and sign-ins for every
    role. Nothing is downloaded.
    """
    end_on_sigterm()
    began = time.monotonic()
    folder = folder.absolute()
    if fresh and (folder / "demo.json").exists():
        shutil.rmtree(folder)
    demo = site.prepare(folder)
    settings = demo.settings.model_copy(update={"port": port, "host": "127.0.0.1", "public_url": None})
    with Installation.open(settings, create=True) as installation:
        verifier = installation.log.verifier
        assert verifier is not None
        witness = site.start_witness(demo, verifier.format())
        try:
            done = folder / "ready"
            if not done.exists():
                say("Filming, taking in and making viewing copies; about two minutes on two cores …")
                installation.start()
                door = DockServer(installation)
                door.start()
                try:
                    site.fill(installation, demo, say, door=door.address, scale=scale)
                finally:
                    door.stop()
                say("  making the last viewing copies …")
                installation.jobs.wait_idle(1800)
                installation.log.settle()
                say("  answering requests, giving discovery …")
                _disclose(installation, demo)
                done.touch()
            elif not no_serve:
                installation.start()
            write_durably(folder / "trust-policy.txt", installation.log.policy().format())
            write_durably(folder / "candor.toml", demo.config().encode())
            say(f"Everything is made ({time.monotonic() - began:.0f} s).")
            if not no_serve:
                serve(installation, started=True, ready=lambda address: _show(address, demo, verifier.fingerprint))
        finally:
            installation.log.stop()  # before the witness that it asks
            witness.terminate()
            witness.wait(timeout=10)


def _disclose(installation: Installation, demo: site.Demo) -> None:
    """What is asked, released and given: what each side of the case comes in by is written down."""
    requests.work_on(installation, asking.ask(installation, demo))
    court.open_incident(installation)
    given = court.give_discovery(installation)
    if given:
        sides = {side: {"code": one.code, "key": one.identity} for side, one in given.items()}
        site.remember(demo, discovery=sides)
    installation.log.settle()


def _sides(address: str, demo: site.Demo) -> list[str]:
    """By what prosecutor and defence come in."""
    found = site.remembered(demo, "discovery") or {}
    lines = [f"  {side:12} {one['code']}" for side, one in found.items()]
    where = f"Discovery lies ready for both sides at  {address.rstrip('/')}/discovery/enter  (codes, keys: demo.json)"
    return ["", where, *lines] if lines else []


def _show(address: str, demo: site.Demo, fingerprint: str) -> None:
    lines = [f"\nThe demonstration is at  {address}\n", f"Sign in as (password for all: {demo.password})"]
    rows = [(name, f"{role.value.replace('_', ' ')}: {shows}") for name, _, role, shows in site.STAFF]
    for key in WEARERS:
        role, shows = site.TROOPERS.get(key, (None, "their own recordings"))
        rows.append((key, f"{role.value if role else 'officer'}: {shows}"))
    lines += [f"  {name:12} {words}" for name, words in rows]
    code = asking.first_code(demo)
    lines += [
        "",
        f"The pages for everybody are at  http://127.0.0.1:{demo.portal_port}/",
        *([f"Somebody has asked already      {code}"] if code else []),
        *_sides(address, demo),
        "",
        f"Log key's fingerprint   {fingerprint}",
        f"Trust policy            {demo.folder / 'trust-policy.txt'}",
        "",
        "On the command line, with the same site:",
        f"  export CANDOR_CONFIG={demo.folder / 'candor.toml'}",
        "  ./run list",
        "  ./run export ID --out packages --recipient 'Public defender' --purpose 'Discovery'",
        f"  ./run verify packages/* --policy {demo.folder / 'trust-policy.txt'}",
        "",
        "Stop it with Ctrl-C; `./run demo` serves it again, `./run demo --fresh` begins anew.",
    ]
    for line in lines:
        say(line)
