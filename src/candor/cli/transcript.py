"""candor transcript: what is said in a recording, as text."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any, Final

import click
import sqlalchemy as sa

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
)
from candor.core.clock import iso
from candor.core.errors import NotFound
from candor.footage import transcribing, transcripts, vtt
from candor.footage.captions import MAX_BYTES, read_captions
from candor.footage.search import row_of
from candor.footage.tables import part
from candor.footage.transcript_errors import CaptionsWrong
from candor.footage.transcript_text import TranscriptText, Word, WordOrigin
from candor.footage.transcripts import ORIGIN_WORDS, Transcript, TranscriptState
from candor.footage.viewing import begin_viewing
from candor.installation import Installation
from candor.people.rules import Actor, Permission
from candor.redaction.speech.errors import TranscriberMissing
from candor.redaction.speech.ways import Way, offers, usual_way

_CHANGE = (Permission.RECORDINGS_CHANGE_ALL, Permission.RECORDINGS_CHANGE_UNIT, Permission.RECORDINGS_CHANGE_OWN)
_VIEW = (Permission.RECORDINGS_VIEW_ALL, Permission.RECORDINGS_VIEW_UNIT, Permission.RECORDINGS_VIEW_OWN)
#: Seconds between two looks at a job that is waited for.
_LOOK: Final = 0.5

_of_part = click.option(
    "--part", "number", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="This file of it."
)
_which = click.option("--transcript", "transcript_id", metavar="ID", help="This transcript. Default: the newest.")
_purpose = click.option("--purpose", required=True, help="What it is opened for; it goes on record first.")


@click.group()
def command() -> None:
    """What is said in a recording, as text: make, import, show, export, remove."""


@command.command("make")
@click.argument("recording_id", metavar="RECORDING")
@_of_part
@click.option("--by", type=click.Choice([one.value for one in Way]), help="Which way. Default: as the settings say.")
@click.option("--language", default="", metavar="TAG", help="Such as en or es. Default: what is heard.")
@click.option("--wait", is_flag=True, help="Do the work here and now, and wait for it.")
@as_account
@needs(*_CHANGE)
@as_json
def make(
    recording_id: str, number: int, by: str | None, language: str, wait: bool, acting: str | None, json_out: bool
) -> None:
    """Have a machine write out what is said in a recording.

    With the model that CANDOR_WHISPER_MODEL names, roughly (American English, about three words in ten wrong even in
    clear speech), or without words: only where somebody speaks. The work is a job: `candor serve` or `candor work`
    does it, or this command with --wait.
    """
    with opened() as installation:
        who = actor(installation, acting)
        part_id = _part(installation, who, recording_id, number)
        way = usual_way(installation.settings) if by is None else Way(by)
        problem = next(one.problem for one in offers(installation.settings) if one.way is way)
        if problem is not None:
            raise TranscriberMissing(reason=problem)
        with installation.database.write() as tx:
            made = transcribing.ask_for_transcript(
                tx, installation.jobs, who, part_id, by=way.value, language=language, clock=installation.clock
            )
        if wait:
            _wait(installation, who, made)
        bring_log_up_to_date(installation)
        with installation.database.read() as tx:
            found = transcripts.transcript_of(tx, who, made)
    if json_out:
        put_json(_told(found))
    elif found.state is TranscriptState.READY:
        say(f"Written out: transcript {found.id} by {found.engine}. {found.remark or ''}".rstrip())
    elif found.state is TranscriptState.FAILED:
        say(f"It could not be written out. {safe(found.problem or '')}")
    else:
        say(f"File {found.number} waits to be written out: transcript {found.id}.")
    if found.state is TranscriptState.FAILED:
        click.get_current_context().exit(3)


def _wait(installation: Installation, who: Actor, transcript_id: str) -> None:
    """Do what is waiting in this process until the transcript is made, or another process has made it."""
    installation.jobs.launch()
    said = -1
    while True:
        with installation.database.read() as tx:
            found = transcripts.transcript_of(tx, who, transcript_id)
            job = None if found.job_id is None else installation.jobs.get(tx, found.job_id)
        if not found.under_way:
            return
        percent = 0 if job is None else round(100 * job.fraction)
        if percent != said:
            say(f"{percent} %")
            said = percent
        time.sleep(_LOOK)


@command.command("import")
@click.argument("recording_id", metavar="RECORDING")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_of_part
@as_account
@needs(*_CHANGE)
@as_json
def bring_in(recording_id: str, file: Path, number: int, acting: str | None, json_out: bool) -> None:
    """Keep the words of a WebVTT FILE as a transcript of a recording."""
    if file.stat().st_size > MAX_BYTES:
        raise CaptionsWrong(reason=f"it has more than {MAX_BYTES >> 20} MiB")
    data = file.read_bytes()
    with opened() as installation:
        who = actor(installation, acting)
        part_id = _part(installation, who, recording_id, number)
        text = read_captions(data)
        made = transcribing.import_text(
            installation.database,
            installation.vault,
            who,
            part_id,
            text,
            name=file.name,
            sha256=hashlib.sha256(data).digest(),
            clock=installation.clock,
        )
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"transcript": made, "recording": recording_id, "part": number, "words": len(text.words)})
    else:
        say(f"{len(text.words)} words in {len(text.cues)} lines are kept: transcript {made}.")


@command.command("show")
@click.argument("recording_id", metavar="RECORDING")
@_which
@click.option("--purpose", help="Show what is said too, opened for this; it goes on record first.")
@as_account
@needs(*_VIEW)
@as_json
def show(recording_id: str, transcript_id: str | None, purpose: str | None, acting: str | None, json_out: bool) -> None:
    """List the transcripts of a recording; with --purpose, show what one says.

    A word that a machine is less than half sure of stands in [brackets]; one that a person put right, in {braces}.
    """
    with opened() as installation:
        who = actor(installation, acting)
        _row(installation, who, recording_id)
        with installation.database.read() as tx:
            found = transcripts.transcripts_of(tx, recording_id)
        text = None
        if purpose is not None:
            chosen = _chosen(found, transcript_id, recording_id)
            text = _read(installation, who, chosen, purpose)
            bring_log_up_to_date(installation)
    if json_out:
        listed: dict[str, Any] = {"recording": recording_id, "transcripts": [_told(one) for one in found]}
        if text is not None:
            listed |= {"transcript": chosen.id, "language": text.language, "cues": _cues(text), "speech": text.speech}
        put_json(listed)
        return
    if text is None:
        for one in found:
            state = f"version {one.version}" if one.version else one.state.value
            by = f", {safe(one.engine)}" if one.engine else ""
            click.echo(f"{one.id}  part {one.number}  {state:10} {ORIGIN_WORDS[one.origin]}{by}")
            if one.problem:
                click.echo(f"    {safe(one.problem)}")
        if not found:
            say("There is no transcript of it.")
        return
    say(safe(f"{ORIGIN_WORDS[chosen.origin]}, {chosen.engine or ''}. {chosen.remark or ''}"))
    for cue in text.cues:
        voice = f"{cue.voice}: " if cue.voice else ""
        click.echo(f"{vtt.timestamp(cue.begin)}  {safe(voice + ' '.join(map(_marked, cue.words)))}")
    if not text.cues:
        for begin, until in text.speech or ():
            click.echo(f"{vtt.timestamp(begin)} – {vtt.timestamp(until)}  somebody speaks")


def _marked(word: Word) -> str:
    if word.origin is WordOrigin.PERSON:
        return f"{{{word.text}}}"
    return f"[{word.text}]" if word.confidence is not None and word.confidence < 0.5 else word.text


@command.command("export")
@click.argument("recording_id", metavar="RECORDING")
@_which
@_purpose
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
@click.option("--marked", is_flag=True, help="Every word of a machine in a class with its confidence.")
@as_account
@needs(Permission.RECORDINGS_EXPORT)
@as_json
def export(
    recording_id: str,
    transcript_id: str | None,
    purpose: str,
    out: Path,
    marked: bool,
    acting: str | None,
    json_out: bool,
) -> None:
    """Write a transcript as a WebVTT file, with the times of its words."""
    with opened() as installation:
        who = actor(installation, acting)
        who.require(Permission.RECORDINGS_EXPORT)
        _row(installation, who, recording_id)
        with installation.database.read() as tx:
            chosen = _chosen(transcripts.transcripts_of(tx, recording_id), transcript_id, recording_id)
        text = _read(installation, who, chosen, purpose)
        by = f", {chosen.engine}" if chosen.engine else ""
        notes = [f"Transcript {chosen.id}, version {chosen.version}: {ORIGIN_WORDS[chosen.origin]}{by}"]
        written = vtt.write(text, notes=notes + ([chosen.remark] if chosen.remark else []), marked=marked)
        out.write_text(written, encoding="utf-8", newline="\n")
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"transcript": chosen.id, "version": chosen.version, "file": str(out), "words": len(text.words)})
    else:
        say(f"{len(text.words)} words are in {out}.")


@command.command("remove")
@click.argument("transcript_id", metavar="TRANSCRIPT")
@click.option("--reason", required=True, help="Why; it goes on record.")
@as_account
@needs(*_CHANGE)
def remove(transcript_id: str, reason: str, acting: str | None) -> None:
    """Remove a transcript with all its versions, for good, or end its making."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            transcribing.remove_transcript(
                tx, installation.vault, installation.jobs, who, transcript_id, reason=reason, clock=installation.clock
            )
        bring_log_up_to_date(installation)
    say("It is removed; nobody can read it any more.")


