"""candor redact verify: check a redacted copy against its original, from the two files alone."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path

import click

from candor.cli.common import byte_progress, safe, say
from candor.core.errors import CandorError
from candor.verify.errors import Malformed
from candor.verify.note import MAX_NOTE_SIZE
from candor.verify.policy import MAX_POLICY_SIZE
from candor.verify.report import Step
from candor.verify.trust import NO_TRUST, Trust

_MARKS = {"passed": "passed ", "warning": "WARNING", "failed": "FAILED ", "not run": "not run"}
_TOLD = ("verdict", "exit_code", "result", "kind", "subject", "keys", "key_source", "origin", "steps")
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


class FileTooLarge(CandorError):
    """The file {path} is larger than {most:,} bytes, so it is not what it is given as. Nothing was checked."""

    exit_code = 3


@click.command()
@click.argument("original", type=_FILE)
@click.argument("copy", type=_FILE)
@click.option("--list", "edit_list", type=_FILE, metavar="FILE", help="The signed edit list of the copy.")
@click.option("--proof", type=_FILE, metavar="FILE", help="The whole proof: it says where the masks are.")
@click.option("--policy", type=_FILE, metavar="FILE", help="Trust policy: the log's key, from outside.")
@click.option("--log-key", multiple=True, metavar="VKEY", help="The log's key (name+hash+key), from outside.")
@click.option("--strict", is_flag=True, help="A warning ends with exit code 19.")
@click.option("--json", "json_out", is_flag=True, help="One JSON document on standard output.")
def verify(
    original: Path,
    copy: Path,
    edit_list: Path | None,
    proof: Path | None,
    policy: Path | None,
    log_key: tuple[str, ...],
    strict: bool,
    json_out: bool,
) -> None:
    """Check that the redacted COPY is the ORIGINAL but for what its edit list says is hidden.

    Needs nothing but the files: no installation, no network. Without --list it tells where the two differ; with it,
    whether the log signed the list and whether anything differs at other times; with --proof as well, every block
    outside the masks and every mask is checked. Exit codes: 0 passed, 20 + n step n was the first that failed.
    """
    from candor.redaction.verifying import LONGEST_PROOF, verify_copy  # what decodes takes a while to load

    if policy is not None and log_key:
        raise click.UsageError("Give either --policy or --log-key, not both.")
    try:
        trust = _trust(policy, log_key)
    except Malformed as error:
        raise click.UsageError(str(error)) from error
    total = original.stat().st_size + copy.stat().st_size
    with byte_progress("Comparing", total) as advance:
        done = 0

        def progress(fraction: float) -> None:
            nonlocal done
            advance(max(0, round(total * fraction) - done))
            done = max(done, round(total * fraction))

        report = verify_copy(
            original,
            copy,
            trust,
            edit_list=None if edit_list is None else _read(edit_list, MAX_NOTE_SIZE),
            proof=None if proof is None else _read(proof, LONGEST_PROOF),
            progress=progress,
        )
    if json_out:
        told = report.to_json(strict)
        kept = {name: told[name] for name in _TOLD}
        click.echo(json.dumps({**kept, "differs": report.differs}, ensure_ascii=True, indent=2))
    else:
        for step in report.steps:
            _show(step)
        click.echo(f"\nRESULT: {report.result_line}")
    if edit_list is None:
        say("No edit list was given (--list), so nothing says which differences are meant.")
    sys.exit(report.exit_code(strict))


def _trust(policy: Path | None, log_keys: tuple[str, ...]) -> Trust:
    if policy is not None:
        return Trust.from_policy(_read(policy, MAX_POLICY_SIZE), f"the policy file {policy}")
    return Trust.from_keys(log_keys, (), "the command line") if log_keys else NO_TRUST


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise FileTooLarge(path=path, most=most)
    return data


def _show(step: Step) -> None:
    click.echo(f"{step.number:>3}  {_MARKS[step.outcome.value]}  {step.title}")
    more = [f"… and {step.more:,} more"] if step.more else []
    said = [("  ", step.words)] if step.words else []
    said += [("! ", text) for text in (*step.findings, *more)] + [("- ", text) for text in step.notes]
    for mark, text in said:
        for line in textwrap.wrap(safe(text), 110, initial_indent=" " * 12 + mark, subsequent_indent=" " * 14):
            click.echo(line)
