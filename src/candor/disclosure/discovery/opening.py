"""Opening what a side viewed, with that side's key: for the side itself, or before a court that has been given the key.

A record is what stands here of one side: for each viewing the sealed words, the commitment, the custody event and its
proof. It is exported as a file, and opened and checked without this installation. Shown of each viewing is what the
words say, after they were found to be the ones that the log's event committed to when it happened.

    {"v":1,"discovery":…,"number":…,"case":…,"side":…,"policy":…,"views":[
        {"view":…,"commitment":…,"sealed":base64,"leaf":…,"payload":…,"salt":…,"proof":… or null}, …]}
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from pyrage import DecryptError, IdentityError, decrypt, x25519
from sqlalchemy.engine import Connection

from candor.core.canonical import canonical_json
from candor.core.database import Database
from candor.custody import CustodyLog, Event, find
from candor.custody.errors import NotYetInLog
from candor.custody.tables import custody_event
from candor.disclosure.discovery.errors import KeyUnreadable, RecordUnreadable
from candor.disclosure.discovery.reading import Discovery
from candor.disclosure.discovery.rules import PartySide
from candor.disclosure.discovery.tables import discovery_view
from candor.disclosure.discovery.viewing import commitment
from candor.verify.errors import VerifyError
from candor.verify.merkle import leaf_hash
from candor.verify.opening import Opening
from candor.verify.policy import Policy
from candor.verify.tlogproof import TlogProof

__all__ = ["OpenedView", "by_recording", "key_in", "open_record", "record_of", "viewings_on_record"]

_KEY = re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]{58}", re.IGNORECASE)
#: Views of one record, and bytes of a record that is read.
MOST_VIEWS, LARGEST = 100_000, 512 << 20


@dataclass(frozen=True)
class OpenedView:
    """A viewing of a record. `words`: what the side viewed; None where the key does not open it. `proved`: the log's
    signed state holds its event; `problems`: what does not fit, empty where all does."""

    view: str
    words: Mapping[str, Any] | None
    at: str
    proved: bool
    problems: tuple[str, ...]


def record_of(database: Database, log: CustodyLog, found: Discovery, side: PartySide) -> bytes:
    """The record of a side, as a file. Nobody but the side can read in it what was viewed."""
    mine = discovery_view.c.discovery_id == found.id, discovery_view.c.side == side.value
    with database.read() as tx:
        rows = tx.execute(
            sa.select(discovery_view).where(*mine).order_by(discovery_view.c.at, discovery_view.c.id)
        ).all()
        events = {row.event_id: find(tx, row.event_id) for row in rows}
    checkpoint = log.checkpoint()
    views = []
    for row in rows:
        event = events[row.event_id]
        if event is None:  # it is gone from the database: the log's public entry is all that is left
            continue
        proof = None
        if checkpoint is not None and event.position is not None and event.position < checkpoint.size:
            try:
                proof = log.proof(event.id, checkpoint).format()
            except NotYetInLog:
                proof = None
        views.append(
            {
                "view": row.id,
                "commitment": row.commitment,
                "sealed": base64.b64encode(row.sealed).decode(),
                "leaf": event.leaf,
                "payload": event.payload,
                "salt": event.salt.hex(),
                "proof": proof,
            }
        )
    told = {
        "v": 1,
        "discovery": found.id,
        "number": found.number,
        "case": found.matter_number,
        "side": side.value,
        "policy": log.policy().format().decode(),
        "views": views,
    }
    return canonical_json(told)


def viewings_on_record(tx: Connection, found: Discovery, side: PartySide) -> int:
    """How many viewings of a side the custody events of this site tell of: a record with fewer is not whole."""
    payloads = tx.scalars(
        sa.select(custody_event.c.payload).where(custody_event.c.kind == Event.DISCOVERY_VIEWED.value)
    )
    told = (json.loads(one)["details"] for one in payloads if one)
    return sum(1 for one in told if (one.get("discovery"), one.get("side")) == (found.id, side.value))


def key_in(text: str, path: object = "the file") -> str:
    """The key of a side in a text, such as the file that came with the letter. Raises KeyUnreadable."""
    found = _KEY.search(text)
    if found is None:
        raise KeyUnreadable(path=path)
    return found.group().upper()


def open_record(
    data: bytes, key: str, policy: Policy | None = None, *, path: object = "the record"
) -> tuple[dict[str, Any], list[OpenedView]]:
    """What a record says of itself (without its views), and its viewings, opened and checked.

    `policy`: keys from outside; without one the record's own are used, and that it was signed proves nothing by itself.
    Raises RecordUnreadable, KeyUnreadable.
    """
    try:
        identity = x25519.Identity.from_str(key)
    except IdentityError as error:
        raise KeyUnreadable(path="that was given") from error
    told = _parsed(data, path)
    try:
        trusted = policy or Policy.parse(told["policy"].encode())
    except (VerifyError, UnicodeError) as error:
        raise RecordUnreadable(path=path, reason=error) from error
    views, seen = [], set()
    for one in told["views"]:
        opened = _opened(one, told, identity, trusted)
        if opened.view in seen:
            opened = replace(opened, problems=(*opened.problems, "it stands in the record twice"))
        seen.add(opened.view)
        views.append(opened)
    return {name: told[name] for name in ("discovery", "number", "case", "side")}, views


def _parsed(data: bytes, path: object) -> dict[str, Any]:
    if len(data) > LARGEST:
        raise RecordUnreadable(path=path, reason=f"it is larger than {LARGEST:,} bytes")
    try:
        told = json.loads(data)
        texts = [told[name] for name in ("discovery", "number", "case", "side", "policy")]
        views = told["views"]
        right = told["v"] == 1 and all(isinstance(one, str) for one in texts) and isinstance(views, list)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordUnreadable(path=path, reason="it is not the record of a side") from error
    if not right or len(views) > MOST_VIEWS:
        raise RecordUnreadable(path=path, reason="it is not the record of a side")
    names = ("view", "commitment", "sealed", "leaf", "payload", "salt")
    for one in views:
        if not isinstance(one, dict) or not all(isinstance(one.get(name), str) for name in names):
            raise RecordUnreadable(path=path, reason="a viewing in it is not whole")
        if not (one.get("proof") is None or isinstance(one["proof"], str)):
            raise RecordUnreadable(path=path, reason="a viewing in it is not whole")
    found: dict[str, Any] = told
    return found


def _opened(one: Mapping[str, Any], told: Mapping[str, Any], identity: Any, policy: Policy) -> OpenedView:
    problems: list[str] = []
    at, proved = _event(one, told, policy, problems)
    words = None
    try:
        plain = json.loads(decrypt(base64.b64decode(one["sealed"], validate=True), [identity]))
        salt, text = bytes.fromhex(plain["salt"]), str(plain["words"])
        fits = commitment(salt, text) == one["commitment"]
        said = json.loads(text) if fits else {}
        if not isinstance(said, dict):
            raise ValueError("no words of a viewing")
    except DecryptError:
        problems.append("this key does not open it")
    except (ValueError, KeyError, TypeError, RecursionError):  # whoever knows the recipient can seal anything to it
        problems.append("what is sealed is no record of a viewing")
    else:
        if not fits:
            problems.append("it is not what was committed to when it was viewed")
        else:
            words = said
            if any(words.get(name) != value for name, value in _of(one, told).items()):
                problems.append("it was sealed for another viewing")
    return OpenedView(one["view"], words, at, proved, tuple(problems))


def _of(one: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """What the words of a viewing have in common with the record that they stand in."""
    return {"view": one["view"], "discovery": told["discovery"], "side": told["side"]}


def _event(one: Mapping[str, Any], told: Mapping[str, Any], policy: Policy, problems: list[str]) -> tuple[str, bool]:
    """When the custody event says it was, and whether a signed state of the log holds it."""
    expected = {"discovery": told["discovery"], "side": told["side"], "commitment": one["commitment"]}
    try:
        opening = Opening(one["leaf"].encode(), one["payload"].encode(), bytes.fromhex(one["salt"]))
        payload = opening.check()
    except (VerifyError, ValueError) as error:
        problems.append(f"its custody event does not hold: {error}")
        return "", False
    if payload.kind != Event.DISCOVERY_VIEWED.value or dict(payload.details) != expected:
        problems.append("its custody event says something else")
    if one.get("proof") is None:
        return payload.at, False
    try:
        TlogProof.parse(one["proof"]).verify(leaf_hash(opening.leaf), policy)
    except VerifyError as error:
        problems.append(f"the log does not hold its event: {error}")
        return payload.at, False
    return payload.at, True


def by_recording(views: Sequence[OpenedView]) -> dict[str, int]:
    """How often each recording was viewed, as far as the key opens it."""
    found: dict[str, int] = {}
    for one in views:
        if one.words is not None:
            recording = str(one.words.get("recording", ""))
            found[recording] = found.get(recording, 0) + 1
    return found
