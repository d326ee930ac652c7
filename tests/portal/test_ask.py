"""Asking: what is sent arrives sealed and whole; what is hostile is refused in plain words, and costs little."""

from __future__ import annotations

import asyncio
import io
import re
import time
import zipfile
from collections.abc import Callable, Coroutine
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient
from tests.portal.conftest import PublicPlace

from candor.core.portal_settings import PortalLimits
from candor.portal import forms
from candor.published import schema
from candor.published.tracking import digest_of, normalized

Form = Callable[..., dict[str, str]]
PDF, PNG = b"%PDF-1.7\n" + bytes(300), b"\x89PNG\r\n\x1a\n" + bytes(300)
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def code_on(page: str) -> str:
    found = re.search(r'id="code"[^>]*>([^<]+)<', page)
    assert found
    return normalized(found[1])


def test_a_request_arrives_sealed_and_whole(place: PublicPlace, form: Form) -> None:
    browser = place.visit()
    page = browser.get("/ask").text
    assert "date, place (§ 7)" in page
    assert "Free of charge (§ 2)." in page
    fields = form(
        once=re.search(r'name="once" value="([0-9a-f]+)"', page)[1],  # type: ignore[index]
        words="The stop\r\non Route 9 ☂",
        name="Mara Feld",
        mail="mara@example.org",
        answer="mail",
        place="Route 9",
        day_from="2026-05-03",
        time_from="23:30",
        time_to="00:30",
    )
    answer = browser.post("/ask", data=fields, files={"files": ("consent.pdf", PDF, "text/html")})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    code = code_on(answer.text)
    assert "Within 4 business days (§ 1)" in answer.text
    (entry,) = place.inbox.entries()
    assert b"Route" not in entry.sealed
    (opened,) = place.opened()
    assert opened.document == {
        "words": "The stop\non Route 9 ☂",
        "class": "press",
        "wants": "copy",
        "answer": "mail",
        "name": "Mara Feld",
        "organisation": "",
        "contact": {"mail": "mara@example.org"},
        "named": {
            "place": "Route 9",
            "began": "2026-05-04T03:30:00.000000Z",
            "ended": "2026-05-04T04:30:00.000000Z",
            "whole_days": False,
        },
        "tracking": digest_of(code).hex(),
        "received_at": "2026-11-22T12:00:00.000000Z",
    }
    assert [(one.name, one.media_type, one.content) for one in opened.files] == [
        ("consent.pdf", "application/pdf", PDF)
    ]


@SQLITE
def test_the_button_pressed_twice_is_one_request(place: PublicPlace, form: Form) -> None:
    browser = place.visit()
    codes = [code_on(browser.post("/ask", data=form()).text) for _ in range(2)]
    other = code_on(browser.post("/ask", data=form(words="Another stop.")).text)
    assert codes[0] == codes[1] != other
    # Nobody else's portal, and nobody who knows the form, makes the same code.
    assert code_on(place.visit().post("/ask", data=form()).text) not in (codes[0], other)


@SQLITE
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"words": " \r\n "}, "in your own words"),
        ({"words": "x" * 8001}, "at most 8000"),
        ({"class": "king"}, "Choose who asks"),
        ({"wants": "all"}, "Choose one"),
        ({"answer": "pigeon"}, "Choose one"),
        ({"answer": "post"}, "fill this in"),
        ({"mail": "nobody"}, "not an e-mail"),
        ({"mail": "a@b.org\r\nbcc: c@d.org"}, "not an e-mail"),
        ({"day_from": "2026-02-30"}, "Write the day"),
        ({"day_from": "20260503"}, "Write the day"),
        ({"day_from": "9999-12-31"}, "Write the day"),
        ({"time_from": "12:00"}, "on which day"),
        ({"day_from": "2026-05-03", "time_from": "25:00"}, "Write the time"),
        ({"day_from": "2026-05-03", "day_to": "2026-05-01"}, "before the beginning"),
        ({"day_from": "2027-05-03"}, "in the future"),
        ({"day_from": "2010-05-03", "day_to": "2026-05-01"}, "more than five years"),
        ({"once": "<script>"}, "Load the page again"),
        ({"person": "x" * 201}, "at most 200"),
    ],
)
def test_what_is_not_in_order_is_said_and_kept(
    place: PublicPlace, form: Form, changed: dict[str, str], words: str
) -> None:
    answer = place.visit().post("/ask", data=form(**changed))
    assert answer.status_code == 422
    text = unescape(answer.text)
    assert words in text
    assert "<script>" not in answer.text.split("<main")[1]
    assert place.inbox.held() == (0, 0)
    kept = changed.get("words", "The stop on Route 9.").strip()
    assert kept in text


