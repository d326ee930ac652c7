"""The pages of the law: packs, rules, what is not covered, what changed, and what was put in force here."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from tests.people.place import Place
from tests.web.visitor import Visitor

from candor.core.clock import FixedClock
from candor.installation import Installation
from candor.law import changes
from candor.law.reading import pack_text, shipped
from candor.people.rules import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def reader(signed_in: Callable[..., Visitor]) -> Visitor:
    """Somebody who may read the law."""
    return signed_in("reader", Role.OFFICER)


def put_in_force(here: Installation, place: Place, *, adopt: tuple[str, ...] = (), clock: FixedClock) -> None:
    """Connecticut takes effect, and counsel adopts some of its rules, each by two people."""
    counsel, second = place.add("counsel", Role.COUNSEL), place.add("second", Role.COUNSEL)
    proposals = [lambda tx: changes.propose_pack(tx, counsel, "us-ct", reason="We begin.", clock=clock)]
    if adopt:
        proposals.append(
            lambda tx: changes.propose_adoption(tx, counsel, adopt, reason="I have read the text.", clock=clock)
        )
    for propose in proposals:
        with here.database.write() as tx:
            change_id = propose(tx)
            changes.note_dry_run(tx, change_id, {"purgeable": 0}, clock=clock)
            changes.decide(tx, second, change_id, approve=True, reason="So be it.", clock=clock)


def test_without_a_pack_it_says_what_follows_and_shows_those_that_come_with_the_program(reader: Visitor) -> None:
    text = reader.get("/law").text
    assert "No law is in effect here" in text
    assert {pack for pack in shipped() if f'href="/law/{pack}"' in text} == set(shipped())


def test_packs_in_effect_with_who_put_them_there(
    reader: Visitor, installation: Installation, place: Place, fixed_clock: FixedClock
) -> None:
    put_in_force(installation, place, adopt=("ct-postc-2015-every-recording",), clock=fixed_clock)
    text = reader.get("/law").text
    assert "No law is in effect here" not in text
    here = text[text.index("In effect here") : text.index("Find a rule")]
    assert "Connecticut" in here
    assert "1 adopted by counsel" in here
    assert "I have read the text." in text[text.index("What was put in force here") :]


def test_a_rule_with_its_citation_dates_check_and_adoption(
    reader: Visitor, installation: Installation, place: Place, fixed_clock: FixedClock
) -> None:
    put_in_force(installation, place, adopt=("ct-postc-2015-every-recording",), clock=fixed_clock)
    adopted = reader.get("/law/us-ct/ct-postc-2015-every-recording").text
    for words in ("kept for at least 90 days", "in force since 1 November 2015", "secondary", "counsel", "second"):
        assert words in adopted
    assert "I have read the text." in adopted
    other = reader.get("/law/us-ct/ct-29-6d-f1-disclosure").text
    for words in (
        "§ 29-6d (f)(1)",
        "within 48 hours",
        "within 96 hours",
        "in force since 1 October 2019",
        "no; footage",
    ):
        assert words in other


def test_a_rule_over_time_shows_every_version_and_what_changed(reader: Visitor) -> None:
    text = reader.get("/law/us-ct/ct-7-282e-record-of-force").text
    days = re.findall(r'id="from-([0-9-]+)"', text)
    assert days == ["2020-01-01", "2019-10-01", "2016-07-01"]
    assert "<ins>" in text
    assert "not in effect here" in text


def test_a_pack_names_what_it_does_not_cover_and_its_days(reader: Visitor) -> None:
    text = reader.get("/law/us-ct").text
    for one in shipped()["us-ct"].uncovered:
        assert one.subject.replace("'", "&#39;") in text
    assert text.index("31 July 2020") < text.index('datetime="2019-10-01"') < text.index('datetime="2016-07-01"')


@pytest.mark.parametrize(
    ("asked", "found", "missing"),
    [
        ("as-of=2018-08-14&kind=clock", {"ct-1-206-denial"}, {"ct-29-6d-f1-disclosure", "ct-29-6d-f2-request"}),
        ("as-of=2019-10-01&kind=clock", {"ct-29-6d-f1-disclosure", "ct-29-6d-f2-request"}, {"ct-29-6d-g2-minor"}),
        ("text=48+HOURS", {"ct-29-6d-f1-disclosure", "ct-29-6d-f2-review"}, {"ct-29-6d-g2-minor"}),
        ("text=minor&kind=confidential", {"ct-29-6d-g2-minor"}, {"ct-29-6d-f1-disclosure"}),
        ("text=nobody-wrote-this", set(), {"ct-29-6d-g2-minor"}),
    ],
)
def test_rules_are_found_by_words_kind_and_day(reader: Visitor, asked: str, found: set[str], missing: set[str]) -> None:
    text = reader.get(f"/law/us-ct?{asked}").text
    shown = text[text.index('id="rules-title"') : text.index('id="uncovered"')]
    assert {rule for rule in found | missing if f'"/law/us-ct/{rule}"' in shown} == found
    assert ("No rule is like that" in shown) is (not found)
    everywhere = reader.get(f"/law?{asked}").text
    assert {rule for rule in found | missing if f'"/law/us-ct/{rule}"' in everywhere} == found


def test_a_day_that_is_none_is_said(reader: Visitor) -> None:
    answer = reader.get("/law?as-of=yesterday")
    assert answer.status_code == 200
    assert "“yesterday” is no day" in answer.text


@pytest.mark.parametrize(
    "path", ["/law/none", "/law/us-ct/none", "/law/us-ct%2F..%2F..", "/law/%00", "/law/us-ct/%3Cb%3E"]
)
def test_what_is_not_there(reader: Visitor, path: str) -> None:
    answer = reader.get(path)
    assert answer.status_code == 404
    assert "<b>" not in answer.text


def test_the_pack_in_effect_against_the_one_that_comes_with_the_program(
    reader: Visitor,
    installation: Installation,
    place: Place,
    fixed_clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An older text took effect; then the program came with another."""
    older = pack_text("us-wa").replace(b"minimum: 60 days", b"minimum: 50 days")
    from candor.law.reading import read_pack

    known = dict(shipped())
    with monkeypatch.context() as patch:
        patch.setattr(changes, "shipped", lambda: {**known, "us-wa": read_pack(older, "us-wa.yaml")})
        patch.setattr(changes, "pack_text", lambda pack_id: older if pack_id == "us-wa" else pack_text(pack_id))
        counsel, second = place.add("counsel", Role.COUNSEL), place.add("second", Role.COUNSEL)
        with installation.database.write() as tx:
            change_id = changes.propose_pack(tx, counsel, "us-wa", reason="We begin.", clock=fixed_clock)
            changes.note_dry_run(tx, change_id, {"purgeable": 0}, clock=fixed_clock)
            changes.decide(tx, second, change_id, approve=True, reason="So be it.", clock=fixed_clock)
    assert "comes with the program" in reader.get("/law").text
    text = reader.get("/law/us-wa").text
    assert "<del>50</del><ins>60</ins> days" in text
    assert "difference" not in reader.get("/law/us-wa?which=shipped").text


def test_only_who_may_read_the_law(app: Starlette, signed_in: Callable[..., Visitor], stranger: Visitor) -> None:
    guest = signed_in("guest", Role.DEFENCE_GUEST)
    for path in ("/law", "/law/us-ct", "/law/us-ct/ct-29-6d-g2-minor"):
        assert stranger.get(path).status_code == 303
        assert guest.get(path).status_code == 403
