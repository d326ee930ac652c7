"""candor discovery: the whole of a case for both sides, their access, and opening what a side viewed."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import click

from candor import disclosure
from candor.cli.common import (
    actor,
    as_account,
    as_json,
    bring_log_up_to_date,
    byte_progress,
    needs,
    opened,
    put_json,
    safe,
    say,
    table,
)
from candor.cli.discovery_words import discovery_document, row_of, view_document
from candor.cli.fleet_words import zone_of
from candor.core.errors import CandorError
from candor.disclosure.discovery import access, findings, letter, making, marks, opening, reading
from candor.disclosure.discovery.errors import KeyUnreadable, RecordUnreadable
from candor.disclosure.discovery.making import Keep
from candor.disclosure.discovery.rules import SIDE_WORDS, PartySide
from candor.matters import service
from candor.people.rules import Permission
from candor.people.service import agency
from candor.verify.policy import Policy

_MANAGE = Permission.DISCOVERY_MANAGE
_SIDE = click.Choice([side.value for side in PartySide])
#: Bytes of a key file or a policy that are read.
_SMALL = 1 << 20


class RecordHasProblems(CandorError):
    """{count} of {all} viewings of this record do not hold. Do not rely on it; ask whoever gave it to you why."""

    exit_code = 6


class RecordNotWhole(CandorError):
    """This record holds {count} viewings, and the custody record of this site tells of {all}. Viewings are missing: do
    not rely on it. Run candor log check, and bring the missing rows back from a backup."""

    exit_code = 6


@click.group()
def command() -> None:
    """Discovery: make it for both sides of a case, give access, see what was given, open what a side viewed."""


@command.command("make")
@click.argument("case")
@click.option("--withhold", nargs=3, multiple=True, metavar="ID REASON RULE", help="Withhold a recording; repeatable.")
@click.option("--although", nargs=2, multiple=True, metavar="ID REASON", help="Give a restricted one all the same.")
@click.option("--withhold-reviews", is_flag=True, help="Do not open what tells of reviews before a statement.")
@click.option("--watermark", is_flag=True, help="Put each side's mark into the picture of what it watches.")
@as_account
@needs(_MANAGE)
@as_json
def make(
    case: str,
    withhold: tuple[tuple[str, str, str], ...],
    although: tuple[tuple[str, str], ...],
    withhold_reviews: bool,
    watermark: bool,
    acting: str | None,
    json_out: bool,
) -> None:
    """Make discovery of the case with the number CASE: one package for both sides.

    Every recording that the case has now is in it, or is named as withheld with the reason and the rule. What a
    restriction closes is withheld by that rule; a compelled statement is given to nobody.
    """
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            found = service.case(tx, who, case)
            asked = [one for one in findings.findings_of(tx, who, found.id) if one.open]
            made = making.make(
                tx,
                installation.jobs,
                who,
                found.id,
                withheld={one: Keep(reason, rule) for one, reason, rule in withhold},
                although=dict(although),
                reviews=withhold_reviews,
                watermark=watermark,
                clock=installation.clock,
            )
        if asked:
            say(f"{len(asked)} finding(s) against a statement are not answered yet and do not stand in it.")
        with byte_progress("Reading against the seals", None) as advance:
            disclosure.build(
                installation.database,
                installation.vault,
                installation.log,
                made.package_id,
                told=advance,
                clock=installation.clock,
            )
        with installation.database.read() as tx:
            told = discovery_document(tx, installation.jobs, reading.by_id(tx, made.id))
    if json_out:
        put_json(told)
        return
    click.echo(f"Discovery {made.number}: {told['given']} recording(s) given, {told['withheld']} withheld.")
    for one in told["withheld_recordings"]:
        say(f"  withheld {one['recording']}: {safe(one['reason'])} ({safe(one['citation'])})")
    if told["marks"] is not None:
        say(f"{told['marks']['of']} marked copies are made by candor serve or candor work.")
    say(f"Give both sides access: candor discovery access {made.number} --side defence --holder NAME --out FOLDER")


@command.command("list")
@as_account
@needs(_MANAGE)
@as_json
def list_discovery(acting: str | None, json_out: bool) -> None:
    """List discovery of the cases that may be seen, the newest first."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            rows, zone = [row_of(tx, one) for one in reading.discoveries(tx, who)], zone_of(tx)
            made = {one.number: one.made_at for one in reading.discoveries(tx, who)}
    if json_out:
        put_json({"discovery": rows})
        return
    table(
        ("NUMBER", "CASE", "STATE", "GIVEN", "WITHHELD", f"MADE ({zone})"),
        (
            (
                one["number"],
                one["case"],
                one["state"],
                str(one["given"]),
                str(one["withheld"]),
                f"{made[one['number']].astimezone(zone):%Y-%m-%d %H:%M}",
            )
            for one in rows
        ),
    )


