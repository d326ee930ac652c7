"""candor restrict: who may see a recording besides what roles say, and the agency's rules for it."""

from __future__ import annotations

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, safe, table
from candor.cli.fleet_words import person_id
from candor.footage import restricting
from candor.footage.access_policy import AskPurpose, change_policy, read_policy
from candor.footage.restriction_rules import KIND_WORDS, RestrictionKind
from candor.footage.restrictions import held_restriction, restrictions_of
from candor.law.vocabulary import Label
from candor.matters import service as cases
from candor.matters.narrowing import close_circle, open_circle
from candor.matters.walls import mark_compelled
from candor.people.auditing import names_of
from candor.people.rules import Permission

_MANAGE = Permission.RESTRICTIONS_MANAGE
_reason = click.option("--reason", required=True, help="Why; it goes on record.")


@click.group()
def command() -> None:
    """Restrict recordings, let people in, keep people out, and set the agency's rules."""


@command.command("show")
@click.argument("recording", metavar="RECORDING")
@as_account
@needs(_MANAGE)
@as_json
def show(recording: str, acting: str | None, json_out: bool) -> None:
    """Show what restricts RECORDING, and who is let in or kept out."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            restricting.may_manage(tx, who, recording)
            found = restrictions_of(tx, recording)
            names = names_of(tx, {person.account_id for one in found for person in one.people})
    if json_out:
        rows = [
            {
                "id": one.id,
                "kind": one.kind.value,
                "ref": one.ref,
                "reason": one.reason,
                "rule": one.rule,
                "placed_at": one.placed_at,
                "people": [{"account": person.account_id, "may": person.may} for person in one.people],
            }
            for one in found
        ]
        put_json({"recording": recording, "restrictions": rows})
        return
    if not found:
        click.echo("It is not restricted: everybody whose role reaches it may see it.")
    for one in found:
        click.echo(f"{one.id}  {KIND_WORDS[one.kind]}: {safe(one.reason)} ({safe(one.rule)})")
        for person in one.people:
            said = "let in" if person.may else "kept out"
            click.echo(f"    {said}: {safe(names.get(person.account_id, person.account_id))}")


@command.command("to")
@click.argument("recording", metavar="RECORDING")
@click.option("--officer", metavar="NAME", help="Keep this account out, instead of restricting it to named people.")
@click.option("--rule", default="", help="By which rule, if any.")
@_reason
@as_account
@needs(_MANAGE)
@as_json
def restrict_to(
    recording: str, officer: str | None, rule: str, reason: str, acting: str | None, json_out: bool
) -> None:
    """Restrict RECORDING to people who are named, or keep an officer out of it."""
    kind = RestrictionKind.CASE if officer is None else RestrictionKind.OFFICER
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            restricting.may_manage(tx, who, recording)
            account_id = None if officer is None else person_id(tx, officer)
            made = restricting.restrict(
                tx, who, recording, kind, account_id=account_id, reason=reason, rule=rule, clock=installation.clock
            )
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"restriction": made})
    else:
        click.echo(f"Restricted: {made}")


@command.command("compelled")
@click.argument("recording", metavar="RECORDING")
@click.option("--case", "number", required=True, metavar="NUMBER", help="The case that it belongs to.")
@click.option("--to", "named", multiple=True, required=True, metavar="NAME", help="Who may see it. May be repeated.")
@_reason
@as_account
@needs(_MANAGE)
@as_json
def compelled(
    recording: str, number: str, named: tuple[str, ...], reason: str, acting: str | None, json_out: bool
) -> None:
    """Mark RECORDING as compelled: open to named people of the administrative side of its case alone."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            restricting.may_manage(tx, who, recording)
            people = [person_id(tx, name) for name in named]
            case = cases.case(tx, who, number)
            marked = mark_compelled(tx, who, case.id, recording, people, reason=reason, clock=installation.clock)
            names = names_of(tx, marked.opened_by)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"restriction": marked.restriction_id, "opened_by_criminal_side": list(marked.opened_by)})
        return
    click.echo(f"Marked as compelled: {marked.restriction_id}")
    for one in marked.opened_by:
        click.echo(f"Of the criminal side, this account had opened it before: {safe(names.get(one, one))}")


@command.command("person")
@click.argument("restriction_id", metavar="RESTRICTION")
@click.argument("name", metavar="NAME")
@click.option("--act", type=click.Choice(["let-in", "keep-out", "end"]), required=True, help="What is said of NAME.")
@_reason
@as_account
@needs(_MANAGE)
def person(restriction_id: str, name: str, act: str, reason: str, acting: str | None) -> None:
    """Let the account NAME in to what RESTRICTION closes, keep it out, or say nothing of it any more."""
    doing = {"let-in": restricting.let_in, "keep-out": restricting.keep_out, "end": restricting.end_person}[act]
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            held_restriction(tx, restriction_id)
            doing(tx, who, restriction_id, person_id(tx, name), reason=reason, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo("Done; it is on record.")


@command.command("lift")
@click.argument("restriction_id", metavar="RESTRICTION")
@_reason
@as_account
@needs(_MANAGE)
def lift(restriction_id: str, reason: str, acting: str | None) -> None:
    """Lift RESTRICTION."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            restricting.lift(tx, who, restriction_id, reason=reason, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo("Lifted; it is on record.")


@command.command("case")
@click.argument("number", metavar="CASE")
@click.option("--open", "opening", is_flag=True, help="Let roles decide again who sees it.")
@_reason
@as_account
@needs(_MANAGE)
def case(number: str, opening: bool, reason: str, acting: str | None) -> None:
    """Close CASE and its recordings to everybody but its own people."""
    change = open_circle if opening else close_circle
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            change(tx, who, number, reason=reason, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo("Roles decide again who sees it." if opening else "Only its own people see it from now on.")


@command.command("rules")
@click.option(
    "--label",
    "labels",
    multiple=True,
    type=click.Choice([label.value for label in Label]),
    help="A label that restricts.",
)
@click.option("--no-labels", is_flag=True, help="No label restricts.")
@click.option("--subjects-out/--subjects-in", default=None, help="Whether officers under investigation are kept out.")
@click.option("--ask", type=click.Choice([one.value for one in AskPurpose]), help="Who is asked what a view is for.")
@click.option("--purpose", "purposes", multiple=True, help="A purpose that is offered.")
@click.option("--other/--no-other", default=None, help="Whether words of one's own are taken as a purpose.")
@as_account
@needs(_MANAGE)
@as_json
def rules(
    labels: tuple[str, ...],
    no_labels: bool,
    subjects_out: bool | None,
    ask: str | None,
    purposes: tuple[str, ...],
    other: bool | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Show the agency's rules of who sees footage, or change those that are given."""
    given = {
        "restricting_labels": list(labels) if labels or no_labels else None,
        "subjects_kept_out": subjects_out,
        "purpose": ask,
        "purposes": list(purposes) or None,
        "other_purposes": other,
    }
    changes = {field: value for field, value in given.items() if value is not None}
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            policy = change_policy(tx, who, changes, clock=installation.clock) if changes else read_policy(tx)
        if changes:
            bring_log_up_to_date(installation)
    plain = policy.plain()
    if json_out:
        put_json(plain)
        return
    table(("rule", "value"), [(field, _told(value)) for field, value in plain.items()])


def _told(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or "none"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
