"""Passkeys (WebAuthn level 2): a key pair per account and device, of which the site keeps the public half.

1. A challenge is taken once, within minutes, by the browser it was given to, for what it was given for; it is used up
   also by an answer that turns out wrong.
2. A signature counter that does not grow shows a copy of the device (WebAuthn 7.2, step 22): that passkey is refused
   from then on.
3. Alone, without a password, only a passkey counts whose device checked who holds it (user verification).
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import webauthn
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.people.errors import (
    ChallengeExpired,
    PasskeyCopied,
    PasskeyNameWrong,
    PasskeyTaken,
    PasskeyUnknown,
    PasskeyUnverified,
    PasskeyWrong,
)
from candor.people.service import Account
from candor.people.sessions import origin
from candor.people.tables import account as account_table
from candor.people.tables import passkey as passkey_table
from candor.people.tables import passkey_challenge as challenge_table

#: How long a browser may take to answer.
CHALLENGE_LIVES = timedelta(minutes=5)
LONGEST_NAME = 60
#: Longest answer of a browser that is looked at, in characters.
LONGEST_ANSWER = 64 * 1024
#: What a challenge is for: signing in without a password, the second factor, unlocking and confirming, registering.
SIGN_IN, SECOND, PROOF, REGISTER = "sign-in", "second", "proof", "register"


@dataclass(frozen=True)
class Party:
    """The site as passkeys know it: `id`, a host name; `origin`, scheme, host and port; `name`, for people."""

    id: str
    origin: str
    name: str


@dataclass(frozen=True)
class Passkey:
    """A registered passkey. `refused_at`: since when it is refused, because there may be a copy."""

    id: str
    name: str
    made_at: datetime
    used_at: datetime | None
    refused_at: datetime | None


@dataclass(frozen=True)
class Answer:
    """A browser's answer whose challenge was given to it, taken and is used up. `account_id`: whom the challenge was
    for; None where the answer is to say."""

    text: str
    challenge: bytes
    account_id: str | None


@dataclass(frozen=True)
class Used:
    """A passkey that signed. `verified`: its device checked who holds it."""

    account_id: str
    sign_in_name: str
    passkey_id: str
    verified: bool


def of(tx: Connection, account_id: str) -> list[Passkey]:
    """The passkeys of an account, oldest first."""
    columns = [passkey_table.c[field] for field in Passkey.__dataclass_fields__]
    query = sa.select(*columns).where(passkey_table.c.account_id == account_id).order_by(passkey_table.c.made_at)
    return [Passkey(**row._mapping) for row in tx.execute(query)]


# -- challenges


def options_to_register(
    tx: Connection, party: Party, account: Account, *, bound_to: str, clock: Clock | None = None
) -> str:
    """What the browser needs to make a passkey, as JSON."""
    made = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_name=account.sign_in_name,
        user_display_name=account.display_name,
        user_id=account.id.encode(),
        exclude_credentials=_descriptors(tx, account.id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    _keep(tx, made.challenge, REGISTER, bound_to, account.id, clock)
    return webauthn.options_to_json(made)


def options_to_sign(
    tx: Connection,
    party: Party,
    purpose: str,
    *,
    bound_to: str,
    account_id: str | None = None,
    clock: Clock | None = None,
) -> str:
    """What the browser needs to have a passkey sign, as JSON: any of an account's, or without one whichever the
    browser's owner chooses."""
    alone = purpose in (SIGN_IN, PROOF)
    made = webauthn.generate_authentication_options(
        rp_id=party.id,
        allow_credentials=_descriptors(tx, account_id) if account_id else None,
        user_verification=UserVerificationRequirement.REQUIRED if alone else UserVerificationRequirement.PREFERRED,
    )
    _keep(tx, made.challenge, purpose, bound_to, account_id, clock)
    return webauthn.options_to_json(made)


def take(tx: Connection, text: str, purpose: str, *, bound_to: str, clock: Clock | None = None) -> Answer:
    """Take a browser's answer (JSON) and use up its challenge; commit this before looking at the rest. Raises
    ChallengeExpired."""
    now = (clock or SystemClock()).now()
    taken = tx.execute(
        challenge_table.delete()
        .where(
            challenge_table.c.challenge_hash == hashlib.sha256(challenge := _challenge_in(text)).digest(),
            challenge_table.c.bound_to == _binding(bound_to),
            challenge_table.c.purpose == purpose,
            challenge_table.c.ends_at > now,
        )
        .returning(challenge_table.c.account_id)
    ).first()
    if taken is None:
        raise ChallengeExpired()
    return Answer(text, challenge, taken.account_id)


def _keep(
    tx: Connection, challenge: bytes, purpose: str, bound_to: str, account_id: str | None, clock: Clock | None
) -> None:
    now = (clock or SystemClock()).now()
    binding = _binding(bound_to)
    before = sa.and_(challenge_table.c.bound_to == binding, challenge_table.c.purpose == purpose)
    tx.execute(challenge_table.delete().where(sa.or_(challenge_table.c.ends_at <= now, before)))
    row = {
        "challenge_hash": hashlib.sha256(challenge).digest(),
        "bound_to": binding,
        "purpose": purpose,
        "account_id": account_id,
        "ends_at": now + CHALLENGE_LIVES,
    }
    tx.execute(challenge_table.insert(), row)


def _binding(bound_to: str) -> bytes:
    return hashlib.sha256(bound_to.encode()).digest()


