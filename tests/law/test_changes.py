"""Changes of the law that is applied here: two people, a trying out, an order, and what was in effect before."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.custody.events import Event
from candor.custody.tables import custody_event
from candor.law import books, changes
from candor.law.books import book_at, book_now, book_with
from candor.law.errors import (
    ChangeBySamePerson,
    ChangeDecided,
    ChangeNotTried,
    ChangeUnknown,
    LawReasonMissing,
    NotAdoptable,
    NotAPolicy,
    NothingChanges,
    PackUnknown,
    PackWrong,
    PolicyOverNothing,
    RuleUnknown,
)
from candor.law.model import Verification
from candor.law.reading import pack_text, read_pack, shipped
from candor.law.requests import RequestFacts, request_answer
from candor.law.tables import law_change, law_text
from candor.people.errors import Refused
from candor.people.rules import Actor, Role

PACK = "us-ct"
POLICY = """
id: agency-policy
kind: policy
name: Keeping longer
jurisdiction: US-CT
version: "1"
compiled-on: 2026-11-01
time-zone: America/New_York
over: us-ct
rules:
  - id: keep-arrests
    kind: retention
    text: Footage of an arrest is kept for six years.
    citation: Administrative order 13.15
    in-force-from: 2026-11-01
    verification: official text
    verified-on: 2026-11-01
    minimum: 6 years
    measured: decided
    when:
      categories: [Arrest]
