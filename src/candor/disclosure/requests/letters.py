"""Making letters to whoever asked: from what is on record, sealed as PDF with the request, and put before whoever asked
when somebody sends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.core.settings import Settings
from candor.custody.events import Event
from candor.disclosure.decisions.rules import DECISION_WORDS, Decision
from candor.disclosure.decisions.standing import Decisions, Made, rows_of
from candor.disclosure.decisions.stretches import told
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.paper import Block, Letterhead, paper
from candor.disclosure.requests import clocks, documents, fees
from candor.disclosure.requests.documents import TakenDocument
from candor.disclosure.requests.errors import DocumentUnknown, LetterChanged, LetterNotYet
from candor.disclosure.requests.holding import held, note, put
from candor.disclosure.requests.letter_words import (
    LETTER_WORDS,
    FeeTold,
    LetterFacts,
    LetterKind,
    PartTold,
    RecordingTold,
    letter_blocks,
    plain_text,
)
from candor.disclosure.requests.reading import RecordsRequest, clocks_of_request, history_of_request, records_request
from candor.disclosure.requests.rules import DocumentKind, Meant, Outcome
from candor.disclosure.requests.tables import request_document, request_recording
from candor.disclosure.requests.words import LONGEST_WORDS, checked_text
from candor.footage.tables import recording
from candor.law.words import moment_words
from candor.people.rules import Actor, Permission
from candor.people.service import agency
from candor.redaction.exemptions import Exemption, exemptions
from candor.store import Vault

__all__ = ["Letter", "LetterKind", "choices", "compose", "keep", "outcome_of", "send"]


@dataclass(frozen=True)
class Letter:
    """A letter that was written and is kept nowhere yet. `basis`: by what it was written, so that one is not kept that
    tells of something else than what is on record then."""

    kind: LetterKind
    request_id: str
    number: str
    blocks: tuple[Block, ...]
    pdf: bytes
    basis: tuple[int, str]

    @property
    def name(self) -> str:
        """A name to keep it under."""
        return f"{self.number} {LETTER_WORDS[self.kind]}.pdf"

    @property
    def text(self) -> str:
        """What it says, as plain text."""
        return plain_text(self.blocks)

    def take(self, vault: Vault) -> TakenDocument:
        """Seal it, before the transaction in which `keep` enters it. Whoever does not come to that calls
        `vault.discard`."""
        return documents.take(vault, self.name, self.pdf)


def choices(tx: Connection, actor: Actor, request_id: str) -> list[tuple[LetterKind, str, str | None]]:
    """Every kind of letter, in words, with why it cannot be written now (None: it can). Raises Refused,
    RequestUnknown."""
    one = records_request(tx, actor, request_id)
    return [(kind, LETTER_WORDS[kind], _not_yet(tx, actor, one, kind)) for kind in LetterKind]


def compose(
    tx: Connection,
    actor: Actor,
    request_id: str,
    kind: LetterKind | str,
    *,
    settings: Settings,
    words: str = "",
    clock: Clock | None = None,
) -> Letter:
    """Write a letter from what is on record; nothing is kept. `words`: what somebody adds in their own words, needed
    where something is asked. Raises Refused, RequestUnknown, RequestFieldWrong, LetterNotYet."""
    actor.require(Permission.REQUESTS_MANAGE)
    clock, wanted = clock or SystemClock(), LetterKind(kind)
    one = records_request(tx, actor, request_id)
    wrong = _not_yet(tx, actor, one, wanted)
    if wrong is not None:
        raise LetterNotYet(number=one.number, letter=LETTER_WORDS[wanted], reason=wrong)
    asks = wanted is LetterKind.CLARIFICATION
    own = checked_text("letter", words, LONGEST_WORDS, needed=asks)
    decisions = rows_of(tx, Subject.of_request(one.id))
    facts = _facts(tx, actor, one, wanted, own, decisions, settings, clock)
    blocks = letter_blocks(facts)
    head = Letterhead(facts.agency, ("Records office", *facts.contact))
    title = f"{one.number}: {LETTER_WORDS[wanted]}"
    pdf = paper(head, blocks, title=title, foot=one.number)
    return Letter(wanted, one.id, one.number, tuple(blocks), pdf, (one.version, decisions.upon))


def keep(
    tx: Connection, vault: Vault, actor: Actor, letter: Letter, taken: TakenDocument, *, clock: Clock | None = None
) -> str:
    """Enter a letter that `Letter.take` sealed with its request; the document's id. It is not sent by that. Raises
    Refused, RequestUnknown, LetterChanged when something was changed since it was written."""
    clock = clock or SystemClock()
    before = held(tx, actor, letter.request_id, must_be_open=False)
    if letter.basis != (before.version, rows_of(tx, Subject.of_request(before.id)).upon):
        raise LetterChanged(number=letter.number)
    vault.record(tx, taken.sealed)
    row: dict[str, Any] = {
        "id": new_id(),
        "request_id": before.id,
        "kind": DocumentKind.LETTER.value,
        "letter": letter.kind.value,
        "name": taken.name,
        "media_type": taken.media_type,
        "size": taken.size,
        "sha256": taken.sha256,
        "object_id": taken.sealed.object_id,
        "added_by": actor.account_id,
        "added_at": clock.now(),
    }
    tx.execute(request_document.insert(), row)
    put(tx, before)
    details = {"document": row["id"], "letter": letter.kind.value, "sha256": taken.sha256.hex(), "size": taken.size}
    note(tx, Event.REQUEST_LETTER_MADE, actor, before.id, details, clock=clock)
    return str(row["id"])


def send(tx: Connection, actor: Actor, request_id: str, document_id: str, *, clock: Clock | None = None) -> None:
    """Put a letter before whoever asked: with their tracking code they can read it. A second time changes nothing.
    Raises Refused, RequestUnknown, DocumentUnknown."""
    clock = clock or SystemClock()
    before = held(tx, actor, request_id, must_be_open=False)
    found = documents.document_of(tx, actor, document_id)
    if found.request_id != before.id or found.kind is not DocumentKind.LETTER:
        raise DocumentUnknown(id=document_id)
    if found.sent_at is not None:
        return
    documents.mark_sent(tx, document_id, clock=clock)
    version = put(tx, before)
    kind = tx.scalar(sa.select(request_document.c.letter).where(request_document.c.id == document_id))
    if kind == LetterKind.DECISION.value:
        clocks.meet_answer(tx, before.id, clock.now(), clock=clock)
    details = {"document": document_id, "sha256": found.sha256.hex(), "version": version}
    note(tx, Event.REQUEST_LETTER_SENT, actor, before.id, details, clock=clock)


def outcome_of(decisions: Decisions, meant: Sequence[str]) -> Outcome | None:
    """With what a request is answered by the decisions that stand; None while one of the recordings that it means is
    not decided on."""
    if not meant:
        return Outcome.NOTHING_FOUND
    if any(decisions.whole(one) is None for one in meant):
        return None
    every = {made.decision for one in meant for made in decisions.of(one)}
    if every == {Decision.RELEASE}:
        return Outcome.RELEASED
    return Outcome.WITHHELD if every == {Decision.WITHHOLD} else Outcome.RELEASED_IN_PART


def meant_by(tx: Connection, request_id: str) -> list[str]:
    """The identifiers of the recordings that a request means, the earliest first."""
    mine = request_recording.c.request_id == request_id, request_recording.c.meant == Meant.MEANT.value
    joined = request_recording.join(recording, recording.c.id == request_recording.c.recording_id)
    query = sa.select(request_recording.c.recording_id).select_from(joined).where(*mine)
    return list(tx.scalars(query.order_by(recording.c.started_key)))


def _not_yet(tx: Connection, actor: Actor, one: RecordsRequest, kind: LetterKind) -> str | None:
    """Why a letter cannot be written now."""
    if kind is LetterKind.EXTENSION and not _extended(tx, one.id):
        return "no clock of it was extended"
    if (
        kind is LetterKind.DECISION
        and outcome_of(rows_of(tx, Subject.of_request(one.id)), meant_by(tx, one.id)) is None
    ):
        return "not every recording that it means is decided on"
    if kind is LetterKind.RELEASE_NOTICE and not _released(tx, actor, one.id):
        return "nothing is published for it"
    return None


def _extended(tx: Connection, request_id: str) -> list[tuple[datetime, str, str]]:
    found = [one for one in clocks_of_request(tx, request_id) if one.extended_at is not None]
    return [(one.due_at, one.extension_reason or "", one.citation) for one in found]


def _released(tx: Connection, actor: Actor, request_id: str) -> list[str]:
    """Numbers of the releases that are published for it and were not recalled."""
    found: dict[str, None] = {}
    events, _ = history_of_request(tx, actor, request_id, limit=1000)
    for one in reversed(events):
        number = str(one.details.get("number", ""))
        if one.kind is Event.RELEASE_PUBLISHED:
            found[number] = None
        elif one.kind is Event.RELEASE_RECALLED:
            found.pop(number, None)
    return list(found)


def _facts(
    tx: Connection,
    actor: Actor,
    one: RecordsRequest,
    kind: LetterKind,
    own: str,
    decisions: Decisions,
    settings: Settings,
    clock: Clock,
) -> LetterFacts:
    here = agency(tx)
    zone = here.time_zone if here else "UTC"
    answer = clocks.answer_of(tx, one.id, clock=clock)
    cost = fees.estimate(tx, actor, one.id, clock=clock)
    meant = meant_by(tx, one.id)
    outcome = outcome_of(decisions, meant) if kind is LetterKind.DECISION else None
    amounts = {id(sum_.line): f"{sum_.line.currency} {sum_.amount}" for sum_ in cost.fees.sums}
    return LetterFacts(
        kind=kind,
        agency=here.name if here else "",
        contact=[line.strip() for line in settings.office_contact.split("|") if line.strip()],
        number=one.number,
        received_at=one.received_at,
        zone=zone,
        now=clock.now(),
        to=[line for line in (one.requester_name, one.organisation, *one.contact.get("post", "").split("\n")) if line],
        asked=one.words,
        own=own,
        tracking="" if settings.portal_url is None else f"{settings.portal_url.rstrip('/')}/status",
        clocks=[
            (due.clock.due, _clock_words(due.answer_only), due.clock.rule.citation)
            for due in answer.clocks
            if due.clock.due is not None
        ],
        extended=_extended(tx, one.id),
        missing=[missing.words for missing in answer.missing],
        rights=[right.words for right in answer.rights],
        appeal=[appeal.words for appeal in answer.appeal],
        free=cost.free or "",
        fees=[FeeTold(line.words, amounts.get(id(line), "")) for line in cost.lines],
        totals=cost.totals,
        outcome="" if outcome is None else outcome.value,
        recordings=_recordings(tx, decisions, meant, zone, clock) if kind is LetterKind.DECISION else (),
        released=[f"Release {number}" for number in _released(tx, actor, one.id)],
    )


def _clock_words(answer_only: bool) -> str:
    return "an answer is due" if answer_only else "what is to be released is due"


def _recordings(
    tx: Connection, decisions: Decisions, meant: Sequence[str], zone: str, clock: Clock
) -> list[RecordingTold]:
    """By day and length, which say nothing of whom they show; a title may."""
    found = []
    for recording_id in meant:
        row = tx.execute(
            sa.select(recording.c.started_at, recording.c.duration_ms).where(recording.c.id == recording_id)
        ).one()
        words = f"recorded {moment_words(row.started_at, zone)}"
        if row.duration_ms:
            words += f", {row.duration_ms // 60_000} min {row.duration_ms // 1000 % 60} s"
        named = {one.key: one for one in exemptions(tx, recording_id, clock=clock)}
        found.append(RecordingTold(words, [_part(made, named) for made in decisions.of(recording_id)]))
    return found


def _part(made: Made, named: dict[str, Exemption]) -> PartTold:
    stretch = ""
    if made.begin_ms is not None and made.end_ms is not None:
        stretch = told(made.begin_ms, made.end_ms)
    known = named.get(made.exemption)
    exemption = known.words if known else made.exemption
    return PartTold(stretch, DECISION_WORDS[made.decision], exemption, made.citation, made.reason)
