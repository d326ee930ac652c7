"""The inbox in a real browser: the bell counts, an entry is read, every size and colour is usable."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.live import people

from candor.core import outbox
from candor.core.outbox import NoticeKind

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def told(fresh_site: Any) -> Any:
    """A site on which the administrator was told five things."""
    people(fresh_site)
    with fresh_site.here.database.write() as tx:
        words = "The marker beside the log's key says 1204, the database 1180."
        outbox.tell(
            tx,
            NoticeKind.LOG_NOT_SIGNING,
            details={"words": words, "signed": 1204, "database": 1180},
            about="/custody",
            once="log",
        )
        outbox.tell(tx, NoticeKind.LOG_NOT_SIGNING, details={"words": words, "signed": 1204}, once="log")
        outbox.tell(tx, NoticeKind.WITNESS_AWAY, details={"witness": "defender.example/w"}, once="witness")
        outbox.tell(tx, NoticeKind.BACKUP_OVERDUE, details={"days": 3})
        outbox.tell(tx, NoticeKind.ACCOUNT_CREATED, details={"account": "01a20301-77f6-79ec-9a89-0d8b550c12a1"})
    fresh_site.here.notifier.run_once()
    with fresh_site.here.database.write() as tx:
        outbox.resolve(tx, "witness")
    fresh_site.here.notifier.run_once()
    return fresh_site


@pytest.mark.long
def test_pages_at_every_size(visit: Any, told: Any, at_every_size: Any) -> None:
    page = visit(told, "chief", width=360).page
    for path in ("/inbox", "/inbox?shown=all", "/account/notices", "/notices"):
        page.goto(told.url + path)
        if path == "/notices":
            page.click("summary:has-text('The custody log does not sign.')")
        at_every_size(page)


def test_the_bell_counts_and_an_entry_is_read(visit: Any, told: Any) -> None:
    page = visit(told, "chief").page
    page.goto(told.url)
    bell = page.locator("a[data-inbox]")
    expect(bell).to_contain_text("4 unread")
    bell.click()
    page.wait_for_url("**/inbox")
    entry = page.locator("li.told", has_text="The custody log does not sign.")
    expect(entry).to_contain_text("2 times")
    entry.get_by_role("button", name="Mark as read").click()
    expect(page.locator("#notices")).to_contain_text("Marked as read.")
    expect(bell).to_contain_text("3 unread")
    page.click("text=Mark all as read")
    expect(page.locator("main")).to_contain_text("Nothing unread")
    expect(bell).not_to_contain_text("unread")
