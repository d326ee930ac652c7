"""candor dock cameras: cameras, and the sites and docks where they are handed over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, say, table
from candor.cli.dock_places import docks, sites
from candor.cli.fleet_words import (
    DOES_NOT_FIT,
    camera_named,
    clock_words,
    keep_or_undo,
    person_names,
    site_named,
    zone_of,
)
from candor.core.clock import iso
from candor.fleet import importing, service
from candor.fleet.assignments import holders_now
from candor.fleet.clocks import findings
from candor.fleet.places import sites as all_sites
from candor.fleet.rules import DeviceKind, DeviceState, shown_state
from candor.people.rules import Permission

_KINDS = click.Choice([kind.value for kind in DeviceKind])
_SETTABLE = click.Choice([state.value for state in DeviceState if state is not DeviceState.ISSUED])
_STATES = click.Choice([state.value for state in DeviceState])


@click.group()
def command() -> None:
    """Cameras, docks and sites: list, add, change."""


command.add_command(sites)
command.add_command(docks)


@command.command("list")
@click.option("--text", default="", help="Only those whose serial number, make or model holds this.")
@click.option("--kind", type=_KINDS, help="Only this kind.")
@click.option("--state", type=_STATES, help="Only in this state.")
@click.option("--found", is_flag=True, help="Only those that were seen at a dock and that nobody has confirmed.")
@as_account
@needs(Permission.DOCKS_VIEW)
@as_json
def list_cameras(
    text: str, kind: str | None, state: str | None, found: bool, acting: str | None, json_out: bool
) -> None:
    """List the cameras: state, who has each now, last seen, what its clock was found to be."""
    with opened() as installation:
        actor(installation, acting)
        with installation.database.read() as tx:
            held = holders_now(tx, installation.clock.now())
            chosen = service.devices(
                tx, text=text, kind=DeviceKind(kind) if kind else None, found=True if found else None
            )
            clocks = findings(tx, [one.id for one in chosen])
            people, zone = person_names(tx), zone_of(tx)
            places = {one.id: one.name for one in all_sites(tx, closed=True)}
    rows: list[dict[str, Any]] = [
        {
            "id": one.id,
            "serial": one.serial,
            "kind": one.kind.value,
            "make": one.make,
            "model": one.model,
            "firmware": one.firmware,
            "state": shown_state(one.state, one.id in held).value,
            "found": one.found,
            "pooled": one.pooled,
            "site": places.get(one.site_id or ""),
            "has_it": people.get(held[one.id].account_id or "") if one.id in held else None,
            "clock": clocks[one.id].state.value,
            "seen_at": None if one.seen_at is None else iso(one.seen_at),
            "created_at": iso(one.created_at),
        }
        for one in chosen
        if state is None or shown_state(one.state, one.id in held).value == state
    ]
    if json_out:
        put_json(rows)
        return
    seen = {one.id: "" if one.seen_at is None else f"{one.seen_at.astimezone(zone):%Y-%m-%d %H:%M}" for one in chosen}
    table(
        ("SERIAL", "KIND", "MAKE", "MODEL", "STATE", "HAS IT", f"SEEN ({zone})", "CLOCK"),
        (
            (
                row["serial"],
                row["kind"],
                row["make"] or "",
                row["model"] or "",
                row["state"] + (", not confirmed" if row["found"] else ""),
                row["has_it"] or "",
                seen[row["id"]],
                clock_words(clocks[row["id"]]),
            )
            for row in rows
        ),
    )


@command.command()
@click.argument("serial")
@click.option("--kind", type=_KINDS, default=DeviceKind.BODY.value, show_default=True, help="What it is.")
@click.option("--make", help="Who made it.")
@click.option("--model", help="Its model.")
@click.option("--firmware", help="Its firmware.")
@click.option("--pooled", is_flag=True, help="It is shared from a pool, and given out for a stretch.")
@click.option("--site", metavar="NAME", help="The site where it belongs.")
@as_account
@needs(Permission.DEVICES_MANAGE)
@as_json
def add(
    serial: str,
    kind: str,
    make: str | None,
    model: str | None,
    firmware: str | None,
    pooled: bool,
    site: str | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Register the camera with the serial number SERIAL, or confirm one that was found."""
    with opened() as installation:
        who, clock = actor(installation, acting), installation.clock
        with installation.database.write() as tx:
            known = service.find_by_serial(tx, serial)
            more: dict[str, Any] = {"make": make, "model": model, "firmware": firmware, "pooled": pooled or None}
            more = {name: value for name, value in more.items() if value is not None}
            if site is not None:
                more["site_id"] = site_named(tx, site)
            if known is not None and known.found:
                device_id = known.id
                service.confirm_device(tx, who, device_id, kind=kind, clock=clock)
                service.change_device(tx, who, device_id, more, clock=clock)
            else:
                device_id = service.register_device(tx, who, serial, kind, **more, clock=clock)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"device": device_id})
    else:
        click.echo(f"Camera {serial} registered.")


