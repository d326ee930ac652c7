"""candor key: the key-encryption key, on paper, in escrow, changed, restored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, say
from candor.cli.key_files import ask_passphrase, from_escrow, from_shares, new_files, put_sheet, read_text, share_files
from candor.cli.key_rotation import run_rotation, say_rotated
from candor.cli.key_state import check_keys, existing_database, must_be_present_sheet
from candor.core.clock import SystemClock
from candor.core.settings import Settings
from candor.installation import Installation
from candor.people import service
from candor.people.rules import Actor, Permission
from candor.recovery.keeping_keys import confirm_sheet, record_escrow, show_sheet
from candor.store.escrow import encrypt_to, recipient_fingerprint
from candor.store.key_errors import PaperWrong
from candor.store.key_records import Escrow, Restored, change_records
from candor.store.key_state import must_belong_here, sheet_epochs
from candor.store.keys import check_value_of, fingerprint_of, put_epochs
from candor.store.recovery_sheet import read_sheet, sheet_text

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True)
_PASSPHRASE = click.option(
    "--passphrase", is_flag=True, help="Ask for a passphrase of the shares; from a pipe, its first line is taken."
)


@click.group()
def command() -> None:
    """The key that everything is sealed under: recovery sheet, escrow, change, restoring, checks.

    It lies in CANDOR_KEYS, never with the database and in no backup. Without it nothing can be opened by anybody.
    """


@command.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write, readable by you alone.")
@needs(Permission.KEYS_MANAGE)
@as_account
def sheet(out: Path | None, acting: str | None) -> None:
    """Print the recovery sheet: the key as words, each line with a check word.

    Print it on paper, confirm it with `candor key check --sheet -`, and keep no file of it.
    """
    with opened() as installation:
        text = _shown_sheet(installation, actor(installation, acting))
        bring_log_up_to_date(installation)
    put_sheet(text, out)


@command.command()
@click.option("--sheet", "sheet_file", type=_FILE, help="Try and confirm this recovery sheet; - reads what you type.")
@needs(Permission.KEYS_MANAGE)
@as_account
@as_json
def check(sheet_file: Path | None, acting: str | None, json_out: bool) -> None:
    """Check that every key that is needed is at hand and right, and whether it could be restored.

    With --sheet a recovery sheet is tried word by word; when it is right, that is written down.
    """
    settings = Settings.load()
    confirmed: tuple[int, ...] = ()
    if sheet_file is not None:
        found = read_sheet(read_text(sheet_file, "Type the lines of the sheet, then Ctrl-D:"))
        with opened() as installation:
            confirmed = _confirm(installation, actor(installation, acting), found)
            bring_log_up_to_date(installation)
    elif acting is not None:  # the operator may look where nothing opens; somebody's rights are in the database
        with opened() as installation:
            actor(installation, acting)
    code = check_keys(settings, confirmed, json_out=json_out)
    if code:
        raise SystemExit(code)


@command.command()
@click.option("--sheet", "sheet_file", type=_FILE, help="From the recovery sheet; - reads what you type.")
@click.option("--share", "shares", type=_FILE, multiple=True, help="From shares, one file for each holder.")
@click.option("--age-identity", "identity", type=_FILE, help="From an escrow, with this identity of a recipient.")
@click.option("--escrow", "escrow_file", type=_FILE, help="The age file of the escrow.")
@_PASSPHRASE
@as_json
def restore(
    sheet_file: Path | None,
    shares: tuple[Path, ...],
    identity: Path | None,
    escrow_file: Path | None,
    passphrase: bool,
    json_out: bool,
) -> None:
    """Put the key back into CANDOR_KEYS from paper or escrow, on an empty machine too.

    Nothing is written unless everything is right; another key of the same epoch is never overwritten.
    """
    ways = [bool(sheet_file), bool(shares), bool(identity or escrow_file)]
    if sum(ways) != 1 or bool(identity) != bool(escrow_file):
        raise click.UsageError("Give one of: --sheet FILE, --share FILE …, or --age-identity FILE with --escrow FILE.")
    settings, clock = Settings.load(), SystemClock()
    if sheet_file is not None:
        way, keys = "sheet", read_sheet(read_text(sheet_file, "Type the lines of the sheet, then Ctrl-D:"))
    elif shares:
        way, keys = "shares", from_shares(shares, passphrase)
    else:
        assert identity is not None
        assert escrow_file is not None
        way, keys = "age", from_escrow(identity, escrow_file)
    with existing_database(settings) as database:
        if database is not None:
            with database.read() as tx:
                if sa.inspect(tx).has_table("vault_epoch"):
                    must_belong_here(tx, keys)
    folder = settings.keys_folder
    new = put_epochs(folder, keys)
    if new:
        change_records(folder, restored=Restored(way, new, clock.now()))
    _say_restored(folder, keys, new, json_out=json_out)


@command.command()
@click.option("--holders", type=int, help="Split the key among so many holders (2 to 16).")
@click.option("--needed", type=int, help="How many of them are needed to make the key again.")
@click.option("--to", "recipients", multiple=True, metavar="RECIPIENT", help="Encrypt to this age or SSH public key.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the files.")
@_PASSPHRASE
@needs(Permission.KEYS_MANAGE)
@as_account
@as_json
def escrow(
    holders: int | None,
    needed: int | None,
    recipients: tuple[str, ...],
    out: Path,
    passphrase: bool,
    acting: str | None,
    json_out: bool,
) -> None:
    """Give the key into the hands of others: split among holders (SLIP-39), or encrypted to age recipients.

    Each holder gets one file, to be printed and deleted. Any --needed of them make the key again; fewer learn nothing.
    """
    if bool(recipients) == bool(holders) or bool(holders) != bool(needed) or (recipients and passphrase):
        raise click.UsageError("Give --holders N with --needed K, or --to RECIPIENT (once or more).")
    secret = ask_passphrase(twice=True) if passphrase else ""
    with opened() as installation:
        who = actor(installation, acting)
        who.require(Permission.KEYS_MANAGE)
        with installation.database.read() as tx:
            epochs = sheet_epochs(tx, installation.vault.keys)
            words = _header(tx, installation)
        at = installation.clock.now()
        if recipients:
            sealed = encrypt_to({epoch: installation.vault.keys.secret(epoch) for epoch in epochs}, recipients)
            files = {f"candor-key-epoch-{epochs[-1]}.age": sealed}
            record = Escrow("age", epochs, at, recipients=tuple(recipient_fingerprint(one) for one in recipients))
        else:
            files = share_files(installation, epochs, holders or 0, needed or 0, secret, words)
            record = Escrow("shares", epochs, at, holders or 0, needed or 0)
        paths = new_files(out, files)
        try:
            _keep_record(installation, who, record)
        except BaseException:
            for path in paths:
                path.unlink(missing_ok=True)
            raise
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"files": [str(path) for path in paths], "epochs": list(epochs), "way": record.way})
        return
    for path in paths:
        click.echo(path)
    if recipients:
        say("Anyone of the recipients opens it with `candor key restore --age-identity FILE --escrow FILE`.")
    else:
        say(f"Print each file for its holder, then delete them. Any {needed} of the {holders} make the key again.")


@command.command("rotate")
@click.option("--keep-old", is_flag=True, help="Leave the old key's file in CANDOR_KEYS.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File for the new recovery sheet.")
@needs(Permission.KEYS_MANAGE)
@as_account
@as_json
def rotate_keys(keep_old: bool, out: Path | None, acting: str | None, json_out: bool) -> None:
    """Change the key: make a new one, wrap everything under it, destroy the old one.

    Footage is not encrypted again; only the wrapped keys are, in batches, while the site may run. Stop it at any point
    and run it again: it goes on. At the end it prints the new recovery sheet.
    """
    if out is not None and out.exists():
        raise PaperWrong(reason=f"{out} exists already; nothing is written over it")
    with opened() as installation:
        who = actor(installation, acting)
        who.require(Permission.KEYS_MANAGE)
        done = run_rotation(installation, who, keep_old)
        text = "" if json_out and out is None else _shown_sheet(installation, who)
        bring_log_up_to_date(installation)
    if text:
        put_sheet(text, out)
    if json_out:
        put_json(
            {
                "old": list(done.old),
                "new": done.new,
                "keys": done.keys,
                "resumed": done.resumed,
                "destroyed": list(done.destroyed),
                "scrubbed": done.scrubbed,
            }
        )
    say_rotated(done)


def _shown_sheet(installation: Installation, who: Actor) -> str:
    """The sheet's text; that it is shown is durable before this returns."""
    clock = installation.clock
    with installation.database.write() as tx:
        shown = show_sheet(tx, installation.vault, who, face="command-line", clock=clock)
        header = _header(tx, installation)
    return sheet_text(shown, **header, made=clock.now())


