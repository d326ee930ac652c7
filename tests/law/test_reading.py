"""Reading packs: what is refused, on which line, how to mend it; and that no file makes the reader fail otherwise."""

from __future__ import annotations

import random
import time
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from candor.law.errors import PackWrong
from candor.law.model import (
    AppealTerms,
    ClockTerms,
    Condition,
    ConsentTerms,
    DutyTerms,
    FeeTerms,
    HolidayTerms,
    Measured,
    Pack,
    PackKind,
    RequestTerms,
    RetentionTerms,
    RightTerms,
    RuleKind,
    Verification,
    ViewingTerms,
)
from candor.law.periods import Period
from candor.law.reading import pack_text, read_pack, rule_sha256, shipped
from candor.law.reading_tree import LARGEST
from candor.law.rule_words import follows_words
from candor.law.vocabulary import Label, LawClass, LawEvent, May, Requester

GOOD = """\
id: us-ct
kind: law
name: Connecticut
jurisdiction: US-CT
version: "1"
compiled-on: 2026-11-22
time-zone: America/New_York
# What is said after this sign is for readers.
rules:
  - id: keep
    kind: retention
    text: It is kept.
    citation: § 1
    in-force-from: 2016-07-01
    in-force-to: 2020-01-01
    verification: secondary
    verified-on: 2026-11-22
    when:
      classes: [arrest, crime]
      labels-any: [minor]
    minimum: 90 days
    until-closed: yes
  - id: keep
    kind: retention
    text: It is kept longer.
    citation: § 1
    in-force-from: 2020-01-01
    verification: official text
    verified-on: 2026-11-22
    measured: decided
    start: received
    minimum: 1 year
  - id: clock
    kind: clock
    text: It is released.
    citation: § 2
    in-force-from: 2019-10-01
    verification: unverified
    verified-on: 2026-11-22
    starts:
      review-completed: 48 hours
      investigation-begun: 96 hours
uncovered:
  - subject: Fees
    why: Not found.
"""


def read(text: str, **given: object) -> Pack:
    return read_pack(text.encode(), "x.yaml", **given)  # type: ignore[arg-type]


def faults(text: str | bytes, **given: object) -> list[tuple[int, str, str]]:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(PackWrong) as refused:
        read_pack(content, "x.yaml", **given)  # type: ignore[arg-type]
    assert refused.value.exit_code == 3
    return [(one.line, one.what, one.mend) for one in refused.value.faults]


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) >= 1, old
    return GOOD.replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_everything_that_a_file_says_is_in_the_pack() -> None:
    pack = read(GOOD)
    first, second, clock = pack.rules
    assert (pack.id, pack.kind, pack.jurisdiction, pack.compiled_on) == (
        "us-ct",
        PackKind.LAW,
        "US-CT",
        date(2026, 11, 22),
    )
    assert pack.holidays == frozenset()
    assert first.terms == RetentionTerms(Period(90, "days"), until_closed=True)
    assert first.when == Condition(
        classes=frozenset({LawClass.ARREST, LawClass.CRIME}), labels_any=frozenset({Label.MINOR})
    )
    assert (first.in_force_from, first.in_force_to, first.line) == (date(2016, 7, 1), date(2020, 1, 1), 10)
    assert second.terms == RetentionTerms(Period(1, "years"), start=LawEvent.RECEIVED)
    assert (second.measured, second.verification) == (Measured.DECIDED, Verification.OFFICIAL_TEXT)
    assert clock.terms == ClockTerms(
        {LawEvent.REVIEW_COMPLETED: Period(48, "hours"), LawEvent.INVESTIGATION_BEGUN: Period(96, "hours")}
    )
    assert [one.subject for one in pack.uncovered] == ["Fees"]
    assert len({rule.sha256 for rule in pack.rules}) == 3


