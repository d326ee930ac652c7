"""candor device: what records."""

from __future__ import annotations

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, table
from candor.core.clock import iso
from candor.fleet import service
from candor.fleet.rules import DeviceKind
from candor.people.rules import Permission

_KINDS = click.Choice([kind.value for kind in DeviceKind])


@click.group()
def command() -> None:
    """Devices that record: add, list."""


@command.command()
@click.argument("serial")
@click.option("--kind", type=_KINDS, default=DeviceKind.BODY.value, show_default=True, help="What it is.")
@click.option("--make", help="Who made it.")
@click.option("--model", help="Its model.")
@as_account
@needs(Permission.DEVICES_MANAGE)
@as_json
def add(serial: str, kind: str, make: str | None, model: str | None, acting: str | None, json_out: bool) -> None:
    """Register the device with the serial number SERIAL."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            device_id = service.register_device(
                tx, who, serial, DeviceKind(kind), make=make, model=model, clock=installation.clock
            )
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"device": device_id})
    else:
        click.echo(f"Device {serial} registered.")


@command.command("list")
@click.option("--text", default="", help="Only those whose serial number, make or model holds this.")
@click.option("--kind", type=_KINDS, help="Only this kind.")
@as_json
def list_devices(text: str, kind: str | None, json_out: bool) -> None:
    """List the devices."""
    with opened() as installation, installation.database.read() as tx:
        found = service.devices(tx, text=text, kind=DeviceKind(kind) if kind else None)
    if json_out:
        put_json(
            [
                {
                    "id": one.id,
                    "serial": one.serial,
                    "kind": one.kind.value,
                    "make": one.make,
                    "model": one.model,
                    "created_at": iso(one.created_at),
                }
                for one in found
            ]
        )
        return
    table(
        ("SERIAL", "KIND", "MAKE", "MODEL"),
        ((one.serial, one.kind.value, one.make or "", one.model or "") for one in found),
    )
