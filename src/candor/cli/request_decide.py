"""candor request decide, letter."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
from sqlalchemy.engine import Connection

from candor.cli.common import (
    actor,
    as_account,
    as_json,
    bring_log_up_to_date,
    needs,
    opened,
    put_json,
    safe,
    say,
    table,
)
from candor.core.errors import CandorError
from candor.disclosure.critical.incidents import critical_incident_of
from candor.disclosure.decisions.deciding import Choice, Weighed, decide, decisions_of, exemptions_for, withdraw
from candor.disclosure.decisions.into_redaction import put_into_redaction
from candor.disclosure.decisions.obstacles import obstacles
from candor.disclosure.decisions.rules import DECISION_WORDS, Decision, Weighing
from candor.disclosure.decisions.stretches import clock_words
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.requests import letters
from candor.disclosure.requests.letters import LetterKind
from candor.disclosure.requests.reading import records_request
from candor.people.rules import Actor, Permission

__all__ = ["COMMANDS"]

_DECISIONS = click.Choice([one.value for one in Decision])
_TIME = re.compile(r"(?:(\d+):)?(\d+):(\d\d)(?:\.(\d{1,3}))?")
_RULES: dict[str, Any] = {"multiple": True, "default": ()}


@click.command("decide")
@click.argument("request")
@click.argument("recording")
@click.option("--whole", type=_DECISIONS, help="What is done with the recording as a whole.")
@click.option(
    "--exemption", default="", metavar="KEY", help="By which exemption it is held back; shown without --whole."
)
@click.option("--reason", default="", help="Why; also why a decision is taken back.")
@click.option(
    "--stretch",
    nargs=5,
    metavar="FROM TO DECISION KEY REASON",
    help="What is done with a stretch, such as 0:01:02 0:01:30.5 withhold KEY REASON; “-” for no key.",
    **_RULES,
)
@click.option("--weigh", nargs=2, metavar="RULE REASON", help="Answer what stands in the way by weighing it.", **_RULES)
@click.option("--hidden", nargs=2, metavar="RULE REASON", help="Answer it: what it protects is hidden.", **_RULES)
@click.option(
    "--exception", nargs=3, metavar="RULE WORDS REASON", help="Answer it by an exception of the rule itself.", **_RULES
)
@click.option(
    "--document", nargs=2, metavar="RULE ID", help="The document of that answer, such as a consent.", **_RULES
)
@click.option("--take-back", metavar="DECISION", help="Take back the decision with this identifier.")
@click.option("--into", metavar="REDACTION", help="Put what is withheld into this redaction, so that nobody draws it.")
@as_account
@needs(Permission.REQUESTS_MANAGE)
@as_json
def decide_command(request: str, recording: str, acting: str | None, json_out: bool, **given: Any) -> None:
    """Decide in REQUEST (or in a critical incident, by its number) what of RECORDING is released.

    Without a choice it shows what stands in the way, how that can be answered, and by which exemptions something can be
    held back."""
    choices = _choices(given)
    with opened() as installation:
        who, clock = actor(installation, acting), installation.clock
        with installation.database.read() as tx:
            subject = subject_named(tx, who, request)
        if choices or given["take_back"] or given["into"]:
            with installation.database.write() as tx:
                upon = decisions_of(tx, who, subject).upon
                if given["take_back"]:
                    withdraw(tx, who, subject, given["take_back"], reason=given["reason"], clock=clock)
                    upon = decisions_of(tx, who, subject).upon
                if choices:
                    decide(tx, who, subject, recording, choices, _weighed(given), upon=upon, clock=clock)
                if given["into"]:
                    put_into_redaction(tx, installation.vault, who, subject, recording, given["into"], clock=clock)
            bring_log_up_to_date(installation)
        with installation.database.read() as tx:
            told = _told(tx, who, subject, recording, clock)
    if json_out:
        put_json(told)
    else:
        _print(told)


@click.command()
@click.argument("request")
@click.argument("kind", type=click.Choice([one.value for one in LetterKind]))
@click.option("--words", default="", help="What you add in your own words; a question needs them.")
@click.option("--preview", is_flag=True, help="Only show what it says; nothing is kept.")
@click.option("--send", is_flag=True, help="Put it before whoever asked, for whom the tracking code opens it.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the PDF into this file too, where there is none yet.",
)
@as_account
@needs(Permission.REQUESTS_MANAGE)
@as_json
def letter(
    request: str,
    kind: str,
    words: str,
    preview: bool,
    send: bool,
    out: Path | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Write a letter of this KIND in REQUEST, from what is on record; it is sealed with the request."""
    with opened() as installation:
        who, clock, vault = actor(installation, acting), installation.clock, installation.vault
        with installation.database.read() as tx:
            made = letters.compose(tx, who, request, kind, settings=installation.settings, words=words, clock=clock)
        document_id = None
        if not preview:
            taken = made.take(vault)
            try:
                with installation.database.write() as tx:
                    document_id = letters.keep(tx, vault, who, made, taken, clock=clock)
                    if send:
                        letters.send(tx, who, made.request_id, document_id, clock=clock)
            except CandorError:
                vault.discard(taken.sealed)
                raise
            bring_log_up_to_date(installation)
    if out is not None:
        with out.open("xb") as file:
            file.write(made.pdf)
    if json_out:
        put_json({"request": made.number, "letter": made.kind.value, "document": document_id, "text": made.text})
        return
    for line in made.text.splitlines():
        click.echo(safe(line))
    if document_id is not None:
        say(f"Kept as {document_id}{' and sent' if send else ''}.")