#: What is changed in the good file; the line that the fault is on, by what stands there; words of fault and mend.
WRONG: list[tuple[str, str, str, str, str]] = [
    ("    minimum: 90 days", "    minimun: 90 days", "minimun", "unknown key `minimun`", "did you mean `minimum`?"),
    ("    citation: § 1\n", "", "- id: keep", "has no `citation`", "may not be left out"),
    ("    citation: § 1\n", "    citation:\n", "citation:", "`citation` of rule keep is empty", "write what it is"),
    ("text: It is kept.", 'text: "  "', 'text: "', "is empty", "write what it is"),
    ("minimum: 90 days", "minimum: 90", "minimum: 90", "“90”, which has no unit", "such as “90 days”"),
    ("minimum: 90 days", "minimum: soon", "minimum: soon", "which is no period", "business days"),
    ("minimum: 90 days", "minimum: 0 days", "minimum: 0", "which is no period", "business days"),
    (
        "in-force-to: 2020-01-01",
        "in-force-to: 2020-01-02",
        "It is kept longer",
        "overlaps itself",
        "in-force-to: 2020-01-01",
    ),
    ("    in-force-to: 2020-01-01\n", "", "It is kept longer", "overlaps itself", "in-force-to: 2020-01-01"),
    (
        "in-force-to: 2020-01-01",
        "in-force-to: 2016-07-01",
        "in-force-to: 2016",
        "not after 2016-07-01",
        "first day on which",
    ),
    ("from: 2016-07-01", "from: 2016-02-30", "2016-02-30", "which is no day", "write 2016-07-01"),
    ("from: 2016-07-01", "from: 1 July 2016", "1 July", "which is no day", "write 2016-07-01"),
    ("kind: clock", "kind: clocks", "kind: clocks", "“clocks”, which nobody knows", "did you mean “clock”?"),
    ("[minor]", "[minors]", "[minors]", "“minors”, which nobody knows", "did you mean “minor”?"),
    ("[arrest, crime]", "[arrest, arrest]", "[arrest, arrest]", "says “arrest” twice", "once"),
    ("[arrest, crime]", "[Arrests]", "[Arrests]", "“Arrests”, which nobody knows", "arrest"),
    ("review-completed: 48", "reviewed: 48", "reviewed:", "unknown key `reviewed`", "did you mean"),
    ("start: received", "start: handed-in", "handed-in", "“handed-in”, which nobody knows", "received"),
    ("verification: secondary", "verification: checked", "checked", "“checked”, which nobody knows", "official text"),
    ("    verified-on: 2026-11-22\n    when", "    when", "- id: keep", "has no `verified-on`", "may not be left out"),
    (
        "verified-on: 2026-11-22\n    when",
        "verified-on: 2026-11-23\n    when",
        "2026-11-23",
        "after `compiled-on`",
        "mend one",
    ),
    ("    minimum: 90 days", "    test: absolute", "test: absolute", "unknown key `test`", "rules of another kind"),
    ("    minimum: 90 days\n    until-closed: yes\n", "", "kind: retention", "no period is said", "`minimum`"),
    ("until-closed: yes", "until-closed: maybe", "maybe", "“maybe”, which nobody knows", "yes"),
    ("citation: § 2", "citation: § 2\n    jurisdiction: US-NJ", "US-NJ", "is “US-NJ”", "the file is of US-CT"),
    ("classes: [arrest, crime]", "categories: [Patrol]", "Patrol", "stands in a law", "use `classes`"),
    ("labels-any: [minor]", "labels-any: [minor]\n      labels-none: [minor]", "labels-none", "contradicts", "either"),
    (
        "classes: [arrest, crime]",
        "classes: [arrest]\n      uncategorised: yes",
        "uncategorised",
        "contradicts",
        "two rules",
    ),
    ("id: clock", "id: The Clock", "The Clock", "is “The Clock”", "small letters"),
    ("id: us-ct", "id: US CT", "US CT", "is “US CT”", "small letters"),
    ("jurisdiction: US-CT", "jurisdiction: Connecticut", "jurisdiction: Conn", "is “Connecticut”", "ISO 3166-2"),
    ("America/New_York", "America/Hartford", "Hartford", "which is no time zone", "America/New_York"),
    ("America/New_York", "../../etc/passwd", "passwd", "which is no time zone", "America/New_York"),
    ("kind: law", "kind: law\nover: us-ny", "over:", "stands in a law", "kind: policy"),
    ("kind: law", "kind: policy", "id: us-ct", "`over` of the pack is missing", "over: us-ct"),
    (
        "id: clock\n    kind: clock",
        "id: keep\n    kind: clock",
        "id: keep\n    kind: clock",
        "of kind clock; on line",
        "another `id`",
    ),
    (
        "name: Connecticut",
        "name: Connecticut\nname: CT",
        "name: CT",
        "`name` is said twice; first on line 3",
        "keep one",
    ),
    ("name: Connecticut", "name: &x Connecticut", "&x", "an anchor", "take it out"),
    ("name: Connecticut", "name: *x", "*x", "an alias", "write out"),
    ("name: Connecticut", "name: !!python/object:os.system x", "!!python", "a tag", "everything is text"),
    (
        "name: Connecticut",
        "name: {a: {b: {c: {d: {e: {f: {g: {h: {i: j}}}}}}}}}",
        "{a:",
        "levels within",
        "no pack needs",
    ),
    ("name: Connecticut", 'name: "C\\u202E"', "u202E", "cannot be seen", "take them out"),
    ("name: Connecticut", 'name: "C\\0"', "C\\0", "cannot be seen", "take them out"),
    ("name: Connecticut", "name: [Connecticut]", "[Connecticut]", "is no text", "one text"),
    ("name: Connecticut", "name: Conn: ecticut", "Conn:", "this is not YAML", "colons"),
    ("name: Connecticut", "name: 'Connecticut", "", "this is not YAML", "quotation"),
    ("uncovered:\n", "---\n", "---", "a second document", "one pack per file"),
    ("    why: Not found.", "    because: Not found.", "because", "unknown key `because`", "known here"),
]


