"""The law that is applied here, to be read: packs, rules with citation and dates, what is not covered, what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import Response

from candor.core.errors import NotFound
from candor.law import books, changes
from candor.law.changes import ChangeKind, ChangeState, LawChange
from candor.law.comparing import changes_of, diff
from candor.law.model import Book, Pack, Rule, RuleKind, Verification
from candor.law.reading import shipped
from candor.law.rule_words import CHECKED_WORDS, KIND_WORDS, VERIFICATION_WORDS, about_words, follows_words
from candor.law.timeline import turns, versions
from candor.law.words import dates_of, day_words
from candor.people.auditing import names_of
from candor.people.rules import Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.i18n import gettext as _
from candor.web.render import render

#: Characters of a search; what is longer finds nothing.
LONGEST = 200
#: One of these opens the page of what categories mean to the law.
MEANINGS = (Permission.CATEGORIES_MANAGE, Permission.LAW_CHANGE, Permission.LAW_ADOPT)
#: Changes that are shown on the first page.
SHOWN_CHANGES = 20


@dataclass(frozen=True)
class Given:
    """What somebody narrowed the rules by, as it was written."""

    text: str = ""
    kind: str = ""
    as_of: str = ""
    problem: str = ""
    day: date | None = None

    def __bool__(self) -> bool:
        return bool(self.text or self.kind or self.as_of)

    def finds(self, rule: Rule) -> bool:
        """Whether a rule is of the kind, in force on the day, and holds every word."""
        said = " ".join((rule.id, rule.text, rule.citation, rule.note, *follows_words(rule), *about_words(rule)))
        said = said.casefold()
        return (
            not self.problem
            and (not self.kind or rule.kind == self.kind)
            and (self.day is None or rule.in_force(self.day))
            and all(word in said for word in self.text.casefold().split())
        )


def given_of(request: Request) -> Given:
    """The conditions of the address."""
    asked = {name: request.query_params.get(name, "").strip()[: LONGEST + 1] for name in ("text", "kind", "as-of")}
    kind = asked["kind"] if asked["kind"] in list(RuleKind) else ""
    day, problem = None, ""
    if asked["as-of"]:
        try:
            day = date.fromisoformat(asked["as-of"])
        except ValueError:
            problem = _("“%(text)s” is no day. Write it as 2018-08-14.", text=asked["as-of"])
    return Given(asked["text"], kind, asked["as-of"], problem, day)


def overview(request: Request) -> Response:
    """Packs in effect here and those that come with the program; rules that were searched for; what was changed."""
    here, given = installation_of(request), given_of(request)
    with here.database.read() as tx:
        book = books.book_now(tx)
        past = [one for one in changes.all_changes(tx) if one.state is ChangeState.IN_FORCE][:SHOWN_CHANGES]
        names = _names(tx, past)
    in_effect = packs_of(book)
    searched = in_effect or list(shipped().values())
    found = [rule for pack in searched for rule in pack.rules if given.finds(rule)] if given else []
    return render(
        request,
        "law.html",
        in_effect=in_effect,
        others=[pack for pack in shipped().values() if pack.id not in {one.id for one in in_effect}],
        newer=_newer(in_effect),
        adopted=_adopted_of(book),
        past=past,
        names=names,
        given=given,
        found=found,
        kinds=KIND_WORDS,
        sees_meanings=any(visit_of(request).actor.may(one) for one in MEANINGS),
        **_said(book, _today(request, in_effect[0] if in_effect else None)),
    )


def packs_of(book: Book) -> list[Pack]:
    """Everything in effect, the policy last."""
    return [*book.packs, *([book.policy] if book.policy else [])]


def _newer(in_effect: Sequence[Pack]) -> dict[str, Pack]:
    """Packs that come with the program with other words than those in effect here."""
    known = shipped()
    return {one.id: known[one.id] for one in in_effect if one.id in known and known[one.id].sha256 != one.sha256}


def _adopted_of(book: Book) -> dict[str, int]:
    """Of each pack in effect, how many of its rules counsel adopted."""
    return {pack.id: sum((rule.id, rule.sha256) in book.adopted for rule in pack.rules) for pack in packs_of(book)}


def _names(tx: Connection, past: Sequence[LawChange]) -> Mapping[str, str]:
    """What those are called who proposed and decided."""
    return names_of(tx, {who for one in past for who in (one.proposed_by, one.decided_by) if who})


def _today(request: Request, pack: Pack | None) -> date:
    """The day it is now, where the pack is of; without a pack, at the agency."""
    zone = pack.time_zone if pack else visit_of(request).zone
    return installation_of(request).clock.now().astimezone(ZoneInfo(zone)).date()


def _said(book: Book, today: date) -> dict[str, Any]:
    """What every page of rules says them with."""
    return {
        "today": today,
        "about_words": about_words,
        "dates_of": dates_of,
        "day_words": day_words,
        "follows_words": follows_words,
        "kind_words": KIND_WORDS,
        "verification_words": VERIFICATION_WORDS,
        "checked_words": CHECKED_WORDS,
        "official": Verification.OFFICIAL_TEXT,
        "is_adopted": lambda rule: (rule.id, rule.sha256) in book.adopted,
        "is_own": lambda rule: book.policy is not None and rule in book.policy.rules,
    }


def _pack(book: Book, pack_id: str, *, as_shipped: bool = False) -> tuple[Pack, bool]:
    """The pack as it is in effect here, or else as it comes with the program; whether it is in effect. Raises
    NotFound."""
    here = {one.id: one for one in packs_of(book)}
    if pack_id in here and not as_shipped:
        return here[pack_id], True
    if pack_id in shipped():
        found = shipped()[pack_id]
        return found, pack_id in here and here[pack_id].sha256 == found.sha256
    raise NotFound(what=_("law pack"), id=pack_id)


def show_pack(request: Request) -> Response:
    """One pack: its rules, what it does not cover, what changed when, how it differs from what comes with the
    program."""
    given, pack_id = given_of(request), request.path_params["pack"]
    as_shipped = request.query_params.get("which") == "shipped"
    with installation_of(request).database.read() as tx:
        book = books.book_now(tx)
    pack, in_effect = _pack(book, pack_id, as_shipped=as_shipped)
    newer = shipped().get(pack.id) if in_effect else None
    return render(
        request,
        "law_pack.html",
        within="/law",
        pack=pack,
        in_effect=in_effect,
        as_shipped=as_shipped,
        other=None if newer is None or newer.sha256 == pack.sha256 else newer,
        difference=None if newer is None or newer.sha256 == pack.sha256 else diff(pack, newer),
        given=given,
        found=[rule for rule in pack.rules if given.finds(rule)] if given else list(pack.rules),
        timeline=turns(pack.rules),
        kinds={kind: words for kind, words in KIND_WORDS.items() if any(rule.kind is kind for rule in pack.rules)},
        **_said(book, _today(request, pack)),
    )


def show_rule(request: Request) -> Response:
    """One rule over time: words, citation, dates, how well it was checked, and who adopted it."""
    rule_id = request.path_params["rule"]
    with installation_of(request).database.read() as tx:
        book = books.book_now(tx)
        pack, in_effect = _pack(book, request.path_params["pack"])
        over_time = versions(pack.rules, rule_id)
        if not over_time:
            raise NotFound(what=_("rule"), id=rule_id)
        adoptions = _adoptions(tx, over_time)
        names = _names(tx, list(adoptions.values()))
    return render(
        request,
        "law_rule.html",
        within="/law",
        pack=pack,
        in_effect=in_effect,
        over_time=over_time,
        steps=[changes_of(before, after) for after, before in pairwise(over_time)],
        adoptions=adoptions,
        names=names,
        **_said(book, _today(request, pack)),
    )


def _adoptions(tx: Connection, over_time: Sequence[Rule]) -> dict[str, LawChange]:
    """By hash, the last adoption of each version of a rule that took effect."""
    wanted = {(rule.id, rule.sha256) for rule in over_time}
    found: dict[str, LawChange] = {}
    for one in changes.all_changes(tx, limit=10_000):
        if one.kind is ChangeKind.ADOPTION and one.state is ChangeState.IN_FORCE:
            for rule in one.rules:
                if rule in wanted and _later(one, found.get(rule[1])):
                    found[rule[1]] = one
    return found


def _later(one: LawChange, other: LawChange | None) -> bool:
    """Whether a change took effect after another."""
    return other is None or _moment(one) > _moment(other)


def _moment(one: LawChange) -> datetime:
    return one.decided_at or one.proposed_at


routes = [
    page("/law", overview, needs=Permission.LAW_VIEW, name="law"),
    page("/law/{pack}", show_pack, needs=Permission.LAW_VIEW, name="law-pack"),
    page("/law/{pack}/{rule}", show_rule, needs=Permission.LAW_VIEW, name="law-rule"),
]
