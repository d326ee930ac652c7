"""candor law adopt, propose, withdraw, try, approve, refuse, changes: how the law that is applied here is changed."""

from __future__ import annotations

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
from candor.cli.retention_words import hours, progress
from candor.core.clock import iso
from candor.installation import Installation
from candor.law import changes
from candor.law.books import book_now
from candor.law.changes import LawChange
from candor.people.rules import Actor, Permission
from candor.retention import law_changes, plans

_REASON = click.option("--reason", required=True, help="Why. Goes on record.")


@click.command()
@click.argument("rules", nargs=-1, required=True, metavar="RULE…")
@click.option("--withdraw", is_flag=True, help="They are no longer adopted, instead.")
@_REASON
@needs(Permission.LAW_ADOPT)
@as_account
@as_json
def adopt(rules: tuple[str, ...], withdraw: bool, reason: str, acting: str | None, json_out: bool) -> None:
    """Propose that the agency goes by rules that were not checked against the official text, because its counsel has.

    What that would do is tried out at once; another person approves it.
    """
    with opened() as installation:
        who = actor(installation, acting)
        proposing = changes.propose_withdrawal if withdraw else changes.propose_adoption
        with installation.database.write() as tx:
            made = proposing(tx, who, rules, reason=reason, clock=installation.clock)
        try_out(installation, who, made, json_out)


@click.command("propose")
@click.option("--pack", metavar="PACK", help="A law pack that comes with the program.")
@click.option("--remove", metavar="PACK", help="A pack that is taken out of effect.")
@click.option(
    "--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The agency's policy, a file."
)
@_REASON
@needs(Permission.LAW_CHANGE)
@as_account
@as_json
def propose_change(
    pack: str | None, remove: str | None, policy: Path | None, reason: str, acting: str | None, json_out: bool
) -> None:
    """Propose a change of the law applied here: a pack, or the agency's policy over one.

    What that would do is tried out at once; another person approves it.
    """
    if sum(one is not None for one in (pack, remove, policy)) != 1:
        raise click.UsageError("Name one of --pack, --remove and --policy.")
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            clock = installation.clock
            if pack is not None:
                made = changes.propose_pack(tx, who, pack, reason=reason, clock=clock)
            elif remove is not None:
                made = changes.propose_removal(tx, who, remove, reason=reason, clock=clock)
            else:
                assert policy is not None
                content = policy.read_bytes()
                made = changes.propose_policy(tx, who, content, reason=reason, name=policy.name, clock=clock)
        try_out(installation, who, made, json_out)


@click.command("try")
@click.argument("change")
@needs(Permission.LAW_CHANGE, Permission.LAW_ADOPT)
@as_account
@as_json
def try_change(change: str, acting: str | None, json_out: bool) -> None:
    """Try out what a proposed change would do to what is kept: exactly which recordings could be destroyed by it."""
    with opened() as installation:
        try_out(installation, actor(installation, acting), change, json_out)


@click.command("approve")
@click.argument("change")
@_REASON
@needs(Permission.LAW_CHANGE, Permission.LAW_ADOPT)
@as_account
@as_json
def approve_change(change: str, reason: str, acting: str | None, json_out: bool) -> None:
    """Put in force what another person proposed, after looking at what it would do."""
    _decide(change, True, reason, acting, json_out)


@click.command("refuse")
@click.argument("change")
@_REASON
@needs(Permission.LAW_CHANGE, Permission.LAW_ADOPT)
@as_account
@as_json
def refuse_change(change: str, reason: str, acting: str | None, json_out: bool) -> None:
    """Refuse what another person proposed."""
    _decide(change, False, reason, acting, json_out)