@pytest.mark.parametrize(("old", "new", "where", "what", "mend"), WRONG)
def test_what_is_wrong_is_said_with_its_line_and_how_to_mend_it(
    old: str, new: str, where: str, what: str, mend: str
) -> None:
    text = changed(old, new)
    found = faults(text)
    fitting = [one for one in found if what in one[1] and mend in one[2]]
    assert fitting, found
    if where:
        at = text.index(where)
        assert fitting[0][0] in (text.count("\n", 0, at) + 1, text.count("\n", 0, at) - 1), fitting


def test_all_faults_of_a_file_are_said_at_once_in_their_order() -> None:
    text = changed("minimum: 90 days", "minimum: 90").replace("[minor]", "[minors]").replace("48 hours", "48")
    found = faults(text)
    assert [line for line, _, _ in found] == sorted(line_of(text, part) for part in ("[minors]", "minimum: 90", ": 48"))
    with pytest.raises(PackWrong, match=r"x\.yaml:20: .*; .*\nx\.yaml:21: "):
        read(text)


def test_a_category_that_nobody_defined() -> None:
    policy = changed("kind: law", "kind: policy\nover: us-ct").replace("[arrest, crime]", "[Patrol]")
    policy = policy.replace("classes:", "categories:").replace("secondary", "official text")
    policy = policy.replace("unverified", "official text")
    assert read(policy, categories={"Patrol"}).rules[0].when.categories == {"Patrol"}
    assert read(policy).rules[0].when.categories == {"Patrol"}
    ((line, what, mend),) = faults(policy, categories={"Patrols", "Arrest"})
    assert (line, "“Patrol”, which nobody knows" in what, "did you mean “Patrols”?" in mend) == (20, True, True)


def test_a_policy_is_the_agencys_own_words() -> None:
    policy = changed("kind: law", "kind: policy\nover: us-ct")
    _, what, mend = faults(policy)[0]
    assert "in a policy" in what
    assert "take it out" in mend
    plain = "\n".join(
        line for line in policy.splitlines() if not line.strip().startswith(("verification:", "verified-on"))
    )
    pack = read(plain)
    assert {rule.verification for rule in pack.rules} == {Verification.OFFICIAL_TEXT}
    assert {rule.verified_on for rule in pack.rules} == {pack.compiled_on}
    assert pack.over == "us-ct"


