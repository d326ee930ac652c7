"""What is done on the page of a request: words, documents, corrections, its end; and who may do none of it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.footage.entries import add_entry
from tests.web.requests_place import ask, led_to
from tests.web.visitor import Visitor

from candor.core.clock import FixedClock
from candor.disclosure.requests import messages
from candor.installation import Installation
from candor.people.rules import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SignedIn = Callable[..., Visitor]
PDF = b"%PDF-1.4 not really, but it begins as one"


@pytest.fixture
def clerk(signed_in: SignedIn) -> Visitor:
    """Somebody of the records office."""
    return signed_in("robin", Role.RECORDS_OFFICER)


@pytest.fixture
def path(installation: Installation, clerk: Visitor) -> str:
    """The page of a request that came in."""
    return f"/requests/{ask(installation, clerk, name='Ada', mail='ada@example.org').id}"


def test_messages_notes_and_what_was_not_read(installation: Installation, clerk: Visitor, path: str) -> None:
    led_to(clerk.post(f"{path}/message", {"words": "Which day <was> it?", "way": "out", "clarify": "yes"}))
    led_to(clerk.post(f"{path}/message", {"words": "Called twice", "way": "note"}))
    text = clerk.get(path).text
    assert "Which day &lt;was&gt; it?" in text
    assert 'class="note"' in text
    assert "waiting for whoever asked" in text
    with installation.database.write() as tx:
        messages.receive_message(tx, clerk.actor, path.rpartition("/")[2], "On Monday", clock=installation.clock)
    assert "New message" in clerk.get("/requests").text
    text = clerk.get(path).text
    assert "Read what whoever asked wrote." in text
    assert "On Monday" in text
    assert "New message" not in clerk.get("/requests").text
    wrong = clerk.post(f"{path}/message", {"words": "x" * 6000, "way": "out"})
    assert (wrong.status_code, "x" * 6000 in wrong.text, "Nothing was sent" in wrong.text) == (422, True, True)


def test_what_is_known_is_set_right_and_a_change_in_between_is_told_with_nothing_lost(
    clerk: Visitor, path: str
) -> None:
    given = {"name": "Ada Byron", "class": "press", "wants": "inspect", "from_date": "2026-11-19", "place": "Route 9"}
    led_to(clerk.post(path, {**given, "version": "1"}))
    text = clerk.get(path).text
    assert "Ada Byron" in text
    assert "2026-11-19" in text
    assert "to look at it here" in text
    behind = clerk.post(path, {**given, "name": "Ada Lovelace", "version": "1"})
    assert behind.status_code == 409
    assert "Somebody else changed this request while you were at it" in behind.text
    assert 'value="Ada Lovelace"' in behind.text
    assert re.search(r'name="version" value="2"', behind.text)
    led_to(clerk.post(path, {**given, "name": "Ada Lovelace", "version": "2"}))
    led_to(clerk.post(f"{path}/class", {"class": "depicted", "version": "3"}))
    assert "checked" in clerk.get(path).text
    wrong = clerk.post(path, {**given, "mail": "nobody", "version": "4"})
    assert (wrong.status_code, 'value="nobody"' in wrong.text) == (422, True)


def test_a_lost_code_is_replaced_and_shown_once(clerk: Visitor, path: str) -> None:
    assert "They lost their tracking code" in clerk.get(path).text
    empty = clerk.post(f"{path}/code", {"shown": "", "version": "1"})
    assert (empty.status_code, "They lost their tracking code" in empty.text) == (422, True)
    made = clerk.post(f"{path}/code", {"shown": "Passport <b>", "version": "1"})
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    (code,) = re.findall(r"CR-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]", made.text)
    text = clerk.get(path).text
    assert code not in text
    assert "Passport &lt;b&gt;" in text
    behind = clerk.post(f"{path}/code", {"shown": "Somebody at the telephone", "version": "1"})
    assert behind.status_code == 409
    assert 'value="Somebody at the telephone"' in behind.text
    led_to(clerk.post(f"{path}/withdraw", {"reason": "by telephone"}))
    assert "They lost their tracking code" in clerk.get(path).text  # the answer of a closed one is looked up as well


def test_a_document_is_kept_listed_and_saved_and_nothing_else_is(clerk: Visitor, path: str) -> None:
    def send(name: str, content: bytes, kind: str = "identity") -> int:
        headers = {"x-csrf-token": clerk.token(), "accept": "application/json"}
        url = f"{path}/documents?kind={kind}&name={name}"
        answer = clerk.client.post(url, content=content, headers=headers)
        return int(answer.status_code)

    assert send("licence.pdf", PDF) == 303
    assert send("page.html", b"<html><script>1</script>\x00") == 422
    assert send("empty.pdf", b"") == 422
    assert send("large.pdf", PDF + b" " * (20 << 20)) == 422
    assert send("letter.pdf", PDF, kind="letter") == 303  # entered as another document: letters are made here
    text = clerk.get(path).text
    found = re.findall(rf'href="({path}/documents/[^"]+)" download', text)
    assert len(found) == 2
    assert "licence.pdf" in text
    assert "not sent" not in text
    saved = clerk.get(found[0])
    assert saved.content == PDF
    assert saved.headers["content-disposition"].startswith('attachment; filename="licence.pdf"')
    assert saved.headers["x-content-type-options"] == "nosniff"
    elsewhere = found[0].replace(path, "/requests/none")
    assert clerk.get(elsewhere).status_code == 404


def test_it_is_answered_taken_up_again_and_taken_back(clerk: Visitor, path: str) -> None:
    wrong = clerk.post(f"{path}/answer", {"outcome": "released", "version": "1"})
    assert (wrong.status_code, "nobody has said yet which recordings" in wrong.text) == (403, True)
    led_to(clerk.post(f"{path}/answer", {"outcome": "nothing-found", "version": "1"}))
    text = clerk.get(path).text
    assert "Nothing was found that was meant." in text
    assert "It is answered, in its time. Nothing is due." in text
    assert "Mark it as answered" not in text
    late = clerk.post(f"{path}/assign", {"me": "yes"})
    assert late.status_code == 403
    assert "Take it up again first" in late.text
    led_to(clerk.post(f"{path}/reopen", {"reason": "They wrote again"}))
    led_to(clerk.post(f"{path}/withdraw", {"reason": "By telephone"}))
    assert "Whoever asked took it back. Nothing is due." in clerk.get(path).text
    history = clerk.get(path).text
    for words in ("came in", "was answered", "was taken up again", "was taken back"):
        assert words in history[history.index('id="history"') :], words


def test_a_fee_is_reckoned_and_put_on_record(clerk: Visitor, path: str) -> None:
    wrong = clerk.post(f"{path}/estimate", {"pages": "many", "hours": "0"})
    assert (wrong.status_code, 'value="many"' in wrong.text) == (422, True)
    led_to(clerk.post(f"{path}/estimate", {"pages": "12", "hours": "1,5"}))
    text = clerk.get(path).text
    assert "On record:" in text
    assert "It was worked out what a request would cost." in text


def test_who_may_see_requests_and_not_answer_them_is_shown_no_form(
    installation: Installation, clerk: Visitor, signed_in: SignedIn, path: str, fixed_clock: FixedClock
) -> None:
    reader = signed_in("noor", Role.COUNSEL)
    text = reader.get(path).text
    assert "The stop on Route 9" in text
    assert f'action="{path}' not in text
    assert "Proposed by the search" not in text
    for act in ("assign", "meant", "message", "answer", "withdraw", "reopen", "extend", "class", "estimate"):
        assert reader.post(f"{path}/{act}").status_code == 403, act
    officer = signed_in("jo", Role.OFFICER)
    assert officer.get("/requests").status_code == 403
    assert officer.get(path).status_code == 403
    assert clerk.get("/requests/none").status_code == 404


def test_a_letter_is_written_read_and_sent(clerk: Visitor, path: str) -> None:
    text = clerk.get(path).text
    assert "acknowledgement of receipt" in text
    assert "no clock of it was extended" in text  # why another cannot be written yet
    wrong = clerk.post(f"{path}/letters", {"kind": "clarification", "words": ""})
    assert (wrong.status_code, "it is empty" in wrong.text) == (422, True)
    unknown = clerk.post(f"{path}/letters", {"kind": "love", "words": "So"})
    assert (unknown.status_code, ">So</textarea>" in unknown.text) == (422, True)
    led_to(clerk.post(f"{path}/letters", {"kind": "clarification", "words": "Which day was it?"}))
    text = clerk.get(path).text
    assert "not sent" in text
    read = re.search(rf'href="({path}/documents/[^"]+)" target', text)
    assert read
    letter = clerk.get(read.group(1))
    assert letter.content.startswith(b"%PDF-")
    assert letter.headers["content-disposition"].startswith("inline")
    send = re.search(rf'action="({path}/letters/[^"]+/send)"', text)
    assert send
    led_to(clerk.post(send.group(1)))
    text = clerk.get(path).text
    assert "not sent" not in text
    assert send.group(1) not in text


def test_an_answer_that_the_decisions_do_not_bear_is_refused_with_the_reason(
    installation: Installation, clerk: Visitor, path: str, fixed_clock: FixedClock
) -> None:
    with installation.database.write() as tx:
        made = add_entry(tx, fixed_clock.now(), title="The stop")
    led_to(clerk.post(f"{path}/meant", {"recording": made, "meant": "yes", "why": "It shows it"}))
    text = clerk.get(path).text
    assert "Decide on 1 recording." not in text  # nobody has taken it yet
    wrong = clerk.post(f"{path}/answer", {"outcome": "released"})
    assert (wrong.status_code, "not every recording that it means is decided on" in wrong.text) == (403, True)
