"""candor retention hold, release and holds."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, say, table
from candor.cli.retention_words import account_id, day_option
from candor.core.clock import iso
from candor.law.vocabulary import HOLD_WORDS, HoldKind
from candor.matters import service as matters
from candor.people.rules import Permission
from candor.retention import holds as service
from candor.retention.holds import Hold


@click.command()
@click.argument("recording_id", metavar="[RECORDING]", required=False)
@click.option("--case", "case", metavar="NUMBER", help="Hold a case instead, with everything that belongs to it.")
@click.option(
    "--kind", type=click.Choice([one.value for one in HoldKind]), required=True, help="Why footage must stay."
)
@click.option("--reason", required=True, help="Why, in words. Goes on record.")
@click.option("--owner", metavar="NAME", help="Who answers for it.")
@click.option("--review-on", type=day_option, help="Day on which somebody looks at it again. It ends nothing.")
@needs(Permission.HOLDS_MANAGE)
@as_account
@as_json
def hold(
    recording_id: str | None,
    case: str | None,
    kind: str,
    reason: str,
    owner: str | None,
    review_on: date | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Hold a recording, or a case with every recording that belongs to it now or later. Nothing destroys it then."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            made = service.place(
                tx,
                who,
                HoldKind(kind),
                matter_id=None if case is None else matters.case(tx, who, case).id,
                recording_id=recording_id,
                reason=reason,
                owner_id=None if owner is None else account_id(tx, owner),
                review_on=review_on,
                clock=installation.clock,
            )
        bring_log_up_to_date(installation)
    say("Held. It must stay until the hold is released.")
    if json_out:
        put_json({"hold": made})
    else:
        click.echo(made)


@click.command()
@click.argument("hold_id", metavar="HOLD")
@click.option("--reason", required=True, help="Why it need not be held any more. Goes on record.")
@needs(Permission.HOLDS_MANAGE)
@as_account
@as_json
def release(hold_id: str, reason: str, acting: str | None, json_out: bool) -> None:
    """Release a hold. What else keeps the footage goes on keeping it."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            service.release(tx, who, hold_id, reason=reason, clock=installation.clock)
        bring_log_up_to_date(installation)
    say("Released.")
    if json_out:
        put_json({"released": hold_id})


@click.command()
@click.option("--due", is_flag=True, help="Only those that somebody should look at by now.")
@click.option("--released", is_flag=True, help="Those that ended, instead.")
@needs(Permission.RETENTION_VIEW)
@as_account
@as_json
def holds(due: bool, released: bool, acting: str | None, json_out: bool) -> None:
    """List the holds, those to be looked at first first."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            if due:
                found = service.due(tx, installation.clock.now().date(), seen_by=who)
            else:
                found = service.holds(tx, released=released, seen_by=who)
    if json_out:
        put_json({"holds": [_told(one) for one in found]})
        return
    rows = [
        (
            one.id,
            HOLD_WORDS[one.kind],
            f"case {one.case_number}" if one.case_number else str(one.recording_id),
            one.reason,
            one.review_on.isoformat() if one.review_on else "-",
        )
        for one in found
    ]
    table(("Hold", "Because of", "Of", "Reason", "Look at it on"), rows)


def _told(one: Hold) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind.value,
        "case": one.case_number,
        "recording": one.recording_id,
        "reason": one.reason,
        "owner": one.owner_id,
        "review_on": one.review_on.isoformat() if one.review_on else None,
        "placed_by": one.placed_by,
        "placed_at": iso(one.placed_at),
        "released_by": one.released_by,
        "released_at": iso(one.released_at) if one.released_at else None,
        "release_reason": one.release_reason,
    }