@click.command("changes")
@click.option("--text", metavar="CHANGE", help="The text that this change proposes, alone: read it before approving.")
@needs(Permission.LAW_VIEW)
@as_account
@as_json
def list_changes(text: str | None, acting: str | None, json_out: bool) -> None:
    """List the changes of the law applied here, newest first."""
    with opened() as installation:
        actor(installation, acting)
        if text is not None:
            with installation.database.read() as tx:
                _print_text(tx, changes.change(tx, text))
            return
        with installation.database.read() as tx:
            found = changes.all_changes(tx)
    if json_out:
        put_json({"changes": [_told(one, whole=False) for one in found]})
        return
    rows = [
        (
            one.id,
            one.kind.value,
            one.pack_id or _of_rules(one),
            one.state.value,
            f"{one.proposed_at:%Y-%m-%d}",
        )
        for one in found
    ]
    table(("Change", "Kind", "Of", "State", "Proposed"), rows)


def _print_text(tx: Connection, found: LawChange) -> None:
    """What a change would put in force, in its words."""
    if found.text_sha256:
        lines = changes.text_of(tx, found.text_sha256).decode().splitlines()
        click.echo("\n".join(safe(line) for line in lines))
        return
    known = {(rule.id, rule.sha256): rule for pack in book_now(tx).packs for rule in pack.rules}
    for pair in found.rules:
        rule = known.get(pair)
        click.echo(safe(f"{rule.id}: {rule.text} ({rule.citation})" if rule else ": ".join(pair)))


def _of_rules(one: LawChange) -> str:
    if one.kind is changes.ChangeKind.MEANING:
        return ", ".join(safe(f"{category}: {meaning}") for category, meaning in one.rules)
    return f"{len(one.rules)} rules" if len(one.rules) != 1 else "1 rule"


def try_out(installation: Installation, who: Actor, change_id: str, json_out: bool) -> None:
    """Try a change out, and say what it would do."""
    with installation.database.write() as tx:
        plan_id = plans.ask(tx, who, change_id=change_id, clock=installation.clock)
    with progress("Trying it out on every recording") as advance:
        plans.work_out(installation.database, plan_id, clock=installation.clock, progress=advance)
    bring_log_up_to_date(installation)
    with installation.database.read() as tx:
        found = changes.change(tx, change_id)
        listed = list(plans.differing(tx, plan_id))
    result = found.dry_run or {}
    if json_out:
        put_json(_told(found) | {"recordings": [{"recording": one, "becomes": what} for one, what in listed]})
        return
    goes, stays = result["becomes_purgeable"], result["becomes_kept"]
    say(f"Could be destroyed by it: {goes['recordings']:,} recordings, {hours(goes)} hours.")
    say(f"Could not any more:       {stays['recordings']:,} recordings, {hours(stays)} hours.")
    say("Proposed. Another person has to approve it.")
    for one, what in listed[:100]:
        say(f"  {one}  {what}")
    if len(listed) > 100:
        say(f"  and {len(listed) - 100:,} more; --json lists them all.")
    click.echo(change_id)


def _decide(change_id: str, approve: bool, reason: str, acting: str | None, json_out: bool) -> None:
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            law_changes.decide(tx, who, change_id, approve=approve, reason=reason, clock=installation.clock)
            found = changes.change(tx, change_id)
        bring_log_up_to_date(installation)
    say("In force." if approve else "Refused.")
    if approve:
        say(f"Nothing is destroyed by schedule for {installation.settings.retention_pause_days} days from now.")
    if json_out:
        put_json(_told(found))


def _told(found: LawChange, *, whole: bool = True) -> dict[str, Any]:
    tried = {"dry_run": found.dry_run} if whole else {}
    return tried | {
        "id": found.id,
        "kind": found.kind.value,
        "state": found.state.value,
        "pack": found.pack_id,
        "sha256": found.text_sha256,
        "rules": [list(one) for one in found.rules],
        "reason": safe(found.reason),
        "proposed_by": found.proposed_by,
        "proposed_at": iso(found.proposed_at),
        "dry_run_at": iso(found.dry_run_at) if found.dry_run_at else None,
        "decided_by": found.decided_by,
        "decided_at": iso(found.decided_at) if found.decided_at else None,
        "decision_reason": found.decision_reason,
    }


#: The words of `candor law` that change it.
COMMANDS = (adopt, propose_change, try_change, approve_change, refuse_change, list_changes)
