"""candor dock clock: how far each camera's clock was off."""

from __future__ import annotations

from typing import Any

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, table
from candor.cli.fleet_words import camera_named, clock_words, signed_seconds, zone_of
from candor.core.clock import iso
from candor.fleet import service
from candor.fleet.clock_rules import READING_WORDS, ClockFinding, ReadingSource
from candor.fleet.clocks import KeptReading, finding_from, findings, note_reading, readings_of
from candor.fleet.moments import moment
from candor.people.rules import Permission


@click.command()
@click.argument("serial", required=False)
@click.option("--reading", metavar="TIME", help="Enter what the camera's clock shows, read by you.")
@click.option("--at", metavar="TIME", help="With --reading: the true time in that moment; default: now.")
@click.option(
    "--uncertainty",
    type=click.FloatRange(0, 86_400),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="With --reading: how sure that is.",
)
@click.option("--set", "was_set", is_flag=True, help="With --reading: the camera's clock was put right then.")
@as_account
@needs(Permission.DOCKS_VIEW)
@as_json
def command(
    serial: str | None,
    reading: str | None,
    at: str | None,
    uncertainty: float,
    was_set: bool,
    acting: str | None,
    json_out: bool,
) -> None:
    """Show how far the cameras' clocks were off, or every comparison of the one with the serial number SERIAL.

    Times without an offset are in the agency's zone.
    """
    if serial is None:
        if reading:
            raise click.UsageError("Give the serial number of the camera whose clock you read.")
        _all(acting, json_out)
        return
    with opened() as installation:
        who, clock = actor(installation, acting), installation.clock
        with installation.database.read() as tx:
            zone, device = zone_of(tx), camera_named(tx, serial)
        if reading:
            who.require(Permission.DOCKS_MANAGE)
            shown, true = moment(reading, zone), moment(at, zone) if at else clock.now()
            with installation.database.write() as tx:
                note_reading(
                    tx,
                    device.id,
                    shown,
                    true,
                    source=ReadingSource.HAND,
                    uncertainty_ms=round(uncertainty * 1000),
                    clock_set=was_set,
                    actor=who.account_id,
                    clock=clock,
                )
            bring_log_up_to_date(installation)
        with installation.database.read() as tx:
            readings = readings_of(tx, device.id)
    found = finding_from(readings)
    if json_out:
        put_json({**_document(device, found), "readings": [_reading(one) for one in readings]})
        return
    table(
        (f"TRUE TIME ({zone})", "CAMERA SHOWED", "OFFSET", "GIVE OR TAKE", "COMPARED WITH"),
        (
            (
                f"{one.reference_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
                f"{one.camera_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
                signed_seconds(one.offset),
                f"{one.uncertainty.total_seconds():.1f} s",
                READING_WORDS[one.source] + (", and put right" if one.clock_set else ""),
            )
            for one in readings
        ),
    )
    drift = "" if found.drift is None else f", {signed_seconds(found.drift)} a day"
    click.echo(f"Clock: {clock_words(found)}{drift}")


def _all(acting: str | None, json_out: bool) -> None:
    with opened() as installation:
        actor(installation, acting)
        with installation.database.read() as tx:
            devices = service.devices(tx)
            found, zone = findings(tx, [one.id for one in devices]), zone_of(tx)
    if json_out:
        put_json([_document(one, found[one.id]) for one in devices])
        return
    latest = {
        one.id: "" if held is None else f"{held.reference_at.astimezone(zone):%Y-%m-%d %H:%M}"
        for one in devices
        for held in (found[one.id].latest,)
    }
    table(
        ("SERIAL", "CLOCK", "DRIFT A DAY", f"COMPARED ({zone})"),
        (
            (one.serial, clock_words(found[one.id]), signed_seconds(found[one.id].drift), latest[one.id])
            for one in devices
        ),
    )


def _document(device: service.Device, found: ClockFinding) -> dict[str, Any]:
    return {
        "device": device.id,
        "serial": device.serial,
        "clock": found.state.value,
        "offset_seconds": None if found.latest is None else found.latest.offset.total_seconds(),
        "drift_seconds_a_day": None if found.drift is None else found.drift.total_seconds(),
        "compared_at": None if found.latest is None else iso(found.latest.reference_at),
    }


def _reading(one: KeptReading) -> dict[str, Any]:
    return {
        "id": one.id,
        "camera_at": iso(one.camera_at),
        "reference_at": iso(one.reference_at),
        "offset_seconds": one.offset.total_seconds(),
        "uncertainty_seconds": one.uncertainty.total_seconds(),
        "source": one.source.value,
        "clock_set": one.clock_set,
    }
