"""candor label: what the law cares about in recordings, said by whom and why."""

from __future__ import annotations

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, safe
from candor.cli.fleet_words import person_names, zone_of
from candor.core.clock import iso
from candor.core.errors import NotFound
from candor.footage import classification
from candor.footage.search import row_of
from candor.law.vocabulary import LABEL_WORDS, Label
from candor.people.rules import Permission

_CHANGE = (Permission.RECORDINGS_CHANGE_ALL, Permission.RECORDINGS_CHANGE_UNIT, Permission.RECORDINGS_CHANGE_OWN)
_VIEW = (Permission.RECORDINGS_VIEW_ALL, Permission.RECORDINGS_VIEW_UNIT, Permission.RECORDINGS_VIEW_OWN)


@click.group()
def command() -> None:
    """Labels: what the law cares about in recordings: names, show, put, take."""


@command.command("names")
@as_json
def names(json_out: bool) -> None:
    """List the labels that there are."""
    if json_out:
        put_json({one.value: LABEL_WORDS[one] for one in Label})
        return
    for one in Label:
        click.echo(f"{one.value:22} {LABEL_WORDS[one]}")


@command.command("show")
@click.argument("recording_id", metavar="ID")
@as_account
@needs(*_VIEW)
@as_json
def show(recording_id: str, acting: str | None, json_out: bool) -> None:
    """Show what was said of a recording's category and labels, by whom and why, also what was put right."""
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            if row_of(tx, who, recording_id) is None:
                raise NotFound(what="recording", id=recording_id)
            history, people, zone = classification.history_of(tx, recording_id), person_names(tx), zone_of(tx)
    if json_out:
        put_json(
            [
                {
                    "kind": one.kind,
                    "value": one.value,
                    "said_by": one.said_by,
                    "said_at": iso(one.said_at),
                    "basis": one.basis.value,
                    "reason": one.reason,
                    "ended_at": None if one.ended_at is None else iso(one.ended_at),
                    "ended_by": one.ended_by,
                    "end_reason": one.end_reason,
                }
                for one in history
            ]
        )
        return
    for one in history:
        state = "" if one.ended_at is None else f"  (put right {one.ended_at.astimezone(zone):%Y-%m-%d %H:%M})"
        by = people.get(one.said_by, one.said_by)
        click.echo(
            f"{one.kind:9} {safe(one.value):22} {one.said_at.astimezone(zone):%Y-%m-%d %H:%M}  {safe(by)}{state}"
        )
        for words in filter(None, (one.reason, one.end_reason)):
            click.echo(f"          “{safe(words)}”")


@command.command("put")
@click.argument("label")
@click.argument("recording_ids", nargs=-1, required=True, metavar="ID…")
@click.option("--reason", required=True, help="How you know; it is kept with the label.")
@as_account
@needs(*_CHANGE)
def put(label: str, recording_ids: tuple[str, ...], reason: str, acting: str | None) -> None:
    """Say that LABEL is true of recordings; all of them or none."""
    _act(label, recording_ids, reason, acting, is_put=True)


@command.command("take")
@click.argument("label")
@click.argument("recording_ids", nargs=-1, required=True, metavar="ID…")
@click.option("--reason", required=True, help="Why it is not so; it is kept with the label.")
@as_account
@needs(*_CHANGE)
def take(label: str, recording_ids: tuple[str, ...], reason: str, acting: str | None) -> None:
    """Say that LABEL is not true of recordings after all. That it was said stays on record."""
    _act(label, recording_ids, reason, acting, is_put=False)


def _act(label: str, recording_ids: tuple[str, ...], reason: str, acting: str | None, *, is_put: bool) -> None:
    with opened() as installation:
        who = actor(installation, acting)
        which = classification.label_named(label)
        with installation.database.write() as tx:
            events = classification.bulk_label(
                tx, who, recording_ids, which, put=is_put, reason=reason, clock=installation.clock
            )
        bring_log_up_to_date(installation)
    click.echo(f"{len(events)} of {len(set(recording_ids))} changed, each on record.")