@command.command()
@click.argument("number")
@as_account
@needs(_MANAGE)
@as_json
def show(number: str, acting: str | None, json_out: bool) -> None:
    """Show the discovery with the number NUMBER: what is in it, access, receipts, what was given to whom and when."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            told = discovery_document(tx, installation.jobs, reading.discovery_of(tx, who, number))
    if json_out:
        put_json(told)
        return
    click.echo(f"{told['number']}  case {told['case']}  {told['state']}  made {told['made_at']}")
    click.echo(f"{told['given']} given, {told['withheld']} withheld, {told['findings']} finding(s)")
    for one in told["withheld_recordings"]:
        click.echo(f"  withheld {one['recording']}: {safe(one['reason'])} ({safe(one['citation'])})")
    if told["marks"] is not None:
        click.echo(f"marked copies: {told['marks']['made']} of {told['marks']['of']}")
        if count := told["marks"]["without_viewing_copy"]:
            click.echo(f"  {count} of them wait: there is no viewing copy to make them of, or it lies in the archive")
        for one in told["marks"]["failed"]:
            click.echo(f"  failed {one['recording']} part {one['part']}: {safe(one['problem'])}")
    for one in told["access"]:
        ended = f", ended {one['ended_at']}" if one["ended_at"] else ""
        click.echo(f"  {one['side']}: {safe(one['holder'])}, code {one['code_number']}, until {one['ends_at']}{ended}")
    for one in told["ledger"]:
        click.echo(f"  {one['at']}  {one['side']}  {one['event']}")


@command.command("mark")
@click.argument("number")
@as_account
@needs(_MANAGE)
def mark(number: str, acting: str | None) -> None:
    """Have the marked copies of the discovery NUMBER made that failed or are missing, by a service that runs."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            found = marks.ask_again(tx, installation.jobs, who, number)
            stand = marks.marks(tx, installation.jobs, found)
    assert stand is not None, "it has a mark, or that was refused"
    click.echo(f"Marked copies: {stand.made} of {stand.of}. What is missing is made by candor serve or candor work.")


