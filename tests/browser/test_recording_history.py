"""Custody history and entry in a real browser: verified lines, tampered answers, another key, edits and conflicts."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from candor.footage import catalogue

pytestmark = pytest.mark.browser


def open_settled(visit: Any, site: Any, key: str) -> Page:
    """A recording's page when everything so far is signed and witnessed."""
    page: Page = visit(site, "records").page
    page.goto(site.page_of(key))
    page.wait_for_load_state("networkidle")  # the picture is an event too
    deadline = time.monotonic() + 15
    size = site.here.log.settle()
    while (site.here.log.status().witnessed_size or 0) < size:
        assert time.monotonic() < deadline, "the witness did not sign"
        page.wait_for_timeout(50)
    page.reload()
    return page


def test_a_line_is_verified_in_the_browser(visit: Any, site: Any) -> None:
    page = open_settled(visit, site, "stop")
    line = page.locator(".history-line", has_text="The recording was sealed.")
    line.locator("[data-verify]").click()
    expect(line).to_have_attribute("data-outcome", "ok")
    expect(line.locator(".verify-result")).to_contain_text("in the log troop.example/log says what this line says")
    expect(line.locator(".verify-result")).to_contain_text("Cosigned by 1 of 1 witnesses: defender.example/w")


def test_all_lines_are_verified_and_counted(visit: Any, site: Any) -> None:
    page = open_settled(visit, site, "stop")
    page.click("[data-verify-all]")
    expect(page.locator("#verify-all-result")).to_have_attribute("data-outcome", "ok")
    total = int(page.get_attribute("#history", "data-total") or 0)
    expect(page.locator("#verify-all-result")).to_contain_text(f"{total} entries verified")
    expect(page.locator(".history-line[data-outcome=ok]")).to_have_count(min(total, 40))


def edited(text: str, change: Any) -> str:
    """A proof with its opening changed."""
    lines = text.split("\n")
    at = next(number for number, line in enumerate(lines) if line.startswith("extra "))
    opening = json.loads(base64.b64decode(lines[at][6:]))
    change(opening)
    told = json.dumps(opening, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    lines[at] = "extra " + base64.b64encode(told.encode()).decode()
    return "\n".join(lines)


def _another_actor(opening: dict[str, Any]) -> None:
    opening["payload"] = opening["payload"].replace("system:cli-tester", "system:cli-nobody")


def _turned(text: str) -> str:
    lines = text.split("\n")
    at = next(number for number, line in enumerate(lines) if line.startswith("index "))
    lines[at] = f"index {int(lines[at][6:]) + 1}"
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda text: edited(text, _another_actor), "the commitment does not fit"),
        (_turned, "not shown to be in the tree"),
        (lambda text: text.replace("troop.example/log\n", "troop.example/other\n"), "not of the log"),
        (lambda text: "<html>an error page</html>", "NOT verified"),
    ],
    ids=["opening", "index", "origin", "rubbish"],
)
def test_a_tampered_answer_is_red(visit: Any, site: Any, spoil: Any, reason: str) -> None:
    page = open_settled(visit, site, "patrol")

    def tamper(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=spoil(answer.text()))

    page.route("**/events/*/proof", tamper)
    line = page.locator(".history-line", has_text="The recording was sealed.")
    line.locator("[data-verify]").click()
    expect(line).to_have_attribute("data-outcome", "bad")
    expect(line.locator(".verify-result")).to_contain_text("NOT verified.")
    expect(line.locator(".verify-result")).to_contain_text(reason)


def test_a_line_that_says_something_else_than_the_log_is_red(visit: Any, site: Any) -> None:
    page = open_settled(visit, site, "patrol")
    line = page.locator(".history-line", has_text="The recording was received.")
    line.locator("[data-payload]").evaluate("one => { one.textContent = one.textContent.replace('tester', 'nobody') }")
    line.locator("[data-verify]").click()
    expect(line).to_have_attribute("data-outcome", "bad")
    expect(line.locator(".verify-result")).to_contain_text("not what the log holds")


def test_one_spoiled_proof_among_all_is_found(visit: Any, site: Any) -> None:
    page = open_settled(visit, site, "patrol")

    def tamper(route: Route) -> None:
        answer = route.fetch()
        given = answer.json()
        given["proofs"][1]["proof"] = edited(given["proofs"][1]["proof"], _another_actor)
        route.fulfill(response=answer, json=given)

    page.route("**/proofs*", tamper)
    page.click("[data-verify-all]")
    expect(page.locator("#verify-all-result")).to_have_attribute("data-outcome", "bad")
    expect(page.locator("#verify-all-result")).to_contain_text("could NOT be verified")
    expect(page.locator(".history-line[data-outcome=bad]")).to_have_count(1)