def _row(installation: Installation, who: Actor, recording_id: str) -> None:
    with installation.database.read() as tx:
        if row_of(tx, who, recording_id) is None:
            raise NotFound(what="recording", id=recording_id)


def _part(installation: Installation, who: Actor, recording_id: str, number: int) -> str:
    _row(installation, who, recording_id)
    with installation.database.read() as tx:
        mine = part.c.recording_id == recording_id, part.c.number == number
        found = tx.scalar(sa.select(part.c.id).where(*mine))
    if found is None:
        raise NotFound(what=f"file {number} of the recording", id=recording_id)
    return str(found)


def _chosen(found: list[Transcript], transcript_id: str | None, recording_id: str) -> Transcript:
    ready = [one for one in found if one.version and transcript_id in (None, one.id)]
    if not ready:
        raise NotFound(what="transcript with a text", id=transcript_id or recording_id)
    return max(ready, key=lambda one: (one.made_at, one.id))


def _read(installation: Installation, who: Actor, chosen: Transcript, purpose: str) -> TranscriptText:
    """The text, within a viewing that is on record before it is read."""
    with installation.database.write() as tx:
        begun = begin_viewing(tx, who, chosen.recording_id, purpose, clock=installation.clock)
    return transcripts.read_transcript(
        installation.database, installation.vault, who, chosen.id, viewing_id=begun.id, clock=installation.clock
    )


def _told(one: Transcript) -> dict[str, Any]:
    return {
        "id": one.id,
        "part": one.number,
        "state": one.state.value,
        "origin": one.origin.value,
        "engine": one.engine,
        "engine_sha256": None if one.engine_sha256 is None else one.engine_sha256.hex(),
        "rough": one.rough,
        "language": one.language,
        "version": one.version,
        "problem": one.problem,
        "remark": one.remark,
        "made_by": one.made_by,
        "made_at": iso(one.made_at),
    }


def _cues(text: TranscriptText) -> list[dict[str, Any]]:
    return [
        {
            "begin": cue.begin,
            "until": cue.until,
            "voice": cue.voice,
            "words": [
                {
                    "begin": word.begin,
                    "until": word.until,
                    "text": word.text,
                    "confidence": word.confidence,
                    "origin": word.origin.value,
                    "timed": word.timed,
                }
                for word in cue.words
            ],
        }
        for cue in text.cues
    ]