def _challenge_in(text: str) -> bytes:
    """The challenge that an answer says it answers; whether it does is checked with the signature."""
    try:
        if len(text) > LONGEST_ANSWER:
            raise ValueError("longer than any answer")
        client_data = json.loads(base64url_to_bytes(json.loads(text)["response"]["clientDataJSON"]))
        return base64url_to_bytes(client_data["challenge"])
    except (ValueError, KeyError, TypeError, RecursionError, WebAuthnException) as error:
        raise ChallengeExpired() from error


def _descriptors(tx: Connection, account_id: str) -> list[PublicKeyCredentialDescriptor]:
    rows = tx.execute(
        sa.select(passkey_table.c.credential_id, passkey_table.c.transports).where(
            passkey_table.c.account_id == account_id
        )
    )
    known = {one.value for one in AuthenticatorTransport}
    return [
        PublicKeyCredentialDescriptor(
            id=row.credential_id,
            transports=[AuthenticatorTransport(one) for one in row.transports if one in known],
        )
        for row in rows
    ]


# -- registering, signing, removing


def register(tx: Connection, party: Party, answer: Answer, *, name: str, clock: Clock | None = None) -> str:
    """Keep the passkey that the browser made for the challenge's account; its id. Raises PasskeyWrong, PasskeyTaken,
    PasskeyNameWrong. The event is `second_factor.added`'s."""
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    if not tidy or len(tidy) > LONGEST_NAME or not tidy.isprintable():
        raise PasskeyNameWrong(longest=LONGEST_NAME)
    try:
        made = webauthn.verify_registration_response(
            credential=answer.text,
            expected_challenge=answer.challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyWrong() from error
    row = {
        "id": new_id(),
        "account_id": answer.account_id,
        "credential_id": made.credential_id,
        "public_key": made.credential_public_key,
        "sign_count": made.sign_count,
        "transports": _transports(answer.text),
        "name": tidy,
        "made_at": (clock or SystemClock()).now(),
    }
    try:
        with tx.begin_nested():
            tx.execute(passkey_table.insert(), row)
    except IntegrityError as error:
        raise PasskeyTaken() from error
    return str(row["id"])


def use(tx: Connection, party: Party, answer: Answer, *, alone: bool, clock: Clock | None = None) -> Used:
    """Check that a passkey signed the challenge, and note its counter. `alone`: without a password beside it, so its
    device must have checked who holds it. Raises PasskeyUnknown, PasskeyUnverified, PasskeyCopied, PasskeyWrong."""
    row = _row_of(tx, answer)
    if row is None or (answer.account_id is not None and row.account_id != answer.account_id):
        raise PasskeyUnknown()
    if row.refused_at is not None:
        raise PasskeyCopied()
    try:
        signed = webauthn.verify_authentication_response(
            credential=answer.text,
            expected_challenge=answer.challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=0,  # compared below, where a copy gets its own word
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyWrong() from error
    if alone and not signed.user_verified:
        raise PasskeyUnverified()
    counts = signed.new_sign_count > 0 or row.sign_count > 0
    same = passkey_table.c.id == row.id, passkey_table.c.sign_count == row.sign_count
    values = {"sign_count": signed.new_sign_count, "used_at": (clock or SystemClock()).now()}
    if counts and signed.new_sign_count <= row.sign_count:
        raise PasskeyCopied()
    if tx.execute(passkey_table.update().where(*same).values(**values)).rowcount != 1:
        raise PasskeyCopied()  # another process took a signature with the same counter a moment ago
    return Used(row.account_id, row.sign_in_name, row.id, signed.user_verified)


def refused(
    tx: Connection, answer: Answer, error: PasskeyWrong, *, address: str, agent: str, clock: Clock | None = None
) -> str | None:
    """Write a refusal down; one that shows a copy ends the passkey. Returns the account's sign-in name, if known."""
    row = _row_of(tx, answer)
    details = {
        "account": None if row is None else row.account_id,
        "passkey": None if row is None else row.id,
        "reason": _REASONS.get(type(error), "signature"),
        **origin(address, agent),
    }
    if row is not None and isinstance(error, PasskeyCopied) and row.refused_at is None:
        now = (clock or SystemClock()).now()
        tx.execute(passkey_table.update().where(passkey_table.c.id == row.id).values(refused_at=now))
    custody.append(tx, Event.ACCOUNT_PASSKEY_REFUSED, actor="system:sign-in", details=details, clock=clock)
    return None if row is None else str(row.sign_in_name)


_REASONS = {PasskeyCopied: "counter", PasskeyUnknown: "unknown", PasskeyUnverified: "not verified"}


def remove(tx: Connection, account_id: str, passkey_id: str) -> bool:
    """Forget a passkey of an account; False when it has none such."""
    which = passkey_table.c.id == passkey_id, passkey_table.c.account_id == account_id
    return tx.execute(passkey_table.delete().where(*which)).rowcount == 1


def _row_of(tx: Connection, answer: Answer) -> sa.Row[Any] | None:
    """The passkey that an answer names, if its account is active."""
    try:
        credential_id = base64url_to_bytes(json.loads(answer.text)["id"])
    except (ValueError, KeyError, TypeError, WebAuthnException):
        return None
    return tx.execute(
        sa.select(passkey_table, account_table.c.sign_in_name)
        .join(account_table, account_table.c.id == passkey_table.c.account_id)
        .where(passkey_table.c.credential_id == credential_id, account_table.c.active)
    ).first()


def _transports(text: str) -> list[str]:
    """How the browser says that the device can be reached; at most a few known words."""
    known = {one.value for one in AuthenticatorTransport}
    given = json.loads(text).get("response", {}).get("transports") or []
    return sorted(known.intersection(one for one in given if isinstance(one, str))) if isinstance(given, list) else []
