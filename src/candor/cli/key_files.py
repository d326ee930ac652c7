"""Files and standard input of `candor key`: sheets, shares, escrow files, passphrases."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from candor.cli.common import say
from candor.core.files import make_folder, sync_folder, write_durably, write_file
from candor.installation import Installation
from candor.store.escrow import combine_shares, open_escrow, share_text, split_key
from candor.store.key_errors import PaperWrong

__all__ = ["ask_passphrase", "from_escrow", "from_shares", "new_files", "put_sheet", "read_text", "share_files"]


def share_files(
    installation: Installation,
    epochs: tuple[int, ...],
    holders: int,
    needed: int,
    passphrase: str,
    header: Mapping[str, str],
) -> dict[str, bytes]:
    keys = installation.vault.keys
    sets = [split_key(keys, epoch, holders=holders, needed=needed, passphrase=passphrase) for epoch in epochs]
    made = installation.clock.now()
    return {
        f"candor-share-{of_holder[0].holder}-of-{holders}-epoch-{epochs[-1]}.txt": share_text(
            of_holder, **header, made=made, passphrase=bool(passphrase)
        ).encode()
        for of_holder in zip(*sets, strict=True)
    }


def from_shares(shares: tuple[Path, ...], passphrase: bool) -> dict[int, bytes]:
    texts = {str(path): read_text(path, "Type the words of the share, then Ctrl-D:") for path in shares}
    if len(texts) != len(shares):
        raise PaperWrong(reason="the same file was given twice; each holder's share is needed once")
    return combine_shares(texts, passphrase=ask_passphrase(twice=False) if passphrase else "")


def from_escrow(identity: Path, escrow_file: Path) -> dict[int, bytes]:
    return open_escrow(
        read_bytes(escrow_file), read_bytes(identity), escrow_name=str(escrow_file), identity_name=str(identity)
    )


def put_sheet(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        write_durably(out, text.encode(), mode=0o600, new=True)
    except FileExistsError as error:
        raise PaperWrong(reason=f"{out} exists already; nothing is written over it") from error
    say(f"The recovery sheet is in {out}. Print it, then delete the file.")


def new_files(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    make_folder(folder, mode=0o700)
    paths = [folder / name for name in files]
    for path in paths:
        if path.exists():
            raise PaperWrong(reason=f"{path} exists already; nothing is written over it")
    for path, content in zip(paths, files.values(), strict=True):
        write_file(path, content, mode=0o600, new=True)
    sync_folder(folder)
    return paths


def ask_passphrase(*, twice: bool) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    asked: str = click.prompt("Passphrase of the shares", hide_input=True, confirmation_prompt=twice, err=True)
    return asked


def read_text(path: Path, invitation: str) -> str:
    if str(path) != "-":
        return read_bytes(path).decode("utf-8", "replace")
    if sys.stdin.isatty():
        say(invitation)
    return sys.stdin.read()


def read_bytes(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise PaperWrong(reason=f"{path} cannot be read: {error.strerror}") from error
