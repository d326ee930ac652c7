"""The pages of redaction and what its editor reads and writes: rights, conflicts, hostile JSON, viewings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from tests.redaction.conftest import plan_of
from tests.web.recording_place import Film, make_film, viewing_of
from tests.web.visitor import Visitor

from candor.core.clock import FixedClock
from candor.custody import history
from candor.footage import purging
from candor.installation import Installation
from candor.people.rules import Role
from candor.redaction import redactions
from candor.redaction.tables import redaction_part
from candor.web.pages.redaction_words import editor_words
from candor.web.render import STATIC

SignedIn = Callable[..., Visitor]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Editor:
    """Somebody with the editor open."""

    visitor: Visitor
    redaction: str
    part: str
    viewing: str
    token: str
    page: str

    def get(self, path: str) -> Any:
        """An answer to the scripts."""
        return self.visitor.get(f"/redactions/{self.redaction}/{path}", accept="application/json")

    def send(self, path: str, body: Any, **more: Any) -> Any:
        """JSON, as the scripts send it."""
        headers = {"x-csrf-token": self.token, "accept": "application/json", "content-type": "application/json"}
        content = body if isinstance(body, bytes) else json.dumps(body)
        return self.visitor.client.post(f"/redactions/{self.redaction}/{path}", content=content, headers=headers)

    def document(self) -> Any:
        """What the editor loads."""
        answer = self.get(f"document.json?viewing={self.viewing}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def box(self, name: str = "t1", **more: Any) -> dict[str, Any]:
        """The act that draws one."""
        keys = [[0, 0, 10, 20, 60, 80], [9000, 0, 15, 20, 65, 80]]
        track = {"id": name, "part": self.part, "kind": "face", "origin": "person", "shape": "box", "keys": keys}
        return {"act": "put-track", "part": self.part, "track": {**track, **more}}

    def save(self, base: int, *acts: dict[str, Any], words: str = "Drawn", undoes: int | None = None) -> Any:
        """One edit."""
        edit = {"words": words, "acts": list(acts), "undoes": undoes}
        return self.send("edits", {"base": base, "page": self.page, "edits": [edit]})


@pytest.fixture
def film(installation: Installation) -> Film:
    """A recording whose viewing copy is there."""
    return make_film(installation, title="A stop")


def begun(film: Film, visitor: Visitor, here: Installation) -> str:
    """A redaction, as if its part had been looked at."""
    answer = visitor.post(f"{film.path}/redactions", {"profile": "default"})
    assert answer.status_code == 303, answer.text
    redaction_id = answer.headers["location"].removeprefix("/redactions/")
    plan = plan_of()
    values = {"picture": plan.picture.to_json(), "frames": plan.frames.to_json(), "facts": plan.facts()}
    with here.database.write() as tx:
        mine = redaction_part.c.redaction_id == redaction_id
        tx.execute(redaction_part.update().where(mine).values(state="ready", **values))
    return redaction_id


def opened(visitor: Visitor, redaction_id: str, film: Film, page: str = "page-1") -> Editor:
    """The editor, opened through its gate."""
    answer = visitor.post(f"/redactions/{redaction_id}/viewings", {"purpose": "request", "note": "26-17"})
    viewing = viewing_of(answer.headers["location"])
    assert answer.headers["location"].startswith(f"/redactions/{redaction_id}/edit?viewing=")
    return Editor(visitor, redaction_id, film.received.part_id, viewing, visitor.token(), page)


@pytest.fixture
def editor(installation: Installation, film: Film, signed_in: SignedIn) -> Editor:
    """A records officer at work."""
    visitor = signed_in("records", Role.RECORDS_OFFICER)
    return opened(visitor, begun(film, visitor, installation), film)


def test_the_recordings_page_offers_it_to_whoever_may(film: Film, signed_in: SignedIn) -> None:
    assert f'action="{film.path}/redactions"' in signed_in("records", Role.RECORDS_OFFICER).get(film.path).text
    assert "/redactions" not in signed_in("counsel", Role.COUNSEL).get(film.path).text


def test_from_beginning_to_the_editor(editor: Editor, film: Film, installation: Installation) -> None:
    visitor = editor.visitor
    assert "A stop" in visitor.get("/redactions").text
    page = visitor.get(f"/redactions/{editor.redaction}")
    assert page.status_code == 200
    assert "Looked through" in page.text
    shown = visitor.get(f"/redactions/{editor.redaction}/edit?viewing={editor.viewing}")
    assert "<candor-redaction" in shown.text
    # Nothing in the page that the content policy would refuse.
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=", shown.text)
    with installation.database.read() as tx:
        told = [(one.kind.value, one.details.get("purpose")) for one in history(tx, film.received.recording_id)]
    assert ("recording:viewed", "Records request: 26-17") in told
    assert any(event == "redaction:begun" for event, _ in told)


def test_the_editor_asks_before_it_opens(editor: Editor, film: Film) -> None:
    gate = editor.visitor.get(f"/redactions/{editor.redaction}/edit")
    assert "<candor-redaction" not in gate.text
    assert f'action="/redactions/{editor.redaction}/viewings"' in gate.text
    for viewing in ("", "nobodys", editor.viewing[:-1] + "x"):
        answer = editor.get(f"document.json?viewing={viewing}")
        assert answer.status_code in (403, 410, 422), viewing


def test_a_viewing_of_somebody_else_opens_nothing(editor: Editor, film: Film, signed_in: SignedIn) -> None:
    other = signed_in("technician", Role.EVIDENCE_TECHNICIAN)
    theirs = Editor(other, editor.redaction, editor.part, editor.viewing, other.token(), "p")
    assert theirs.get(f"document.json?viewing={editor.viewing}").status_code != 200
    body = {"part": editor.part, "box": [1, 1, 50, 50], "at": 0, "direction": "forward", "viewing": editor.viewing}
    assert theirs.send("follow", body).status_code != 200
    assert theirs.send("person", {"part": editor.part, "track": "t", "viewing": editor.viewing}).status_code != 200


def test_whoever_may_not_see_the_recording_finds_no_redaction(editor: Editor, signed_in: SignedIn) -> None:
    officer = signed_in("officer", Role.OFFICER)
    assert officer.get(f"/redactions/{editor.redaction}").status_code == 403
    stranger = Editor(officer, editor.redaction, editor.part, editor.viewing, officer.token(), "p")
    for path in ("edits", "hold", "release", "watched", "follow", "person"):
        assert stranger.send(path, {}).status_code == 403, path
    assert editor.visitor.get("/redactions/none").status_code == 404
    assert editor.visitor.get(f"/redactions/{editor.redaction}/copies/none/proof.json").status_code == 404


def test_the_document_has_everything_the_editor_shows(editor: Editor) -> None:
    said = editor.document()
    [part] = said["parts"]
    assert said["edit"] == 0
    assert said["document"] == {"style": "solid", "parts": {}}
    assert part["part"] == editor.part
    assert part["frames"] == {"clock": "1/90000", "zero": 0, "runs": [[0, 3000, 300]]}
    assert part["picture"]["width"] == 640
    assert part["src"].endswith(f"?viewing={editor.viewing}")
    assert editor.visitor.get(part["src"]).status_code == 200
    assert {"key", "words", "citation", "applies"} <= said["exemptions"][0].keys()
    assert said["history"] == []


def test_edits_are_kept_and_undone_also_after_a_reload(editor: Editor) -> None:
    assert editor.save(0, editor.box()).json() == {"edit": 1}
    assert editor.save(1, {"act": "set", "values": {"style": "mosaic"}}, words="Way of hiding changed").json() == {
        "edit": 2
    }
    said = editor.document()
    assert [(one["number"], one["words"], one["undoes"]) for one in said["history"]] == [
        (1, "Drawn", None),
        (2, "Way of hiding changed", None),
    ]
    back = editor.get("undo.json?edit=2").json()["acts"]
    assert editor.save(2, *back, words="↶ Way of hiding changed", undoes=2).json() == {"edit": 3}
    assert editor.document()["document"]["style"] == "solid"
    back = editor.get("undo.json?edit=1").json()["acts"]
    assert back == [{"act": "drop-track", "part": editor.part, "id": "t1"}]
    assert editor.save(3, *back, undoes=1).json() == {"edit": 4}
    assert editor.document()["document"]["parts"] == {}
    for wrong in ("0", "99", "x", "-1", "1" * 40, ""):
        assert editor.get(f"undo.json?edit={wrong}").status_code == 400, wrong
    page = editor.visitor.get(f"/redactions/{editor.redaction}").text
    assert "is-undone" in page


def test_two_people_cannot_overwrite_each_other(
    editor: Editor, film: Film, signed_in: SignedIn, fixed_clock: FixedClock
) -> None:
    assert "until" in editor.send("hold", {"page": "page-1", "take_over": False}).json()
    visitor = signed_in("technician", Role.EVIDENCE_TECHNICIAN)
    other = opened(visitor, editor.redaction, film, "page-2")
    refused = other.send("hold", {"page": "page-2", "take_over": False})
    assert refused.status_code == 409
    assert refused.json()["holder"] == "Records"
    assert other.save(0, other.box()).status_code == 409
    assert other.send("hold", {"page": "page-2", "take_over": True}).status_code == 200
    assert other.save(0, other.box()).json() == {"edit": 1}
    late = editor.save(0, editor.box("t2"))
    assert late.status_code == 409
    # Once nobody holds it any more, whoever saw an older state is told so.
    fixed_clock.advance(90)
    late = editor.save(0, editor.box("t2")).json()
    assert late["edit"] == 1
    assert late["by"] == "Technician"
    assert editor.save(1, editor.box("t2")).json() == {"edit": 2}
    # Another window of the same person is another page.
    twice = Editor(editor.visitor, editor.redaction, editor.part, editor.viewing, editor.token, "page-3")
    answer = twice.send("hold", {"page": "page-3"})
    assert answer.status_code == 409
    assert answer.json()["own"] is True
    assert editor.send("release", {"page": "page-1"}).json() == {}
    assert twice.send("hold", {"page": "page-3"}).status_code == 200


HOSTILE: list[Any] = [
    b"",
    b"nothing",
    b"[]",
    b'{"base": NaN}',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"base":' + b"9" * 5000 + b"}",
    {"base": 0, "page": "page-1"},
    {"base": True, "page": "page-1", "edits": []},
    {"base": 2**60, "page": "page-1", "edits": []},
    {"base": 0, "page": 7, "edits": []},
    {"base": 0, "page": "page-1", "edits": [{}]},
    {"base": 0, "page": "page-1", "edits": [{"words": "x", "acts": [{"act": "dance"}]}]},
    {
        "base": 0,
        "page": "page-1",
        "edits": [{"words": "x", "acts": [{"act": "drop-track", "part": "other", "id": "a"}]}],
    },
    {"base": 0, "page": "page-1", "edits": [{"words": "\x1b[2J", "acts": []}]},
]


def test_hostile_json_changes_nothing_and_is_answered_in_words(editor: Editor) -> None:
    for body in HOSTILE:
        answer = editor.send("edits", body)
        assert answer.status_code in (400, 409), str(body)[:80]
        assert answer.json()["error"]
    for path in ("hold", "release", "watched", "follow", "person"):
        for body in (b"", b"[1]", {"page": 1}, {"part": ["x"]}, {"viewing": {}, "part": editor.part}):
            answer = editor.send(path, body)
            assert 400 <= answer.status_code < 500, (path, body)
            assert answer.json()["error"]
    for key in (
        [0, 0, "x", 1, 2, 3],
        [0, 0, 1e300, 1, 2, 3],
        [0, 2, 1, 1, 2, 3],
        [0.5, 0, 1, 1, 2, 3],
        [0, 0, 9, 9, 1, 1],
    ):
        assert editor.save(0, editor.box(keys=[key])).status_code == 400, key
    body = {"part": editor.part, "at": 0, "direction": "forward", "viewing": editor.viewing}
    for box in (None, [1, 2, 3], [1, 2, 1, 2], ["a", 1, 2, 3], [1e9, 0, 2e9, 5], [True, False, True, True]):
        assert editor.send("follow", body | {"box": box}).status_code == 400, box
    assert editor.document()["edit"] == 0


def test_too_much_at_once_is_refused(editor: Editor) -> None:
    answer = editor.send("edits", b'{"page": "' + b"x" * (17 << 20) + b'"}')
    assert answer.status_code == 400
    assert "larger than" in answer.json()["error"]


def test_nothing_is_changed_without_the_sessions_token(editor: Editor) -> None:
    editor.token = "made up"
    assert editor.save(0, editor.box()).status_code == 403
    editor.token = editor.visitor.token()
    assert editor.document()["edit"] == 0


def test_what_was_watched_is_told_on_the_page(editor: Editor) -> None:
    said = {"part": editor.part, "runs": [[0, 3], [2, 4], [900, 950]]}
    for viewing in ("", "nobodys", editor.redaction):
        assert editor.send("watched", {**said, "viewing": viewing}).status_code in (403, 410, 422), viewing
    assert editor.send("watched", said).status_code == 400
    assert editor.document()["watched"] == {editor.part: []}
    told = editor.send("watched", {**said, "viewing": editor.viewing}).json()
    assert told["runs"] == [[0, 4]]
    assert told["thousandths"] == 500
    assert "50.0 % of it was watched" in editor.visitor.get(f"/redactions/{editor.redaction}").text
    assert editor.document()["watched"] == {editor.part: [[0, 4]]}


def test_a_copy_is_asked_for_and_the_page_waits_for_it(editor: Editor, installation: Installation) -> None:
    assert editor.save(0, editor.box()).status_code == 200
    visitor = editor.visitor
    assert visitor.post(f"/redactions/{editor.redaction}/render", {"preset": "ultrafast"}).status_code == 303
    page = visitor.get(f"/redactions/{editor.redaction}").text
    assert f'hx-get="/redactions/{editor.redaction}/live?live=1"' in page
    with installation.database.read() as tx:
        [copy] = redactions.copies_of(tx, editor.redaction)
    assert copy.wanted["preset"] == "ultrafast"
    for what in ("proof.json", "edit-list", f"media?viewing={editor.viewing}"):
        answer = visitor.get(f"/redactions/{editor.redaction}/copies/{copy.id}/{what}")
        assert answer.status_code == 404, what  # it is being made
    assert visitor.get(f"/redactions/{editor.redaction}/copies/{copy.id}/media").status_code != 200
    other = visitor.get(f"/redactions/elsewhere/copies/{copy.id}/proof.json")
    assert other.status_code == 404


def test_a_closed_redaction_is_looked_at_and_not_changed(editor: Editor) -> None:
    assert editor.visitor.post(f"/redactions/{editor.redaction}/close").status_code == 303
    assert editor.save(0, editor.box()).status_code == 409
    page = editor.visitor.get(f"/redactions/{editor.redaction}").text
    assert "This redaction is closed" in page
    assert "/render" not in page
    assert editor.redaction not in editor.visitor.get("/redactions").text
    assert editor.redaction in editor.visitor.get("/redactions?closed=1").text


def test_a_destroyed_recordings_redaction_still_has_its_page(
    editor: Editor, film: Film, installation: Installation, signed_in: SignedIn
) -> None:
    actor = signed_in("technician", Role.EVIDENCE_TECHNICIAN).actor
    with installation.database.write() as tx:
        purging.purge(
            tx,
            installation.vault,
            installation.jobs,
            actor,
            film.received.recording_id,
            authority="Order 26 CV-7",
            reason="expunged",
            clock=installation.clock,
        )
    assert editor.visitor.get(f"/redactions/{editor.redaction}").status_code == 200
    assert editor.get(f"document.json?viewing={editor.viewing}").status_code in (404, 410, 422)


_WORD = re.compile(r'\.word\(\s*(?:\w+(?: === null)? \? )?"([a-zA-Z-]+)"(?: : "([a-zA-Z-]+)")?')
#: Names that the scripts put together, or give to another function that asks for the words.
_PUT_TOGETHER = {
    *(f"followed-{why}" for why in ("until", "end", "edge", "cut", "lost")),
    *(f"{name}-{way}" for name in ("mode", "overlay", "mute-all") for way in ("on", "off")),
    *("tool-box", "tool-ellipse", "tool-polygon", "saved", "waiting", "saving", "failed", "refused", "undo", "redo"),
    *(
        "kindChanged",
        "styleChanged",
        "exemptionChanged",
        "labelChanged",
        "hidden",
        "shownAll",
        "following",
        "searching",
    ),
    *("mute", "bleep", "distort"),
}


def test_every_text_that_the_scripts_say_is_there(database_url: str) -> None:
    said = set(_PUT_TOGETHER)
    for script in (STATIC / "redaction").glob("*.js"):
        for found in _WORD.finditer(script.read_text("utf-8")):
            said |= {one for one in found.groups() if one}
    assert len(said) > 60
    assert said <= editor_words().keys()
    rest = editor_words().keys() - said
    assert {name for name in rest if f'"{name}"' not in _scripts()} == set()


def _scripts() -> str:
    return "".join(script.read_text("utf-8") for script in (STATIC / "redaction").glob("*.js"))


def test_looking_again_for_nothing_is_refused_on_the_page(editor: Editor) -> None:
    answer = editor.visitor.post(f"/redactions/{editor.redaction}/detect", {"profile": "default"})
    assert answer.status_code == 409
    assert "name what to look for" in answer.text
    assert "Open the editor" in answer.text  # the page itself, not a dead end


def test_a_file_without_pictures_leads_nowhere_and_says_so(
    film: Film, signed_in: SignedIn, installation: Installation
) -> None:
    visitor = signed_in("records", Role.RECORDS_OFFICER)
    redaction_id = begun(film, visitor, installation)
    nothing = dict.fromkeys(("picture", "frames", "facts"))
    with installation.database.write() as tx:
        mine = redaction_part.c.redaction_id == redaction_id
        tx.execute(redaction_part.update().where(mine).values(state="no-picture", problem="Sound alone", **nothing))
    page = visitor.get(f"/redactions/{redaction_id}").text
    assert "None of its files can be worked on" in page
    assert "Open the editor" not in page
    assert "/render" not in page
    answer = visitor.post(f"/redactions/{redaction_id}/render", {})
    assert answer.status_code == 409
    assert "sound alone is not redacted here" in answer.text
