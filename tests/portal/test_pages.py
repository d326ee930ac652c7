"""What is shown to whom: states by their code, releases, files, the log; nothing to anybody else."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.portal.conftest import PublicPlace
from tests.web.test_texts import Pseudo, PseudoCatalogues, bare_texts, foreign

from candor.pages import rendering
from candor.portal.app import create_portal
from candor.portal.asking import ANSWERS, WANTS
from candor.portal.render import HERE, STATIC, environment
from candor.published.notices import ClockNotice, Fact, FileNotice, Hidden, MessageNotice, ReleaseNotice, StatusNotice
from candor.published.tracking import digest_of, new_code

TEMPLATES = sorted((HERE / "templates").glob("*.html"))
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FILM = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 40


def publish(place: PublicPlace, number: int = 1, content: bytes = FILM, **given: object) -> ReleaseNotice:
    """A release with a film and a package."""
    (film, size), (package, package_size) = (
        place.published.put_file([content]),
        place.published.put_file([b"PK", content]),
    )
    values: dict[str, object] = {"audience": "public", "title": f"Stop {number}", "summary": "Two <cars>.", **given}
    notice = ReleaseNotice(
        id=f"0192e0a0-0000-7000-8000-{number:012}",
        number=f"RL-2026-{number:04}",
        published_at=place.clock.now(),
        files=(
            FileNotice("film.mp4", "copy", "video/mp4", size, film, "Video 1", 40_000),
            FileNotice('pack"age\r\n.zip', "package", "application/zip", package_size, package),
        ),
        hidden=(
            Hidden("A face, 0:01 to 0:02", "Privacy", "§ 1-210", "They live there.", 0),
            Hidden("A part", "X", "§ 2"),
        ),
        facts=(Fact("When", "3 May"),),
        **values,  # type: ignore[arg-type]
    )
    place.published.write_release(notice)
    return notice


def write_status(place: PublicPlace, code: str, **given: object) -> StatusNotice:
    now = place.clock.now()
    values: dict[str, object] = {"state": "working", "state_words": "being worked on", **given}
    notice = StatusNotice(digest_of(code).hex(), "R-2026-0007", received_at=now, as_of=now, **values)  # type: ignore[arg-type]
    place.published.write_status(notice)
    return notice


def give(browser: TestClient, code: str) -> int:
    return int(browser.post("/status", data={"code": code}, follow_redirects=False).status_code)


# -- by a code


def test_a_code_opens_its_request_and_nothing_else(place: PublicPlace) -> None:
    code, browser = new_code(), place.visit()
    now = place.clock.now()
    write_status(
        place,
        code,
        clocks=(
            ClockNotice("Answer within 4 business days.", "§ 1-206", now + timedelta(days=4), True, "It is long."),
            ClockNotice("Over since long.", "§ 9", now - timedelta(days=4)),
        ),
        messages=(MessageNotice("out", "Which <stop>?", now),),
        missing=("§ 7 wants it to name the date.",),
    )
    assert give(browser, code.lower().replace("-", " ")) == 303
    page = unescape(browser.get("/status").text)
    for words in ("R-2026-0007", "§ 1-206", "It is long.", "Over since long.", "Which <stop>?", "wants it to name"):
        assert words in page
    assert "Which &lt;stop&gt;?" in browser.get("/status").text
    # The cookie is for this site's own pages alone, and no script reads it.
    cookie = browser.post("/status", data={"code": code}, follow_redirects=False).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    browser.post("/status/leave", data={})
    assert "R-2026-0007" not in browser.get("/status").text


@SQLITE
def test_behind_https_the_cookie_is_bound_to_the_host(place: PublicPlace) -> None:
    code = new_code()
    write_status(place, code)
    browser = place.visit(url="https://ask.example.gov")
    browser.base_url = "https://ask.example.gov"
    answer = browser.post("/status", data={"code": code}, follow_redirects=False)
    assert answer.headers["set-cookie"].startswith("__Host-candor-code=CR-")
    assert "; Secure" in answer.headers["set-cookie"]
    assert "max-age=31536000" in answer.headers["strict-transport-security"]


@SQLITE
def test_forged_and_mistyped_codes_get_one_answer(place: PublicPlace) -> None:
    browser = place.visit()
    write_status(place, new_code())
    wrong = ("", "CR", new_code(), new_code()[:-1] + "!", "x" * 5000, "' OR 1=1 --", "CR-0000-0000-0000-0000-0")
    answers = [browser.post("/status", data={"code": code}) for code in wrong]
    assert {one.status_code for one in answers} == {404}
    assert len({one.text for one in answers}) == 1
    assert all("set-cookie" not in one.headers for one in answers)


@SQLITE
def test_tries_are_bounded_and_a_right_code_does_not_count(place: PublicPlace) -> None:
    code, browser = new_code(), place.visit()
    write_status(place, code)
    assert [give(browser, code) for _ in range(12)] == [303] * 12
    assert [give(browser, new_code()) for _ in range(10)] == [404] * 8 + [429] * 2
    assert give(browser, code) == 429  # nobody learns by trying on whether one is right
    assert "R-2026-0007" in browser.get("/status").text  # whoever is in stays in


@SQLITE
def test_a_cookie_that_somebody_made_up_opens_nothing(place: PublicPlace) -> None:
    """Cookies are not counted as tries are: a right code in one must not be known from a wrong one."""
    code, browser, stranger = new_code(), place.visit(), place.visit()
    write_status(place, code)
    give(browser, code)
    (kept,) = browser.cookies.jar
    assert kept.value.startswith(code)
    for value in (code, f"{code}.", f"{code}.{'0' * 64}", f"{new_code()}.{kept.value.partition('.')[2]}", "☂"):
        answer = stranger.get("/status", headers={"cookie": f"candor-code={value}".encode()})
        assert "R-2026-0007" not in answer.text
        assert 'name="code"' in answer.text
    token = re.search(r'name="token" value="(\w+)"', browser.get("/status").text)
    assert token
    sent = {"words": "x", "token": token[1]}
    stranger.post("/status/message", data=sent, headers={"cookie": f"candor-code={code}"}, follow_redirects=False)
    assert place.inbox.held()[0] == 0


@SQLITE
def test_many_tries_at_the_same_moment_are_counted_too(place: PublicPlace) -> None:
    app = place.visit().app

    def attempt(_: int) -> int:
        return give(TestClient(app, base_url="http://127.0.0.1", client=("203.0.113.9", 1)), new_code())

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(attempt, range(24)))
    assert (answers.count(404), answers.count(429)) == (8, 16)


@SQLITE
def test_a_message_goes_in_with_the_code_and_the_pages_token(place: PublicPlace) -> None:
    code, browser = new_code(), place.visit()
    write_status(place, code)
    assert browser.post("/status/message", data={"words": "x"}, follow_redirects=False).headers["location"] == "/status"
    give(browser, code)
    token = re.search(r'name="token" value="([0-9a-f]+)"', browser.get("/status").text)
    assert token
    for wrong in ("", "0" * 64, token[1][:-1]):
        assert browser.post("/status/message", data={"words": "x", "token": wrong}).status_code == 403
    for words in ("", " \n ", "x" * 4001):
        assert browser.post("/status/message", data={"words": words, "token": token[1]}).status_code == 422
    headers = {"origin": "https://evil.example"}
    assert browser.post("/status/message", data={"words": "x", "token": token[1]}, headers=headers).status_code == 403
    sent = browser.post(
        "/status/message", data={"words": "The second\none.", "token": token[1]}, follow_redirects=False
    )
    assert sent.status_code == 303
    (opened,) = place.opened()
    assert opened.document["words"] == "The second\none."
    assert digest_of(opened.document["code"]) == digest_of(code)


# -- releases and files


def test_a_release_shows_what_was_hidden_and_can_be_had(place: PublicPlace) -> None:
    notice, browser = publish(place), place.visit()
    page = browser.get(f"/releases/{notice.id}").text
    for words in ("Stop 1", "Two &lt;cars&gt;.", "A face, 0:01 to 0:02", "§ 1-210", "They live there.", "3 May"):
        assert words in page
    assert "Not released, and why" in page
    assert browser.get("/releases?text=two+stop").text.count("release-card") == 1
    assert "No release has all of these words" in browser.get("/releases?text=elephant").text
    assert browser.get("/releases?page=99999999999999999999&text=%00").status_code == 200
    film, package = notice.files
    whole = browser.get(f"/files/{film.sha256}")
    assert whole.content == FILM
    assert whole.headers["content-disposition"] == "inline"
    part = browser.get(f"/files/{film.sha256}", headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, FILM[100:200])
    attached = browser.get(f"/files/{package.sha256}").headers["content-disposition"]
    assert attached == "attachment; filename=\"pack_age__.zip\"; filename*=UTF-8''pack%22age%0D%0A.zip"


@SQLITE
def test_a_recalled_release_says_so_and_its_files_are_gone(place: PublicPlace) -> None:
    notice, browser = publish(place), place.visit()
    place.published.recall_release(notice.id, place.clock.now(), "A face can be seen.")
    page = browser.get(f"/releases/{notice.id}").text
    assert "This release was recalled" in page
    assert "A face can be seen." in page
    assert "<video" not in page
    film = notice.files[0]
    assert browser.get(f"/files/{film.sha256}").status_code == 404
    (entry,) = [
        one
        for one in browser.get(f"/files/index/{film.sha256[:2]}.json").json()["files"]
        if one["sha256"] == film.sha256
    ]
    assert entry["recalled_at"] is not None
    assert entry["release"] == notice.id


@SQLITE
def test_what_is_for_one_person_is_seen_with_their_code_alone(place: PublicPlace) -> None:
    code, browser, stranger = new_code(), place.visit(), place.visit()
    write_status(place, code)
    notice = publish(place, audience="requester", tracking=digest_of(code).hex())
    give(browser, code)
    film = notice.files[0].sha256
    assert browser.get(f"/releases/{notice.id}").status_code == 200
    assert browser.get(f"/files/{film}").headers["cache-control"] == "private, no-store"
    assert notice.title in browser.get("/status").text
    for path in (f"/releases/{notice.id}", f"/files/{film}"):
        assert stranger.get(path).status_code == 404
        assert stranger.get(path, headers={"cookie": f"candor-code={new_code()}"}).status_code == 404
    assert "Stop 1" not in stranger.get("/releases").text
    # That a file is genuine can be learned by whoever has it; for whom it was, not.
    index = stranger.get(f"/files/index/{film[:2]}.json").json()
    (told,) = [one for one in index["files"] if one["sha256"] == film]
    assert (told["release"], told["name"], told["published_at"]) == (None, None, "2026-11-22T05:00:00.000000Z")


@SQLITE
def test_a_letter_for_one_person_cannot_be_guessed_from_the_list_of_files(place: PublicPlace) -> None:
    """Its text follows from a name, a number and a day: whoever makes it up would learn that this person had asked."""
    letter, size = place.published.put_file([b"%PDF Dear Mara Feld, your request R-2026-0007"])
    for audience, shown in (("requester", False), ("public", True)):
        tracking = digest_of(new_code()).hex() if audience == "requester" else None
        notice = publish(place, 5, audience=audience, tracking=tracking)
        paper = FileNotice("letter.pdf", "letter", "application/pdf", size, letter)
        place.published.write_release(replace(notice, files=(*notice.files, paper)))
        index = place.visit().get(f"/files/index/{letter[:2]}.json").json()
        assert (letter in [one["sha256"] for one in index["files"]]) is shown


@SQLITE
def test_a_file_that_goes_while_it_is_asked_for_is_not_here(place: PublicPlace) -> None:
    film = publish(place).files[0].sha256
    place.published.files.remove(film)
    for headers in ({}, {"range": "bytes=0-9"}):
        assert place.visit().get(f"/files/{film}", headers=headers).status_code == 404


@SQLITE
@pytest.mark.parametrize(
    "path",
    [
        "/files/..%2f..%2fetc%2fpasswd",
        "/files/" + "0" * 64,
        "/files/zz",
        "/files/index/zz.json",
        "/files/index/..%2f.json",
        "/releases/nothing",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/verify/web/verify_page.html",
        "/verify/web/..%2fpackage.py",
        "/log/../published.sqlite3",
        "/log/candor.sqlite3",
        "/.env",
    ],
)
def test_nothing_else_is_served(place: PublicPlace, path: str) -> None:
    place.settings.log.mkdir()
    (place.settings.log / "candor.sqlite3").write_bytes(b"secret")
    answer = place.visit().get(path)
    assert answer.status_code == 404
    assert b"secret" not in answer.content


# -- the log, and checking


@SQLITE
def test_the_log_is_served_as_it_lies_there(place: PublicPlace) -> None:
    place.settings.log.mkdir()
    (place.settings.log / "checkpoint").write_text("troop.example/log\n5\n" + "A" * 43 + "=\n\n— x y\n")
    browser = place.visit()
    tile = browser.get("/log/checkpoint")
    assert tile.headers["access-control-allow-origin"] == "*"
    assert tile.text.startswith("troop.example/log")
    page = browser.get("/log").text
    assert "http://127.0.0.1/log/checkpoint" in page
    assert "No witness watches this log yet" in page
    policy = browser.get("/verify/trust-policy.txt")
    assert policy.text.startswith("log troop.example/log")


@SQLITE
def test_the_verifier_is_the_same_as_everywhere(place: PublicPlace) -> None:
    page = place.visit().get("/verify").text
    assert "log troop.example/log" in page
    assert "Choose the film or the package; nothing leaves your computer. The keys of this agency are filled in" in page
    assert 'data-zone="America/New_York"' in page  # the zone of “Released on”
    source = (Path(HERE).parent / "verify" / "web" / "page.js").read_text()
    assert place.visit().get("/verify/web/page.js").text == source
    # Every part of the page that its script works with is there.
    for name in re.findall(r'byId\("([\w-]+)"\)', source):
        assert f'id="{name}"' in page, name


# -- every page


PAGES = ("/", "/ask", "/status", "/releases", "/verify", "/log", "/log/entries", "/about", "/privacy", "/nothing")


@SQLITE
def test_every_page_is_strict(place: PublicPlace) -> None:
    browser = place.visit()
    for path in (*PAGES, "/static/css/portal.css", "/log/checkpoint", "/files/index/00.json"):
        answer = browser.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert answer.headers["x-frame-options"] == "DENY", path
        assert "set-cookie" not in answer.headers, path
        assert not re.search(r"<script(?![^>]* src=\"/)(?![^>]*application/json)|\son\w+=|style=", answer.text), path
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", answer.text), path


@SQLITE
def test_no_page_says_a_word_of_its_own(place: PublicPlace) -> None:
    code = new_code()
    write_status(place, code, state_words="", clocks=())
    publish(place, title="Candor", summary="")
    place.settings.log.mkdir()
    browser = place.client(create_portal(place.settings, clock=place.clock, catalogues=PseudoCatalogues()))
    pages = {path: browser.get(path) for path in PAGES}
    pages["wrong"] = browser.post("/status", data={"code": "x"})
    pages["faults"] = browser.post("/ask", data={"words": ""})
    pages["forged"] = browser.post("/ask", data={}, headers={"origin": "https://evil.example"})
    give(browser, code)
    pages["state"] = browser.get("/status")
    # What the office publishes is in the language that it was written in.
    written = ("date, place", "Within 4 business days", "Anybody", "The press", "Free of charge", "Troop F", "Troop")
    for path, answer in pages.items():
        assert "⟦" in answer.text, path
        text = re.sub(r"⟦([^⟦⟧]*)⟧", r"⟦\1⟧", answer.text)
        found = [one for one in foreign(text) if not any(words in one for words in (*written, "New_York"))]
        assert found == [], path


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.name)
def test_templates_hold_no_bare_text_and_can_be_parsed(template: Path) -> None:
    environment().parse(template.read_text(), template.name)
    assert bare_texts(template.read_text()) == []


def test_words_in_the_code_are_in_a_language() -> None:
    texts = Pseudo()
    for words in (*WANTS.values(), *(words for words, _ in ANSWERS.values())):
        assert texts.gettext(words).startswith("⟦")


def test_styles_use_what_there_is() -> None:
    tokens = (rendering.STATIC / "css" / "tokens.css").read_text()
    known = set(re.findall(r"(--[\w-]+):", tokens))
    icons = set(re.findall(r'<symbol id="([\w-]+)"', (rendering.STATIC / "icons.svg").read_text()))
    for file in STATIC.rglob("*.css"):
        assert set(re.findall(r"var\((--[\w-]+)", file.read_text())) <= known, file.name
    for template in TEMPLATES:
        assert set(re.findall(r'\bicon\("([\w-]+)"', template.read_text())) <= icons, template.name
    for script in STATIC.rglob("*.js"):
        assert not re.search(r"https?:|\beval\(|innerHTML|insertAdjacentHTML|document\.write", script.read_text())