@command.command()
@click.argument("serial")
@click.option("--kind", type=_KINDS, help="What it is.")
@click.option("--make", help="Who made it.")
@click.option("--model", help="Its model.")
@click.option("--firmware", help="Its firmware.")
@click.option("--state", type=_SETTABLE, help="Where it stands; in repair or retired, nobody has it any longer.")
@click.option("--pooled/--not-pooled", default=None, help="Whether it is shared from a pool.")
@click.option("--site", metavar="NAME", help="The site where it belongs; empty for none.")
@click.option("--note", help="A note; empty for none.")
@as_account
@needs(Permission.DEVICES_MANAGE)
@as_json
def change(
    serial: str,
    kind: str | None,
    make: str | None,
    model: str | None,
    firmware: str | None,
    state: str | None,
    pooled: bool | None,
    site: str | None,
    note: str | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Change what is known of the camera with the serial number SERIAL; each change is an event."""
    given = {"kind": kind, "make": make, "model": model, "firmware": firmware, "state": state}
    given |= {"note": note}
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
            if pooled is not None:
                changes["pooled"] = pooled
            if site is not None:
                changes["site_id"] = site_named(tx, site) if site else None
            device_id = camera_named(tx, serial).id
            event = service.change_device(tx, who, device_id, changes, clock=installation.clock)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"device": device_id, "event": event})
    else:
        click.echo(f"Camera {serial} changed." if event else f"Camera {serial} is so already.")


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--apply", "for_good", is_flag=True, help="Do it. Without this every line is tried, and nothing stays.")
@as_account
@needs(Permission.DEVICES_MANAGE)
@as_json
def import_file(file: Path, for_good: bool, acting: str | None, json_out: bool) -> None:
    """Register cameras, and enter who had them, from the CSV file FILE: all lines, or none.

    \b
    Its first line names the columns; only serial must be there:
      serial kind make model firmware state pooled site note person from to
    """
    lines = importing.lines_of(file.read_text(encoding="utf-8-sig", errors="replace"))
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            zone = zone_of(tx)
        done: list[importing.Line] = []
        with keep_or_undo(installation.database) as (tx, keep):
            done += importing.import_lines(tx, who, lines, zone=zone, clock=installation.clock)
            wrong = [line for line in done if line.fault]
            keep(for_good and not wrong)
        bring_log_up_to_date(installation)
    if json_out:
        put_json(
            {
                "applied": for_good and not wrong,
                "lines": [
                    {"line": one.number, "serial": one.serial, "done": list(one.done), "fault": one.fault}
                    for one in done
                ],
            }
        )
    else:
        table(
            ("LINE", "SERIAL", "WHAT"),
            ((str(one.number), one.serial, one.fault or ", ".join(one.done) or "as it is already") for one in done),
        )
        if wrong:
            say(f"{len(wrong)} of {len(done)} lines cannot be used. Nothing was changed.")
        elif not for_good:
            say(f"All {len(done)} lines can be used. Nothing was changed yet: do it with --apply.")
        else:
            say(f"{len(done)} lines done.")
    if wrong:
        raise SystemExit(DOES_NOT_FIT)