KINDS: list[tuple[str, str, object]] = [
    ("confidential", "test: absolute\n    exceptions: [a parent consents]", None),
    ("redaction", "duty: required\n    of: [faces]", None),
    ("fee", "amount: USD 0.25\n    per: page", None),
    ("review", "allowed: yes\n    with-whom: attorney", None),
    (
        "duty",
        "duty: inspect-and-test\n    who: the officer\n    before: each shift",
        DutyTerms("inspect-and-test", "the officer", before="each shift"),
    ),
    ("request", "must-name: [person, [date, place]]", RequestTerms((("person",), ("date", "place")))),
    (
        "request",
        "without-fee: [depicted, attorney]\n    without-fee-of: redaction-hour",
        RequestTerms(without_fee=("depicted", "attorney"), without_fee_of=("redaction-hour",)),
    ),
    (
        "fee",
        "amount: USD 10.00\n    per: recording\n    unit: recording",
        FeeTerms("USD 10.00", "recording", "recording"),
    ),
    (
        "appeal",
        "to: the Commission\n    within: 30 days\n    after: the denial\n    how: By post.",
        AppealTerms("the Commission", Period(30, "days"), "the denial", "By post."),
    ),
    (
        "right",
        "of: depicted\n    may: [view]\n    may-not: [copy]",
        RightTerms(frozenset({Requester.DEPICTED}), frozenset({May.VIEW}), frozenset({May.COPY})),
    ),
    (
        "viewing",
        "of: [next-of-kin]\n    before-release: yes\n    within: 5 days\n    start: request-received",
        ViewingTerms(frozenset({Requester.NEXT_OF_KIN}), True, Period(5, "days"), LawEvent.REQUEST_RECEIVED),
    ),
    ("consent", "of: [depicted, parent]", ConsentTerms(frozenset({Requester.DEPICTED, Requester.PARENT}))),
    (
        "holidays",
        "days: [2026-11-27]\n    each-year:\n      Veterans' Day: November 11\n    saturday-to-friday: yes",
        HolidayTerms(frozenset({date(2026, 11, 27)}), {"Veterans' Day": "November 11"}, saturday_to_friday=True),
    ),
    (
        "clock",
        "starts: {request-received: 21 days}\n    extension: 30 days\n    extension-most: 1 year",
        ClockTerms(
            {LawEvent.REQUEST_RECEIVED: Period(21, "days")}, Period(30, "days"), extension_most=Period(1, "years")
        ),
    ),
    ("clock", "no-clock: yes", ClockTerms({}, no_clock=True)),
    ("clock", "latest: 144 hours", ClockTerms({}, latest=Period(144, "hours"))),
    ("note", "source: somewhere", None),
]


def of_kind(kind: str, terms: str) -> str:
    start = GOOD.index("  - id: clock")
    rule = GOOD[start : GOOD.index("uncovered:")]
    rule = rule[: rule.index("    starts:")].replace("kind: clock", f"kind: {kind}") + f"    {terms}\n"
    return GOOD[:start] + rule + GOOD[GOOD.index("uncovered:") :]


@pytest.mark.parametrize(("kind", "terms", "read_as"), KINDS)
def test_the_terms_of_each_kind(kind: str, terms: str, read_as: object) -> None:
    rule = read(of_kind(kind, terms)).rules[2]
    assert rule.kind is RuleKind(kind)
    if read_as is not None:
        assert rule.terms == read_as


