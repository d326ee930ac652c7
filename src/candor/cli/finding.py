"""candor finding: that a recording and an officer's statement do not agree, and what was answered."""

from __future__ import annotations

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, say, table
from candor.cli.discovery_words import finding_document
from candor.disclosure.discovery import findings
from candor.disclosure.discovery.findings import ANSWER_WORDS, Answer
from candor.matters import service
from candor.people.rules import Permission

_SEEN_BY = (Permission.FINDINGS_NOTE, Permission.FINDINGS_DECIDE, Permission.DISCOVERY_MANAGE)


@click.group()
def command() -> None:
    """Findings against a statement: note, list, answer whether the prosecutor is told."""


@command.command()
@click.argument("case")
@click.argument("recording")
@click.option("--statement", required=True, help="Which statement, and whose.")
@click.option("--words", required=True, help="What does not agree.")
@click.option("--from", "from_seconds", type=float, help="Where the stretch begins, in seconds of the recording.")
@click.option("--to", "to_seconds", type=float, help="Where it ends.")
@as_account
@needs(Permission.FINDINGS_NOTE)
@as_json
def note(
    case: str,
    recording: str,
    statement: str,
    words: str,
    from_seconds: float | None,
    to_seconds: float | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Note that RECORDING of the case with the number CASE does not agree with what an officer stated."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            identifier = findings.note(
                tx,
                who,
                case,
                recording,
                statement=statement,
                words=words,
                from_ms=None if from_seconds is None else round(from_seconds * 1000),
                to_ms=None if to_seconds is None else round(to_seconds * 1000),
                clock=installation.clock,
            )
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"finding": identifier})
    else:
        click.echo(f"Finding {identifier} is on record, and whoever may answer it is told.")


@command.command("list")
@click.argument("case", default="")
@click.option("--open", "only_open", is_flag=True, help="Only those that nobody answered.")
@as_account
@needs(*_SEEN_BY)
@as_json
def list_findings(case: str, only_open: bool, acting: str | None, json_out: bool) -> None:
    """List the findings of the case with the number CASE; without one, every finding that is open."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            if case:
                found = findings.findings_of(tx, who, service.case(tx, who, case).id)
            else:
                found = findings.open_findings(tx, who)
    rows = [one for one in found if one.open or not only_open]
    if json_out:
        put_json({"findings": [finding_document(one) for one in rows]})
        return
    table(
        ("FINDING", "CASE", "STATEMENT", "ANSWER", "DISCOVERY"),
        (
            (
                one.id,
                one.matter_number,
                one.statement,
                "open" if one.answer is None else ANSWER_WORDS[one.answer],
                one.discovery or "",
            )
            for one in rows
        ),
    )


@command.command()
@click.argument("finding")
@click.argument("answer", type=click.Choice([one.value for one in Answer]))
@click.option("--reason", required=True, help="Why; it goes on record.")
@click.option("--discovery", "number", metavar="NUMBER", help="The discovery in which it was disclosed before.")
@as_account
@needs(Permission.FINDINGS_DECIDE)
def answer(finding: str, answer: str, reason: str, number: str | None, acting: str | None) -> None:
    """Answer whether the finding with the identifier FINDING is disclosed to the prosecutor. Another person than the
    one who noted it answers."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            findings.answer(tx, who, finding, answer, reason=reason, discovery_number=number, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo("The answer is on record.")
    if answer == Answer.DISCLOSED.value and number is None:
        say("It stands in the next discovery that is made of the case.")
