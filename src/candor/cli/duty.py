"""candor duty: what the law asks of people who wear cameras, and of their supervisors."""

from __future__ import annotations

from datetime import date, timedelta

import click
import sqlalchemy as sa

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, table
from candor.cli.fleet_words import camera_named, person_id, person_names, zone_of
from candor.core.clock import iso
from candor.fleet.duties import rows, rules, service, training
from candor.fleet.duties.errors import TrainingDayWrong
from candor.fleet.duties.tables import duty as duty_table
from candor.people.rules import Permission

_OWN = (Permission.RECORDINGS_VIEW_OWN, Permission.DUTIES_VIEW)
_ACT = (Permission.DUTIES_VIEW, Permission.DEVICES_MANAGE)


@click.group()
def command() -> None:
    """Duties: list, test, report, broken, act, explain, train, trainings, untrain, check."""


@command.command("list")
@click.option("--all", "everybody", is_flag=True, help="Everybody's within your rights, not only your own.")
@as_account
@needs(*_OWN)
@as_json
def list_duties(everybody: bool, acting: str | None, json_out: bool) -> None:
    """List what is to be done and what was missed, the most overdue first."""
    with opened() as installation:
        who = actor(installation, acting)
        now = installation.clock.now()
        which = duty_table.c.account_id == who.account_id
        if everybody:
            who.require(Permission.DUTIES_VIEW)
            reach = rules.reach(who)
            which = sa.true() if reach.everybody else duty_table.c.unit_id == reach.unit_id
        with installation.database.read() as tx:
            found, zone = rows.duties(tx, which), zone_of(tx)
    if json_out:
        put_json(
            [
                {
                    "id": one.id,
                    "kind": one.kind.value,
                    "person": one.account_name,
                    "unit": one.unit_name,
                    "camera": one.device_serial,
                    "due_at": iso(one.due_at),
                    "result": one.result.value,
                    "overdue": one.overdue(now),
                    "rule": one.rule_id,
                    "citation": one.citation,
                }
                for one in found
            ]
        )
        return
    table(
        ("ID", f"DUE ({zone})", "WHAT", "WHO", "CAMERA", "STATE"),
        (
            (
                one.id,
                f"{one.due_at.astimezone(zone):%Y-%m-%d %H:%M}",
                rules.DUTY_WORDS[one.kind],
                one.account_name or one.unit_name or "",
                one.device_serial or "",
                "missed" if one.result is rules.Result.MISSED else "overdue" if one.overdue(now) else "to do",
            )
            for one in found
        ),
    )


@command.command("test")
@click.argument("serial")
@click.option("--not-in-order", is_flag=True, help="It is not in order; say what with --what.")
@click.option("--what", default="", help="What is wrong with it.")
@as_account
@needs(*_OWN)
def mark_tested(serial: str, not_in_order: bool, what: str, acting: str | None) -> None:
    """Mark the camera with the serial number SERIAL as inspected and tested."""
    if what and not not_in_order:
        raise click.UsageError("--what goes with --not-in-order.")
    with opened() as installation:
        who = actor(installation, acting)
        prompt = timedelta(hours=installation.settings.duty_prompt_hours)
        with installation.database.write() as tx:
            device = camera_named(tx, serial)
            service.mark_tested(
                tx, who, device.id, not not_in_order, what=what, prompt=prompt, clock=installation.clock
            )
        bring_log_up_to_date(installation)
    click.echo("It is on record that the camera was tested.")


