"""candor credentials: the key that signs content credentials, and reading those of a film."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

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
from candor.core.clock import iso
from candor.core.errors import NotSetUp
from candor.core.limited import LimitedRefused
from candor.disclosure.credentials import keys
from candor.disclosure.credentials.certificates import chain_of
from candor.disclosure.credentials.checking import Checked, check_credentials
from candor.disclosure.credentials.errors import ChainUnusable, CredentialsMissing, KeyNotRead, RootRequired
from candor.disclosure.credentials.keys import KeyFacts
from candor.people.rules import Permission

_LARGEST = 256 << 10  # bytes of a file with certificates or a key
_CHANGED = 6  # exit code: a check failed
_UNREADABLE = 3
_NONE = 4


@click.group()
def command() -> None:
    """Content credentials (C2PA) of copies that go out: their key, and reading them."""


@command.command("make")
@click.option("--anew", is_flag=True, help="Also where there is a key: a new root and a new key, used from now on.")
@as_account
@as_json
@needs(Permission.CREDENTIALS_MANAGE)
def make(anew: bool, acting: str | None, json_out: bool) -> None:
    """Make the agency's root certificate and the key that signs, sealed under the installation's key.

    The first release does the same. What was signed with an earlier key goes on holding under that key's root.
    """
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            found = keys.make(tx, installation.vault, who, anew=anew, clock=installation.clock)
        bring_log_up_to_date(installation)
    _put(found, json_out, "In use")


@command.command("import")
@click.argument("chain", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="CHAIN")
@click.option(
    "--key",
    "key_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The private key of the first certificate, PEM.",
)
@click.option("--passphrase", is_flag=True, help="Ask for the key's passphrase; from a pipe, its first line is taken.")
@as_account
@as_json
@needs(Permission.CREDENTIALS_MANAGE)
def import_(chain: Path, key_file: Path, passphrase: bool, acting: str | None, json_out: bool) -> None:
    """Use certificates that somebody else issued: CHAIN is a PEM file, the one that signs first, its root last."""
    secret = _passphrase() if passphrase else None
    certificates = _bytes_of(chain)
    if certificates is None:
        raise ChainUnusable(reason="the file is too large to be a chain of certificates")
    private = _bytes_of(key_file)
    if private is None:
        raise KeyNotRead(reason="it is too large to be a private key")
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            vault, clock = installation.vault, installation.clock
            found = keys.bring_in(tx, vault, who, certificates, private, passphrase=secret, clock=clock)
        bring_log_up_to_date(installation)
    _put(found, json_out, "In use from now on")


@command.command("show")
@click.option("--root", is_flag=True, help="Only the root certificate in use, PEM: what others need to check copies.")
@click.option("--roots", is_flag=True, help="All root certificates that ever signed here, PEM.")
@as_json
def show(root: bool, roots: bool, json_out: bool) -> None:
    """Show the key that signs, and earlier ones. Nothing secret is shown."""
    with opened() as installation, installation.database.read() as tx:
        found, all_roots, used = keys.known(tx), keys.roots(tx), keys.in_use(tx)
    if used is None:
        raise CredentialsMissing()
    if roots:
        click.echo(all_roots, nl=False)
    elif root:
        click.echo(used.root_pem, nl=False)
    elif json_out:
        put_json([_as_json(one) for one in found])
    else:
        rows = [
            ("in use" if one.in_use else "earlier", one.origin.value, one.subject, iso(one.not_after), one.fingerprint)
            for one in found
        ]
        table(("", "from", "whose", "until", "SHA-256 of the certificate"), rows)
        say("`candor credentials show --root` gives the certificate to hand out.")


@command.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option(
    "--root",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The root certificate to trust, PEM, from the agency itself. Default: those of this installation.",
)
@click.option("--sha256", "wanted", metavar="HEX", help="What the film must be without its credentials.")
@as_json
def check(file: Path, root: Path | None, wanted: str | None, json_out: bool) -> None:
    """Say what the content credentials of the film FILE say, and whether they hold. Needs no installation.

    The film without them is hashed too, and compared with the copy that they name and with --sha256.
    """
    anchors = _anchors(root)
    size = file.stat().st_size
    with file.open("rb") as stream:

        def read_at(offset: int, length: int) -> bytes:
            stream.seek(offset)
            return stream.read(length)

        try:
            found = check_credentials(stream, read_at, size, anchors)
        except LimitedRefused as error:
            say(f"{safe(str(file))}: {error.fields['reason']}.")
            sys.exit(_UNREADABLE)
    if found is None:
        say(f"{safe(str(file))} carries no content credentials. They were taken out, or there never were any.")
        sys.exit(_NONE)
    right = _right(found, wanted)
    if json_out:
        put_json(_checked_json(found, right))
    else:
        _tell(found, wanted, bool(anchors))
    if not right:
        sys.exit(_CHANGED)


def _right(found: Checked, wanted: str | None) -> bool:
    """Whether nothing speaks against it. An unknown signer is no fault of the film; a hash that does not fit is."""
    if not found.holds or found.is_the_copy is False:
        return False
    return wanted is None or (found.bare is not None and found.bare[0] == wanted.strip().lower())


def _tell(found: Checked, wanted: str | None, given_roots: bool) -> None:
    said, signer = found.found, found.found["signer"]
    who = safe(signer["issuer"] or "somebody who is not named")
    lines = [f"Title: {safe(said['title'])}", f"Made with: {safe(said['generator'])}"]
    if not found.holds:
        lines.append(
            f"They do NOT hold: the film or they were changed ({safe(', '.join(found.faults)) or 'no reason given'})."
        )
    elif found.trusted:
        lines.append(f"They hold, and were signed by {who}, whose root certificate was given.")
    elif given_roots:
        lines.append(f"They hold, but were signed with a key of none of the roots given. It calls itself {who}.")
    else:
        lines.append(f"They hold. Who signed is not checked, as no root was given; it calls itself {who}.")
    for one in said["actions"]:
        words = safe(one["description"]) or _ACTIONS.get(one["action"], safe(one["action"]))
        lines.append(f"Said to be done: {words}")
    lines += _custody_lines(found)
    if found.bare is None:
        lines.append(f"Without them: not known. {found.why_not}")
    else:
        lines.append(f"Without them: SHA-256 {found.bare[0]}, {found.bare[1]:,} bytes")
        if wanted is not None:
            fits = found.bare[0] == wanted.strip().lower()
            lines.append("That is the SHA-256 given." if fits else "That is NOT the SHA-256 given.")
    for line in lines:
        click.echo(line)
    say("Content credentials are a courtesy; the proof is the custody log: `candor verify PACKAGE`.")


_ACTIONS = {"c2pa.opened": "an original was opened", "c2pa.transcoded": "pictures or sound were encoded anew"}


def _custody_lines(found: Checked) -> list[str]:
    if found.custody is None:
        return ["They name no custody log."]
    log, original = _part(found.custody, "log"), _part(found.custody, "original")
    lines = [
        f"Custody log: {safe(str(log.get('origin')))}, entry {safe(str(log.get('index')))}",
        f"Made of an original with SHA-256 {safe(str(original.get('sha256')))}",
    ]
    if found.is_the_copy is not None:
        fits = "is" if found.is_the_copy else "is NOT"
        lines.append(f"The film without them {fits} the copy that they name.")
    return lines


def _part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = whole.get(name)
    return value if isinstance(value, Mapping) else {}


def _checked_json(found: Checked, right: bool) -> dict[str, Any]:
    return {
        "right": right,
        "holds": found.holds,
        "trusted": found.trusted,
        "faults": list(found.faults),
        "custody": found.custody,
        "without": None if found.bare is None else {"sha256": found.bare[0], "size": found.bare[1]},
        "is_the_copy": found.is_the_copy,
        **{name: found.found[name] for name in ("title", "generator", "signer", "parents", "actions")},
    }


def _anchors(root: Path | None) -> str:
    """The roots to trust: as given, or this installation's where there is one."""
    if root is not None:
        data = _bytes_of(root)
        try:
            return chain_of(data or b"").pem
        except ChainUnusable as error:
            raise RootRequired(path=root) from error
    try:
        with opened() as installation, installation.database.read() as tx:
            return keys.roots(tx)
    except NotSetUp:
        return ""


