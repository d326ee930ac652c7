"""What is said, on a recording's page: within a viewing alone, with times that lead into the player, put right by those
who may describe the recording."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable

import pytest
from tests.footage.clips import mp4
from tests.web.recording_place import Film, make_film, viewing_of
from tests.web.visitor import Visitor

from candor.custody import Event, history
from candor.footage import transcribing, transcripts
from candor.footage.tables import rendition
from candor.footage.transcript_text import Cue, TranscriptText, Word, WordOrigin
from candor.installation import Installation
from candor.people.rules import Role

SignedIn = Callable[..., Visitor]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FILE = "WEBVTT\n\nNOTE Language: en\n\n00:00.250 --> 00:00.900\n<v Anna & Co>My name is <xyzzy & co\n"
FILE = FILE.replace("Anna & Co", "Anna &amp; Co").replace("<xyzzy & co", "&lt;xyzzy &amp; co")


@pytest.fixture
def film(installation: Installation) -> Film:
    return make_film(installation, title="A stop", category="Test")


@pytest.fixture
def robin(signed_in: SignedIn) -> Visitor:
    return signed_in("robin", Role.RECORDS_OFFICER)


def opened(visitor: Visitor, film: Film) -> str:
    """The viewing that a visitor begins."""
    return viewing_of(visitor.post(f"{film.path}/viewings", {"purpose": "court"}).headers["location"])


def imported(visitor: Visitor, film: Film, viewing: str, text: str = FILE) -> str:
    path = f"{film.path}/parts/{film.received.part_id}/captions"
    answer = visitor.post(path, {"text": text, "viewing": viewing})
    assert answer.status_code == 303, answer.text
    found = re.search(r"transcript=([0-9a-f-]{36})", answer.headers["location"])
    assert found
    return found.group(1)


def test_it_is_shown_within_a_viewing_alone(robin: Visitor, film: Film) -> None:
    viewing = opened(robin, film)
    made = imported(robin, film, viewing)
    page = robin.get(f"{film.path}?viewing={viewing}").text
    assert "My name is &lt;xyzzy &amp; co" in " ".join(page.split())
    assert "<strong>Anna &amp; Co:</strong>" in page
    assert 'data-seek="0.25"' in page
    assert "captions.vtt" in page
    without = robin.get(film.path).text
    assert "xyzzy" not in without
    assert "written out in 1 transcript" in without
    for wrong in ("", "nonsense"):
        assert robin.get(f"{film.path}/transcript?viewing={wrong}").status_code == 403
        assert robin.get(f"{film.path}/transcripts/{made}/words.vtt?viewing={wrong}").status_code == 403


def test_putting_right_and_taking_along(robin: Visitor, film: Film, installation: Installation) -> None:
    viewing = opened(robin, film)
    made = imported(robin, film, viewing)
    path = f"{film.path}/transcripts/{made}"
    answer = robin.post(f"{path}/cues/0", {"version": "1", "line": "My name is Smith", "viewing": viewing})
    assert answer.status_code == 303
    page = robin.get(answer.headers["location"]).text
    assert 'class="word-mended"' in page
    assert "version 2" in page
    behind = robin.post(f"{path}/cues/0", {"version": "1", "line": "Your name", "viewing": viewing})
    assert behind.status_code == 403
    assert "you saw 1" in html.unescape(behind.text)
    for wrong in ({"version": "x"}, {"version": "²"}, {"version": "2", "viewing": ""}):
        said = {"line": "x", "viewing": viewing, **wrong}
        assert robin.post(f"{path}/cues/0", said).status_code in (403, 422)
    assert robin.post(f"{path}/cues/9", {"version": "2", "line": "x", "viewing": viewing}).status_code == 422
    file = robin.get(f"{path}/words.vtt?viewing={viewing}&marked=1")
    assert file.headers["content-type"] == "text/vtt; charset=utf-8"
    assert "attachment" in file.headers["content-disposition"]
    assert "<c.person>Smith</c>" in file.text
    assert f"NOTE Transcript {made}, version 2: imported from a file, captions.vtt" in file.text
    assert robin.post(f"{path}/remove", {"reason": " ", "viewing": viewing}).status_code == 400
    assert robin.post(f"{path}/remove", {"reason": "not needed", "viewing": viewing}).status_code == 303
    assert robin.get(f"{path}/words.vtt?viewing={viewing}").status_code == 404
    with installation.database.read() as tx:
        told = [one.kind for one in history(tx, film.received.recording_id)]
    assert told[-3:] == [Event.TRANSCRIPT_MADE, Event.TRANSCRIPT_CHANGED, Event.TRANSCRIPT_REMOVED]


@pytest.mark.parametrize("text", ["", "no captions", "WEBVTT\n\n", "WEBVTT\n\n00:01.000 --> 00:00.000\nx"])
def test_what_is_no_captions_file_is_refused(robin: Visitor, film: Film, text: str) -> None:
    path = f"{film.path}/parts/{film.received.part_id}/captions"
    assert robin.post(path, {"text": text, "viewing": ""}).status_code == 422


def test_a_file_is_sent_as_it_is(robin: Visitor, film: Film) -> None:
    viewing = opened(robin, film)
    path = f"{film.path}/parts/{film.received.part_id}/captions?name=said.vtt&viewing={viewing}"
    headers = {"x-csrf-token": robin.token(film.path), "content-type": "text/vtt"}
    answer = robin.client.post(path, content=FILE.encode(), headers=headers)
    assert answer.status_code == 303
    assert "said.vtt" in robin.get(answer.headers["location"]).text
    large = b"WEBVTT\n\n" + bytes(9 << 20)
    refused = robin.client.post(path, content=large, headers={**headers, "accept": "application/json"})
    assert refused.status_code == 422
    assert "8 MiB" in refused.json()["error"]


def test_who_may_look_and_who_may_write(film: Film, robin: Visitor, signed_in: SignedIn) -> None:
    viewing = opened(robin, film)
    made = imported(robin, film, viewing)
    officer = signed_in("olin", Role.OFFICER)  # who did not wear the camera
    assert officer.get(f"{film.path}/transcript?viewing={viewing}").status_code == 404
    path = f"{film.path}/parts/{film.received.part_id}"
    assert officer.post(f"{path}/captions", {"text": FILE}).status_code == 404
    assert officer.post(f"{path}/transcripts", {"by": "speech"}).status_code == 404
    assert officer.post(f"{film.path}/transcripts/{made}/remove", {"reason": "so"}).status_code == 404
    second = signed_in("second", Role.RECORDS_OFFICER)
    assert second.get(f"{film.path}/transcript?viewing={viewing}").status_code == 403
    assert "xyzzy" not in second.get(f"{film.path}?viewing={viewing}").text


def test_having_it_written_out(robin: Visitor, film: Film, installation: Installation) -> None:
    viewing = opened(robin, film)
    page = robin.get(f"{film.path}?viewing={viewing}").text
    assert re.search(r'value="whisper"[^>]* disabled', page)
    assert "CANDOR_WHISPER_MODEL" in page
    path = f"{film.path}/parts/{film.received.part_id}/transcripts"
    for by in ("whisper", "magic", ""):
        assert robin.post(path, {"by": by, "viewing": viewing}).status_code == 422
    assert robin.post(path, {"by": "speech", "viewing": viewing, "language": "%%"}).status_code == 400
    assert robin.post(path, {"by": "speech", "viewing": viewing}).status_code == 303
    waiting = robin.get(f"{film.path}/transcript?viewing={viewing}").text
    assert 'hx-trigger="every 3s"' in waiting
    assert "waits to be written out" in waiting
    with installation.database.read() as tx:
        (found,) = transcripts.transcripts_of(tx, film.received.recording_id)
    assert found.wanted == {"by": "speech", "language": ""}


def test_how_sure_a_machine_is_is_told_in_words_too(robin: Visitor, film: Film, installation: Installation) -> None:
    """Many lines come page by page; what a machine doubts is marked, and said to whoever sees no colour."""
    words = tuple(Word(100 * n, 100 * n + 90, f"word{n}", (n % 4) / 4 + 0.1) for n in range(4))
    cues = tuple(Cue(1000 * n, 1000 * n + 900, words) for n in range(450))
    made = transcribing.import_text(
        installation.database,
        installation.vault,
        robin.actor,
        film.received.part_id,
        TranscriptText((*cues, Cue(500_000, 500_001, (Word(0, 1, "last", None, WordOrigin.FILE),))), "en"),
        name="many.vtt",
        sha256=bytes(32),
    )
    viewing = opened(robin, film)
    page = robin.get(f"{film.path}/transcript?viewing={viewing}&transcript={made}").text
    assert page.count('id="cue-') == 200
    assert re.search(r'class="word-doubtful" title="the machine is 10 % sure">word0<span[^>]*> \(doubtful\)', page)
    assert re.search(r'class="word-unsure" title="the machine is 60 % sure">word2<span[^>]*> \(unsure\)', page)
    assert re.search(r"</span> word3", page)
    rest = robin.get(f"{film.path}/transcript?viewing={viewing}&transcript={made}&from=400").text
    assert rest.count('id="cue-') == 51
    assert "last" in rest
    assert robin.get(f"{film.path}/transcript?viewing={viewing}&from=²").status_code == 200


def test_the_shape_of_the_sound_close_up(robin: Visitor, film: Film, installation: Installation) -> None:
    """Of a viewing copy, within its viewing; of what has no sound there is none."""
    viewing = opened(robin, film)
    path = f"/media/{film.proxy_id}/peaks"
    asked = f"{path}?viewing={viewing}&begin=0&until=900&count=10"
    assert robin.get(asked).json() == {"begin": 0, "until": 900, "count": 0, "peaks": []}  # it is no film at all
    sealed = installation.vault.seal("proxy", io.BytesIO(mp4()))
    with installation.database.write() as tx:
        installation.vault.record(tx, sealed)
        mine = rendition.c.id == film.proxy_id
        tx.execute(rendition.update().where(mine).values(object_id=sealed.object_id))
    found = robin.get(asked).json()
    assert (found["count"], len(found["peaks"])) == (10, 20)
    assert max(found["peaks"]) > 15
    assert robin.get(f"{path}?viewing=nonsense&begin=0&until=900&count=10").status_code == 403
    assert robin.get(f"{path}?viewing={viewing}&begin=x&until=²&count=-1").json()["count"] == 1
