"""candor log: the transparency log."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from candor.cli.common import actor, as_account, as_json, needs, opened, put_json, say
from candor.core.errors import NotFound
from candor.core.files import write_durably
from candor.custody import CustodyEvent, LogStatus, find, history
from candor.custody.errors import NotYetInLog
from candor.custody.evidence import TAKE_IN, WHOLE, Plan
from candor.custody.forgetting import erased_count
from candor.custody.old_logs import old_proofs
from candor.people.rules import Permission
from candor.verify.checkpoint import Checkpoint
from candor.verify.handover import VerifiedHandover
from candor.verify.tlogproof import TlogProof


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def command(ctx: click.Context, json_out: bool) -> None:
    """The transparency log: how it is doing, proofs, checks.

    Alone it shows the state: origin, key, size, lag from an act to its signed checkpoint, witnesses.
    """
    if ctx.invoked_subcommand is not None:
        return
    with opened() as installation:
        status = installation.log.status()
    if status is None:
        raise NotFound(what="custody log", id="here")
    if json_out:
        put_json({**asdict(status), "problems": status.problems})
    else:
        _show(status)


def _show(status: LogStatus) -> None:
    lag = "nothing signed yet" if status.lag is None else f"{status.lag:.2f} s from the act to the signature"
    lines = [
        ("Origin", status.origin),
        ("Key", status.vkey),
        ("Fingerprint", status.fingerprint),
        ("Entries", f"{status.size:,}, signed up to {status.signed_size:,}, witnessed up to {status.witnessed_size:,}"),
        ("Lag", lag),
        ("Waiting", f"{status.waiting:,} events" + (f", oldest of {status.waiting_since}" if status.waiting else "")),
    ]
    for witness in status.witnesses:
        state = f"cosigned up to {witness.size:,}" + (f"; PROBLEM: {witness.problem}" if witness.problem else "")
        lines.append(("Witness", f"{witness.name}: {state}"))
    if not status.witnesses:
        lines.append(("Witness", "none: checkpoints rest on the agency's word alone (CANDOR_WITNESSES)"))
    if status.lost:
        lines.append(("Lost", f"{status.lost:,} entries have no event here any more; their places are kept"))
    for one in status.handovers:
        by = "signed by the old key too" if one.signed_by_old else "NOT signed by the old key, which was not at hand"
        lines.append(("Handed over", f"from {one.origin} at {one.ended_at:%Y-%m-%d %H:%M} UTC, {by}: {one.reason}"))
    if status.refusal:
        lines.append(("REFUSES", f"{status.refusal}. `candor log recover` shows what is possible"))
    for name, problem in (
        ("KEY", status.key_problem),
        ("FILES", status.files_problem),
        ("CLOCK", status.clock_set_back),
    ):
        if problem:
            lines.append((name, problem))
    for name, text in lines:
        click.echo(f"{name:12} {text}")


@command.command()
@click.argument("identifier", metavar="EVENT-OR-RECORDING")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Folder to write to.")
@click.option("--old", type=click.IntRange(1), help="Prove it in a log that was handed over: 1 is the first.")
@as_json
def proof(identifier: str, out: Path, old: int | None, json_out: bool) -> None:
    """Write the .tlog-proof of an event, or of every event of a recording.

    Each holds the opening of its public leaf: give it only to somebody who may know what happened.
    """
    with opened() as installation:
        if old is None:
            installation.log.settle()
        with installation.database.read() as tx:
            event = find(tx, identifier)
            events = [event] if event is not None else history(tx, identifier)
        if not events:
            raise NotFound(what="custody event or recording", id=identifier)
        if old is not None:
            _write_proofs(events, old_proofs(installation.database, installation.log.files, old, events), out, json_out)
            return
        covering = max(event.position if event.position is not None else -1 for event in events)
        checkpoint = installation.log.checkpoint(covering=covering)
        if checkpoint is None:
            raise NotYetInLog(id=identifier)
        proofs = installation.log.proofs(events, checkpoint)
    _write_proofs(events, proofs, out, json_out, witnessed=checkpoint.witnessed)


def _write_proofs(
    events: list[CustodyEvent], proofs: list[TlogProof], out: Path, json_out: bool, *, witnessed: bool | None = None
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for event, one in zip(events, proofs, strict=True):
        path = out / f"{event.id}.tlog-proof"
        write_durably(path, one.format().encode())
        written.append({"event": event.id, "kind": event.kind.value, "index": one.index, "file": str(path)})
    if json_out:
        put_json({"proofs": written, "size": Checkpoint.parse(proofs[0].checkpoint.text).size, "witnessed": witnessed})
        return
    for line in written:
        click.echo(f"{line['index']:>8}  {line['kind']:32} {line['file']}")


@command.command()
@click.option("--repair", is_flag=True, help="Write files that are missing or differ anew from the database.")
@as_json
def check(repair: bool, json_out: bool) -> None:
    """Check the whole log: files against database, entries against the signed root, signature, witnesses."""
    with opened() as installation:
        wrong = installation.log.check(repair=repair)
        status = installation.log.status()
        with installation.database.read() as tx:
            erased = erased_count(tx)
    assert status is not None
    if json_out:
        result = {"size": status.signed_size, "wrong_files": wrong, "repaired": repair, "refusal": status.refusal}
        put_json({**result, "erased_by_order": erased})
    elif wrong:
        for path in wrong:
            click.echo(f"{'mended' if repair else 'WRONG '}  {path}")
    else:
        click.echo(f"The log checks out: {status.signed_size:,} entries, every file, root and signature.")
    if erased and not json_out:
        click.echo(f"{erased:,} of them were erased by order: they keep their places, and nothing opens them any more.")
    if wrong and not repair:
        say("`candor log check --repair` writes these files anew.")
        raise SystemExit(6)


@command.command()
def checkpoint() -> None:
    """Bring the log up to date and print its newest signed checkpoint."""
    with opened() as installation:
        installation.log.settle()
        newest = installation.log.checkpoint()
    if newest is None:
        raise NotFound(what="signed checkpoint", id="of this log")
    click.echo(newest.note, nl=False)


@command.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; default: standard output.")
def policy(out: Path | None) -> None:
    """Print the trust policy that outsiders verify with: log key, witnesses, quorum (C2SP tlog-policy).

    Hand it out apart from any package, and have its fingerprint printed where the agency cannot change it unnoticed.
    """
    with opened() as installation:
        text = installation.log.policy().format()
        verifier = installation.log.verifier
    if out is None:
        click.echo(text.decode(), nl=False)
    else:
        write_durably(out, text)
        say(f"Written to {out}. Fingerprint of the log's key: {verifier.fingerprint if verifier else '-'}")


@command.command()
@click.option(
    "--from",
    "places",
    multiple=True,
    metavar="DIR-or-URL",
    help="A surviving copy of the log's files: a mirror, an old disk; may be repeated.",
)
@click.option("--plan", "only_plan", is_flag=True, help="Show what is possible and change nothing (the default).")
@click.option("--take-in", is_flag=True, help="Rebuild the log's head from a surviving copy; the same log goes on.")
@click.option("--despite-silence", is_flag=True, help="With --take-in: although a witness does not answer.")
@click.option("--handover", is_flag=True, help="Open a new log that names this one, which never signs again.")
@click.option("--reason", metavar="TEXT", help="With --handover: why, for everybody to read.")
@click.option("--origin", metavar="NAME", help="With --handover: the new log's name. Default: this one's with /2, /3 …")
@as_account
@as_json
@needs(Permission.KEYS_MANAGE)
def recover(
    places: tuple[str, ...],
    only_plan: bool,
    take_in: bool,
    despite_silence: bool,
    handover: bool,
    reason: str | None,
    origin: str | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Get a log that refuses to sign going again, after an older database was restored or its key was lost.

    Without --take-in or --handover it shows what is known, what survives, and which way is open. --take-in takes in
    the entries that a surviving copy holds: the same log goes on and nobody outside notices but by the event that
    says so. --handover is for when they are lost for good: a new log with a new key begins, says which log it follows
    and why, and everybody who trusted the old key has to be told of the new one.
    """
    if take_in + handover + only_plan > 1:
        raise click.UsageError("give one of --plan, --take-in and --handover")
    if handover and not (reason or "").strip():
        raise click.UsageError("--handover needs a --reason: it is published, and stands in the new log's first entry")
    if not handover and (reason is not None or origin is not None):
        raise click.UsageError("--reason and --origin go with --handover")
    with opened() as installation:
        log = installation.log
        by = actor(installation, acting).account_id
        if handover:
            done = log.hand_over(actor=by, reason=reason or "", origin=origin, places=places)
            _handed_over(done, log.settle(), json_out)
            return
        plan = log.take_in(places, actor=by, despite_silence=despite_silence) if take_in else log.recovery(places)
        size = log.settle() if take_in and plan.key_problem is None else None
    if json_out:
        put_json({**_plan_json(plan), "taken_in": take_in, "signed_size": size})
        return
    _show_plan(plan)
    if take_in:
        say(f"Taken in. {'The log is signed up to ' + format(size, ',') + ' entries.' if size else plan.key_problem}")