@pytest.mark.parametrize(
    ("kind", "terms", "what"),
    [
        ("confidential", "exceptions: [x]", "has no `test`"),
        ("confidential", "test: maybe", "“maybe”, which nobody knows"),
        ("redaction", "duty: sometimes", "“sometimes”, which nobody knows"),
        ("fee", "amount: 25 cents\n    per: page", "is “25 cents”"),
        ("review", "with-whom: attorney", "has no `allowed`"),
        ("duty", "duty: dance\n    who: all\n    every: 1 day", "“dance”, which nobody knows"),
        ("duty", "duty: annual-training\n    who: all", "is never due"),
        ("duty", "duty: annual-training\n    who: all\n    every: 1 year\n    within: 1 day", "runs from nothing"),
        ("request", "note: x", "nothing is asked"),
        ("request", "must-name: [[]]", "a set without a word"),
        ("request", "must-name: [shoe-size]", "“shoe-size”, which nobody knows"),
        ("request", "without-fee: [whoever is shown]", "“whoever is shown”, which nobody knows"),
        ("request", "per-incident: yes\n    without-fee-of: [page]", "is of nobody"),
        ("request", "without-fee: public\n    without-fee-of: [gold]", "“gold”, which nobody knows"),
        ("fee", "amount: USD 0.25\n    per: page\n    unit: sheet", "“sheet”, which nobody knows"),
        ("appeal", "within: 30 days\n    after: x", "has no `to`"),
        ("appeal", "to: x\n    within: 30 days", "runs from nothing"),
        ("right", "of: [depicted]", "nothing may be done"),
        ("right", "of: [everybody]\n    may: [view]", "“everybody”, which nobody knows"),
        ("right", "of: [depicted]\n    may: [view]\n    may-not: [view]", "contradicts `may`"),
        ("viewing", "before-release: yes", "has no `of`"),
        ("viewing", "of: [depicted]\n    start: recorded", "begins no period"),
        ("consent", "of: [parent]\n    lifts: [keep]", "names “keep”, and no rule of kind confidential"),
        ("consent", "of: [parent]\n    lifts: [No Rule]", "has “No Rule”"),
        ("holidays", "sunday-to-monday: yes", "no day is said"),
        ("holidays", "days: [2026-11-27]\n    sunday-to-monday: yes", "moves nothing"),
        ("holidays", "days: [2026-11-27]\n    measured: decided", "stands in a rule of holidays"),
        ("holidays", "days: [2026-11-27]\n    when: {labels-any: [minor]}", "stands in a rule of holidays"),
        ("holidays", "each-year: [January 1]", "is no list of days by name"),
        ("holidays", "each-year: {New Year: 1 January}", "which is no day of a year"),
        ("holidays", "each-year: {Never: February 30}", "which is no day of a year"),
        ("holidays", "each-year: {Never: fifth Monday of May}", "which is no day of a year"),
        ("clock", "puts-off: [clock]", "until when"),
        ("clock", "latest: 1 day\n    puts-off: [keep]", "names “keep”, and no rule of kind clock"),
        ("clock", "latest: 1 day\n    extension-most: 2 days", "is counted from nothing"),
        ("clock", "note: x", "no period is said"),
        ("clock", "no-clock: yes\n    latest: 1 day", "contradicts the periods"),
        ("retention", "minimum: 2 years\n    maximum: 1 year", "shorter than `minimum`"),
        ("note", "minimum: 2 years", "unknown key `minimum`"),
    ],
)
def test_terms_that_are_wrong(kind: str, terms: str, what: str) -> None:
    assert any(what in said for _, said, _ in faults(of_kind(kind, terms)))


def test_holidays_of_a_law_stand_in_a_rule_and_a_policy_may_list_its_own() -> None:
    listed = changed("rules:", "holidays: [2026-11-27]\nrules:")
    ((line, what, mend),) = faults(listed)
    assert (line, "stands in a law" in what, "kind: holidays" in mend) == (line_of(listed, "holidays:"), True, True)
    own = listed.replace("kind: law", "kind: policy\nover: us-ct").replace("secondary", "official text")
    own = own.replace("unverified", "official text")
    assert read(own).holidays == {date(2026, 11, 27)}
    assert any("which is no day" in said for _, said, _ in faults(own.replace("2026-11-27", "Thanksgiving")))


def test_what_took_effect_before_its_words_were_a_closed_list_is_still_read() -> None:
    older = of_kind("request", "without-fee: [somebody who is involved in the incident]")
    older = older.replace("rules:", "holidays: [2026-11-27]\nrules:", 1)
    assert len(faults(older)) == 2
    rule = read(older, earlier=True).rules[2]
    assert rule.terms == RequestTerms(without_fee=("somebody who is involved in the incident",))
    assert follows_words(rule) == ["without fee: somebody who is involved in the incident"]


def test_a_rule_that_says_nothing_of_what_came_later_keeps_its_hash() -> None:
    """What counsel adopted stays adopted when the form of packs grows. Hashes as they were before it did."""
    files = [GOOD, of_kind("request", "must-name: [person]"), of_kind("fee", "amount: USD 0.25\n    per: page")]
    assert [read(text).rules[2].sha256[:16] for text in files] == [
        "78b09e0be02965ba",
        "17a2a02394a8a154",
        "4ba734817c47cd69",
    ]