"""
CLERK = Actor("clerk", frozenset({Role.ADMINISTRATOR}), None, "Clerk")
COUNSEL = Actor("counsel", frozenset({Role.COUNSEL}), None, "Counsel")
OFFICER = Actor("officer", frozenset({Role.OFFICER}), None, "Officer")


@dataclass
class Desk:
    """A database, and what a second person does there."""

    database: Database
    clock: FixedClock

    def propose(self, *, actor: Actor = CLERK, pack: str = PACK) -> str:
        with self.database.write() as tx:
            return changes.propose_pack(tx, actor, pack, reason="The law of this state.", clock=self.clock)

    def policy(self, text: str = POLICY) -> str:
        with self.database.write() as tx:
            return changes.propose_policy(tx, CLERK, text.encode(), reason="Order 13.15", clock=self.clock)

    def adopt(self, *rules: str) -> str:
        with self.database.write() as tx:
            return changes.propose_adoption(tx, COUNSEL, rules, reason="Compared with the text.", clock=self.clock)

    def put_in_force(self, change_id: str, *, actor: Actor = COUNSEL) -> None:
        with self.database.write() as tx:
            changes.note_dry_run(tx, change_id, {"purgeable": 0}, clock=self.clock)
            changes.decide(tx, actor, change_id, approve=True, reason="Looked at.", clock=self.clock)
        self.clock.advance(60)

    def events(self, kind: Event) -> list[dict[str, object]]:
        with self.database.read() as tx:
            query = sa.select(custody_event.c.payload).where(custody_event.c.kind == kind.value)
            return [json.loads(one)["details"] for one in tx.scalars(query.order_by(custody_event.c.seq))]


@pytest.fixture
def desk(database: Database, fixed_clock: FixedClock) -> Desk:
    return Desk(database, fixed_clock)


def adoptable() -> str:
    return next(rule.id for rule in shipped()[PACK].rules if rule.verification is Verification.SECONDARY)


def test_without_a_change_there_is_no_law(desk: Desk) -> None:
    with desk.database.read() as tx:
        book = book_now(tx)
        assert (book.packs, book.policy, book.adopted) == ((), None, frozenset())
        assert book_at(tx, datetime(2018, 1, 1, tzinfo=UTC)).packs == ()
        assert changes.last_in_force(tx) is None


def test_a_pack_takes_effect_by_two_people_after_it_was_tried_out(desk: Desk) -> None:
    change_id = desk.propose()
    with desk.database.read() as tx:
        assert book_now(tx).packs == (), "a proposal changes nothing"
        assert [pack.id for pack in book_with(tx, change_id).packs] == [PACK]
        assert [one.id for one in changes.open_changes(tx)] == [change_id]
    with pytest.raises(ChangeNotTried), desk.database.write() as tx:
        changes.decide(tx, COUNSEL, change_id, approve=True, reason="unseen", clock=desk.clock)
    with desk.database.write() as tx:
        changes.note_dry_run(tx, change_id, {"purgeable": 3}, clock=desk.clock)
    with pytest.raises(ChangeBySamePerson), desk.database.write() as tx:
        changes.decide(tx, CLERK, change_id, approve=True, reason="my own", clock=desk.clock)
    with pytest.raises(Refused), desk.database.write() as tx:
        changes.decide(tx, OFFICER, change_id, approve=True, reason="why not", clock=desk.clock)
    with desk.database.write() as tx:
        changes.decide(tx, COUNSEL, change_id, approve=True, reason="Looked at.", clock=desk.clock)
    with desk.database.read() as tx:
        book = book_now(tx)
        assert book.packs == (shipped()[PACK],)
        assert changes.last_in_force(tx) == desk.clock.now()
        found = changes.change(tx, change_id)
        assert (found.state, found.decided_by, found.dry_run) == ("in-force", "counsel", {"purgeable": 3})
        assert changes.text_of(tx, book.packs[0].sha256) == pack_text(PACK)
    (told,) = desk.events(Event.LAW_IN_FORCE)
    assert (told["sha256"], told["book"], told["proposed_by"]) == (book.packs[0].sha256, book.id, "clerk")
    assert told["book_before"] != book.id
    with pytest.raises(ChangeDecided), desk.database.write() as tx:
        changes.decide(tx, COUNSEL, change_id, approve=False, reason="late", clock=desk.clock)
    with pytest.raises(NothingChanges):
        desk.propose()


def test_what_was_tried_out_before_another_change_does_not_count(desk: Desk) -> None:
    desk.put_in_force(desk.propose())
    first, second = desk.policy(), desk.adopt(adoptable())
    with desk.database.write() as tx:
        changes.note_dry_run(tx, first, {"purgeable": 0}, clock=desk.clock)
    desk.put_in_force(second, actor=CLERK)
    with pytest.raises(ChangeNotTried), desk.database.write() as tx:
        changes.decide(tx, COUNSEL, first, approve=True, reason="seen long ago", clock=desk.clock)
    desk.put_in_force(first)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_two_decisions_at_once_one_is_over_what_is_no_longer_so(desk: Desk) -> None:
    first, second = desk.propose(), desk.propose(pack="us-wa")
    with desk.database.write() as tx:
        for one in (first, second):
            changes.note_dry_run(tx, one, {"purgeable": 0}, clock=desk.clock)

    def approve() -> None:
        with desk.database.write() as tx:
            changes.decide(tx, COUNSEL, second, approve=True, reason="Looked at.", clock=desk.clock)

    with ThreadPoolExecutor(1) as other:
        with desk.database.write() as tx:
            changes.decide(tx, COUNSEL, first, approve=True, reason="Looked at.", clock=desk.clock)
            waiting = other.submit(approve)
            with pytest.raises(TimeoutError):
                waiting.result(0.3)
        with pytest.raises(ChangeNotTried):
            waiting.result(30)


def test_a_refused_and_a_withdrawn_change_change_nothing(desk: Desk) -> None:
    refused, withdrawn = desk.propose(), desk.propose(pack="us-wa")
    with desk.database.write() as tx:
        changes.decide(tx, COUNSEL, refused, approve=False, reason="Not ours.", clock=desk.clock)
        changes.withdraw(tx, CLERK, withdrawn, reason="A slip.", clock=desk.clock)
    with desk.database.read() as tx:
        assert book_now(tx).packs == ()
        states = {one.id: str(one.state) for one in changes.all_changes(tx)}
        assert states == {refused: "refused", withdrawn: "withdrawn"}
        assert changes.open_changes(tx) == []
    assert len(desk.events(Event.LAW_CHANGE_REFUSED)) == len(desk.events(Event.LAW_CHANGE_WITHDRAWN)) == 1


def test_an_adoption_is_of_just_these_words(desk: Desk) -> None:
    desk.put_in_force(desk.propose())
    rule_id = adoptable()
    with pytest.raises(Refused), desk.database.write() as tx:
        changes.propose_adoption(tx, CLERK, [rule_id], reason="I am no counsel", clock=desk.clock)
    official = [rule.id for rule in shipped()[PACK].rules if rule.verification is Verification.OFFICIAL_TEXT]
    if official:
        with pytest.raises(NotAdoptable):
            desk.adopt(official[0])
    with pytest.raises(RuleUnknown):
        desk.adopt("no-such-rule")
    desk.put_in_force(desk.adopt(rule_id), actor=CLERK)
    with desk.database.read() as tx:
        book = book_now(tx)
    rules = [rule for rule in book.packs[0].rules if rule.id == rule_id]
    assert book.adopted == {(rule_id, rule.sha256) for rule in rules}
    assert all(book.may_loosen(rule) for rule in rules)
    with pytest.raises(NothingChanges):
        desk.adopt(rule_id)
    other = books.make_book([], None, book.adopted)
    assert other.adopted == frozenset(), "words that are in no pack are not adopted"
    with desk.database.write() as tx:
        change_id = changes.propose_withdrawal(tx, COUNSEL, [rule_id], reason="Read again.", clock=desk.clock)
    desk.put_in_force(change_id, actor=CLERK)
    with desk.database.read() as tx:
        assert book_now(tx).adopted == frozenset()


def test_a_policy_stands_over_a_pack_that_is_in_effect(desk: Desk) -> None:
    with pytest.raises(PolicyOverNothing):
        desk.policy()
    desk.put_in_force(desk.propose())
    with pytest.raises(PackWrong, match="Bank robbery"):
        desk.policy(POLICY.replace("[Arrest]", "[Bank robbery]"))
    with pytest.raises(NotAPolicy), desk.database.write() as tx:
        changes.propose_policy(tx, CLERK, pack_text("us-wa"), reason="no", clock=desk.clock)
    desk.put_in_force(desk.policy())
    with desk.database.read() as tx:
        book = book_now(tx)
        assert book.policy is not None
        assert book.policy.rules[0].id == "keep-arrests"
    with pytest.raises(NothingChanges):
        desk.policy()


def test_the_law_of_a_past_moment_is_that_which_was_in_effect_then(desk: Desk) -> None:
    before = desk.clock.now()
    desk.clock.advance(60)
    desk.put_in_force(desk.propose())
    between = desk.clock.now()
    desk.clock.advance(60)
    desk.put_in_force(desk.policy())
    with desk.database.read() as tx:
        assert book_at(tx, between).policy is None
        assert book_at(tx, desk.clock.now()) == book_now(tx)
        assert book_at(tx, before) == book_at(tx, between), "before the first change: as the first left it"
        assert book_at(tx, between).id != book_now(tx).id


def test_a_pack_can_be_taken_out_of_effect(desk: Desk) -> None:
    desk.put_in_force(desk.propose())
    with pytest.raises(PackUnknown), desk.database.write() as tx:
        changes.propose_removal(tx, CLERK, "us-wa", reason="not here", clock=desk.clock)
    with desk.database.write() as tx:
        change_id = changes.propose_removal(tx, CLERK, PACK, reason="Moved to another state.", clock=desk.clock)
    desk.put_in_force(change_id)
    with desk.database.read() as tx:
        assert book_now(tx).packs == ()


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\u202eb"])
def test_a_change_needs_a_reason(desk: Desk, reason: str) -> None:
    with pytest.raises(LawReasonMissing), desk.database.write() as tx:
        changes.propose_pack(tx, CLERK, PACK, reason=reason, clock=desk.clock)


def test_what_nobody_knows(desk: Desk) -> None:
    with pytest.raises(PackUnknown), desk.database.write() as tx:
        changes.propose_pack(tx, CLERK, "us-xx", reason="x", clock=desk.clock)
    with desk.database.read() as tx:
        for ask in (changes.change, book_with):
            with pytest.raises(ChangeUnknown):
                ask(tx, "none")
    with pytest.raises(Refused), desk.database.write() as tx:
        changes.propose_pack(tx, OFFICER, PACK, reason="x", clock=desk.clock)


def test_a_pack_of_before_its_words_were_a_closed_list_stays_in_effect(desk: Desk) -> None:
    """What a site put in force with an earlier version of the program must not keep the next one from starting."""
    text = pack_text("us-wa").decode()
    older = text.replace("without-fee: [depicted, attorney, commission]", "without-fee: [somebody who is involved]")
    older = older.replace("    without-fee-of: [redaction-hour]\n", "").replace(
        "rules:", "holidays: [2026-11-27]\nrules:", 1
    )
    assert older != text
    with desk.database.write() as tx:
        change_id = changes.propose_pack(tx, CLERK, "us-wa", reason="As it was.", clock=desk.clock)
        known = sa.select(law_change.c.text_sha256).where(law_change.c.id == change_id)
        tx.execute(
            law_text.update()
            .where(law_text.c.sha256 == known.scalar_subquery())
            .values(content=older.encode(), sha256=law_text.c.sha256)
        )
        changes.note_dry_run(tx, change_id, {"purgeable": 0}, clock=desk.clock)
        changes.decide(tx, COUNSEL, change_id, approve=True, reason="So be it.", clock=desk.clock)
    with desk.database.read() as tx:
        book = book_now(tx)
    received = datetime(2026, 11, 24, 15, tzinfo=UTC)
    asked = request_answer(book, RequestFacts(received, "depicted"), received)
    assert (len(book.packs), asked.free) == (1, None), "what it says in words of its own frees nobody by a program"
    with pytest.raises(PackWrong):
        read_pack(older.encode(), "older.yaml")
