"""candor release: prepare what goes out, approve it as a second person, recall it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import sqlalchemy as sa
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
from candor.cli.release_words import document_of, print_release, row_of, settle
from candor.core.errors import NotFound
from candor.disclosure.critical.tables import critical_incident
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.going import CopyToGo
from candor.disclosure.releases import approving, discarding, preparing, reading, recalling
from candor.disclosure.releases.rules import LONGEST_SUMMARY, Audience, ReleaseState
from candor.disclosure.releases.summary import draft
from candor.disclosure.requests.reading import by_name as request_named
from candor.disclosure.requests.tables import records_request
from candor.people.rules import Permission

#: The release could not be made.
_CHECK_FAILED = 6
_version = click.option("--version", "upon", type=int, help="The version that you have seen. Default: as it is now.")
_wait = click.option("--wait", is_flag=True, help="Do the work here, and say what came of it.")


@click.group()
def command() -> None:
    """Releases: prepare, approve as a second person, send back, discard, recall, list, show."""


@command.command()
@click.argument("subject")
@click.argument("copies", nargs=-1, required=True, metavar="COPY…")
@click.option(
    "--audience",
    type=click.Choice([one.value for one in Audience]),
    default=Audience.REQUESTER.value,
    show_default=True,
    help="For whoever asked, or for everybody.",
)
@click.option("--title", required=True, help="What it is, in a line that everybody may read.")
@click.option("--summary", type=click.Path(path_type=Path, dir_okay=False), help="File with the summary.")
@click.option("--although", "doubts", multiple=True, metavar="COPY=REASON", help="Why, where a proof is doubtful.")
@as_account
@needs(Permission.RELEASES_PREPARE)
@as_json
def prepare(
    subject: str,
    copies: Sequence[str],
    audience: str,
    title: str,
    summary: Path | None,
    doubts: Sequence[str],
    acting: str | None,
    json_out: bool,
) -> None:
    """Prepare a release of redacted copies for SUBJECT, the number of a request or a critical incident.

    Without --summary, one is drafted from what was decided and hidden; read it before another person approves.
    """
    although = dict(_doubt(one) for one in doubts)
    with opened() as installation:
        who, vault, clock = actor(installation, acting), installation.vault, installation.clock
        with installation.database.write() as tx:
            found = _subject(tx, subject)
            going = [CopyToGo(one, although.get(one)) for one in copies]
            words = _read(summary) if summary else draft(tx, vault, who, found, going, clock=clock)
            made = preparing.prepare(
                tx,
                vault,
                who,
                found,
                copies,
                audience=audience,
                title=title,
                summary=words,
                although=although,
                clock=clock,
            )
            # Who prepares has the right to prepare, and sees what they prepared.
            document = row_of(reading.release_prepared(tx, made))
        bring_log_up_to_date(installation)
    if json_out:
        put_json(document)
        return
    click.echo(safe(document["number"]))
    if summary is None:
        click.echo(safe(words))
    say("Another person has to approve it: candor release approve")


@command.command()
@click.argument("release")
@_version
@_wait
@as_account
@needs(Permission.RELEASES_APPROVE)
@as_json
def approve(release: str, upon: int | None, wait: bool, acting: str | None, json_out: bool) -> None:
    """Approve RELEASE, which another person prepared; it is then made and published. One that could not be made is
    tried again."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            seen = upon or reading.release_prepared(tx, release).version
            job_id = approving.approve(
                tx, installation.vault, installation.jobs, who, release, upon=seen, clock=installation.clock
            )
        if wait:
            settle(installation, job_id, "Publishing")
        bring_log_up_to_date(installation)
        with installation.database.read() as tx:
            found = reading.release_prepared(tx, release)
    put_json(row_of(found)) if json_out else say(f"{found.number} {found.state_words}.")
    if found.state is ReleaseState.FAILED:
        say(safe(found.problem or ""))
        raise SystemExit(_CHECK_FAILED)


@command.command("send-back")
@click.argument("release")
@click.option("--reason", required=True, help="What has to be put right. Goes on record.")
@_version
@as_account
@needs(Permission.RELEASES_APPROVE)
@as_json
def send_back(release: str, reason: str, upon: int | None, acting: str | None, json_out: bool) -> None:
    """Send RELEASE back to who prepared it."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            seen = upon or reading.release_prepared(tx, release).version
            approving.send_back(tx, who, release, reason, upon=seen, clock=installation.clock)
            found = reading.release_prepared(tx, release)
        bring_log_up_to_date(installation)
    put_json(row_of(found)) if json_out else say(f"{found.number} {found.state_words}.")


@command.command()
@click.argument("release")
@click.option("--reason", required=True, help="Why it is not wanted any more. Goes on record.")
@_version
@as_account
@needs(Permission.RELEASES_PREPARE)
@as_json
def discard(release: str, reason: str, upon: int | None, acting: str | None, json_out: bool) -> None:
    """Discard RELEASE before anybody approves it. It stays in the list; another can be prepared with its copies."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            discarding.discard(tx, who, release, reason, upon=upon, clock=installation.clock)
            found = reading.release_prepared(tx, release)
        bring_log_up_to_date(installation)
    put_json(row_of(found)) if json_out else say(f"{found.number} {found.state_words}.")


