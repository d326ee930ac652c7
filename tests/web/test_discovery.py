"""Discovery in the browser: made by the agency, entered by a side with a code, seen by nobody else."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from tests.people.place import Place
from tests.web.visitor import Visitor

from candor import disclosure
from candor.core.clock import FixedClock
from candor.core.ids import new_id
from candor.custody import Event, history, recent
from candor.disclosure.discovery import opening, sessions
from candor.disclosure.discovery.errors import VisitEnded
from candor.disclosure.discovery.tables import discovery_mark
from candor.footage.intake import Claim, Intake
from candor.footage.regrouping import regroup
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.restrictions import place as restrict
from candor.footage.tables import part, recording, rendition
from candor.installation import Installation
from candor.law.vocabulary import CaseKind
from candor.matters import service as matters
from candor.people.rules import Role
from candor.verify.package import verify_package
from candor.verify.trust import Trust
from candor.web.pages import discovery_guests

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BODY = b"what a camera saw\n" * 4000


@pytest.fixture
def technician(signed_in: Callable[..., Visitor]) -> Visitor:
    return signed_in("tanaka", Role.EVIDENCE_TECHNICIAN)


class Docket:
    """A case of the technician's with two recordings that are given and one that a wall closes."""

    def __init__(self, installation: Installation, technician: Visitor) -> None:
        self.here, self.technician, who = installation, technician, technician.actor
        intake = Intake(installation.database, installation.vault, installation.jobs, installation.clock)
        ids = []
        for at in range(3):
            with intake.begin(Claim(f"stop-{at}.mp4", f"/card/stop-{at}.mp4", "cli", who.account_id)) as writer:
                writer.write(BODY + bytes([at]))
                ids.append(writer.finish().recording_id)
        self.given, self.walled = ids[:2], ids[2]
        with installation.database.write() as tx:
            self.case = matters.open_case(tx, who, "", CaseKind.CRIMINAL, "State v. Doe", clock=installation.clock)
            matters.add_recordings(tx, who, self.case, ids, reason="the stop", clock=installation.clock)
            by = {"reason": "a wall", "actor": who.account_id}
            restrict(tx, self.walled, RestrictionKind.COMPELLED, ref="another", **by)
            for one in self.given:
                self.viewing_copy(tx, one)
        self.at = f"/cases/{self.case}/discovery"

    def viewing_copy(self, tx: sa.Connection, recording: str) -> None:
        """The original stands for its viewing copy: what is looked at here is who may read it."""
        row = tx.execute(sa.select(part.c.id, part.c.object_id).where(part.c.recording_id == recording)).one()
        tx.execute(rendition.delete().where(rendition.c.part_id == row.id))
        values = {"id": new_id(), "part_id": row.id, "kind": "proxy", "state": "ready", "object_id": row.object_id}
        tx.execute(rendition.insert(), values | {"media_type": "video/mp4", "created_at": self.here.clock.now()})

    def make(self, **fields: object) -> str:
        """Make discovery by the page; its address."""
        upon = re.search(r'name="upon" value="(\w+)"', self.technician.get(self.at).text)
        assert upon
        answer = self.technician.post(self.at, {"upon": upon[1], **fields}, page=self.at)
        assert answer.status_code == 303, answer.text
        found = re.search(rf"{self.at}/([\w-]{{36}})/access", self.technician.get(self.at).text)
        assert found
        with self.here.database.read() as tx:
            packages = tx.scalars(sa.select(disclosure.packages.package_table.c.id)).all()
        for one in packages:
            disclosure.build(self.here.database, self.here.vault, self.here.log, one, clock=self.here.clock)
        return f"{self.at}/{found[1]}"

    def give(self, address: str, side: str = "defence") -> tuple[str, str]:
        """Give a side access by the page; the code and the key that the answer shows once."""
        fields = {"side": side, "holder": "Public Defender", "days": "30"}
        answer = self.technician.post(f"{address}/access", fields, page=self.at)
        assert answer.status_code == 200
        code = re.search(r'name="code" value="([\w-]+)"', answer.text)
        key = re.search(r'name="key" value="(AGE-SECRET-KEY-[\w-]+)"', answer.text)
        assert code
        assert key
        assert answer.headers["cache-control"] == "no-store"
        return code[1], key[1]