def _plan_json(plan: Plan) -> dict[str, object]:
    return {
        "origin": plan.origin,
        "vkey": plan.vkey,
        "size": plan.size,
        "signed": plan.signed,
        "known": [{"where": one.where, "size": one.checkpoint.size} for one in plan.known],
        "copies": [asdict(one) for one in plan.copies],
        "silent_witnesses": plan.silent,
        "key_problem": plan.key_problem,
        "way": plan.way,
        "why": plan.why,
        "place": plan.place,
        "missing": plan.missing,
    }


def _show_plan(plan: Plan) -> None:
    click.echo(f"The log {plan.origin}: {plan.size:,} entries in the database, signed up to {plan.signed:,}.")
    click.echo("Checkpoints of its key that are known:")
    for known in plan.known:
        click.echo(f"  {known.checkpoint.size:>12,}  {known.where}")
    for name in plan.silent:
        click.echo(f"             ?  the witness {name} does not answer; it may know a newer one")
    click.echo("Surviving copies:")
    for copy in plan.copies:
        click.echo(f"  {copy.place}: {copy.words}")
    if plan.key_problem is not None:
        click.echo(plan.key_problem)
    click.echo(plan.why[:1].upper() + plan.why[1:] + ".")
    click.echo(_NEXT[plan.way])


