"""What is said, in a real browser: a file brought in, a time followed into the film, a line put right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.live import until
from tests.browser.test_recording_player import now, open_player

from candor.footage import transcripts
from candor.footage.transcribing import import_text
from candor.footage.transcript_text import Cue, TranscriptText, Word

pytestmark = pytest.mark.browser

FILE = "WEBVTT\n\nNOTE Language: en\n\n00:02.500 --> 00:03.500\n<v Officer>Please stand <00:03.000>over there\n"


def test_what_is_said_is_brought_in_followed_and_put_right(
    visit: Any, site: Any, at_every_size: Any, tmp_path: Path
) -> None:
    (tmp_path / "said.vtt").write_text(FILE)
    with site.here.database.read() as tx:
        known = transcripts.transcripts_of(tx, site.recordings["stop"].recording_id)
    assert known == []
    sure = (Word(2_000, 2_400, "Stop", 0.97), Word(2_400, 2_800, "wright", 0.41), Word(2_800, 3_000, "there", 0.7))
    page = visit(site, "records").page
    open_player(page, site.page_of("stop"))
    panel = page.locator("#transcript")
    expect(panel).to_contain_text("Nothing of what is said has been written out yet")
    panel.get_by_text("Write out, import, remove").click()
    panel.get_by_label("Import a WebVTT file").set_input_files(tmp_path / "said.vtt")
    panel.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="The transcript was imported")).to_be_visible()
    expect(panel).to_contain_text("Officer: Please stand over there")
    until(page, "document.querySelector('video').readyState >= 2")
    panel.get_by_role("button", name="Go to 0:02").click()
    until(page, "!document.querySelector('video').seeking")
    assert now(page) == pytest.approx(2.5, abs=0.1)
    panel.get_by_text("Put right", exact=True).click()
    panel.get_by_role("textbox", name="What is said at 0:02").fill("Please stand right there")
    panel.get_by_role("button", name="Save").click()
    expect(panel.locator(".word-mended")).to_have_text("right")
    expect(panel).to_contain_text("version 2")
    # What a machine doubts is marked; the panel fits every screen, light and dark.
    import_text(
        site.here.database,
        site.here.vault,
        site.accounts["records"],
        site.recordings["stop"].part_id,
        TranscriptText((Cue(2_000, 3_000, sure),), "en"),
        name="machine.vtt",
        sha256=bytes(32),
    )
    page.reload()
    expect(panel.locator(".word-doubtful")).to_contain_text("wright")
    expect(panel.locator(".word-unsure")).to_contain_text("there")
    at_every_size(page)