@command.command("report")
@click.argument("serial")
@click.argument("what")
@as_account
@needs(*_OWN)
def report(serial: str, what: str, acting: str | None) -> None:
    """Say what is wrong with the camera with the serial number SERIAL: lost, damaged, does not work."""
    with opened() as installation:
        who = actor(installation, acting)
        prompt = timedelta(hours=installation.settings.duty_prompt_hours)
        with installation.database.write() as tx:
            device = camera_named(tx, serial)
            service.report(tx, who, device.id, what, prompt=prompt, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo("It is on record what is wrong with the camera.")


@command.command("broken")
@as_account
@needs(*_ACT)
@as_json
def broken(acting: str | None, json_out: bool) -> None:
    """List the cameras that are not in order and that somebody has to act on."""
    with opened() as installation:
        who = actor(installation, acting)
        reach = rules.reach(who)
        unit_id = None if reach.everybody or who.may(Permission.DEVICES_MANAGE) else reach.unit_id
        with installation.database.read() as tx:
            found, zone = service.open_malfunctions(tx, unit_id=unit_id), zone_of(tx)
    if json_out:
        put_json(
            [
                {
                    "id": one.id,
                    "camera": one.device_serial,
                    "person": one.account_name,
                    "found_at": iso(one.found_at),
                    "what": one.what,
                }
                for one in found
            ]
        )
        return
    table(
        ("ID", f"SINCE ({zone})", "CAMERA", "WHO", "WHAT"),
        (
            (
                one.id,
                f"{one.found_at.astimezone(zone):%Y-%m-%d %H:%M}",
                one.device_serial,
                one.account_name or "",
                one.what or "(not said yet)",
            )
            for one in found
        ),
    )


@command.command("act")
@click.argument("malfunction_id", metavar="ID")
@click.argument("action", type=click.Choice([one.value for one in rules.Action]))
@click.option("--note", default="", help="What was done.")
@as_account
@needs(*_ACT)
def act_on(malfunction_id: str, action: str, note: str, acting: str | None) -> None:
    """Say what was done about the camera of a report (`candor duty broken` has the ID)."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            service.act_on(tx, who, malfunction_id, rules.action_named(action), note=note, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo("It is on record what was done.")


@command.command("explain")
@click.argument("duty_id", metavar="ID")
@click.argument("words")
@as_account
@needs(*_OWN)
def explain(duty_id: str, words: str, acting: str | None) -> None:
    """Explain why a camera was not tested before a shift. It stays in the count of what was missed."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            service.explain(tx, who, duty_id, words, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo("The explanation is on record.")


@command.command("train")
@click.argument("person")
@click.argument("course")
@click.option("--on", "day", metavar="DAY", help="The day of it, such as 2026-11-22; default: today.")
@as_account
@needs(*_ACT)
def train(person: str, course: str, day: str | None, acting: str | None) -> None:
    """Record that PERSON (a sign-in name) was trained."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            present = installation.clock.now().astimezone(zone_of(tx)).date()
            on = present if day is None else _day(day)
            training.record_training(tx, who, person_id(tx, person), course, on, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo("The training is on record.")


@command.command("trainings")
@as_account
@needs(*_ACT)
@as_json
def trainings(acting: str | None, json_out: bool) -> None:
    """List the latest trainings on record."""
    with opened() as installation:
        who = actor(installation, acting)
        reach = rules.reach(who)
        unit_id = None if reach.everybody or who.may(Permission.DEVICES_MANAGE) else reach.unit_id
        with installation.database.read() as tx:
            found, people = training.recent(tx, unit_id=unit_id, limit=500), person_names(tx)
    if json_out:
        put_json(
            [
                {"id": one.id, "person": people.get(one.account_id), "course": one.course, "on": str(one.done_on)}
                for one in found
            ]
        )
        return
    lines = ((one.id, str(one.done_on), people.get(one.account_id, ""), one.course) for one in found)
    table(("ID", "DAY", "WHO", "COURSE"), lines)


@command.command("untrain")
@click.argument("training_id", metavar="ID")
@click.option("--reason", required=True, help="Why the record is wrong.")
@as_account
@needs(*_ACT)
def untrain(training_id: str, reason: str, acting: str | None) -> None:
    """Withdraw a record of a training that is wrong. It stays on record, and counts no longer."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            training.withdraw_training(tx, who, training_id, reason=reason, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo("The record is withdrawn.")


@command.command("check")
@as_json
def check(json_out: bool) -> None:
    """Look now at what is due and remind of it, as `candor serve` and `candor work` do by themselves."""
    with opened() as installation:
        made = installation.rounds.look()
        bring_log_up_to_date(installation)
    if json_out:
        put_json(made)
    else:
        click.echo(f"Looked at: {', '.join(made)}." if made else "All was looked at a short while ago.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise TrainingDayWrong(day=text, reason="it is no day of the calendar") from error