@pytest.fixture
def docket(installation: Installation, technician: Visitor) -> Docket:
    return Docket(installation, technician)


def enter(app: Starlette, code: str, address: str = "198.51.100.9") -> Visitor:
    guest = Visitor(app, address)
    answer = guest.post("/discovery/enter", {"code": code}, page="/discovery/enter")
    assert (answer.status_code, answer.headers["location"]) == (303, "/discovery/view"), answer.text
    cookie = answer.headers["set-cookie"]
    assert all(word in cookie for word in ("candor-discovery=", "HttpOnly", "SameSite=Strict"))
    return guest


def send(guest: Visitor, path: str, fields: dict[str, object] | None = None):  # type: ignore[no-untyped-def]
    return guest.post(path, fields, page="/discovery/view")


def test_a_side_comes_in_watches_downloads_and_confirms(app: Starlette, docket: Docket) -> None:
    here = docket.here
    address = docket.make()
    code, key = docket.give(address)
    with here.database.read() as tx:
        before = len(history(tx, docket.given[0]))
    guest = enter(app, code.lower().replace("-", " "))
    text = html.unescape(guest.get("/discovery/view").text)
    assert all(one in text for one in docket.given)
    assert "Garrity v. New Jersey" in text
    assert 'class="places"' not in text  # nothing leads to the agency's own pages
    # Watching: a ticket instead of the recording stands in every address.
    shown = send(guest, "/discovery/watch", {"recording": docket.given[0]})
    assert shown.status_code == 303
    assert docket.given[0] not in shown.headers["location"]
    page = guest.get(shown.headers["location"]).text
    stream = re.search(r'src="(/discovery/stream/[\w-]+)"', page)
    assert stream
    assert "Your side’s mark" not in page
    piece = guest.get(stream[1], range="bytes=5-14")
    assert (piece.status_code, piece.content) == (206, BODY[5:15])
    with here.database.read() as tx:
        assert len(history(tx, docket.given[0])) == before
        assert len(list(recent(tx, kinds=[Event.DISCOVERY_VIEWED]))) == 1
    # The package: in pieces, and the same bytes for both sides.
    begun = send(guest, "/discovery/download")
    assert begun.status_code == 303
    first = guest.get(begun.headers["location"], range="bytes=0-99999")
    rest = guest.get(begun.headers["location"], range="bytes=100000-", **{"if-range": first.headers["etag"]})
    assert (first.status_code, rest.status_code) == (206, 206)
    whole = first.content + rest.content
    other_code, _ = docket.give(address, "prosecution")
    other = enter(app, other_code, "203.0.113.4")
    theirs = other.get(send(other, "/discovery/download").headers["location"])
    assert theirs.content == whole
    assert theirs.headers["etag"] == first.headers["etag"]
    folder = here.settings.home / "taken"
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        archive.extractall(folder)
    trust = Trust.from_policy(guest.get("/discovery/trust-policy.txt").content, "the site")
    report = verify_package(next(folder.iterdir()), trust)
    assert report.verdict == "verified", report.result_line
    assert "8. THIS PACKAGE IS DISCOVERY" in guest.get("/discovery/how-to-verify.txt").text
    # A receipt, and the side's own record.
    assert send(guest, "/discovery/receipt", {"name": "A. Advocate"}).status_code == 303
    assert "A. Advocate" in guest.get("/discovery/view").text
    assert "A. Advocate" not in other.get("/discovery/view").text
    _, views = opening.open_record(guest.get("/discovery/record.json").content, key)
    assert [(one.words or {})["recording"] for one in views] == [docket.given[0]]
    _, none = opening.open_record(other.get("/discovery/record.json").content, key)
    assert none == []
    # What everybody may know stands in the ledger of the case.
    ledger = docket.technician.get(docket.at).text
    assert "A. Advocate" in ledger
    assert ledger.count("A side of a case took a copy of discovery.") == 2
    # Leaving ends it.
    assert send(guest, "/discovery/leave").status_code == 303
    assert guest.get("/discovery/view").status_code == 303
    assert guest.get(stream[1]).status_code == 403