def test_a_rules_hash_is_of_its_words_and_not_of_where_it_stands() -> None:
    before = read(GOOD).rules[0]
    moved = read("# a comment\n" + GOOD).rules[0]
    assert (moved.line, moved.sha256) == (before.line + 1, before.sha256)
    assert rule_sha256(before) == before.sha256
    for old, new in [
        ("It is kept.", "It is kept!"),
        ("90 days", "91 days"),
        ("[arrest, crime]", "[arrest]"),
        ("verification: secondary", "verification: unverified"),
        ("in-force-to: 2020-01-01", "in-force-to: 2019-12-31"),
        ("id: us-ct", "id: us-cx"),
    ]:
        assert read(changed(old, new)).rules[0].sha256 != before.sha256
    order = changed("[arrest, crime]", "[crime, arrest]")
    assert read(order).rules[0].sha256 == before.sha256


# -- hostile files


HOSTILE = {
    "aliases": b"a: &a [x,x,x,x,x,x,x,x]\n" + b"".join(b"b%d: &b%d [*a,*a,*a,*a]\n" % (n, n) for n in range(50)),
    "depth": b"[" * 500_000,
    "mappings": b"{a: " * 200_000,
    "question marks": b"? " * 300_000,
    "indents": b"\n".join(b" " * n + b"- a:" for n in range(1_000)),
    "one key": b"a" * (LARGEST - 10) + b": b",
    "nothing": b"",
    "only a comment": b"# nothing\n",
    "zeros": bytes(1_000),
    "not UTF-8": b"id: us-ct\nname: \xff\xfe",
    "UTF-16": GOOD.encode("utf-16"),
    "too large": b"#" * (LARGEST + 1),
    "a list": b"- id: x\n",
    "a text": b"hello",
    "wide": b"rules: [" + b"{}," * 300_000 + b"]",
    "keys": b"".join(b"k%d: v\n" % n for n in range(60_000)),
    "escape": b'id: "\\UFFFFFFFF"',
    "surrogate": b'id: "\\uD800"',
    "directive": b"%TAG ! tag:x,2000:\n---\nid: !a x",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_at_once(name: str) -> None:
    began = time.process_time()
    assert faults(HOSTILE[name])
    assert time.process_time() - began < 3


def test_a_file_says_no_more_faults_than_can_be_read() -> None:
    text = "rules:\n" + "  - {}\n" * 3_000
    with pytest.raises(PackWrong) as refused:
        read(text)
    assert len(refused.value.faults) == 1_001
    assert "the rest was not read" in refused.value.faults[-1].what
    assert len(str(refused.value).splitlines()) < 60
    assert "more" in str(refused.value).splitlines()[-1]


_SHIPPED = sorted(shipped())
_PIECES = [
    "\n",
    ":",
    "- ",
    "[",
    "]",
    "{",
    "}",
    '"',
    "'",
    "#",
    "&a ",
    "*a",
    "!!int ",
    "---\n",
    "|",
    ">-",
    "%",
    "\t",
    "  ",
    "é",
    "\x00",
    "90 days",
    "kind: law",
    "id: x",
    "? ",
    ", ",
    "~",
    "null",
    "2016-13-01",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["us-wa", "us-nv"]), st.randoms(use_true_random=False), st.integers(1, 6))
def test_a_pack_that_was_meddled_with_is_read_or_refused_and_nothing_else(
    pack_id: str, dice: random.Random, times: int
) -> None:
    text = pack_text(pack_id).decode()
    for _ in range(times):
        at, to = sorted(dice.randrange(len(text) + 1) for _ in range(2))
        what = dice.choice(["insert", "cut", "line", "swap"])
        if what == "insert":
            text = text[:at] + dice.choice(_PIECES) + text[at:]
        elif what == "cut":
            text = text[:at] + text[min(to, at + 40) :]
        elif what == "line":
            lines = text.split("\n")
            del lines[dice.randrange(len(lines))]
            text = "\n".join(lines) or "x"
        else:
            lines = text.split("\n")
            one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
            lines[one], lines[other] = lines[other], lines[one]
            text = "\n".join(lines)
    pack: Pack | None
    try:
        pack = read(text)
    except PackWrong as error:
        faults = error.faults
        pack = None
    if pack is None:
        assert faults
        assert all(0 <= fault.line <= text.count("\n") + 2 and fault.what and fault.mend for fault in faults)
    else:
        assert all(rule.citation and rule.text and rule.sha256 for rule in pack.rules)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_words(content: bytes) -> None:
    with pytest.raises(PackWrong):
        read_pack(content, "x.yaml")