@SQLITE
def test_hours_that_come_twice_and_whole_days(place: PublicPlace, form: Form) -> None:
    browser = place.visit()
    browser.post("/ask", data=form(day_from="2025-11-02", time_from="01:30", time_to="01:30", day_to="2025-11-02"))
    browser.post("/ask", data=form(day_from="2026-03-08"))
    named = [one.document["named"] for one in place.opened()]
    assert [(one["began"][:16], one["ended"][:16], one["whole_days"]) for one in named] == [
        ("2025-11-02T05:30", "2025-11-02T06:30", False),  # the night in which the clock is set back
        ("2026-03-08T05:00", "2026-03-09T04:00", True),  # a day of 23 hours
    ]


@SQLITE
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bomb.pdf", "zip", "neither a PDF"),
        ("script.pdf", b"<script>alert(1)</script>", "neither a PDF"),
        ("short.png", b"\x89PN", "neither a PDF"),
        ("large.pdf", b"%PDF-" + bytes(1_000_001), "too large"),
        ("svg.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "neither a PDF"),
    ],
)
def test_hostile_files_are_refused(place: PublicPlace, form: Form, name: str, content: bytes | str, words: str) -> None:
    if isinstance(content, str):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bomb:
            bomb.writestr("zeros", bytes(50_000_000))
        content = buffer.getvalue()
    answer = place.visit().post("/ask", data=form(), files={"files": (name, content, "application/pdf")})
    assert answer.status_code == 422
    assert words in answer.text
    assert name in answer.text
    assert place.inbox.held() == (0, 0)


@SQLITE
def test_too_many_files(place: PublicPlace, form: Form) -> None:
    browser = place.visit()
    files = [("files", (f"{number}.png", PNG, "image/png")) for number in range(4)]
    assert browser.post("/ask", data=form(), files=files).status_code == 422
    assert browser.post("/ask", data=form(), files=files[:3]).status_code == 200