@command.command("access")
@click.argument("number")
@click.option("--side", type=_SIDE, required=True, help="Which side.")
@click.option("--holder", required=True, metavar="NAME", help="To whom the letter goes.")
@click.option(
    "--days", type=click.IntRange(1, access.LONGEST_DAYS), default=180, show_default=True, help="For how long."
)
@click.option("--new-key", is_flag=True, help="The side lost its key: make a new one.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write the letter into this folder.")
@as_account
@needs(_MANAGE)
@as_json
def give_access(
    number: str,
    side: str,
    holder: str,
    days: int,
    new_key: bool,
    out: Path | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Give a side access to the discovery NUMBER. Its code and its key are shown once and kept nowhere."""
    with opened() as installation:
        who = actor(installation, acting)
        if out is not None and not out.is_dir():
            raise click.UsageError(f"{out} is no folder.")
        with installation.database.write() as tx:
            given = access.give_access(
                tx,
                installation.jobs,
                who,
                number,
                side,
                holder=holder,
                days=days,
                new_key=new_key,
                clock=installation.clock,
            )
            found, place = reading.by_id(tx, given.side.discovery_id), agency(tx)
        base = (installation.settings.public_url or "http://localhost").rstrip("/")
        key = installation.log.policy().logs[0].key
        text = letter.letter_text(
            letter.Letter(
                place.name if place else "–",
                found.number,
                found.matter_number,
                given.side.side,
                given.side.holder,
                f"{base}/discovery/enter",
                given.code,
                given.identity,
                given.side.ends_at,
                place.time_zone if place else "UTC",
                key.fingerprint,
            )
        )
        bring_log_up_to_date(installation)
    path = None if out is None else _write_letter(out / f"{found.number}-{side}-letter.txt", text)
    if json_out:
        told = {"side": side, "code": given.code, "key": given.identity, "recipient": given.side.recipient}
        put_json({"discovery": found.number, **told, "letter": None if path is None else str(path)})
        return
    if path is not None:
        click.echo(safe(str(path)))
        say("The letter holds the code and the key. Nothing here can show them again.")
    else:
        click.echo(text.replace("\r\n", "\n"), nl=False)
        say("Shown once: nothing here can show the code or the key again.")
    if not urlsplit(base).hostname or base == "http://localhost":
        say("CANDOR_PUBLIC_URL is not set: put the site's address into the letter by hand.")


@command.command("end-access")
@click.argument("number")
@click.option("--side", type=_SIDE, required=True, help="Which side.")
@click.option("--reason", required=True, help="Why; it goes on record.")
@as_account
@needs(_MANAGE)
def end_access(number: str, side: str, reason: str, acting: str | None) -> None:
    """End a side's access to the discovery NUMBER at once."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            access.end_access(tx, who, number, side, reason=reason, clock=installation.clock)
        bring_log_up_to_date(installation)
    click.echo(f"Access for {SIDE_WORDS[PartySide(side)]} is ended.")


@command.command()
@click.argument("number")
@click.option("--side", type=_SIDE, required=True, help="Which side.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to write.")
@as_account
@needs(_MANAGE)
def record(number: str, side: str, out: Path, acting: str | None) -> None:
    """Write what a side viewed of the discovery NUMBER, sealed to that side's key, into a file."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            found = reading.discovery_of(tx, who, number)
        bring_log_up_to_date(installation)
        data = opening.record_of(installation.database, installation.log, found, PartySide(side))
    try:
        with out.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise click.UsageError(f"{out} cannot be written: {error.strerror or error}") from error
    click.echo(safe(str(out)))


@command.command("open")
@click.option(
    "--key", "key_file", type=click.Path(path_type=Path), required=True, help="The letter, or a file with the key."
)
@click.option("--record", "record_file", type=click.Path(path_type=Path), help="An exported record; else of this site.")
@click.option("--policy", "policy_file", type=click.Path(path_type=Path), help="Trust policy, from outside the record.")
@click.option("--discovery", "number", metavar="NUMBER", help="Without --record: which discovery.")
@click.option("--side", type=_SIDE, help="Without --record: which side.")
@as_account
@needs(_MANAGE)
@as_json
def open_views(
    key_file: Path,
    record_file: Path | None,
    policy_file: Path | None,
    number: str | None,
    side: str | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Open what a side viewed, with that side's key, and check each viewing against the custody log.

    With --record it needs no installation and no network: for the side itself, or before a court. A record that leaves
    viewings out cannot be seen to be incomplete by itself; without --record they are counted against this site.
    """
    here: int | None = None
    if record_file is not None:
        data: bytes = _read_bytes(record_file, opening.LARGEST)
    else:
        if number is None or side is None:
            raise click.UsageError("Name a record with --record, or a discovery and a side of this site.")
        with opened() as installation:
            who = actor(installation, acting)
            with installation.database.read() as tx:
                found = reading.discovery_of(tx, who, number)
                here = opening.viewings_on_record(tx, found, PartySide(side))
            bring_log_up_to_date(installation)
            data = opening.record_of(installation.database, installation.log, found, PartySide(side))
    key = opening.key_in(_read(key_file, _SMALL, KeyUnreadable), key_file)
    policy = None if policy_file is None else Policy.parse(_read_bytes(policy_file, _SMALL))
    told, views = opening.open_record(data, key, policy, path=record_file or "this site")
    if json_out:
        put_json({**told, "keys": "record" if policy is None else "outside", "views": [*map(view_document, views)]})
    else:
        click.echo(f"Discovery {safe(told['number'])} in case {safe(told['case'])}: {safe(told['side'])}")
        for one in map(view_document, views):
            state = "in the log" if one["proved"] else "not yet in a signed state of the log"
            said = ", ".join(one["problems"]) or state
            click.echo(f"  {one['at']}  {one['act'] or '?'}  {safe(str(one['recording'] or '?'))}  {safe(said)}")
        if policy is None:
            say("The keys came from the record itself. With the agency's trust policy: --policy FILE")
        say(_whole(len(views), here))
    broken = sum(1 for one in views if one.problems)
    if broken:
        raise RecordHasProblems(count=broken, all=len(views))
    if here is not None and len(views) < here:
        raise RecordNotWhole(count=len(views), all=here)


def _whole(count: int, here: int | None) -> str:
    """What can be said of whether a record holds every viewing."""
    if here is not None:
        return f"{count} viewing(s) here; the custody record of this site tells of {here}."
    return (
        f"{count} viewing(s). A record that leaves viewings out cannot be seen to be incomplete by itself: compare it "
        "with one that the side downloaded itself, or with what its site counts (the same command without --record)."
    )


def _write_letter(path: Path, text: str) -> Path:
    """A new file that only this account may read."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", newline="") as file:
            file.write(text)
    except OSError as error:
        say(f"The letter could not be written to {path}: {error.strerror or error}. Here it is:")
        say(text.replace("\r\n", "\n"))
    return path


def _read(path: Path, most: int, error_kind: type[CandorError]) -> str:
    try:
        with path.open("rb") as file:
            return file.read(most).decode("utf-8", "replace")
    except OSError as error:
        raise error_kind(path=path) from error


def _read_bytes(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise RecordUnreadable(path=path, reason=error.strerror or error) from error
