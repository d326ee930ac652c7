"""candor dock watch: take in what is on a card or in a folder, and go on as more comes."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bar

from candor.cli.common import (
    actor,
    as_account,
    as_json,
    bring_log_up_to_date,
    byte_progress,
    needs,
    opened,
    put_json,
    safe,
    say,
)
from candor.core.errors import NotFound
from candor.docking.cards.choosing import reader_names
from candor.docking.cards.claims import CardOrders
from candor.docking.cards.errors import CardError, WipeNotConfirmed
from candor.docking.cards.listing import Card, CardFile
from candor.docking.cards.mapping_file import load_mapping, zone_named
from candor.docking.cards.outcomes import BesideTaken, Chosen, ClipTaken, NotTaken, Outcome, Progress, Remarked
from candor.docking.cards.watching import Watch, cards_under
from candor.docking.cards.wiping import compare, wipe
from candor.fleet import places
from candor.fleet import service as fleet
from candor.fleet.rules import clean_serial
from candor.footage import names
from candor.footage.intake import Intake
from candor.footage.rules import FLAG_WORDS
from candor.installation import Installation
from candor.people.rules import Permission

#: Some files were not taken in: what was acknowledged is safe.
PART_DONE = 10
#: As a shell has it for a command that Ctrl-C ended.
_STOPPED = 130


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--once", is_flag=True, help="Take in what is there, then end.")
@click.option("--camera", "serial", metavar="SERIAL", help="Serial of the camera that the card is of.")
@click.option("--dock", "dock_name", metavar="NAME", help="The dock or card reader that it comes through.")
@click.option("--zone", metavar="IANA", help="Time zone of the times in file names, as America/New_York.")
@click.option("--reader", type=click.Choice(reader_names()), help="How to read it. Default: the surest that fits.")
@click.option(
    "--mapping", type=click.Path(path_type=Path, dir_okay=False), help="TOML file that says how files are named."
)
@click.option(
    "--settle", type=click.FloatRange(0, 3600), default=5.0, show_default=True,
    help="Seconds that a file must stay as it is before it is taken in.",
)  # fmt: skip
@click.option("--wipe", "wiping", is_flag=True, help="Wipe the card afterwards; needs --once and --camera.")
@click.option("--yes", is_flag=True, help="Do not ask before wiping.")
@as_account
@needs(Permission.RECORDINGS_TAKE_IN)
@as_json
def command(
    path: Path,
    once: bool,
    serial: str | None,
    dock_name: str | None,
    zone: str | None,
    reader: str | None,
    mapping: Path | None,
    settle: float,
    wiping: bool,
    yes: bool,
    acting: str | None,
    json_out: bool,
) -> None:
    """Take in what is on a card or in a folder, and go on as more comes.

    PATH is a mounted card, a folder of exports, or a folder in which cards get mounted. Each file is sealed when it
    has stopped growing, and once; stop at any moment (Ctrl-C) and run the same command again. Files that one recording
    was split into are joined where their times, lengths and numbers agree; small files beside them are kept with them.
    The card is only read.

    With --wipe every file on the card is read once more and compared with what is sealed, and after a confirmation
    deleted. If anything is new, changed or cannot be read, nothing is deleted.
    """
    if reader and mapping:
        raise click.UsageError("Give --reader or --mapping, not both.")
    if wiping and not (once and serial):
        raise click.UsageError("--wipe needs --once and --camera.")
    with opened(create=True) as installation:
        orders = _orders(installation, acting, serial, dock_name, zone, reader)
        if wiping:
            orders.who.require(Permission.DOCKS_MANAGE)
        intake = Intake(installation.database, installation.vault, installation.jobs, installation.clock)
        watch = Watch(intake, path, orders, load_mapping(mapping) if mapping else None, settle=settle)
        told = _Told(json_out)
        try:
            _take_in(watch, told, once=once)
            if wiping:
                told.wiped = _wipe(installation, intake, path, orders, yes=yes)
        finally:
            bring_log_up_to_date(installation)
            if json_out:
                put_json(told.document())
    if not json_out:
        say(told.summary())
    if told.failed or told.growing:
        raise SystemExit(PART_DONE)


def _orders(
    installation: Installation,
    acting: str | None,
    serial: str | None,
    dock_name: str | None,
    zone: str | None,
    reader: str | None,
) -> CardOrders:
    """What is asked for, names turned into ids; raises NotFound for a dock that there is not."""
    who = actor(installation, acting)
    who.require(Permission.RECORDINGS_TAKE_IN)
    dock_id = None
    if dock_name:
        with installation.database.read() as tx:
            dock = places.dock_named(tx, dock_name)
        if dock is None or dock.closed_at is not None:
            raise NotFound(what="dock", id=dock_name)
        dock_id = dock.id
    return CardOrders(
        who, clean_serial(serial) if serial else None, dock_id, zone_named(zone) if zone else None, reader
    )


class _Told:
    """What became of everything, for people as it happens and for programs at the end."""

    def __init__(self, json_out: bool) -> None:
        self.json_out = json_out
        self.readers: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = []
        self.failed: list[dict[str, Any]] = []
        self.remarks: list[dict[str, Any]] = []
        self.growing: list[str] = []
        self.wiped: dict[str, Any] | None = None

    def hear(self, outcome: Outcome, console: Console) -> None:
        if isinstance(outcome, Chosen):
            self._chosen(outcome)
        elif isinstance(outcome, ClipTaken):
            self._clip(outcome, console)
        elif isinstance(outcome, BesideTaken):
            self._beside(outcome, console)
        elif isinstance(outcome, NotTaken):
            failed = {"path": names.kept(outcome.path), "reason": outcome.reason, "event": outcome.event_id}
            self.failed.append(failed)
            say(f"NOT TAKEN IN  {safe(outcome.path)}: {outcome.reason}. It is where it was.")
        elif isinstance(outcome, Remarked):
            remark = outcome.remark
            files = [names.kept(remark.before), names.kept(remark.after)]
            self.remarks.append({"kind": remark.kind.value, "words": remark.words, "files": files})
            say(f"not joined    {safe(remark.before)} and {safe(remark.after)}: {remark.words}.")

    def document(self) -> dict[str, Any]:
        document = {"readers": self.readers, "files": self.files, "failed": self.failed, "remarks": self.remarks}
        return {**document, "growing": self.growing, "wiped": self.wiped}

    def summary(self) -> str:
        recordings = {one["recording"] for one in self.files if "recording" in one}
        wiped = f" {self.wiped['files']} files wiped from the card." if self.wiped else ""
        waiting = f" {len(self.growing)} still grow: run the command again." if self.growing else ""
        taken = f"{len(self.files)} files in, {len(recordings)} recordings; {len(self.failed)} not taken in."
        return f"{taken}{waiting}{wiped}"

    def _chosen(self, chosen: Chosen) -> None:
        contents = chosen.choice.contents
        others = [{"reader": name, "sureness": look.sureness, "why": look.why} for name, look in chosen.choice.others]
        read = {"reader": contents.reader, "sureness": contents.look.sureness, "why": contents.look.why}
        self.readers.append({**read, "others": others, "files": chosen.files, "size": chosen.size})
        besides = f"; {', '.join(name for name, _ in chosen.choice.others)} would fit too" if others else ""
        say(f"reader        {contents.reader}: {safe(contents.look.why)}{besides}.")

    def _clip(self, taken: ClipTaken, console: Console) -> None:
        found = taken.received
        flags = [flag.value for flag in found.flags]
        self.files.append(
            {
                "path": names.kept(taken.path),
                "recording": found.recording_id,
                "part": found.part_id,
                "sha256": found.sha256.hex(),
                "size": found.size,
                "new": found.new,
                "whole": taken.whole,
                "flags": flags,
            }
        )
        words = "".join(f"\n        {flag.value}: {FLAG_WORDS[flag]}" for flag in found.flags)
        word = ("sealed" if found.new else "known ") if taken.whole else "IN PART"
        line = f"{word}  {found.recording_id}  {found.size:>14,}  {safe(taken.path)}{words}"
        self._print(console, line)

    def _beside(self, taken: BesideTaken, console: Console) -> None:
        digests = [{"of": names.kept(one.path), "agrees": one.agrees} for one in taken.digests]
        entry = {
            "path": names.kept(taken.path),
            "sidecar": taken.sidecar_id,
            "sha256": taken.sha256.hex(),
            "size": taken.size,
        }
        self.files.append({**entry, "of": [names.kept(path) for path in taken.of], "digests": digests})
        self._print(console, f"beside  {taken.sidecar_id}  {taken.size:>14,}  {safe(taken.path)}")
        for one in taken.digests:
            if not one.agrees:
                say(f"DIFFERS       {safe(taken.path)}: the digest in it is not that of {safe(one.path)} as sealed.")

    def _print(self, console: Console, line: str) -> None:
        if not self.json_out:
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def _take_in(watch: Watch, told: _Told, *, once: bool) -> None:
    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    stop = _Stop()
    watch.wait = stop.wait
    with bar, stop.listening():
        task = bar.add_task("Looking", total=None)

        def progress(how: Progress) -> None:
            stop.hear()
            words = f"{how.files_done}/{how.files_total} {safe(how.path)[-40:]}"
            bar.update(task, description=words, completed=how.bytes_done, total=how.bytes_total)

        watch.progress = progress
        last: list[str] = []

        def trouble(error: CardError) -> None:
            if [str(error)] != last:
                last[:] = [str(error)]
                say(str(error))

        outcomes = watch.once() if once else watch.on_and_on(trouble)
        try:
            for outcome in outcomes:
                told.hear(outcome, bar.console)
                stop.hear()
        except _Stopped:
            say("Stopped. What was acknowledged is safe; run the same command again to go on.")
            if once:
                raise SystemExit(_STOPPED) from None
        finally:
            outcomes.close()
        told.growing = [names.kept(str(path)) for path in watch.growing()] if once else []


class _Stopped(Exception):
    """Somebody stopped it, at a moment when nothing is half written."""


class _Stop:
    """Ctrl-C and SIGTERM as a wish, which is heard between two pieces of a file and while waiting. Raised anywhere,
    they would meet a transaction in the middle. A second Ctrl-C ends it at once."""

    def __init__(self) -> None:
        self._wished = threading.Event()

    def __call__(self, number: int, _: object) -> None:
        if self._wished.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._wished.set()

    def hear(self) -> None:
        if self._wished.is_set():
            raise _Stopped

    def wait(self, seconds: float) -> None:
        self._wished.wait(seconds)
        self.hear()

    @contextmanager
    def listening(self) -> Iterator[None]:
        before = {number: signal.signal(number, self) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _wipe(installation: Installation, intake: Intake, path: Path, orders: CardOrders, *, yes: bool) -> dict[str, Any]:
    """Compare, ask, delete. Raises CardNotWiped, WipeNotConfirmed, CardWipedInPart."""
    cards = cards_under(path)
    if len(cards) != 1:
        raise click.UsageError(f"{path} holds {len(cards)} cards. Name the one that is to be wiped.")
    assert orders.serial is not None
    with installation.database.read() as tx:
        device = fleet.find_by_serial(tx, orders.serial)
    if device is None:
        raise NotFound(what="camera", id=orders.serial)
    with Card(cards[0]) as card:
        with byte_progress("Comparing", card.listing().size) as advance:
            before = [0]

            def told(file: CardFile, size: int) -> None:
                advance(size - before[0])
                before[0] = size

            compared = compare(intake, card, told)
        say(f"All {len(compared.files)} files on {cards[0]} are sealed, and what is sealed is the same, byte for byte.")
        if not yes:
            typed = click.prompt(f"Type the camera's serial number ({orders.serial}) to wipe the card", err=True)
            if "".join(typed.upper().split()) != orders.serial:
                raise WipeNotConfirmed(place=cards[0], serial=orders.serial)
        done = wipe(intake, card, compared, orders, device.id)
    return {"files": done.files, "size": done.size, "event": done.event_id, "list": compared.listing_sha256.hex()}
