"""candor critical: a shooting, a death, a serious injury, and what the law asks of its footage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

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
from candor.cli.critical_words import document_of, print_held
from candor.cli.fleet_words import zone_of
from candor.cli.request_words import plain, when_of
from candor.core.errors import CandorError
from candor.disclosure.critical import asking, closing, incidents, putting_off, saying, viewings
from candor.disclosure.critical.rules import CONSENTERS, VIEWERS
from candor.disclosure.requests import documents
from candor.disclosure.requests.rules import DocumentKind
from candor.fleet.moments import moment
from candor.installation import Installation
from candor.law.vocabulary import CRITICAL_WORDS, Critical
from candor.people.rules import Actor, Permission

_MANAGE, _VIEW = Permission.REQUESTS_MANAGE, Permission.REQUESTS_VIEW
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
Done = TypeVar("Done")


@click.group()
def command() -> None:
    """Critical incidents: open, show clocks and what is owed, viewings, consents, statements, put off, close."""


@command.command("open")
@click.argument("kind", type=click.Choice([one.value for one in Critical]))
@click.argument("summary")
@click.option("--at", "occurred", metavar="TIME", required=True, help="When it happened, such as 2026-11-22 08:30.")
@click.option("--place", required=True, help="Where it happened.")
@click.option("--case", "case_id", help="The number of its case.")
@click.option("--recording", "recordings", multiple=True, metavar="ID", help="A recording of it; several times.")
@as_account
@needs(_MANAGE)
@as_json
def open_command(
    kind: str,
    summary: str,
    occurred: str,
    place: str,
    case_id: str | None,
    recordings: tuple[str, ...],
    acting: str | None,
    json_out: bool,
) -> None:
    """Open a critical incident of this KIND, with a SUMMARY of what happened."""

    def act(tx: Connection, here: Installation, who: Actor) -> incidents.CriticalIncident:
        at = moment(occurred, zone_of(tx))
        made = incidents.open_incident(
            tx, who, kind=kind, occurred_at=at, place=place, summary=summary, case_id=case_id, clock=here.clock
        )
        if recordings:
            incidents.add_recordings(tx, who, made, recordings, clock=here.clock)
        return incidents.critical_incident_of(tx, who, made)

    found = _done(acting, act)
    if json_out:
        put_json(plain(asdict(found)))
    else:
        click.echo(f"Opened {found.number}.")


@command.command("list")
@click.option("--closed", is_flag=True, help="Those that were closed instead.")
@as_account
@needs(_VIEW)
@as_json
def list_command(closed: bool, acting: str | None, json_out: bool) -> None:
    """List critical incidents, what is due first first."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            found, zone = incidents.critical_incidents(tx, who, closed=closed), zone_of(tx)
    if json_out:
        put_json({"critical": [plain(asdict(one)) for one in found]})
        return
    rows = (
        (one.number, CRITICAL_WORDS[one.kind], when_of(one.occurred_at, zone), one.place, when_of(one.due_at, zone))
        for one in found
    )
    table(("NUMBER", "WHAT", f"WHEN ({zone})", "WHERE", "DUE"), rows)