def test_with_a_mark_a_side_watches_its_own_marked_copy_alone(app: Starlette, docket: Docket) -> None:
    here = docket.here
    address = docket.make(watermark="yes")
    told = html.unescape(docket.technician.get(docket.at).text)
    assert "marked copies: 0 of 4" in told
    assert "Being made: 0 %" in told
    guest = enter(app, docket.give(address)[0])

    def watched() -> str:
        shown = send(guest, "/discovery/watch", {"recording": docket.given[0]})
        return html.unescape(guest.get(shown.headers["location"]).text)

    assert "It cannot be shown here: the copy with your side’s mark is being made." in watched()
    marked = b"the film with a mark " * 1000
    sealed = here.vault.seal("discovery-mark", io.BytesIO(marked))
    its = discovery_mark.c.part_id.in_(sa.select(part.c.id).where(part.c.recording_id == docket.given[0]))
    with here.database.write() as tx:
        here.vault.record(tx, sealed)
        ready = {"state": "ready", "object_id": sealed.object_id, "media_type": "video/mp4"}
        tx.execute(discovery_mark.update().where(its, discovery_mark.c.side == "defence").values(ready))
        failed = {"state": "failed", "problem": "The file ends in the middle."}
        tx.execute(discovery_mark.update().where(~its).values(failed))
    page = watched()
    assert "Your side’s mark is in the picture of this viewing copy." in page
    stream = re.search(r'src="(/discovery/stream/[\w-]+)"', page)
    assert stream
    piece = guest.get(stream[1], range="bytes=4-17")
    assert (piece.status_code, piece.content) == (206, marked[4:18])
    told = html.unescape(docket.technician.get(docket.at).text)
    assert "marked copies: 1 of 4" in told
    assert "The file ends in the middle." in told
    # Asked for again: by whoever may, and of this case.
    assert docket.technician.post(f"{address}/marks", {}, page=docket.at).status_code == 303
    assert "The file ends in the middle." not in docket.technician.get(docket.at).text
    elsewhere = address.replace(docket.case, new_id())
    assert docket.technician.post(f"{elsewhere}/marks", {}, page=docket.at).status_code == 404
    plain = docket.make().rpartition("/")[0]
    newest = re.search(rf"{plain}/([\w-]{{36}})/access", docket.technician.get(docket.at).text)
    assert newest
    refused = docket.technician.post(f"{plain}/{newest[1]}/marks", {}, page=docket.at)
    assert refused.status_code == 422
    assert "made without a mark" in refused.text


def test_a_guest_sees_nothing_else_of_the_site(app: Starlette, docket: Docket) -> None:
    code, _ = docket.give(docket.make())
    guest = enter(app, code)
    token = guest.token("/discovery/view")
    own = 0
    for route in app.routes:
        if isinstance(route, Mount):
            continue
        assert isinstance(route, Route)
        access = getattr(route.endpoint, "access", None)
        for method in (route.methods or set()) - {"HEAD"}:
            if access is None or access.public:
                own += route.path.startswith("/discovery/")
                continue
            path = route.path.replace("{case_id}", docket.case).replace("{recording_id}", docket.given[0])
            answer = guest.client.request(method, re.sub(r"\{[^}]*\}", "none", path), headers={"x-csrf-token": token})
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith("/sign-in"), (method, path)
    assert own == 13


def test_without_a_visit_every_page_of_the_sides_leads_to_the_door(app: Starlette, docket: Docket) -> None:
    docket.make()
    nobody = Visitor(app)
    token = nobody.token("/discovery/enter")
    for route in app.routes:
        if isinstance(route, Route) and route.path.startswith("/discovery/") and "enter" not in route.path:
            for method in (route.methods or set()) - {"HEAD"}:
                path = re.sub(r"\{[^}]*\}", "none", route.path)
                answer = nobody.client.request(method, path, headers={"x-csrf-token": token})
                if ("{ticket}" in route.path and "stream" in route.path) or route.path.endswith(".zip"):
                    # Bytes: a download that goes on must not take the door for the file.
                    assert answer.status_code == 403, (method, path)
                    continue
                assert answer.status_code == 303, (method, path)
                assert answer.headers["location"].startswith("/discovery/enter"), (method, path)


