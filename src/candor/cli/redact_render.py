"""candor redact render: make redacted copies and prove them."""

from __future__ import annotations

from collections.abc import Sequence

import click
from sqlalchemy.engine import Connection

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, say
from candor.cli.redact_words import copy_values, wait_for
from candor.installation import Installation
from candor.people.rules import Permission
from candor.redaction.errors import RenderRefused
from candor.redaction.redactions import Copy, copies_of, get, parts_of
from candor.redaction.rendering import PRESETS, ask_for_copies, copy_progress
from candor.redaction.rules import CopyState, Verdict

#: A copy could not be made, or its proof does not hold.
_CHECK_FAILED = 6


@click.command("render")
@click.argument("redaction_id", metavar="REDACTION")
@click.option("--part", "numbers", multiple=True, type=click.IntRange(min=1), metavar="N", help="These parts alone.")
@click.option("--crf", type=click.IntRange(0, 35), help="Rate factor of what is encoded anew: the lower, the closer.")
@click.option("--preset", type=click.Choice(PRESETS), help="Of the encoder: the slower, the smaller.")
@click.option("--keep-times", is_flag=True, help="Leave in the file when it was recorded.")
@click.option("--anew", is_flag=True, help="Encode every picture anew, also where nothing is masked.")
@click.option("--wait", is_flag=True, help="Do the work here, and show how far it is.")
@as_account
@needs(Permission.RECORDINGS_REDACT)
@as_json
def render(
    redaction_id: str,
    numbers: Sequence[int],
    crf: int | None,
    preset: str | None,
    keep_times: bool,
    anew: bool,
    wait: bool,
    acting: str | None,
    json_out: bool,
) -> None:
    """Make a redacted copy of each part as the newest edit says, and prove it: outside the masks it shows what the
    original shows, inside them nothing usable was found."""
    given = {"crf": crf, "preset": preset, "keep_times": keep_times or None, "smart": False if anew else None}
    quality = {name: one for name, one in given.items() if one is not None}
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            get(tx, who, redaction_id)
            chosen = _parts(tx, redaction_id, numbers)
            ids = ask_for_copies(
                tx,
                installation.jobs,
                installation.vault,
                who,
                redaction_id,
                part_ids=chosen,
                quality=quality,
                clock=installation.clock,
            )
        if wait:
            wait_for(installation, "Making copies", lambda tx: _how_far(tx, redaction_id, ids))
        bring_log_up_to_date(installation)
        made = _these(installation, redaction_id, ids)
        with installation.database.read() as tx:
            values = [copy_values(tx, one) for one in made]
    if json_out:
        put_json({"redaction": redaction_id, "copies": values})
    for one in made:
        words = one.problem or (f"the proof {one.verdict.value}" if one.verdict else "waits to be made")
        say(f"Copy {one.id} of part {one.part_number}: {words}.")
    if any(one.state is CopyState.FAILED or one.verdict is Verdict.BROKEN for one in made):
        raise SystemExit(_CHECK_FAILED)


def _parts(tx: Connection, redaction_id: str, numbers: Sequence[int]) -> list[str] | None:
    if not numbers:
        return None
    by_number = {one.number: one.part_id for one in parts_of(tx, redaction_id)}
    for number in numbers:
        if number not in by_number:
            raise RenderRefused(reason=f"there is no part {number} in this redaction")
    return [by_number[number] for number in numbers]


def _how_far(tx: Connection, redaction_id: str, ids: Sequence[str]) -> tuple[float, int | None, bool]:
    mine = [one for one in copies_of(tx, redaction_id) if one.id in ids]
    going = any(one.state not in (CopyState.READY, CopyState.FAILED) for one in mine)
    return sum(copy_progress(tx, one) for one in mine) / len(mine), None, going


def _these(installation: Installation, redaction_id: str, ids: Sequence[str]) -> list[Copy]:
    with installation.database.read() as tx:
        return [one for one in copies_of(tx, redaction_id) if one.id in ids]
