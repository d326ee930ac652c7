"""Who the agency is and what the law here says of requests, in words for everybody."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.database import Database
from candor.custody import CustodyLog
from candor.disclosure.publishing.keys import recipient
from candor.disclosure.publishing.statuses import remember
from candor.disclosure.publishing.tables import portal_published
from candor.disclosure.requests.rules import CLASS_WORDS, RequesterClass
from candor.law.books import book_now
from candor.law.fees import FeeLine
from candor.law.model import Book
from candor.law.requests import RequestAnswer, RequestClock, RequestFacts, request_answer
from candor.law.words import named_words
from candor.people import service
from candor.published.notices import AboutNotice, ClassWords, LawNotice, PreviousLog, WitnessNotice
from candor.published.place import Published
from candor.store import Vault

__all__ = ["about_notice", "publish_about"]

#: What a class means, for whoever has to choose one.
_MEANING: dict[RequesterClass, str] = {
    RequesterClass.PUBLIC: "Anybody. You need not say why you ask.",
    RequesterClass.PRESS: "You ask for a newspaper, a station, a site.",
    RequesterClass.DEPICTED: "You can be seen or heard in it. You may be asked to show that it is you.",
    RequesterClass.PARENT: "Somebody under age can be seen or heard in it, and you answer for them.",
    RequesterClass.NEXT_OF_KIN: "Somebody of your family died.",
    RequesterClass.ATTORNEY: "You act for somebody who can be seen or heard in it.",
    RequesterClass.OFFICER: "You were on duty there, or stand for those who were.",
    RequesterClass.AGENCY: "You ask for an office, a court, a prosecutor.",
    RequesterClass.COMMISSION: "You oversee the police, or civil rights.",
}


def about_notice(
    tx: Connection, vault: Vault, log: CustodyLog, *, ways: tuple[str, ...] = (), clock: Clock
) -> AboutNotice | None:
    """What there is to say now; None before there is an agency and a log. In a writing transaction."""
    agency, state = service.agency(tx), log.status()
    if agency is None or state is None:
        return None
    now, book = clock.now(), book_now(tx)
    law, classes = law_words(book, now), tuple(_classes(book, now))
    return AboutNotice(
        agency=agency.name,
        short_name=agency.short_name,
        zone=agency.time_zone,
        recipient=recipient(tx, vault, clock=clock),
        as_of=now,
        log_origin=state.origin,
        log_vkey=state.vkey,
        log_policy=log.policy().format().decode("utf-8"),
        log_fingerprint=state.fingerprint,
        log_size=state.size,
        log_signed_size=state.signed_size,
        log_signed_at=state.signed_at,
        log_number=1 + len(state.handovers),
        quorum=state.quorum,
        witnesses=tuple(WitnessNotice(one.name, one.vkey, one.size, one.cosigned_at) for one in state.witnesses),
        previous=tuple(PreviousLog(one.number, one.origin, one.vkey, one.ended_at) for one in state.handovers),
        law=law,
        classes=classes,
        ways=ways,
    )


def law_words(book: Book, now: datetime) -> LawNotice:
    """What the law in effect says of any request, in words with its citations."""
    answer = _answer(book, now, RequesterClass.PUBLIC)
    return LawNotice(
        place=", ".join(dict.fromkeys(one.name for one in book.packs)),
        must_name=tuple(_unique(_must_name(answer))),
        due=tuple(_unique(_due(one) for one in (*answer.clocks, *answer.waiting))),
        fees=tuple(_unique([answer.free] if answer.free else (_fee(one) for one in answer.fees))),
        appeal=tuple(_unique(one.words for one in answer.appeal)),
    )


def _answer(book: Book, now: datetime, requester: RequesterClass) -> RequestAnswer:
    return request_answer(book, RequestFacts(now, requester.value), now)


def _must_name(answer: RequestAnswer) -> Iterable[str]:
    for one in answer.missing:
        ways = [", ".join(named_words(name) for name in sorted(names)) for names in one.sets]
        yield f"{'; or '.join(ways)} ({one.rule.citation})"


def _due(one: RequestClock) -> str:
    """The rule, without a date: nobody has asked yet."""
    return f"{one.clock.rule.text} ({one.clock.rule.citation})"


def _fee(one: FeeLine) -> str:
    return one.words


def _classes(book: Book, now: datetime) -> Iterable[ClassWords]:
    for one in RequesterClass:
        rights = [basis.words for basis in _answer(book, now, one).rights]
        words = CLASS_WORDS[one]
        yield ClassWords(one.value, f"{words[:1].upper()}{words[1:]}", _MEANING[one], tuple(_unique(rights)))


def _unique(words: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(words)


def publish_about(
    database: Database,
    vault: Vault,
    log: CustodyLog,
    published: Published,
    *,
    ways: tuple[str, ...] = (),
    clock: Clock,
) -> bool:
    """Publish who the agency is, if that differs from what stands there; whether it did. `ways`: how else the office is
    reached."""
    with database.write() as tx:
        notice = about_notice(tx, vault, log, ways=ways, clock=clock)
    if notice is None:
        return False
    digest = hashlib.sha256(replace(notice, as_of=datetime.fromtimestamp(0, notice.as_of.tzinfo)).to_json().encode())
    with database.read() as tx:
        known = tx.scalar(sa.select(portal_published.c.digest).where(portal_published.c.subject == "about"))
    if known == digest.digest() and published.about() is not None:
        return False
    published.write_about(notice)
    with database.write() as tx:
        remember(tx, "about", digest.digest(), notice.as_of)
    return True