def test_codes_are_bounded_and_never_in_an_address(app: Starlette, docket: Docket) -> None:
    code, _ = docket.give(docket.make())
    nobody = Visitor(app, "192.0.2.200")
    assert nobody.get(f"/discovery/enter?code={code}").status_code == 200
    assert "candor-discovery" not in nobody.client.cookies
    for wrong in ("", "x", "0" * 26, code[:-1] + ("A" if code[-1] != "A" else "B"), "✂" * 5000, *["1" * 26] * 5):
        answer = nobody.post("/discovery/enter", {"code": wrong}, page="/discovery/enter")
        assert answer.status_code == 403
        assert "opens nothing" in answer.text
    answer = nobody.post("/discovery/enter", {"code": code}, page="/discovery/enter")
    assert answer.status_code == 429
    assert enter(app, code, "192.0.2.201")
    assert Visitor(app).client.post("/discovery/enter", data={"code": code}).status_code == 403  # no token of the form


def test_access_ends_with_its_time_and_at_once(app: Starlette, docket: Docket, fixed_clock: FixedClock) -> None:
    address = docket.make()
    code, _ = docket.give(address)
    guest = enter(app, code)
    link = send(guest, "/discovery/download").headers["location"]
    assert guest.get(link, range="bytes=0-9").status_code == 206
    fields = {"side": "defence", "reason": "the case is over"}
    assert docket.technician.post(f"{address}/end", fields, page=docket.at).status_code == 303
    assert guest.get(link, range="bytes=0-9").status_code == 403
    assert "your visit has ended" in guest.get("/discovery/enter?ended=1").text
    refused = guest.post("/discovery/enter", {"code": code}, page="/discovery/enter")
    assert refused.status_code == 403