def _header(tx: Connection, installation: Installation) -> dict[str, str]:
    agency, verifier = service.agency(tx), installation.log.verifier
    return {"agency": agency.name if agency else "-", "origin": verifier.name if verifier else "-"}


def _confirm(installation: Installation, who: Actor, found: Mapping[int, bytes]) -> tuple[int, ...]:
    """That this is the sheet of the present keys, durable in the log and beside the keys."""
    vault, clock, folder = installation.vault, installation.clock, installation.settings.keys_folder
    epochs = tuple(sorted(found))
    with installation.database.write() as tx:
        must_be_present_sheet(vault.keys, sheet_epochs(tx, vault.keys), found, folder)
        confirm_sheet(tx, vault, who, epochs, face="command-line", whole=True, clock=clock)
    change_records(folder, confirmed=dict.fromkeys(epochs, clock.now()))
    return epochs


def _keep_record(installation: Installation, who: Actor, record: Escrow) -> None:
    with installation.database.write() as tx:
        record_escrow(tx, installation.vault, who, record, clock=installation.clock)
    change_records(installation.settings.keys_folder, escrow=record)


def _say_restored(folder: Path, keys: Mapping[int, bytes], new: tuple[int, ...], *, json_out: bool) -> None:
    prints = {epoch: fingerprint_of(check_value_of(key, epoch)) for epoch, key in keys.items()}
    if json_out:
        found = [{"epoch": epoch, "fingerprint": prints[epoch], "new": epoch in new} for epoch in sorted(keys)]
        put_json({"folder": str(folder), "keys": found})
        return
    for epoch in sorted(keys):
        state = "restored" if epoch in new else "was there already"
        click.echo(f"Key of epoch {epoch}, fingerprint {prints[epoch]}: {state} in {folder}")
    say("Next, on an empty machine: candor restore --verify with the backup. Otherwise: candor key check")