def test_an_event_that_is_left_out_is_missed(visit: Any, site: Any) -> None:
    page = open_settled(visit, site, "patrol")

    def tamper(route: Route) -> None:
        answer = route.fetch()
        given = answer.json()
        del given["proofs"][2]
        route.fulfill(response=answer, json=given)

    page.route("**/proofs*", tamper)
    page.click("[data-verify-all]")
    expect(page.locator("#verify-all-result")).to_have_attribute("data-outcome", "bad")
    expect(page.locator("#verify-all-result")).to_contain_text("Event number 2 of the recording is missing")


def test_another_log_key_is_warned_of_and_not_used(visit: Any, site: Any) -> None:
    page = open_settled(visit, site, "stop")
    expect(page.locator("#log-key")).to_have_attribute("data-state", "same")
    other = page.evaluate(
        """async () => {
          const t = await import('/verify/web/tlog.js');
          const raw = t.joined(new Uint8Array([1]), crypto.getRandomValues(new Uint8Array(32)));
          const id = t.hex(t.sha256(t.utf8('troop.example/log\\n'), raw).subarray(0, 4));
          return `troop.example/log+${id}+${t.base64(raw)}`;
        }"""
    )
    page.evaluate("vkey => localStorage.setItem('candor.log-key', JSON.stringify({vkey, since: '2026-01-02'}))", other)
    page.reload()
    expect(page.locator("#log-key")).to_have_attribute("data-state", "changed")
    expect(page.locator("#log-key [role=alert]")).to_be_visible()
    line = page.locator(".history-line", has_text="The recording was sealed.")
    line.locator("[data-verify]").click()
    expect(line).to_have_attribute("data-outcome", "bad")
    page.click("[data-trust-new]")
    expect(page.locator("#log-key")).to_have_attribute("data-state", "same")
    line.locator("[data-verify]").click()
    expect(line).to_have_attribute("data-outcome", "ok")


def test_the_entry_is_edited_in_its_place_while_the_film_plays_on(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    page.goto(site.page_of("edited"))
    page.click(".gate-foot button")
    page.wait_for_selector("candor-player")
    page.evaluate("window.marked = document.querySelector('video')")
    page.click("#entry a:has-text('Edit')")
    page.fill("#title", "Edited in its place")
    page.select_option("#category", "Interview")
    page.fill("#tags", "one, two")
    page.locator("input[name=custom_name]").first.fill("Officer present")
    page.locator("input[name=custom_value]").first.fill("yes")
    page.click("#entry button.primary")
    expect(page.locator("#entry")).to_contain_text("Saved, and on record")
    expect(page.locator("h1")).to_have_text("Edited in its place")
    expect(page.locator("#entry")).to_contain_text("Officer present")
    change = page.locator(".history-line", has_text="The catalogue entry was changed.").first
    expect(change.locator("del", has_text="To be edited")).to_be_visible()
    expect(change.locator("ins", has_text="Edited in its place")).to_be_visible()
    assert page.evaluate("window.marked === document.querySelector('video')")


def test_a_conflict_shows_both_and_loses_neither(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    page.goto(site.page_of("edited"))
    page.click("#entry a:has-text('Edit')")
    page.fill("#place", "Mile marker 12")
    recording_id = site.recordings["edited"].recording_id
    with site.here.database.write() as tx:
        catalogue.change(tx, recording_id, {"place": "Route 9"}, site.accounts["technician"])
    page.click("#entry button.primary")
    expect(page.locator("#entry .notice.bad")).to_contain_text("Somebody changed the recording")
    row = page.locator(".conflict tbody tr", has_text="Place")
    expect(row).to_contain_text("Route 9")
    expect(row).to_contain_text("Mile marker 12")
    page.click("#entry button.primary")
    expect(page.locator("#entry")).to_contain_text("Mile marker 12")
    expect(page.locator("#history")).to_contain_text("Route 9")


def test_a_wrong_value_is_told_where_it_was_typed(visit: Any, site: Any) -> None:
    page = visit(site, "records").page
    page.goto(site.page_of("edited"))
    page.click("#entry a:has-text('Edit')")
    page.fill("#latitude", "north")
    page.click("#entry button.primary")
    expect(page.locator("#entry .notice.bad")).to_contain_text("latitude")
    expect(page.locator("#latitude")).to_have_value("north")