_NEXT = {
    WHOLE: "Nothing is to be recovered. If the log's key is lost for good, --handover opens a new log.",
    TAKE_IN: "Run this again with --take-in: the same log goes on from there.",
    "handover": (
        "Look for another copy and name it with --from: the old disk, a mirror, a monitor's copy. If there is none, "
        "--handover --reason TEXT opens a new log that says which one it follows."
    ),
}


def _handed_over(done: VerifiedHandover, size: int, json_out: bool) -> None:
    handover = done.handover
    if json_out:
        put_json(
            {
                "old": handover.old.format(),
                "new": handover.new.format(),
                "fingerprint": handover.new.fingerprint,
                "last_size": handover.last_size,
                "carried_size": handover.carried_size,
                "signed_by_old": done.signed_by_old,
                "signed_size": size,
            }
        )
        return
    click.echo(
        f"The log {handover.new.name} follows {handover.old.name}; {handover.carried_size:,} entries were carried."
    )
    click.echo(f"Its key: {handover.new}")
    click.echo(f"Fingerprint: {handover.new.fingerprint}")
    click.echo(
        "The old key signed the handover as well, so whoever trusts it can check the new one."
        if done.signed_by_old
        else "The old key was not at hand: whoever trusted it must be told of the new one in person or in print."
    )
    click.echo("Now: publish the new fingerprint, hand out `candor log policy`, tell the witnesses, make a backup.")