def _bytes_of(file: Path) -> bytes | None:
    """A small file whole; None when it is too large."""
    return file.read_bytes() if file.stat().st_size <= _LARGEST else None


def _passphrase() -> bytes:
    if sys.stdin.isatty():
        return str(click.prompt("Passphrase of the key", hide_input=True, err=True)).encode()
    return sys.stdin.readline().rstrip("\r\n").encode()


def _put(found: KeyFacts, json_out: bool, words: str) -> None:
    if json_out:
        put_json(_as_json(found))
        return
    click.echo(f"{words}: {safe(found.subject)}, until {found.not_after:%Y-%m-%d}")
    click.echo(f"SHA-256 of its root: {found.root_fingerprint}")
    say("Hand out the root certificate (`candor credentials show --root`) by another way than the copies.")


def _as_json(one: KeyFacts) -> dict[str, Any]:
    return {
        "id": one.id,
        "in_use": one.in_use,
        "origin": one.origin.value,
        "algorithm": one.algorithm.value,
        "subject": one.subject,
        "fingerprint": one.fingerprint,
        "root_fingerprint": one.root_fingerprint,
        "not_before": iso(one.not_before),
        "not_after": iso(one.not_after),
        "made_at": iso(one.made_at),
        "root": one.root_pem,
    }