@command.command()
@click.argument("incident")
@as_account
@needs(_VIEW)
@as_json
def show(incident: str, acting: str | None, json_out: bool) -> None:
    """Show the critical incident with the number INCIDENT: clocks, what is owed, recordings, timeline."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            found, zone = document_of(tx, installation, who, incident), zone_of(tx)
    if json_out:
        put_json(found)
        return
    click.echo(safe(f"{found['number']}  {CRITICAL_WORDS[Critical(found['kind'])]}, {found['state']}"))
    click.echo(safe(f"{when_of(found['occurred_at'], zone)} ({zone}), {found['place']}"))
    click.echo(safe(found["summary"]))
    clocks = (
        (one["rule"], when_of(one["due"], zone), when_of(one["next_step"], zone), one["citation"])
        for one in found["clocks"]
    )
    table(("CLOCK", "DUE", "MAY BE PUT OFF TO", "LAW"), clocks)
    for one in found["owed"]:
        click.echo(safe(f"Owed before a release: {one['words']}"))
    table(
        ("RECORDING", "START", "TITLE"),
        ((one["recording_id"], when_of(one["started_at"], zone), one["title"]) for one in found["recordings"]),
    )
    table(
        ("VIEWING", "FOR", "WHO", "STATE"),
        ((one["id"], when_of(one["offered_for"], zone), one["name"], one["state"]) for one in found["viewings"]),
    )
    rows = ((when_of(one["at"], zone), one["words"], one["by"]) for one in found["timeline"])
    table(("WHEN", "WHAT", "WHO"), rows)


@command.command()
@click.argument("incident")
@click.option("--place", help="Where it happened.")
@click.option("--summary", help="What happened.")
@click.option("--case", "case_id", help="The number of its case.")
@as_account
@needs(_MANAGE)
def change(incident: str, acting: str | None, **given: str | None) -> None:
    """Correct what is said of INCIDENT; what is not named stays."""
    _done(acting, lambda tx, here, who: incidents.change(tx, who, incident, **given, clock=here.clock))
    click.echo("Done.")


@command.command()
@click.argument("incident")
@click.argument("recordings", nargs=-1, required=True, metavar="RECORDING…")
@as_account
@needs(_MANAGE)
def add(incident: str, recordings: tuple[str, ...], acting: str | None) -> None:
    """Put recordings with INCIDENT; they are held from then on."""
    fresh = _done(
        acting, lambda tx, here, who: incidents.add_recordings(tx, who, incident, recordings, clock=here.clock)
    )
    click.echo(f"{len(fresh)} put with it.")


@command.command()
@click.argument("incident")
@click.argument("name")
@click.option("--who", type=click.Choice([one.value for one in VIEWERS]), required=True, help="What they are to it.")
@click.option("--for", "offered_for", metavar="TIME", required=True, help="When they can come.")
@click.option("--note", default="", help="How it was offered.")
@as_account
@needs(_MANAGE)
def offer(incident: str, name: str, who: str, offered_for: str, note: str, acting: str | None) -> None:
    """Put on record that NAME was offered to see the footage of INCIDENT before its release."""

    def act(tx: Connection, here: Installation, by: Actor) -> str:
        when = moment(offered_for, zone_of(tx))
        return viewings.offer(tx, by, incident, who=who, name=name, offered_for=when, words=note, clock=here.clock)

    click.echo(f"Offered: {_done(acting, act)}")


@command.command()
@click.argument("incident")
@click.argument("viewing")
@click.option("--present", required=True, help="Who was there.")
@click.option("--at", "held_at", metavar="TIME", help="When it was held. Default: now.")
@as_account
@needs(_MANAGE)
def viewed(incident: str, viewing: str, present: str, held_at: str | None, acting: str | None) -> None:
    """Put on record that VIEWING was held."""

    def act(tx: Connection, here: Installation, by: Actor) -> None:
        at = None if held_at is None else moment(held_at, zone_of(tx))
        viewings.viewed(tx, by, incident, viewing, present=present, held_at=at, clock=here.clock)

    _done(acting, act)
    click.echo("On record.")


@command.command()
@click.argument("incident")
@click.argument("viewing")
@click.option("--note", default="", help="How they said so.")
@as_account
@needs(_MANAGE)
def declined(incident: str, viewing: str, note: str, acting: str | None) -> None:
    """Put on record that whoever VIEWING was offered to does not wish to see the footage."""
    _done(acting, lambda tx, here, who: viewings.declined(tx, who, incident, viewing, words=note, clock=here.clock))
    click.echo("On record.")


@command.command()
@click.argument("incident")
@click.argument("name")
@click.option("--who", type=click.Choice([one.value for one in CONSENTERS]), required=True, help="What they are to it.")
@click.option("--document", type=_FILE, help="The consent: PDF, PNG, JPEG or plain text.")
@click.option("--refused", is_flag=True, help="They did not consent.")
@as_account
@needs(_MANAGE)
def consent(incident: str, name: str, who: str, document: Path | None, refused: bool, acting: str | None) -> None:
    """Put the consent of NAME to the release of INCIDENT on record, or that they refused it."""

    def act(tx: Connection, here: Installation, by: Actor, added: str | None) -> str:
        return saying.record_consent(
            tx, by, incident, who=who, name=name, given=not refused, document_id=added, clock=here.clock
        )

    _with_document(acting, incident, document, DocumentKind.CONSENT, act)
    click.echo("On record.")


@command.command("put-off")
@click.argument("incident")
@click.argument("rule")
@click.option("--reason", required=True, help="Why, as the rule asks for it.")
@click.option("--document", type=_FILE, required=True, help="What the rule asks for, such as the prosecutor's reason.")
@as_account
@needs(_MANAGE)
def put_off(incident: str, rule: str, reason: str, document: Path, acting: str | None) -> None:
    """Put the clocks of RULE off by the next step that the law allows."""

    def act(tx: Connection, here: Installation, by: Actor, added: str | None) -> str:
        given = {"rule": rule, "reason": reason, "document_id": added or ""}
        until = putting_off.put_off(tx, by, incident, **given, clock=here.clock)
        return when_of(until, zone_of(tx))

    click.echo(f"Put off until {_with_document(acting, incident, document, DocumentKind.OTHER, act)}.")


@command.command()
@click.argument("incident")
@click.argument("words")
@click.option("--by", "said_by", required=True, help="Who says it, by name and office.")
@click.option("--at", "said_at", metavar="TIME", help="When they said it. Default: now.")
@click.option("--public", is_flag=True, help="It goes beside footage that is released.")
@click.option("--document", type=_FILE, help="The statement as a document.")
@as_account
@needs(_MANAGE)
def statement(
    incident: str,
    words: str,
    said_by: str,
    said_at: str | None,
    public: bool,
    document: Path | None,
    acting: str | None,
) -> None:
    """Put a statement beside the footage of INCIDENT, under the name of who made it."""

    def act(tx: Connection, here: Installation, by: Actor, added: str | None) -> str:
        at = None if said_at is None else moment(said_at, zone_of(tx))
        return saying.add_statement(
            tx,
            by,
            incident,
            said_by=said_by,
            words=words,
            said_at=at,
            document_id=added,
            public=public,
            clock=here.clock,
        )

    _with_document(acting, incident, document, DocumentKind.OTHER, act)
    click.echo("On record.")


@command.command()
@click.argument("incident")
@click.argument("request")
@as_account
@needs(_MANAGE)
def asked(incident: str, request: str, acting: str | None) -> None:
    """Say that REQUEST is about INCIDENT: clocks that begin with a request run from the first one."""
    new = _done(acting, lambda tx, here, who: asking.asked_by(tx, who, incident, request, clock=here.clock))
    click.echo("On record." if new else "It was on record already.")


@command.command()
@click.argument("incident")
@click.option("--reason", required=True, help="Why it is closed.")
@click.option("--although", is_flag=True, help="Something is still owed, and the reason says why it is closed anyway.")
@click.option("--keep-holds", "because", metavar="WHY", default="", help="Why what it held stays held.")
@click.option("--free-holds", is_flag=True, help="What it held is freed instead.")
@as_account
@needs(_MANAGE)
def close(incident: str, reason: str, although: bool, because: str, free_holds: bool, acting: str | None) -> None:
    """Close INCIDENT: its clocks end, and what it held stays held or is freed, as is said here.

    Where it holds something and neither is said, that is listed and nothing is changed.
    """
    if because and free_holds:
        raise click.UsageError("What it held stays held (--keep-holds) or is freed (--free-holds).")

    def act(tx: Connection, here: Installation, who: Actor) -> closing.Closed:
        if not because and not free_holds:
            print_held(tx, who, incident)
        return closing.close(
            tx,
            who,
            incident,
            reason=reason,
            although=although,
            keep_because=because,
            free_holds=free_holds,
            clock=here.clock,
        )

    found = _done(acting, act)
    click.echo("Closed.")
    for holds, words in ((found.kept, "stays held"), (found.freed, "is freed")):
        if holds:
            click.echo(f"{len(holds)} {'recording' if len(holds) == 1 else 'recordings'}: {words}.")


def _done(acting: str | None, act: Callable[[Connection, Installation, Actor], Done]) -> Done:
    """Do something in a transaction of its own."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            found = act(tx, installation, who)
        bring_log_up_to_date(installation)
    return found


def _with_document(
    acting: str | None,
    incident: str,
    document: Path | None,
    kind: DocumentKind,
    act: Callable[[Connection, Installation, Actor, str | None], str],
) -> str:
    """Do something with a document that is put with the incident in the same transaction; what the act gives back."""
    with opened() as installation:
        who, vault = actor(installation, acting), installation.vault
        with installation.database.read() as tx:
            critical_id = incidents.critical_incident_of(tx, who, incident).id
        taken = None
        if document is not None:
            with document.open("rb") as source:
                taken = documents.take(vault, document.name, source)
        try:
            with installation.database.write() as tx:
                added = None
                if taken is not None:
                    given = (tx, vault, who, taken, kind)
                    added = documents.add(*given, critical_id=critical_id, clock=installation.clock)
                found = act(tx, installation, who, added)
        except CandorError:
            if taken is not None:
                vault.discard(taken.sealed)
            raise
        bring_log_up_to_date(installation)
    if added is not None:
        say(f"The document is kept as {added}.")
    return found
