"""The pages of releases: the list, preparing, what a second person judges by, approving, sending back, recalling."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from tests.disclosure.decisions.law import MINOR
from tests.disclosure.decisions.office import hold_back, release
from tests.disclosure.releases.place import leave_copy
from tests.disclosure.releases.rows import Rows
from tests.people.place import PASSWORD, Place
from tests.web.releases_place import Desk, make_desk

from candor.custody import Event
from candor.disclosure.decisions.rules import Decision
from candor.disclosure.releases.rules import ReleaseState
from candor.installation import Installation
from candor.redaction.rules import Verdict

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def desk(installation: Installation, place: Place, app: Starlette, tmp_path: Path) -> Desk:
    return make_desk(installation, place, app, tmp_path)


def prepared(desk: Desk, copy_id: str, **changed: object) -> str:
    """Prepare a release at the form; its address."""
    given = {"request": desk.office.request, "copy": copy_id, "audience": "public", "title": "A stop"}
    answer = desk.records.post("/releases/new", {**given, "summary": "A traffic stop.", **changed})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def version(page: str) -> str:
    return page.split('name="version" value="')[1].split('"')[0]


def test_preparing_says_what_forbids_it_before_the_button(desk: Desk) -> None:
    address = f"/releases/new?request={desk.office.request}"
    empty = desk.records.get(address).text
    assert "No redacted copy of it is ready" in empty
    assert "Nothing can go out yet" in empty
    copy_id = leave_copy(desk.office, b"a copy")
    undecided = desk.records.get(address).text
    assert "Nobody has decided on it." in undecided
    assert "Rule: disclosure.decisions decision" in undecided
    assert f'value="{copy_id}" checked' not in undecided
    desk.office.decide(release())
    ready = desk.records.get(address).text
    assert f'value="{copy_id}" checked' in ready
    assert "This release belongs to the request R-" in ready
    assert desk.records.get("/releases/new").headers["location"] == "/releases"
    assert desk.records.get("/releases/new?request=R-1999-0001").status_code == 404
    assert desk.counsel.get(address).status_code == 403


def test_what_was_typed_stays_when_it_cannot_be_prepared(desk: Desk) -> None:
    desk.office.decide(release(), hold_back(Decision.WITHHOLD, MINOR, 2_000, 4_000))
    copy_id = leave_copy(desk.office, b"a copy that hides nothing")
    given = {"request": desk.office.request, "copy": copy_id, "audience": "requester"}
    typed = {"title": "My <title>", "summary": "My own & words"}
    answer = desk.records.post("/releases/new", {**given, **typed})
    assert answer.status_code == 409
    assert "is withheld, and the copy shows a picture of it at 0:00:02" in answer.text
    assert "My &lt;title&gt;" in answer.text
    assert "My own &amp; words" in answer.text
    drafted = desk.records.post("/releases/new", {**given, **typed, "act": "draft"})
    assert drafted.status_code == 200
    assert "My own" not in drafted.text
    assert "This release belongs to" in drafted.text
    assert "My &lt;title&gt;" in drafted.text
    assert desk.records.post("/releases/new", {**given, **typed, "copy": "none"}).status_code == 404
    assert "No releases yet" in desk.records.get("/releases").text


def test_a_doubtful_copy_wants_its_reason(desk: Desk) -> None:
    desk.office.decide(release())
    copy_id = leave_copy(desk.office, b"a copy", verdict=Verdict.DOUBTFUL)
    page = desk.records.get(f"/releases/new?request={desk.office.request}").text
    assert f'name="although_{copy_id}"' in page
    given = {"request": desk.office.request, "copy": copy_id, "audience": "public", "title": "A", "summary": "B"}
    refused = desk.records.post("/releases/new", given).text
    assert "doubtful" in refused
    assert "in the field for it on this page" in refused
    assert "--although" not in refused
    address = prepared(desk, copy_id, **{f"although_{copy_id}": "A poster, no person"})
    assert "A poster, no person" in desk.second.get(address).text


def test_from_preparing_to_recall_by_two_people(desk: Desk) -> None:
    desk.office.decide(release(reason="It was asked for"))
    address = prepared(desk, leave_copy(desk.office, b"a copy"))
    own = desk.records.get(address).text
    assert "You prepared it, so another person has to approve it" in own
    assert "Approve and publish" not in own
    mine = desk.records.post(f"{address}/approve", {"version": version(own)})
    assert (mine.status_code, "another person" in mine.text) == (409, True)
    listed = desk.second.get("/releases").text
    assert "you, to approve it" in listed
    assert "a second person than Reyes" in desk.records.get("/releases").text
    page = desk.second.get(address).text
    assert "Approve and publish" in page
    assert "It was asked for" in page
    assert "Nothing is hidden in it" in page
    assert desk.second.post(f"{address}/approve", {"version": "7"}).status_code == 409
    done = desk.second.post(f"{address}/approve", {"version": version(page)})
    assert done.status_code == 303
    assert "It is being made" in desk.second.get(address).text
    desk.releasing.work()
    out = desk.second.get(address).text
    assert "It is published" in out
    assert "SHA-256" in out
    assert 'hx-trigger="every 2s"' not in out
    assert "RL-2026-0001" in desk.records.get("/releases?state=published").text
    assert "RL-2026-0001" in desk.records.get(f"/recordings/{desk.office.recording}").text
    ask = desk.second.get(f"{address}/recall").text
    assert "What somebody has downloaded stays with them" in ask
    wrong = desk.second.post(f"{address}/recall", {"reason": " "})
    assert "The reason is missing" in wrong.text
    recalled = desk.second.post(f"{address}/recall", {"reason": "A face can be seen"})
    assert recalled.status_code == 303
    last = desk.records.get(address).text
    assert "It was recalled" in last
    assert "A face can be seen" in last
    assert desk.second.post(f"{address}/recall", {"reason": "Once more"}).status_code == 409
    assert "RL-2026-0001" in desk.counsel.get("/releases?state=recalled").text


def test_a_recall_asks_who_is_there(desk: Desk, installation: Installation) -> None:
    desk.office.decide(release())
    address = prepared(desk, leave_copy(desk.office, b"a copy"))
    desk.releasing.approve(address.rpartition("/")[2])
    desk.office.archive.clock.advance(20 * 60)
    asked = desk.second.post(f"{address}/recall", {"reason": "A face can be seen"})
    assert asked.status_code == 403
    assert "Confirm that it is you" in asked.text
    assert "A face can be seen" in asked.text
    given = {"reason": "A face can be seen", "proof_password": PASSWORD}
    assert desk.second.post(f"{address}/recall", given).status_code == 303
    state = desk.releasing.release(address.rpartition("/")[2]).state
    assert state is ReleaseState.RECALLED


def test_sent_back_and_prepared_anew(desk: Desk) -> None:
    desk.office.decide(release())
    address = prepared(desk, leave_copy(desk.office, b"a copy"))
    page = desk.second.get(address).text
    assert "The reason is missing" in desk.second.post(f"{address}/send-back", {"version": version(page)}).text
    back = {"version": version(page), "reason": "Say when it was"}
    assert desk.second.post(f"{address}/send-back", back).status_code == 303
    assert "you, to put it right" in desk.records.get("/releases?mine=yes").text
    mine = desk.records.get(address).text
    assert "Say when it was" in mine
    old = {"version": "1", "title": "A stop", "summary": "On a Friday <night>."}
    stale = desk.records.post(address, old)
    assert (stale.status_code, "On a Friday &lt;night&gt;." in stale.text) == (409, True)
    assert desk.records.post(address, {**old, "version": version(stale.text)}).status_code == 303
    assert "On a Friday &lt;night&gt;." in desk.second.get(address).text
    assert [one.value for one in desk.releasing.events(address.rpartition("/")[2])] == [
        Event.RELEASE_PREPARED.value,
        Event.RELEASE_SENT_BACK.value,
        Event.RELEASE_PREPARED.value,
    ]


def test_what_nobody_approved_is_discarded_and_stays_to_be_seen(desk: Desk) -> None:
    desk.office.decide(release())
    address = prepared(desk, leave_copy(desk.office, b"a copy"))
    page = desk.records.get(address).text
    assert f'action="{address}/discard"' not in desk.counsel.get(address).text
    assert desk.counsel.post(f"{address}/discard", {"reason": "No"}).status_code == 403
    assert "The reason is missing" in desk.records.post(f"{address}/discard", {"version": version(page)}).text
    away = {"version": version(page), "reason": "The <wrong> street"}
    assert desk.records.post(f"{address}/discard", away).status_code == 303
    gone = desk.second.get(address).text
    assert "The &lt;wrong&gt; street" in gone
    assert not [one for one in ("approve", "send-back", "discard") if f'action="{address}/{one}"' in gone]
    assert "Nothing waits" in desk.second.get("/releases").text
    assert "Release discarded" in desk.second.get("/releases?state=discarded").text
    assert "Release discarded" in desk.records.get(f"/requests/{desk.office.request}").text
    assert "Decided, with a copy" in desk.records.get(f"/releases/new?request={desk.office.request}").text


def test_what_was_typed_is_there_though_its_form_is_gone(desk: Desk) -> None:
    """Somebody approved it meanwhile."""
    desk.office.decide(release())
    address = prepared(desk, leave_copy(desk.office, b"a copy"))
    at = {"version": version(desk.records.get(address).text)}
    assert desk.second.post(f"{address}/approve", at).status_code == 303
    late = desk.records.post(f"{address}/discard", {**at, "reason": "The <wrong> street"})
    assert late.status_code == 409
    assert "Somebody else changed this release" in late.text
    assert f'action="{address}/discard"' not in late.text
    assert ">The &lt;wrong&gt; street</textarea>" in late.text
    anew = {**at, "title": "A better title", "summary": "A summary that took an hour"}
    assert "A better title\n\nA summary that took an hour</textarea>" in desk.records.post(address, anew).text


def test_what_was_chosen_on_one_page_stays_chosen_on_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("sorting", "offering"):
        monkeypatch.setattr(f"candor.disclosure.releases.{module}.PAGE", 1)
    desk.office.decide(release())
    first = leave_copy(desk.office, b"a copy")
    with desk.office.archive.database.write() as tx:
        rows = Rows(tx, desk.office)
        earlier = rows.meant(1)
        rows.decided(earlier, "release")
        other, undecided = rows.copied(earlier), rows.meant(2)
    at = {"request": desk.office.request, "title": "My title", "audience": "requester", "summary": "My own words"}
    page = desk.records.get(f"/releases/new?request={desk.office.request}").text
    assert "Page 1 of 2" in page
    assert undecided not in page
    assert f'value="{other}"' in page
    assert f'value="{first}"' not in page
    chosen = {**at, "copy": other, f"although_{other}": "why", "here": "release.1", "offered": other}
    page = desk.records.post("/releases/new", {**chosen, "go": "release.2"}).text
    assert f'<input type="hidden" name="copy" value="{other}">' in page
    assert f'name="although_{other}" value="why"' in page
    assert f'value="{first}" checked' in page, "what is usual on a page is chosen when it is first seen"
    assert "1 video more is chosen on other pages" in page
    assert "My own words</textarea>" in page
    seen = {**chosen, "offered": first, "go": "release.2"}
    assert f'value="{first}">' in desk.records.post("/releases/new", seen).text, "taken out, it stays out"
    lacking = desk.records.post("/releases/new", {**chosen, "go": "decision.1"}).text
    assert undecided in lacking
    assert f'<input type="hidden" name="copy" value="{other}">' in lacking
    none = desk.records.post("/releases/new", {**chosen, "go": "withheld.1"}).text
    assert "None of its recordings is like that now" in none
    assert 'value="release.1"' in none, "and there is a way back"
    for odd in ("nonsense", "release.x", "release.99999999999", "release.-1", "."):
        assert desk.records.post("/releases/new", {**chosen, "go": odd}).status_code == 200


def test_what_was_taken_out_stays_out_on_whatever_page_it_comes_to_lie(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sorting", "offering"):
        monkeypatch.setattr(f"candor.disclosure.releases.{module}.PAGE", 1)
    desk.office.decide(release())
    copy_id = leave_copy(desk.office, b"a copy", verdict=Verdict.DOUBTFUL)
    address = f"/releases/new?request={desk.office.request}"
    page = desk.records.get(address).text
    assert f'<input type="hidden" name="offered" value="{copy_id}">' in page
    assert f'value="{copy_id}" checked' in page
    with desk.office.archive.database.write() as tx:  # somebody decides meanwhile on a recording before it
        rows = Rows(tx, desk.office)
        before = rows.meant(1)
        rows.decided(before, "release")
        rows.copied(before)
    at = {"request": desk.office.request, "title": "A", "audience": "requester", "summary": "B", "offered": copy_id}
    at |= {f"although_{copy_id}": "the street lamp", "here": "release.1"}
    first = desk.records.post("/releases/new", {**at, "go": "release.1"}).text
    assert "Page 1 of 2" in first
    assert f'name="although_{copy_id}" value="the street lamp"' in first, "what was typed is kept, chosen or not"
    second = desk.records.post("/releases/new", {**at, "go": "release.2"}).text
    assert "Page 2 of 2" in second
    assert f'value="{copy_id}">' in second
    assert f'value="{copy_id}" checked' not in second
    assert 'value="the street lamp"' in second
    gone = desk.records.post("/releases/new", {**at, "copy": "no such copy", "go": "release.2"}).text
    assert "1 video that you had chosen cannot go into this release any more" in gone
    monkeypatch.setattr("candor.web.pages.releases_new.MOST_COPIES", 0)
    full = desk.records.post("/releases/new", {"request": desk.office.request, "go": "release.2"}).text
    assert f'value="{copy_id}">' in full, "no more is chosen by itself than one release holds"
    assert f'name="offered" value="{copy_id}"' not in full


def test_a_summary_that_nobody_touched_is_drafted_anew_for_what_is_chosen(desk: Desk) -> None:
    desk.office.decide(release())
    copy_id = leave_copy(desk.office, b"a copy")
    page = desk.records.get(f"/releases/new?request={desk.office.request}").text
    drafted = re.search(r'name="draft" value="([0-9a-f]{64})"', page)
    words = re.search(r'<textarea [^>]*id="summary"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert drafted
    assert words
    given = {"request": desk.office.request, "copy": copy_id, "audience": "public", "title": "A", "go": "release.1"}
    given |= {"draft": drafted[1], "offered": copy_id}
    as_drafted = html.unescape(words[1]).replace("\n", "\r\n")
    untouched = desk.records.post("/releases/new", {**given, "summary": as_drafted}).text
    assert "Drafted by the program" in untouched
    own = desk.records.post("/releases/new", {**given, "summary": f"{as_drafted} More."}).text
    assert "Drafted by the program" not in own
    assert "More.</textarea>" in own


def test_what_forbids_it_now_stands_before_the_button(desk: Desk) -> None:
    (whole,) = desk.office.decide(release())
    address = prepared(desk, leave_copy(desk.office, b"a copy"))
    back = {"recording": desk.office.recording, "decision": whole, "why": "Not yet"}
    assert desk.records.post(f"{desk.decide}/take-back", back).status_code == 303
    page = desk.second.get(address).text
    assert "Nobody has decided on it." in page
    assert "Decided anew since" in page
    assert '<button class="button primary" disabled>' in page
    refused = desk.second.post(f"{address}/approve", {"version": version(page)})
    assert (refused.status_code, "disclosure.decisions decision" in refused.text) == (409, True)


def test_a_copy_is_watched_within_a_viewing_and_the_papers_are_read(desk: Desk) -> None:
    desk.office.decide(release(), hold_back(Decision.WITHHOLD, MINOR, 2_000, 4_000))
    desk.office.draw(desk.office.whole_track(60, 120, exemption=MINOR), desk.office.span(2_000, 4_000, exemption=MINOR))
    address = prepared(desk, leave_copy(desk.office, b"the bytes of a copy"))
    media = f"{address}/copies/1/media"
    assert desk.counsel.get(media).status_code == 403
    begun = desk.counsel.post(f"{address}/copies/1/viewings", {"purpose": "request", "note": ""})
    assert begun.status_code == 303
    viewing = re.search(r"viewing=([0-9a-f-]+)", begun.headers["location"])
    assert viewing
    assert desk.counsel.get(f"{media}?viewing={viewing.group(1)}").content == b"the bytes of a copy"
    assert desk.second.get(f"{media}?viewing={viewing.group(1)}").status_code == 403
    page = desk.counsel.get(f"{address}?viewing={viewing.group(1)}").text
    assert f'src="{media}?viewing=' in page
    assert "Test Code § 13" in page
    assert "The whole picture" in page
    table = desk.counsel.get(f"{address}/papers/exemptions.csv")
    assert table.headers["content-disposition"].startswith("attachment")
    assert MINOR in table.text or "Test Code" in table.text
    assert desk.counsel.get(f"{address}/papers/exemptions.pdf").content.startswith(b"%PDF")
    assert desk.counsel.get(f"{address}/papers/letter.pdf").status_code == 404
    assert desk.counsel.get(f"{address}/papers/keys.txt").status_code == 404
    for number in ("0", "2", "x", "9" * 30):
        assert desk.counsel.get(f"{address}/copies/{number}/media").status_code == 404


def test_the_list_is_narrowed_and_what_waits_longest_stands_first(desk: Desk) -> None:
    desk.office.decide(release())
    copy_id = leave_copy(desk.office, b"a copy")
    first = prepared(desk, copy_id, title="The older one")
    desk.office.archive.clock.advance(60)
    prepared(desk, copy_id, title="The newer one", audience="requester")
    text = desk.second.get("/releases").text
    assert text.index("The older one") < text.index("The newer one")
    newest = desk.second.get("/releases?state=all").text
    assert newest.index("The newer one") < newest.index("The older one")
    assert "The older one" not in desk.second.get("/releases?text=newer").text
    assert "The older one" not in desk.second.get("/releases?audience=requester").text
    assert "No release fits" in desk.second.get("/releases?text=nothing").text
    assert "No release fits" in desk.records.get("/releases?mine=yes").text
    assert "The older one" in desk.second.get("/releases?mine=yes").text
    assert desk.second.get("/releases?after=none").status_code == 404
    assert desk.second.get("/releases?state=weird").status_code == 200
    after = first.rpartition("/")[2]
    assert "The older one" not in desk.second.get(f"/releases?after={after}").text
