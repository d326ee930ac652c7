"""Taking in what came by the portal: requests with their files, and messages."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError

from candor.core.clock import Clock, from_iso, iso
from candor.core.database import Database
from candor.core.errors import CandorError
from candor.core.files import make_folder, write_durably
from candor.disclosure.publishing.errors import EntryNotAside
from candor.disclosure.publishing.keys import identities
from candor.disclosure.publishing.tables import portal_entry, portal_round
from candor.disclosure.requests import codes, documents, messages
from candor.disclosure.requests.intake import Intake, receive
from candor.disclosure.requests.naming import Named
from candor.disclosure.requests.reading import request_by_tracking
from candor.disclosure.requests.rules import Channel, DocumentKind
from candor.people.rules import system_actor
from candor.published.entries import Opened, open_sealed
from candor.published.errors import NoticeWrong
from candor.published.inbox import Entry, Inbox, Waiting
from candor.published.tracking import digest_of
from candor.store import Vault

__all__ = ["ACTOR", "Drained", "Draining"]

ACTOR = system_actor("portal")
#: Entries that one round takes in at most.
MOST = 200
#: What the portal says of when it took something in is believed so far back; of older, it is when it was read here.
OLDEST = timedelta(days=366 * 5)
#: So far apart the clocks of two machines may be before somebody is told.
APART = timedelta(minutes=15)
#: Entries that were put aside are kept so far, in number and in bytes; of more, their reasons alone.
MOST_ASIDE, MOST_ASIDE_BYTES = 200, 500_000_000
#: Faults of ours, after which an entry is tried again: storage, database, keys.
_LATER = (7, 8, 9)
ANSWER_WORDS = {"mail": "by e-mail", "phone": "by telephone", "post": "by post"}

_log = logging.getLogger("candor.publishing")


@dataclass
class Drained:
    """What a round did: entries taken in, those put aside, those that wait because many came within an hour."""

    taken: int = 0
    aside: int = 0
    waiting: int = 0


class Draining:
    """Takes entries out of the inbox. `aside`: the folder for what could not be taken in."""

    def __init__(self, database: Database, vault: Vault, inbox: Inbox, aside: Path, clock: Clock) -> None:
        self._database, self._vault, self._inbox = database, vault, inbox
        self._aside, self._clock = aside, clock
        self._clear_at: datetime | None = None

    def once(self) -> Drained:
        """One round over what waits. Raises DatabaseGone and faults of the store: then the rest waits."""
        found = Drained()
        with self._database.read() as tx:
            keys = identities(tx, self._vault)
            room = self._inbox.limits.hourly - self._within_an_hour(tx)
            self._clear_at = tx.scalar(sa.select(portal_round.c.at).where(portal_round.c.part == "clear"))
        self._again_after_restore(keys, found)
        # Messages first: however many requests wait, nobody who writes to the office waits behind them.
        for one in self._inbox.waiting(MOST, kind="message"):
            self._take_out(one, keys, found)
        for one in self._inbox.waiting(MOST, kind="request"):
            if room <= 0 and not self._is_known(one.id):
                break
            room -= 1
            self._take_out(one, keys, found)
        found.waiting = self._inbox.held()[0]
        return found

    def _take_out(self, one: Waiting, keys: list[str], found: Drained) -> None:
        """Take one entry in, or put it aside, and then out of the inbox."""
        entry = None if self._is_known(one.id) else self._inbox.entry(one.id)
        if entry is not None:
            taken = self._take(entry, keys)
            found.taken, found.aside = found.taken + taken, found.aside + (not taken)
        self._inbox.taken([one.id], self._clock.now())

    def _again_after_restore(self, keys: list[str], found: Drained) -> None:
        """Where the newest entry that was taken in is not known here, this database is older than the inbox: it was
        restored from a backup. What came in since is taken in again."""
        newest = self._inbox.newest_kept()
        if newest is None or self._is_known(newest):
            return
        after, before = "", found.taken
        while entries := self._inbox.kept(MOST, after=after):
            for one in entries:
                self._take_out(one, keys, found)
            after = entries[-1].id
        again = found.taken - before
        _log.warning("this database is older than the portal's inbox; %s entries were taken in again", again)

    def again(self, entry_id: str) -> str | None:
        """Try once more to take in an entry that was put aside; None where it was, else why not. Raises EntryNotAside,
        DatabaseGone and faults of the store."""
        with self._database.read() as tx:
            query = sa.select(portal_entry).where(portal_entry.c.entry_id == entry_id)
            row = tx.execute(query.where(portal_entry.c.problem.is_not(None))).first()
            keys = identities(tx, self._vault)
            self._clear_at = None
        if row is None:
            raise EntryNotAside(id=entry_id)
        file = self._aside / f"{entry_id}.age"
        try:
            sealed = file.read_bytes()
        except FileNotFoundError as error:
            raise EntryNotAside(id=entry_id) from error
        if not self._take(Entry(entry_id, row.kind, row.sent_at, sealed), keys):
            with self._database.read() as tx:
                wanted = portal_entry.c.entry_id == entry_id
                found: str | None = tx.scalar(sa.select(portal_entry.c.problem).where(wanted))
            return found
        file.unlink(missing_ok=True)
        return None

    def _take(self, entry: Entry, keys: list[str]) -> bool:
        """Take one in; False where it was put aside."""
        try:
            known = self._is_replayed(entry)
            if known is not None:
                with self._database.write() as tx:
                    self._note(tx, entry, known)
                return True
            opened = open_sealed(entry.sealed, keys)
            if entry.kind == "request":
                self._request(entry, opened)
            else:
                self._message(entry, opened.document)
            return True
        except CandorError as error:
            if error.exit_code in _LATER:
                raise
            self._put_aside(entry, str(error))
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, DataError) as error:
            self._put_aside(entry, f"it is not in the form that it should be in ({type(error).__name__})")
        return False

    def _request(self, entry: Entry, opened: Opened) -> None:
        document = opened.document
        digest = bytes.fromhex(_text(document, "tracking"))
        with self._database.read() as tx:
            known = request_by_tracking(tx, digest) or codes.replaced(tx, digest)
        if known is not None:  # the button was pressed twice: it is the same request
            with self._database.write() as tx:
                self._note(tx, entry, known)
            return
        intake = self._intake(document, digest)
        taken = []
        try:
            for one in opened.files:
                taken.append(documents.take(self._vault, one.name, one.content))
            with self._database.write() as tx:
                made = receive(tx, ACTOR, intake, clock=self._clock)
                for one_taken in taken:
                    documents.add(
                        tx,
                        self._vault,
                        ACTOR,
                        one_taken,
                        DocumentKind.ATTACHMENT,
                        request_id=made.id,
                        added_by=messages.REQUESTER,
                        clock=self._clock,
                    )
                wish = ANSWER_WORDS.get(document.get("answer", ""))
                if wish:
                    messages.write_note(tx, ACTOR, made.id, f"Wants to be answered {wish}.", clock=self._clock)
                doubt = self._doubt(document, intake.received_at)
                if doubt:
                    messages.write_note(tx, ACTOR, made.id, doubt, clock=self._clock)
                self._note(tx, entry, made.id)
        except BaseException:
            for one_taken in taken:
                self._vault.discard(one_taken.sealed)
            raise

    def _intake(self, document: Mapping[str, Any], digest: bytes) -> Intake:
        contact, named = document.get("contact") or {}, document.get("named") or {}
        received = self._moment(document)
        return Intake(
            words=_text(document, "words"),
            name=_text(document, "name"),
            organisation=_text(document, "organisation"),
            requester_class=_text(document, "class"),
            mail=_text(contact, "mail"),
            phone=_text(contact, "phone"),
            post=_text(contact, "post"),
            named=Named.from_json(named),
            wants=_text(document, "wants"),
            channel=Channel.FORM,
            received_at=received,
            tracking_digest=digest,
        )

    def _moment(self, document: Mapping[str, Any]) -> datetime:
        """When the portal took it in, which is when it was received: the round that reads it may come much later. What
        cannot be is now."""
        now = self._clock.now()
        said = from_iso(_text(document, "received_at"))
        return said if now - OLDEST < said < now else now

    def _doubt(self, document: Mapping[str, Any], received: datetime | None) -> str | None:
        """What somebody should know of when it was received: the portal's clock, or whoever writes into its inbox, can
        say what is not so."""
        said = from_iso(_text(document, "received_at"))
        if said != received and abs(said - self._clock.now()) > APART:
            return f"The portal says that it took this in at {iso(said)}, which cannot be; its clock may be wrong. \
The moment at which it was read here counts, unless the day of receipt is set right."
        if self._clear_at is not None and said < self._clear_at - APART:
            return f"The portal says that it took this in at {iso(said)}, but when its inbox was read at \
{iso(self._clear_at)} this was not in it. Its clock may be wrong, or it was put there later. The law's clock runs from \
the former; look at it, and set the day of receipt right if it is not so."
        return None

    def _message(self, entry: Entry, document: Mapping[str, Any]) -> None:
        digest = digest_of(_text(document, "code"))
        at = self._moment(document) if "received_at" in document else self._clock.now()
        with self._database.write() as tx:
            request_id = request_by_tracking(tx, digest) or codes.replaced_since(tx, digest, at)
            if request_id is None:
                raise NoticeWrong(what="message", reason="no request has its tracking code")
            messages.receive_message(tx, ACTOR, request_id, _text(document, "words"), at=at, clock=self._clock)
            self._note(tx, entry, request_id)

    def _put_aside(self, entry: Entry, problem: str) -> None:
        """Keep what cannot be taken in, as it came, and say why."""
        _log.warning("an entry of the portal's inbox was put aside (%s): %s", entry.id, problem)
        make_folder(self._aside, 0o700)
        held = [one.stat().st_size for one in self._aside.iterdir() if one.is_file()]
        if len(held) < MOST_ASIDE and sum(held) + len(entry.sealed) <= MOST_ASIDE_BYTES:
            write_durably(self._aside / f"{entry.id}.age", entry.sealed, mode=0o600)
        with self._database.write() as tx:
            self._note(tx, entry, None, problem[:500])

    def _note(self, tx: Connection, entry: Entry, request_id: str | None, problem: str | None = None) -> None:
        values = {"entry_id": entry.id, "kind": entry.kind, "sent_at": entry.at, "taken_at": self._clock.now()}
        values |= {"request_id": request_id, "problem": problem, "sealed_sha256": _digest(entry)}
        tx.execute(portal_entry.delete().where(portal_entry.c.entry_id == entry.id))  # it may have been put aside
        tx.execute(portal_entry.insert(), values)

    def _is_replayed(self, entry: Entry) -> str | None:
        """The request that came of the very same sealed bytes, where somebody put them in once more."""
        with self._database.read() as tx:
            table = portal_entry.c
            query = sa.select(table.request_id).where(table.sealed_sha256 == _digest(entry))
            found: str | None = tx.scalar(query.where(table.request_id.is_not(None)).limit(1))
        return found

    def _is_known(self, entry_id: str) -> bool:
        with self._database.read() as tx:
            query = sa.select(portal_entry.c.entry_id).where(portal_entry.c.entry_id == entry_id)
            return tx.execute(query).first() is not None

    def _within_an_hour(self, tx: Connection) -> int:
        since: datetime = self._clock.now() - timedelta(hours=1)
        table = portal_entry.c
        query = sa.select(sa.func.count()).where(table.kind == "request", table.taken_at > since)
        return int(tx.scalar(query) or 0)


def _digest(entry: Entry) -> bytes:
    return hashlib.sha256(entry.sealed).digest()


def _text(document: Mapping[str, Any], name: str) -> str:
    """A text of a document; "" where it is not there. Raises TypeError for anything else than text."""
    value = document.get(name, "")
    if not isinstance(value, str):
        raise TypeError(name)
    return value