def test_what_is_being_sent_ends_with_the_access(
    app: Starlette, docket: Docket, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = docket.make()
    guest = enter(app, docket.give(address)[0])
    link = send(guest, "/discovery/download").headers["location"]
    monkeypatch.setattr(discovery_guests, "LOOKS_AGAIN", 0.0)
    assert guest.get(link).status_code == 200
    looked = 0

    def is_ended_meanwhile(*given: Any, **more: Any) -> None:
        nonlocal looked
        looked += 1
        if looked == 3:
            fields = {"side": "defence", "reason": "it went to the wrong person"}
            assert docket.technician.post(f"{address}/end", fields, page=docket.at).status_code == 303
        has_access(*given, **more)

    has_access = sessions.must_have_access
    monkeypatch.setattr(sessions, "must_have_access", is_ended_meanwhile)
    with pytest.raises(RuntimeError, match="already started") as ended:  # the connection breaks off
        guest.get(link)
    assert isinstance(ended.value.__cause__, VisitEnded)
    assert looked == 3


def test_what_a_wall_closed_since_is_told_of_no_more(app: Starlette, docket: Docket) -> None:
    code, _ = docket.give(docket.make())
    guest = enter(app, code)
    assert "stop-0" in guest.get("/discovery/view").text
    with docket.here.database.write() as tx:
        changed = recording.update().where(recording.c.id == docket.given[0])
        tx.execute(changed.values(title="What Officer Roe had to say"))
        by = {"reason": "a wall", "actor": docket.technician.actor.account_id}
        restrict(tx, docket.given[0], RestrictionKind.COMPELLED, ref="another", **by)
    text = guest.get("/discovery/view").text
    assert "Officer Roe" not in text
    assert docket.given[0] in text  # it was given, as the log says
    assert "stop-1" in text


def test_the_letter_is_made_of_what_was_shown(docket: Docket) -> None:
    address = docket.make()
    code, key = docket.give(address)
    fields = {"side": "defence", "code": code, "key": key}
    letter = docket.technician.post(f"{address}/letter", fields, page=docket.at)
    assert letter.status_code == 200
    assert letter.headers["content-disposition"].startswith("attachment")
    assert code in letter.text
    assert opening.key_in(letter.text) == key
    assert docket.here.log.policy().logs[0].key.fingerprint[:32] in letter.text
    assert max(map(len, letter.text.splitlines())) <= 100
    for wrong in ({"side": "prosecution"}, {"code": "0" * 26}, {"side": "judge"}):
        assert docket.technician.post(f"{address}/letter", {**fields, **wrong}, page=docket.at).status_code in (
            403,
            404,
        )


def test_what_cannot_be_made_says_why_and_keeps_what_was_typed(docket: Docket) -> None:
    one = docket.given[0]
    upon = re.search(r'name="upon" value="(\w+)"', docket.technician.get(docket.at).text)
    assert upon
    fields = {"upon": upon[1], "keep": one, f"reason-{one}": "An informer is seen", f"citation-{one}": ""}
    answer = docket.technician.post(docket.at, fields, page=docket.at)
    assert answer.status_code == 422
    assert "An informer is seen" in answer.text
    wall = {"upon": upon[1], "open": docket.walled, f"although-{docket.walled}": "the judge said so"}
    assert docket.technician.post(docket.at, wall, page=docket.at).status_code == 403
    stale = docket.technician.post(docket.at, {"upon": "0" * 64}, page=docket.at)
    assert stale.status_code == 403
    assert "changed since the page was made" in stale.text
    with docket.here.database.read() as tx:
        assert not list(recent(tx, kinds=[Event.DISCOVERY_MADE]))


def test_a_finding_is_noted_and_answered_on_the_case(
    docket: Docket, signed_in: Callable[..., Visitor], place: Place
) -> None:
    records, counsel = signed_in("reyes", Role.RECORDS_OFFICER), signed_in("li", Role.COUNSEL)
    at = f"/cases/{docket.case}"
    fields = {"recording": docket.given[0], "statement": "Report 26-77", "words": "He did not announce himself."}
    answer = records.post(f"{at}/findings", {**fields, "from": "0:01", "to": "1:02.5"}, page=at)
    assert answer.status_code == 303
    page = counsel.get(at).text
    assert "He did not announce himself." in page
    asked = re.search(rf"{at}/findings/([\w-]{{36}})", page)
    assert asked
    assert asked[0] not in records.get(at).text  # who noted it does not answer it
    assert "not answered yet" in docket.technician.get(docket.at).text
    assert "Report 26-77" in docket.technician.get("/discovery").text
    reason = {"answer": "disclosed", "reason": "Brady v. Maryland", "discovery": ""}
    assert counsel.post(asked[0], reason, page=at).status_code == 303
    docket.make()
    assert "D-" in counsel.get(at).text
    assert records.post(f"{at}/findings", {**fields, "from": "soon"}, page=at).status_code == 422
    assert counsel.post(asked[0], reason, page=at).status_code == 403


def test_only_who_may_make_discovery_does(docket: Docket, signed_in: Callable[..., Visitor]) -> None:
    supervisor = signed_in("suarez", Role.SUPERVISOR)
    assert supervisor.get(docket.at).status_code == 403
    address = docket.make()
    elsewhere = address.replace(docket.case, new_id())
    assert docket.technician.post(f"{elsewhere}/access", {"side": "defence"}, page=docket.at).status_code == 404
    record = docket.technician.get(f"{address}/record/defence")
    assert record.status_code == 200
    assert docket.technician.get(f"{address}/record/judge").status_code == 404


def test_what_was_typed_is_kept_where_it_was_not_taken(app: Starlette, docket: Docket) -> None:
    address = docket.make()
    code, _ = docket.give(address)
    wrong = {"side": "defence", "reason": "the case\u200b is over"}
    answer = docket.technician.post(f"{address}/end", wrong, page=docket.at)
    assert answer.status_code == 422
    assert "the case\u200b is over" in html.unescape(answer.text)
    again = {"side": "prosecution", "holder": "State's Attorney", "days": "0", "new_key": "yes"}
    answer = docket.technician.post(f"{address}/access", again, page=docket.at)
    assert answer.status_code == 422
    assert "State's Attorney" in html.unescape(answer.text)
    answer = send(enter(app, code), "/discovery/receipt", {"name": "Counsel\u200b Roe"})
    assert answer.status_code == 422
    assert "Counsel\u200b Roe" in html.unescape(answer.text)


def test_the_side_is_told_what_the_package_does_not_hold(app: Starlette, docket: Docket) -> None:
    guest = enter(app, docket.give(docket.make())[0])
    send(guest, "/discovery/watch", {"recording": docket.given[0]})
    with docket.here.database.write() as tx:
        regroup(tx, docket.technician.actor, docket.given, reason="one stop", clock=docket.here.clock)
    answer = send(guest, "/discovery/watch", {"recording": docket.given[0]})
    page = html.unescape(guest.get(answer.headers["location"]).text)
    assert page.count("<video") == 1
    assert "after this discovery was made. The package does not hold it." in page
