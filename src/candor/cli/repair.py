"""candor repair: have a damaged recording repaired."""

from __future__ import annotations

import click
import sqlalchemy as sa

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, say
from candor.core.errors import NotFound
from candor.footage.repairing import ask_for_repair, may_serve, repairs_of
from candor.footage.search import row_of
from candor.footage.tables import part
from candor.installation import Installation
from candor.people.rules import Actor, Permission


@click.command()
@click.argument("recording_id", metavar="RECORDING")
@click.option(
    "--part", "number", type=click.IntRange(min=1), metavar="N", help="This file of it. Default: the damaged."
)
@click.option("--reference", metavar="RECORDING", help="A whole recording of the same camera, made with its settings.")
@as_account
@needs(Permission.RECORDINGS_CHANGE_ALL, Permission.RECORDINGS_CHANGE_UNIT, Permission.RECORDINGS_CHANGE_OWN)
@as_json
def command(recording_id: str, number: int | None, reference: str | None, acting: str | None, json_out: bool) -> None:
    """Have the damaged files of a recording repaired as far as that is honest; the originals stay as they came.

    A repaired copy is sealed by itself, names its original, and says what was lost. Where the index of a film is lost,
    a whole recording of the same camera shows how it writes; without --reference one is looked for. The work is a
    job: `candor serve` or `candor work` does it, and `candor show` tells what came of it.
    """
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            if row_of(tx, who, recording_id) is None:
                raise NotFound(what="recording", id=recording_id)
            found = [one for one in repairs_of(tx, installation.jobs, recording_id) if number in (None, one.number)]
            damaged = [(one.number, one.part_id) for one in found if not one.under_way]
        if not damaged:
            where = f"file {number} of {recording_id}" if number else recording_id
            raise NotFound(what="damage that can be repaired and is not being repaired", id=where)
        chosen = None if reference is None else _reference(installation, who, reference)
        asked = []
        for its_number, part_id in damaged:
            with installation.database.write() as tx:
                rendition_id = ask_for_repair(
                    tx, installation.jobs, who, part_id, reference_part_id=chosen, clock=installation.clock
                )
            asked.append({"part": its_number, "rendition": rendition_id})
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"recording": recording_id, "asked": asked})
    else:
        for one in asked:
            say(f"File {one['part']} waits to be repaired.")


def _reference(installation: Installation, who: Actor, recording_id: str) -> str:
    """The first file of a recording that can serve; its first file where none can, which is then said."""
    with installation.database.read() as tx:
        if row_of(tx, who, recording_id) is None:
            raise NotFound(what="recording", id=recording_id)
        query = sa.select(part.c.id).where(part.c.recording_id == recording_id).order_by(part.c.number)
        parts = list(tx.scalars(query))
        return str(next((one for one in parts if may_serve(tx, one) is not None), parts[0]))
