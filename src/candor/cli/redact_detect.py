"""candor redact detect: begin a redaction, or look through one again."""

from __future__ import annotations

from collections.abc import Sequence

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, say
from candor.cli.redact_words import found_words, wait_for_detection, whole_values
from candor.installation import Installation
from candor.people.rules import Actor, Permission
from candor.redaction.beginning import begin
from candor.redaction.detecting import FINDABLE, ask_for_detection
from candor.redaction.errors import RedactionUnknown
from candor.redaction.model import Kind
from candor.redaction.redactions import get, parts_of
from candor.redaction.rules import PartState, Profile

#: Some parts could not be looked through.
_PART_DONE = 10


@click.command("detect")
@click.argument("identifier", metavar="RECORDING|REDACTION")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([one.value for one in FINDABLE]),
    help="What to look for; more than one may be given. Default: faces, or what was looked for before.",
)
@click.option(
    "--profile", type=click.Choice([one.value for one in Profile]), help="How closely to look. Default: default."
)
@click.option("--title", default="", help="What the redaction is for, in a few words.")
@click.option("--wait", is_flag=True, help="Do the work here, and show how far it is.")
@as_account
@needs(Permission.RECORDINGS_REDACT)
@as_json
def detect(
    identifier: str,
    kinds: Sequence[str],
    profile: str | None,
    title: str,
    wait: bool,
    acting: str | None,
    json_out: bool,
) -> None:
    """Begin a redaction of a recording and have it looked through for what has to be hidden; of a redaction that there
    is, look again. Everything that people changed stays.

    The work is a job: `candor serve` or `candor work` does it, or this command with --wait.
    """
    with opened() as installation:
        who = actor(installation, acting)
        redaction_id = _asked(installation, who, identifier, [Kind(one) for one in kinds], profile, title)
        say(f"Redaction {redaction_id}.")
        bring_log_up_to_date(installation)
        if wait:
            wait_for_detection(installation, redaction_id)
            bring_log_up_to_date(installation)
        with installation.database.read() as tx:
            found = get(tx, who, redaction_id)
            values = whole_values(tx, installation, found)
            parts = parts_of(tx, redaction_id)
    if json_out:
        put_json(values)
    for one in parts if wait else ():
        if one.problem:
            say(f"Part {one.number}: {one.problem}")
        elif not json_out:
            say(f"Part {one.number}: {found_words(one) or 'nothing was found'}.")
    if any(one.state is PartState.FAILED for one in parts):
        raise SystemExit(_PART_DONE)


def _asked(
    installation: Installation, who: Actor, identifier: str, kinds: Sequence[Kind], profile: str | None, title: str
) -> str:
    """The redaction that is looked through from now on."""
    given = (installation.jobs, installation.vault, who)
    with installation.database.write() as tx:
        try:
            known = get(tx, who, identifier).id
        except RedactionUnknown:
            chosen = tuple(kinds) or (Kind.FACE,)
            how = Profile(profile or Profile.DEFAULT)
            return begin(tx, *given, identifier, title=title, kinds=chosen, profile=how, clock=installation.clock)
        closely = None if profile is None else Profile(profile)
        ask_for_detection(tx, *given, known, kinds=kinds or None, profile=closely, clock=installation.clock)
    return known