def subject_named(tx: Connection, who: Actor, name: str) -> Subject:
    """A request, or a critical incident, by number or identifier: numbers of critical incidents begin with C."""
    if name.strip().upper().startswith("C-"):
        return Subject.of_critical(critical_incident_of(tx, who, name).id)
    return Subject.of_request(records_request(tx, who, name).id)


def _choices(given: dict[str, Any]) -> list[Choice]:
    found = []
    if given["whole"]:
        found.append(Choice(None, None, Decision(given["whole"]), given["exemption"], given["reason"]))
    for begin, end, decision, key, reason in given["stretch"]:
        if decision not in list(Decision):
            raise click.UsageError(f"“{decision}” is none of {', '.join(Decision)}.")
        found.append(Choice(_time(begin), _time(end), Decision(decision), "" if key == "-" else key, reason))
    return found


def _weighed(given: dict[str, Any]) -> list[Weighed]:
    documents = dict(given["document"])
    found = [Weighed(rule, Weighing.WEIGHED, why, documents.get(rule)) for rule, why in given["weigh"]]
    found += [Weighed(rule, Weighing.HIDDEN, why, documents.get(rule)) for rule, why in given["hidden"]]
    found += [
        Weighed(rule, Weighing.EXCEPTION, why, documents.get(rule), words) for rule, words, why in given["exception"]
    ]
    return found


def _time(text: str) -> int:
    """Hours, minutes, seconds and thousandths as milliseconds."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise click.UsageError(f"“{text}” is no time; write it like 1:02 or 0:01:02.500.")
    hours, minutes, seconds, rest = found.groups()
    return (int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)) * 1000 + int((rest or "0").ljust(3, "0"))


def _told(tx: Connection, who: Actor, subject: Subject, recording: str, clock: Any) -> dict[str, Any]:
    made = decisions_of(tx, who, subject)
    found = obstacles(tx, who, recording, subject=subject, clock=clock)
    answers = made.answers(recording)
    return {
        "recording": recording,
        "upon": made.upon,
        "decisions": [
            {
                "id": one.id,
                "begin_ms": one.begin_ms,
                "end_ms": one.end_ms,
                "decision": one.decision.value,
                "exemption": one.exemption,
                "citation": one.citation,
                "reason": one.reason,
            }
            for one in made.of(recording)
        ],
        "obstacles": [
            {
                "code": one.code,
                "rule": one.rule,
                "words": one.words,
                "citation": one.citation,
                "forbids": one.forbids,
                "answers": sorted(one.answers),
                "exceptions": list(one.exceptions),
                "todo": one.todo,
                "answered": answers[one.rule].how.value if one.rule in answers else None,
            }
            for one in found
        ],
        "exemptions": [
            {"key": one.key, "words": one.words, "citation": one.citation, "applies": one.applies}
            for one in exemptions_for(tx, who, recording, clock=clock)
        ],
    }


def _print(told: dict[str, Any]) -> None:
    if told["decisions"]:
        rows = (
            (
                one["id"],
                "the whole"
                if one["begin_ms"] is None
                else f"{clock_words(one['begin_ms'])} – {clock_words(one['end_ms'])}",
                DECISION_WORDS[Decision(one["decision"])],
                one["exemption"],
                one["reason"],
            )
            for one in told["decisions"]
        )
        table(("DECISION", "OF", "IS", "EXEMPTION", "REASON"), rows)
    for one in told["obstacles"]:
        cited = f" ({one['citation']})" if one["citation"] else ""
        click.echo(safe(f"{'Forbids' if one['forbids'] else 'To weigh'}: {one['rule']}{cited}"))
        click.echo(safe(f"  {one['words']}"))
        answered = f"answered: {one['answered']}" if one["answered"] else one["todo"]
        click.echo(safe(f"  {answered}"))
    if not told["obstacles"]:
        click.echo("Nothing stands in the way of a release.")
    table(("EXEMPTION", "LAW", "WORDS"), ((one["key"], one["citation"], one["words"]) for one in told["exemptions"]))


COMMANDS = (decide_command, letter)
