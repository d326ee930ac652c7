"""A key-encryption key in the hands of several people: split among holders, or encrypted to recipients.

Split by SLIP-39 (SatoshiLabs Improvement Proposal 39: Shamir's scheme with a checksum on each share), one group, n
shares of which k are needed. What is split, so that the parts alone say whether they make the right key:

    epoch[2, big-endian] || key[32] || check value[0:4]                  38 bytes, shares of 38 words

Fewer than k shares say nothing of the key. A share's own checksum finds any three wrong words; one or two of them
cannot pass for another share, so when replacing a single word makes the share right, that word is the wrong one.

Encrypted to recipients: an age file (age-encryption.org/v1) with a JSON document
`{"candor-escrow": 1, "keys": [{"epoch", "key" (base64), "check" (hex)}]}`; each recipient alone can open it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import fill
from typing import Any

import pyrage
from shamir_mnemonic import (
    MnemonicError,
    combine_mnemonics,
    generate_mnemonics,
)
from shamir_mnemonic.share import Share

from candor.core.clock import iso
from candor.store.key_errors import (
    IdentityWrong,
    PaperWrong,
    PassphraseWrong,
    RecipientWrong,
    SharesDiffer,
    SharesTooFew,
    ShareTwice,
    ShareWrong,
    SplitWrong,
)
from candor.store.keys import KEY_SIZE, KeyRing, check_value_of, fingerprint_of
from candor.store.paper import BEGIN_SHARE, END, Block, blocks
from candor.store.share_check import wrong_word
from candor.store.words import number_of, word_of

__all__ = [
    "SHARE_WORDS",
    "HeldShare",
    "combine_shares",
    "encrypt_to",
    "open_escrow",
    "recipient_fingerprint",
    "share_text",
    "split_key",
]

SHARE_WORDS = 38
_WORDS_A_LINE = 5
_CHECK = 4
_MOST = 16
#: The words that all shares of a set begin with.
_SET_WORDS = 2


@dataclass(frozen=True)
class HeldShare:
    """What one holder gets of one key. `holder` from 1 to `holders`."""

    epoch: int
    fingerprint: str
    holder: int
    holders: int
    needed: int
    words: tuple[str, ...]

    def __repr__(self) -> str:
        return f"HeldShare(epoch={self.epoch}, holder={self.holder}, holders={self.holders})"  # never the words


def split_key(keys: KeyRing, epoch: int, *, holders: int, needed: int, passphrase: str = "") -> tuple[HeldShare, ...]:
    """Split an epoch's key among `holders` (2 to 16) of whom `needed` (at least 2) can make it again.

    With a passphrase (printable ASCII) the shares alone are not enough. Raises SplitWrong, PaperWrong.
    """
    if not 2 <= needed <= holders <= _MOST:
        raise SplitWrong(holders=holders, needed=needed)
    key, check = keys.secret(epoch), keys.check_value(epoch)
    secret = epoch.to_bytes(2, "big") + key + check[:_CHECK]
    (shares,) = generate_mnemonics(1, [(needed, holders)], secret, _passphrase(passphrase))
    fingerprint = fingerprint_of(check)
    return tuple(
        HeldShare(epoch, fingerprint, holder, holders, needed, tuple(share.split()))
        for holder, share in enumerate(shares, 1)
    )


def combine_shares(given: Mapping[str, str], *, passphrase: str = "") -> dict[int, bytes]:
    """The keys by epoch that shares make; `given`: the text of each by its name (a file's, for the errors).

    More shares than needed are fine. Raises a PaperWrong that names the share, and the word where that is sure:
    WordUnknown, ShareWrong, SharesDiffer, ShareTwice, SharesTooFew, PassphraseWrong.
    """
    files = {name: [_share(name, block) for block in blocks(text)] for name, text in given.items()}
    if not files:
        raise PaperWrong(reason="no share was given")
    first = next(iter(files))
    sets: dict[int, list[tuple[str, Share]]] = {share.identifier: [] for share in files[first]}
    for name, shares in files.items():
        for share in shares:
            if share.identifier not in sets:
                begins, expected = _begins(share), _begins(files[first][0])
                raise SharesDiffer(share=name, other=first, begins=begins, expected=expected)
            sets[share.identifier].append((name, share))
    return dict(_combined(shares, passphrase) for shares in sets.values())


def _share(name: str, block: Block) -> Share:
    typed = [word for line in block.lines for word in line.words]
    words = [word_of(number_of(word, f"The share {name}, word {at}")) for at, word in enumerate(typed, 1)]
    if len(words) != SHARE_WORDS:
        raise ShareWrong(share=name, reason=f"it has {len(words)} words instead of {SHARE_WORDS}")
    try:
        return Share.from_mnemonic(" ".join(words))
    except MnemonicError as error:
        found = wrong_word(words)
        if found is None:
            reason = "its checksum does not fit, and more than one word is wrong or words stand in the wrong order"
        else:
            at, word = found
            line = (at - 1) // _WORDS_A_LINE + 1
            reason = f"word {at}, “{typed[at - 1]}” in line {line}, is wrong; it is probably “{word}”"
        raise ShareWrong(share=name, reason=reason) from error


def _begins(share: Share) -> str:
    return " ".join(share.words()[:_SET_WORDS])


def _combined(shares: Sequence[tuple[str, Share]], passphrase: str) -> tuple[int, bytes]:
    by_holder: dict[int, tuple[str, Share]] = {}
    for name, share in shares:
        if share.index in by_holder:
            raise ShareTwice(share=name, other=by_holder[share.index][0], holder=share.index + 1)
        by_holder[share.index] = name, share
    needed = shares[0][1].member_threshold
    if len(by_holder) < needed:
        holders = ", ".join(str(index + 1) for index in sorted(by_holder))
        raise SharesTooFew(needed=needed, given=len(by_holder), holders=holders, missing=needed - len(by_holder))
    chosen = [by_holder[index][1] for index in sorted(by_holder)[:needed]]
    try:
        secret = combine_mnemonics((share.mnemonic() for share in chosen), _passphrase(passphrase))
    except MnemonicError as error:
        names = ", ".join(name for name, _ in by_holder.values())
        raise ShareWrong(share=names, reason="the shares do not make one key together") from error
    epoch, key, check = int.from_bytes(secret[:2], "big"), secret[2 : 2 + KEY_SIZE], secret[2 + KEY_SIZE :]
    if len(secret) != 2 + KEY_SIZE + _CHECK or not hmac.compare_digest(check, check_value_of(key, epoch)[:_CHECK]):
        raise PassphraseWrong()
    return epoch, key


def _passphrase(text: str) -> bytes:
    if not all(32 <= ord(character) <= 126 for character in text):
        raise PaperWrong(reason="the passphrase may hold plain letters, digits and signs (ASCII) only")
    return text.encode()


def share_text(shares: Sequence[HeldShare], *, agency: str, origin: str, made: datetime, passphrase: bool) -> str:
    """What one holder keeps, as text for a printer: the holder's share of each key."""
    one = shares[0]

    def paragraph(text: str) -> str:
        return fill(text, 76, break_long_words=False, break_on_hyphens=False)

    more = " A passphrase was set as well; it stands nowhere on this page." if passphrase else ""
    parts = [
        f"CANDOR KEY SHARE {one.holder} OF {one.holders}",
        "",
        f"Agency        {agency}",
        f"Custody log   {origin}",
        f"Made          {iso(made)[:16].replace('T', ' ')} UTC",
        "",
        paragraph(
            f"This is one of {one.holders} shares of the key that the agency's recordings are encrypted under. Any "
            f"{one.needed} of the {one.holders} holders together can make the key again; fewer learn nothing of it."
            + more
        ),
        "",
        paragraph(
            "Keep it on paper, where nobody else reads it and no other share lies. Give it out only when the agency "
            "asks for it in person, to restore its archive: `candor key restore --share FILE --share FILE`. When the "
            "agency changes its key you get a new share; destroy this one then."
        ),
        "",
    ]
    for share in shares:
        parts += [f"Key of epoch {share.epoch}, fingerprint {share.fingerprint}", "", BEGIN_SHARE, ""]
        for at in range(0, len(share.words), _WORDS_A_LINE):
            line = "".join(f"{word:<12}" for word in share.words[at : at + _WORDS_A_LINE])
            parts.append(f"{at // _WORDS_A_LINE + 1:>2}   {line}".rstrip())
        parts += ["", END, ""]
    return "\n".join(parts)


def recipient_fingerprint(recipient: str) -> str:
    """16 hexadecimal digits of SHA-256 of a recipient, for the record of who holds an escrow."""
    return hashlib.sha256(recipient.strip().encode()).hexdigest()[:16]


def encrypt_to(keys: Mapping[int, bytes], recipients: Sequence[str]) -> bytes:
    """An age file, armoured, that each of the recipients alone can open. Raises RecipientWrong."""
    document = {
        "candor-escrow": 1,
        "keys": [
            {"epoch": epoch, "key": base64.b64encode(key).decode(), "check": check_value_of(key, epoch).hex()}
            for epoch, key in sorted(keys.items())
        ],
    }
    parsed = [_recipient(one) for one in recipients]
    encrypted: bytes = pyrage.encrypt(json.dumps(document).encode(), parsed, armored=True)
    return encrypted


def _recipient(text: str) -> Any:
    kind = pyrage.ssh if text.strip().startswith("ssh-") else pyrage.x25519
    try:
        return kind.Recipient.from_str(text.strip())
    except pyrage.RecipientError as error:
        raise RecipientWrong(recipient=text, reason=str(error)) from error


def open_escrow(escrow: bytes, identity: bytes, *, escrow_name: str, identity_name: str) -> dict[int, bytes]:
    """The keys by epoch in an age file, opened by an identity file (age's own, or an SSH private key).

    Raises IdentityWrong when it does not open, PaperWrong when what is inside is no escrow of Candor's.
    """

    def wrong(reason: str) -> IdentityWrong:
        return IdentityWrong(path=identity_name, escrow=escrow_name, reason=reason)

    try:
        plain: bytes = pyrage.decrypt(escrow, _identities(identity))
    except pyrage.IdentityError as error:
        raise wrong(f"it is no identity file ({error})") from error
    except pyrage.DecryptError as error:
        if not escrow.startswith((b"-----BEGIN AGE", b"age-encryption.org/")):
            raise PaperWrong(reason=f"{escrow_name} is no age file") from error
        raise wrong(str(error)) from error
    try:
        document = json.loads(plain)
        if document["candor-escrow"] != 1:
            raise ValueError
        found = {one["epoch"]: base64.b64decode(one["key"], validate=True) for one in document["keys"]}
        fits = [
            type(one["epoch"]) is int
            and one["epoch"] >= 1
            and len(found[one["epoch"]]) == KEY_SIZE
            and bytes.fromhex(one["check"]) == check_value_of(found[one["epoch"]], one["epoch"])
            for one in document["keys"]
        ]
        if not fits or not all(fits):
            raise ValueError
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise PaperWrong(reason=f"{escrow_name} opens, but what is in it is no key of Candor's") from error
    return found


def _identities(content: bytes) -> list[Any]:
    if b"PRIVATE KEY-----" in content:
        return [pyrage.ssh.Identity.from_buffer(content)]
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
    return [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
