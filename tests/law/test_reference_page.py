"""The reference of law packs and the example of a policy against the reader."""

from __future__ import annotations

import re

import pytest
from tests.docs.pages import DOCS, REFERENCE, codes, sections

from candor.law import reading_keys as keys
from candor.law.errors import PackWrong
from candor.law.model import PackKind, RuleKind, Verification
from candor.law.periods import UNITS, Period
from candor.law.reading import MOST_RULES, read_pack, shipped
from candor.law.reading_tree import DEEPEST, LARGEST
from candor.law.vocabulary import CLASS_WORDS, EVENT_WORDS, LABEL_WORDS

PAGE = sections(REFERENCE / "law-packs.md")


def table(title: str, columns: int) -> dict[str, list[str]]:
    """The rows of a section's tables of so many columns, by the word in their first cell."""
    return {codes(row[0])[0]: row[1:] for row in PAGE[title].rows() if len(row) == columns and codes(row[0])}


#: Needed in one kind of file only; the page says which instead of “yes”.
SOMETIMES = {"over": "policies", "verification": "laws", "verified-on": "laws"}


@pytest.mark.parametrize(
    ("title", "known"),
    [
        ("Keys of the file", keys.HEADER),
        ("Keys of every rule", keys.RULE),
        ("Keys of when", keys.WHEN),
        ("Keys of uncovered", keys.UNCOVERED),
        *((kind.value, keys.OF_KIND[kind]) for kind in RuleKind if keys.OF_KIND[kind]),
    ],
)
def test_every_key_and_whether_it_must_be_there(title: str, known: dict[str, bool]) -> None:
    stated = {key: row[0] for key, row in table(title, 3).items() if key not in list(Verification)}
    assert stated == {key: SOMETIMES.get(key, "yes" if must else "no") for key, must in known.items()}


def test_every_kind_of_rule_has_its_place() -> None:
    plain = set(PAGE["mandate, no-record, access, note"].title.split(", "))
    assert plain == {kind.value for kind in RuleKind if not keys.OF_KIND[kind]}
    assert {kind.value for kind in RuleKind} - plain <= set(PAGE)


def test_how_well_a_rule_was_checked() -> None:
    rows = [row for row in PAGE["Keys of every rule"].rows() if codes(row[0])[0] in list(Verification)]
    assert [codes(row[0])[0] for row in rows] == [one.value for one in Verification]


@pytest.mark.parametrize(
    ("title", "words"),
    [("Classes", CLASS_WORDS), ("Labels", LABEL_WORDS), ("Events", EVENT_WORDS)],
)
def test_every_word_of_the_closed_lists(title: str, words: dict[object, str]) -> None:
    assert {name: row[0] for name, row in table(title, 2).items()} == {str(word): said for word, said in words.items()}


@pytest.mark.parametrize(
    ("title", "key", "words"),
    [
        ("Keys of the file", "kind", [kind.value for kind in PackKind]),
        ("confidential", "test", keys.TESTS),
        ("redaction", "duty", keys.REDACTIONS),
        ("duty", "duty", keys.DUTIES),
        ("request", "must-name", keys.THINGS),
    ],
)
def test_every_word_that_a_key_may_hold(title: str, key: str, words: list[str]) -> None:
    assert [word for word in codes(table(title, 3)[key][1]) if word in words] == list(words)


def test_limits_units_and_packs() -> None:
    text = (REFERENCE / "law-packs.md").read_text("utf-8")
    assert f"more than {DEEPEST} levels" in text
    assert (LARGEST, f"{MOST_RULES:,}") == (1 << 20, "5,000")
    periods = codes(text[text.index("A period is") : text.index("Hours are")])
    assert {Period.parse(one).unit for one in periods} == set(UNITS)
    stated = {name: row[0] for name, row in table("Packs that come with the program", 2).items()}
    assert stated == {pack.id: pack.name for pack in shipped().values()}


def test_the_policy_of_the_how_to_is_read_and_its_fault_is_said_as_shown() -> None:
    page = (DOCS / "how-to" / "write-a-policy.md").read_text("utf-8")
    found = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert found is not None
    text = found[1]
    policy = read_pack(text.encode(), "our-policy.yaml")
    assert (policy.kind, policy.over, len(policy.rules)) == (PackKind.POLICY, "us-ct", 3)
    assert all(rule.verification is Verification.OFFICIAL_TEXT for rule in policy.rules)
    shown = next(line.strip() for line in page.splitlines() if line.strip().startswith("our-policy.yaml:"))
    with pytest.raises(PackWrong) as refused:
        read_pack(text.replace("minimum: 1 year", "minimum: 1").encode(), "our-policy.yaml")
    assert shown.removesuffix(" …") in str(refused.value)