@SQLITE
@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"&".join(b"f%d=1" % number for number in range(10_000)), "application/x-www-form-urlencoded", 413),
        (b"words=" + b"x" * 200_000, "application/x-www-form-urlencoded", 413),
        (b"words=1&words=2", "application/x-www-form-urlencoded", 400),
        (b'{"words": "x"}', "application/json", 400),
        (b"<xml/>", "text/xml", 400),
        (b"", "multipart/form-data", 400),
        (b"--b\r\n", "multipart/form-data; boundary=b", 400),
        (b"rubbish" * 100, "multipart/form-data; boundary=b", 400),
        (b'--b\r\nContent-Disposition: form-data; name="words"\r\n\r\nx', "multipart/form-data; boundary=b", 400),
        (b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--", "multipart/form-data; boundary=b", 400),
        (b"--b\r\n" + b"X: y\r\n" * 2000, "multipart/form-data; boundary=b", 400),
        (
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"x" * 70_000 + b"\r\n--b--",
            "multipart/form-data; boundary=b",
            413,
        ),
        (
            b"".join(b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\n1\r\n' % n for n in range(100))
            + b"--b--",
            "multipart/form-data; boundary=b",
            413,
        ),
    ],
)
def test_hostile_bodies_are_refused(place: PublicPlace, body: bytes, kind: str, status: int) -> None:
    answer = place.visit().post("/ask", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert "That did not work" in answer.text
    assert place.inbox.held() == (0, 0)


@SQLITE
def test_a_body_that_says_it_is_endless_is_refused_at_once(place: PublicPlace) -> None:
    began = time.monotonic()
    headers = {"content-type": "application/x-www-form-urlencoded", "content-length": str(10**12)}
    assert place.visit().post("/ask", content=b"words=x", headers=headers).status_code == 413
    assert time.monotonic() - began < 5


@SQLITE
def test_a_slow_body_is_given_up(place: PublicPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "PATIENCE", 0.2)

    # The test's own transport hands a body over whole, so the reading itself is asked.
    async def slowly() -> dict[str, object]:
        await asyncio.sleep(1)
        return {"type": "http.request", "body": b"", "more_body": True}

    scope = {"type": "http", "headers": [(b"content-type", b"application/x-www-form-urlencoded")], "method": "POST"}
    with pytest.raises(forms.BodyTooSlow):
        asyncio.run(forms.read_form(Request(scope, slowly), place.settings.limits))


BOUNDARY = "multipart/form-data; boundary=b"


def test_slow_uploads_keep_nobody_else_from_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred are begun from fifty addresses and never ended, each with half a megabyte: one address has few
    places, what they hold is bounded, and a form without large files is read whatever they do."""
    monkeypatch.setattr(forms, "PATIENCE_WITH_FILES", 2.0)
    monkeypatch.setattr(forms, "MOST_BYTES", 20_000_000)
    limits = PortalLimits(files=1, file_megabytes=5)
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n%PDF-'

    def asked(address: str, body: bytes, *, ends: bool) -> Coroutine[Any, Any, forms.Form]:
        pieces = [body]

        async def receive() -> dict[str, object]:
            if not pieces:
                await asyncio.sleep(10)
            return {"type": "http.request", "body": pieces.pop(), "more_body": not ends}

        headers = [(b"content-type", BOUNDARY.encode())]
        scope = {"type": "http", "headers": headers, "method": "POST", "client": (address, 1)}
        return forms.read_form(Request(scope, receive), limits, with_files=True)

    async def many() -> tuple[list[BaseException | forms.Form], forms.Form]:
        slow = [
            asyncio.ensure_future(asked(f"198.51.100.{number % 50}", head + bytes(500_000), ends=False))
            for number in range(200)
        ]
        await asyncio.sleep(0.5)
        words = b'--b\r\nContent-Disposition: form-data; name="words"\r\n\r\nThe stop.\r\n--b--\r\n'
        form = await asked("203.0.113.1", words, ends=True)
        held = forms._reading.bytes
        assert held < 22_000_000
        return await asyncio.gather(*slow, return_exceptions=True), form

    slow, form = asyncio.run(many())
    assert form.get("words") == "The stop."
    assert {type(one).__name__ for one in slow} == {"BodyTooSlow"}
    assert (forms._reading.bytes, forms._reading.sources.total()) == (0, 0)


@SQLITE
def test_what_grows_when_it_is_composed_is_counted_as_the_office_counts_it(place: PublicPlace, form: Form) -> None:
    """One letter that becomes three: what the portal takes, the office must be able to keep."""
    browser = place.visit()
    answer = browser.post("/ask", data=form(name="\ufb2c" * 200))
    assert (answer.status_code, place.inbox.held()) == (422, (0, 0))
    assert browser.post("/ask", data=form(name="\ufb2c" * 60)).status_code == 200
    assert len(place.opened()[0].document["name"]) == 180


@SQLITE
def test_a_flood_is_answered_in_words_and_loses_nothing(place: PublicPlace, form: Form) -> None:
    browser = place.visit()
    answers = [browser.post("/ask", data=form(words=f"number {number}")) for number in range(9)]
    assert [one.status_code for one in answers] == [200] * 6 + [429] * 3
    assert "too much was sent within an hour" in answers[-1].text
    assert int(answers[-1].headers["retry-after"]) >= 60
    assert [one.document["words"] for one in place.opened()] == [f"number {number}" for number in range(6)]
    # Somebody else is not held up by it; their neighbour in the same IPv6 network counts as them.
    app = browser.app

    def at(address: str) -> int:
        other = TestClient(app, base_url="http://127.0.0.1", client=(address, 1))
        return other.post("/ask", data=form(words=address)).status_code

    assert at("198.51.100.1") == 200
    assert [at(f"2001:db8::{number}") for number in range(7)] == [200] * 6 + [429]
    assert at("::ffff:198.51.100.1") == 200


@SQLITE
def test_a_full_inbox_says_so_and_keeps_what_it_has(place: PublicPlace, form: Form) -> None:
    for _ in range(3):
        place.inbox.append("message", b"kept", clock=place.clock)
    browser = place.visit(limits=replace(place.settings.limits, waiting=4))
    assert browser.post("/ask", data=form()).status_code == 200
    answer = browser.post("/ask", data=form(words="One more."))
    assert answer.status_code == 503
    assert "What was sent before is safe" in unescape(answer.text).replace("\n", " ")
    assert place.inbox.held()[0] == 4


@SQLITE
def test_another_site_cannot_ask_in_somebodys_name(place: PublicPlace, form: Form) -> None:
    browser = place.visit()
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        assert browser.post("/ask", data=form(), headers=headers).status_code == 403, headers
    assert browser.post("/ask", data=form(), headers={"origin": "http://127.0.0.1"}).status_code == 200
    assert place.visit().get("/ask", headers={"host": "evil.example"}).status_code == 421


@SQLITE
def test_before_the_office_has_published_anything(place: PublicPlace, form: Form) -> None:
    with place.published.database.write() as tx:
        tx.execute(schema.about.delete())
    browser = place.visit()
    for path in ("/", "/ask", "/status", "/releases", "/verify", "/log", "/about", "/privacy"):
        answer = browser.get(path)
        assert answer.status_code == 503, path
        assert "not ready yet" in answer.text
    assert browser.post("/ask", data=form()).status_code == 503