@command.command()
@click.argument("release")
@click.option("--title", required=True, help="What it is, in a line that everybody may read.")
@click.option(
    "--summary", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File with the summary."
)
@_version
@as_account
@needs(Permission.RELEASES_PREPARE)
@as_json
def revise(release: str, title: str, summary: Path, upon: int | None, acting: str | None, json_out: bool) -> None:
    """Write title and summary of RELEASE anew, and prepare it once more after it was sent back or could not be made."""
    with opened() as installation:
        who, vault, clock = actor(installation, acting), installation.vault, installation.clock
        with installation.database.write() as tx:
            seen = upon or reading.release_prepared(tx, release).version
            words = _read(summary)
            preparing.revise(tx, vault, who, release, title=title, summary=words, upon=seen, clock=clock)
            found = reading.release_prepared(tx, release)
        bring_log_up_to_date(installation)
    put_json(row_of(found)) if json_out else say(f"{found.number} {found.state_words}.")


@command.command()
@click.argument("release")
@click.option("--reason", required=True, help="Why; everybody who could see the release is shown it.")
@_wait
@as_account
@needs(Permission.RELEASES_APPROVE)
@as_json
def recall(release: str, reason: str, wait: bool, acting: str | None, json_out: bool) -> None:
    """Recall RELEASE: its files go from the pages for everybody, its page stays and says why.

    What somebody has downloaded stays with them.
    """
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            job_id = recalling.recall(tx, installation.jobs, who, release, reason, clock=installation.clock)
            found = reading.release_prepared(tx, release)
        if wait:
            settle(installation, job_id, "Recalling")
        bring_log_up_to_date(installation)
    put_json(row_of(found)) if json_out else say(f"{found.number} {found.state_words}.")


@command.command("list")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([one.value for one in ReleaseState]),
    help="Only in this state. May be repeated.",
)
@click.option(
    "--limit", type=click.IntRange(1, 500), default=reading.PAGE, show_default=True, help="Releases of a page."
)
@click.option("--after", help="The cursor that the page before printed.")
@as_account
@needs(Permission.REQUESTS_VIEW)
@as_json
def list_releases(states: Sequence[str], limit: int, after: str | None, acting: str | None, json_out: bool) -> None:
    """List releases, the newest first."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            chosen = [ReleaseState(one) for one in states]
            found = reading.releases(tx, who, states=chosen, after=after, limit=limit)
    if json_out:
        put_json({"releases": [row_of(one) for one in found.rows], "after": found.after})
        return
    rows = [
        (one.number, one.title, one.state_words, f"{one.copies:,}", f"{one.prepared_at:%Y-%m-%d}") for one in found.rows
    ]
    table(("Number", "Title", "State", "Copies", "Prepared"), rows)
    if found.after is not None:
        say(f"More: candor release list --after {found.after}")


@command.command()
@click.argument("release")
@as_account
@needs(Permission.REQUESTS_VIEW)
@as_json
def show(release: str, acting: str | None, json_out: bool) -> None:
    """Show RELEASE: its words, its copies, what was published, what happened with it."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            found = reading.release(tx, who, release)
            document = document_of(tx, who, found)
    put_json(document) if json_out else print_release(found, document)


def _subject(tx: Connection, name: str) -> Subject:
    """A request or a critical incident, by number or identifier. Raises NotFound."""
    request_id = tx.scalar(sa.select(records_request.c.id).where(request_named(name)))
    if request_id is not None:
        return Subject.of_request(request_id)
    columns = critical_incident.c
    critical_id = tx.scalar(
        sa.select(columns.id).where(sa.or_(columns.id == name, columns.number == name.strip().upper()))
    )
    if critical_id is None:
        raise NotFound(what="request or critical incident", id=name)
    return Subject.of_critical(critical_id)


def _doubt(given: str) -> tuple[str, str]:
    copy_id, found, reason = given.partition("=")
    if not found:
        raise click.UsageError("--although is COPY=REASON.")
    return copy_id.strip(), reason


def _read(path: Path) -> str:
    """A summary from a file. Raises click.UsageError."""
    try:
        with path.open("rb") as file:
            data = file.read(8 * LONGEST_SUMMARY + 1)
        return data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"The summary in {path} cannot be read: {error}") from error
