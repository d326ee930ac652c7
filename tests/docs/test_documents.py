"""The documents and events that the pages show, against those that the commands really write.

One small installation, worked on by the command line itself: every `--json` document must have the fields that its
page shows, and every event that came of it the details that its page names.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.browser.live import free_port, served
from tests.docs.pages import REFERENCE, codes, rows, sections
from tests.docs.walk_access import restricted
from tests.docs.walk_bench import bench
from tests.docs.walk_credentials import content_credentials
from tests.docs.walk_decisions import decisions
from tests.docs.walk_destroying import archived_and_destroyed
from tests.docs.walk_discovery import discovery
from tests.docs.walk_duties import duties_and_labels
from tests.docs.walk_models import models
from tests.docs.walk_portal import portal
from tests.docs.walk_redaction import redaction
from tests.docs.walk_releases import releases
from tests.docs.walk_requests import requests
from tests.docs.walk_retention import law_and_retention
from tests.docs.walk_transcripts import transcripts
from tests.footage.clips import mp4, without_index

from candor.cli.main import candor
from candor.core import outbox
from candor.core.clock import FixedClock
from candor.core.settings import Settings
from candor.custody import Event, recent
from candor.docking import axis, credentials
from candor.docking.axis.gate import AxisGate
from candor.docking.axis.refused import refuse_call
from candor.docking.links import service as links
from candor.docking.reconciliation.explaining import explain_numbers, explain_report, explain_stretch
from candor.docking.reconciliation.spans import Span
from candor.docking.uploads.rules import Owner
from candor.fleet.assignments import assign
from candor.fleet.reports import Report, note_reports, reports_of
from candor.fleet.service import confirm_device, ensure_device
from candor.footage import catalogue, gathering, purging
from candor.footage.bookmarks import Bookmark, keep_bookmark
from candor.footage.discrepancies import State, discrepancies_of, settle
from candor.footage.intake import Intake
from candor.footage.regrouping import regroup
from candor.footage.said import Claim, PartOf, Said
from candor.footage.sidecars import SidecarClaim, attach_sidecar, keep_sidecar
from candor.footage.tables import rendition
from candor.footage.tracks import Point, Track, keep_track
from candor.footage.viewing import begin_viewing
from candor.installation import Installation
from candor.law.reading import pack_text
from candor.people import passwords, recovery_codes, second_factor, service, sessions, sign_in, totp
from candor.people.errors import Refused
from candor.people.rules import Role, system_actor
from candor.web.app import create_app

PASSWORD = "correct horse battery"
PAGE = sections(REFERENCE / "commands.md")


class Site:
    """An installation with one odd recording, and the documents its commands gave, by the command's name."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.documents: dict[str, Any] = {}
        self.details: dict[str, set[str]] = {}

    def run(self, name: str, *arguments: str, code: int = 0) -> Any:
        """Run a command with --json and keep its document."""
        result = CliRunner().invoke(candor, [*name.split()[1:], *arguments, "--json"], catch_exceptions=False)
        assert result.exit_code == code, result.output
        self.documents[name] = json.loads(result.stdout)
        return self.documents[name]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("CANDOR_")]:
            patch.delenv(name)
        patch.setenv("CANDOR_HOME", str(home / "home"))
        patch.setenv("CANDOR_CONFIG", str(home / "none.toml"))
        patch.setenv(passwords.CHEAP_FOR_TESTS, "1")
        made = Site(home)
        _work(made)
        yield made


def _work(site: Site) -> None:
    (site.home / "card").mkdir()
    (site.home / "card" / "note.txt").write_text("no recording\n")
    (site.home / "card" / "link").symlink_to("note.txt")
    _people()
    site.run("candor user add", "kim", "--unit", "Troop C", "--badge", "412")
    site.run("candor user list")
    _programs_and_reviews(site)
    site.run("candor access")
    _cameras(site)
    _camera_systems(site)
    _card(site)
    site.run("candor category list")
    _law(site)
    _change_kim()
    given = ("--wearer", "kim", "--device", "X1")
    taken = site.run("candor ingest", str(site.home / "card"), *given)
    recording = taken["recordings"][0]["id"]
    site.run("candor ingest", str(site.home / "card"), str(_unreadable()), *given, code=10)
    site.run("candor list")
    handed_out = site.run("candor export", recording, "--out", str(site.home / "out"), "--purpose", "a test")
    package, log = handed_out["package"], site.run("candor log")
    site.run("candor verify", package, "--log-key", log["vkey"])
    site.run("candor show", recording)
    _cases(site, recording)
    restricted(site, recording)
    damaged, whole = _damaged(site)
    site.run("candor repair", damaged, "--reference", whole)
    site.run("candor log proof", recording, "--out", str(site.home / "proofs"))
    site.run("candor log check")
    site.run("candor doctor", "--check", "backup")
    site.run("candor export", "--package", handed_out["id"], "--out", str(site.home / "again"))
    _door(site)
    _keys(site)
    _notices(site)
    _public(site)
    _sent(site)
    _missing(site)
    _gathered(site)
    models(site)
    redaction(site)
    content_credentials(site)
    releases(site)
    decisions(site)
    bench(site)
    discovery(site)
    transcripts(site)
    duties_and_labels(site, recording)
    _as_on_the_site(recording)
    _conflict(site, recording)
    requests(site, recording)
    portal(site)
    law_and_retention(site)
    archived_and_destroyed(site)
    _recovery(site)
    _logs(site)
    _harm(site.home / "home" / "footage")
    site.run("candor fixity", code=6)
    with Installation.open(Settings.load()) as installation, installation.database.read() as tx:
        for event in recent(tx, limit=1000):
            site.details.setdefault(event.kind.value, set()).update(event.details)


def _law(site: Site) -> None:
    """Packs as they come with the program: shown, checked, compared."""
    site.run("candor law show", "us-wa", "--kind", "retention")
    then = ("--recorded", "2026-09-14T12:00Z", "--at", "2026-11-21T12:00Z")
    known = ("--event", "review-completed=2026-11-20T12:00Z")
    tried = ("--class", "force", "--label", "minor", "--hold", "request", "--open-case", "2026-17")
    site.run("candor law explain", "--pack", "us-ct", *then, *known, *tried)
    changed = site.home / "changed.yaml"
    changed.write_bytes(pack_text("us-wa").replace(b"minimum: 60 days", b"minimum: 90 days"))
    site.run("candor law diff", "us-wa", str(changed))
    changed.write_bytes(pack_text("us-wa").replace(b"minimum: 60 days", b"minimum: 60"))
    site.run("candor law check", str(changed), code=3)


def _cases(site: Site, recording: str) -> None:
    """A case with something of everything in it, closed and opened again."""
    why = ("--reason", "a test")
    for number in ("26-1", "26-2"):
        site.run("candor case open", number, "--kind", "complaint", "--title", "A stop", "--owner", "kim")
    site.run("candor case change", "26-2", "--title", "Another stop")
    site.run("candor case add", "26-1", recording, *why)
    CliRunner().invoke(candor, ["case", "remove", "26-1", recording, *why], catch_exceptions=False)
    site.run("candor case add", "26-1", recording, *why)
    member = site.run("candor case person", "26-1", "--account", "kim", "--part", "witness")["entry"]
    site.run("candor case person", "26-1", "--end", member, *why)
    noted = site.run("candor case event", "26-1", "complaint-made", "--at", "2026-01-02")["entry"]
    noted = site.run("candor case event", "26-1", "--correct", noted, "--at", "2026-01-03", *why)["entry"]
    site.run("candor case event", "26-1", "--withdraw", noted, *why)
    beside = site.run("candor case relate", "26-1", "26-2", *why)["entry"]
    site.run("candor case close", "26-1", *why)
    site.run("candor case list")
    site.run("candor case show", "26-1")
    site.run("candor case relate", "26-1", "--end", beside, *why)
    CliRunner().invoke(candor, ["case", "reopen", "26-1", *why], catch_exceptions=False)


def _cameras(site: Site) -> None:
    site.run("candor dock cameras add", "X1", "--make", "Meridian")
    site.run("candor dock cameras change", "X1", "--state", "repair", "--note", "the clip")
    site.run("candor dock cameras change", "X1", "--state", "in-stock")
    site.run("candor dock cameras sites", "--add", "North")
    site.run("candor dock cameras sites", "--rename", "North", "Barracks")
    site.run("candor dock cameras docks", "--add", "Reader", "--site", "Barracks")
    site.run("candor dock cameras docks", "--rename", "Reader", "Desk")
    (site.home / "cameras.csv").write_text("serial,person,from\nX2,kim,2026-11-01\n")
    site.run("candor dock cameras import", str(site.home / "cameras.csv"), "--apply")
    site.run("candor dock clock", "X1", "--reading", "2026-11-01 10:00:00", "--at", "2026-11-01 10:00:02")
    entered = site.run("candor dock assign", "X1", "kim", "--from", "2026-11-02", "--to", "2026-11-03")
    first = entered["assignments"][0]["id"]
    given = ("--from", "2026-11-02", "--to", "2026-11-04", "--correct", first, "--reason", "a day longer")
    corrected = site.run("candor dock assign", "X1", "kim", *given)["assignments"][0]["id"]
    site.run("candor dock assign", "X1", "--withdraw", corrected, "--reason", "it was X2")
    site.run("candor dock assign", "X2", "--end", "--to", "2026-11-20")
    site.run("candor dock assign", "X2", "--list")
    site.run("candor dock clock", "X1")
    site.run("candor dock cameras list")


def _public(site: Site) -> None:
    """A link for the public: made, opened, given by, withdrawn."""
    made = site.run("candor dock link new", "2026-1", "--note", "thank you")
    secret = made["address"].rsplit("/", 1)[-1]
    with Installation.open(Settings.load()) as here:
        with here.database.write() as tx:
            link = links.find(tx, secret)
            assert link is not None
            links.opened(tx, link, clock=here.clock)
        owner, limits = links.owner_of(link), links.limits_of(link)
        begun = here.uploads.begin(owner, links.claim_of(link, "a.mov", None, {}), length=5, limits=limits)
        turn = here.uploads.begin_turn(owner, begun.id, 0, announced=5)
        turn.write([b"given"])
        assert here.uploads.finish(turn) is None
        here.uploads.end_turn(turn)
    site.run("candor dock link list")
    result = CliRunner().invoke(candor, ["dock", "link", "revoke", made["link"]], catch_exceptions=False)
    assert result.exit_code == 0, result.output


def _sent(site: Site) -> None:
    """A file sent by a program from elsewhere, one that is not there, and an upload that is cancelled."""
    scopes = ("--scope", "recordings:take-in", "--scope", "recordings:view-all")
    given = ("--create", "--role", "evidence_technician", "--name", "sender", *scopes)
    (site.home / "credential").write_text(site.run("candor token add", "sender", *given)["secret"])
    (site.home / "sent.mp4").write_bytes(b"")
    files = [str(site.home / "sent.mp4"), str(site.home / "nowhere.mp4")]
    port = free_port()
    with Installation.open(Settings.load()) as here, served(create_app(here), port):
        to = ("--to", f"http://127.0.0.1:{port}", "--credential", str(site.home / "credential"))
        site.run("candor dock tus", *files, *to, "--memory", str(site.home / "memory.json"), code=10)
        owner = Owner("account", "nobody")
        begun = here.uploads.begin(owner, Claim("a.mov", "a.mov", "web", "system:test"), length=5)
        here.uploads.terminate(owner, begun.id, "system:test")


def _missing(site: Site) -> None:
    """What a camera says it recorded and never sent: a stretch, numbers left out, a report without a time."""
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        who, begin = system_actor("test"), here.clock.now() - timedelta(hours=2)
        camera = ensure_device(tx, "X7", "body")
        assign(tx, who, ensure_device(tx, "X6", "body"), None, begin, clock=here.clock)
        ends = begin + timedelta(seconds=60)
        numbered = [Report("card:x", str(number), begin, ends, counter=number) for number in (1, 3)]
        note_reports(tx, camera, [*numbered, Report("axis", "bytes", sha256=bytes(32))], clock=here.clock)
        given = {"cause": "test", "words": "Nobody was on duty", "clock": here.clock}
        explain_stretch(tx, who, camera, Span(begin, ends), **given)
        explain_numbers(tx, who, camera, "card:x", 2, 2, near=begin, **given)
        unplaced = next(one for one in reports_of(tx, camera) if one.ref == "bytes")
        explain_report(tx, who, camera, unplaced.id, near=here.clock.now(), **given)
    site.run("candor dock report", code=6)


def _damaged(site: Site) -> tuple[str, str]:
    """A recording whose file ends too early and whose first repair came to nothing, and a whole one; identifiers."""
    found = []
    for name, content in (("damaged.mp4", without_index(mp4(1.0))), ("whole.mp4", mp4(1.0))):
        (site.home / name).write_bytes(content)
        done = CliRunner().invoke(candor, ["ingest", str(site.home / name), "--json"], catch_exceptions=False)
        found.append(str(json.loads(done.stdout)["recordings"][0]["id"]))
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        repaired = rendition.c.kind == "repaired"
        tx.execute(rendition.update().where(repaired).values(state="failed", job_id=None, problem="stopped"))
    return found[0], found[1]


def _gathered(site: Site) -> None:
    """A recording of several files: parts, one of them late, two recordings made one, and what lies beside them."""
    with Installation.open(Settings.load()) as here:
        intake, clock, who = Intake(here.database, here.vault, here.jobs, here.clock), here.clock, "system:test"
        begins = clock.now() - timedelta(hours=1)
        said = Said(started_at=begins, ended_at=begins + timedelta(seconds=60))
        for number, key in enumerate(("test:one", "test:one", "test:two", "test:one")):
            if number == 3:
                with here.database.write() as tx:
                    gathering.complete(tx, "test:one", said, actor=who, clock=clock)
            at = begins + timedelta(seconds=10 * number)
            claim = Claim(f"{number}.mp4", f"{number}.mp4", "card", who, part_of=PartOf(key, at, at), dock_id="d" * 36)
            with intake.begin(claim) as writer:
                writer.write(b"part %d" % number)
                writer.finish()
        with here.database.write() as tx:
            gathering.close_incomplete(tx, "test:two", actor=who, reason="test", clock=clock)
        with here.database.write() as tx:
            found = [gathering.gathered(tx, key) for key in ("test:one", "test:two")]
            chosen = [one.recording_id for one in found if one and one.recording_id]
            whole = regroup(tx, system_actor("test"), chosen, reason="one event", clock=clock)
        kept = keep_sidecar(intake, io.BytesIO(b"<gpx/>"), SidecarClaim("a.gpx", "a.gpx", "card", who, "gpx"))
        with here.database.write() as tx:
            attach_sidecar(tx, kept.id, whole, actor=who, clock=clock)
            keep_track(tx, whole, Track("gpx", (Point(0, 41.7, -72.6),)), actor=who, clock=clock)
            keep_bookmark(tx, whole, Bookmark("m"), actor=who, clock=clock)


def _conflict(site: Site, recording: str) -> None:
    """Kim is said to have worn X1, and the chief had it; a camera is found at a dock and confirmed."""
    given = ("--from", "2026-11-05", "--to", "2099-01-01")
    entered = site.run("candor dock assign", "X1", "chief", *given)["assignments"][0]["id"]
    site.run("candor dock assign", "X1", "--withdraw", entered, "--reason", "the wrong person")
    site.run("candor dock assign", "X1", "chief", *given)
    with Installation.open(Settings.load()) as installation, installation.database.write() as tx:
        (quarrel,) = [one for one in discrepancies_of(tx, recording) if one.state is State.OPEN]
        settle(tx, system_actor("test"), quarrel.id, None, reason="nobody can tell")
        found = ensure_device(tx, "X9", "body")
        confirm_device(tx, system_actor("test"), found)


def _camera_systems(site: Site) -> None:
    """A camera system that comes, with a user, two clips of one name and a call that makes no sense."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANDOR_DOCK_PORT", "8643")
        made = CliRunner().invoke(candor, ["dock", "axis", "new", "System"], catch_exceptions=False)
    file = json.loads(made.stdout)
    with Installation.open(Settings.load()) as here:
        gate = AxisGate(here.database, here.vault, here.jobs, here.clock)
        with here.database.write() as tx:
            found = credentials.check_credential(tx, file["BlobAPIUserName"], file["BlobAPIKey"])
            assert found is not None
            token, connection = axis.issue_token(tx, found, clock=here.clock)
            credentials.used(tx, found, "192.0.2.7", clock=here.clock)
            credentials.turned_away(tx, None, "unknown", "192.0.2.7", clock=here.clock)
            bearer = axis.bearer_of(tx, token, connection.id, clock=here.clock)
            refuse_call(tx, bearer, "PUT", "u_X1_t", "clip.mp4", "no sense", {}, clock=here.clock)
        axis.AxisObject(gate, bearer, "Users", "someone", {"name": "Kim", "userid": "412"}, None)
        for content in (b"one clip", b"another clip"):
            clip = axis.AxisObject(gate, bearer, "u_X1_t", "clip.mp4", {}, len(content))
            clip.begin(content)
            clip.write(content)
            assert clip.finish()
    site.run("candor dock axis users")
    site.run("candor dock axis list")
    site.run("candor dock keys new", "System")
    site.run("candor dock keys list")
    ended = CliRunner().invoke(candor, ["dock", "axis", "revoke", "System"], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output


def _programs_and_reviews(site: Site) -> None:
    site.run("candor user review", "--mark", "all well")
    given = ("--create", "--role", "officer", "--name", "dock.py", "--scope", "log:view")
    token = site.run("candor token add", "dock", *given)["token"]
    site.run("candor token list")
    site.run("candor audit", "--limit", "2")
    for words in (["token", "revoke", token], ["audit", "--csv"]):
        result = CliRunner().invoke(candor, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
    refused = CliRunner().invoke(candor, ["audit", "--as", "kim"])
    assert isinstance(refused.exception, Refused)


def _card(site: Site) -> None:
    """A card with a file, its digest, and nothing else; wiped afterwards."""
    (site.home / "dcim").mkdir()
    (site.home / "dcim" / "a.mp4").write_bytes(b"no recording either")
    (site.home / "dcim" / "a.sha256").write_text("0" * 64)
    given = ("--once", "--settle", "0", "--camera", "X8", "--wipe", "--yes")
    site.run("candor dock watch", str(site.home / "dcim"), *given)


def _unreadable() -> Path:
    """A regular file whose first byte cannot be read, by root either."""
    return Path("/proc/self/mem")


def _people() -> None:
    administrator = service.NewAccount("chief", "Chief", [Role.ADMINISTRATOR], passwords.hash_password(PASSWORD))
    with Installation.open(Settings.load(), create=True) as installation, installation.database.write() as tx:
        service.create_agency(tx, name="Agency", short_name="A", time_zone="UTC", administrator=administrator)
        catalogue.set_categories(tx, system_actor("test"), ["One", "Two"])


def _change_kim() -> None:
    result = CliRunner().invoke(candor, ["user", "change", "kim", "--display-name", "Kim"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    with Installation.open(Settings.load()) as installation:
        database = installation.database
        for password in ("wrong", PASSWORD):
            with database.read() as tx:
                candidate = sign_in.look_up(tx, "chief", "127.0.0.1")
            checked = sign_in.check(candidate, password)
            with database.write() as tx:
                if checked.right:
                    sign_in.succeed(tx, candidate, checked, notice="0123456789ab")
                else:
                    sign_in.fail(tx, candidate)


def _door(site: Site) -> None:
    """Second factors, sessions and the rules of signing in."""
    site.run("candor user policy", "--lock-names")
    lives = sessions.Lifetime(timedelta(hours=1), timedelta(hours=1))
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        chief = service.account_named(tx, "chief")
        assert chief is not None
        candidate = sign_in.look_up(tx, "chief", "127.0.0.1")
        sign_in.ask_second(tx, candidate, sign_in.check(candidate, PASSWORD))
        totp.start(tx, here.vault, chief.id)
        secret = totp.awaiting(tx, here.vault, chief.id)
        assert secret is not None
        totp.confirm(tx, here.vault, chief.id, totp.code_at(secret, totp.step_at(here.clock.now())))
        recovery_codes.use(tx, chief.id, second_factor.added(tx, chief.id, "app")[0])
        second_factor.remove_app(tx, chief.id)
        token = sessions.begin(tx, chief.id, lifetime=lives)
        for by in ("hand", None):  # unlocked, then confirmed
            found = sessions.find(tx, token, lifetime=lives)
            assert found is not None
            found = sessions.lock(tx, found, by=by) if by else found
            token = sessions.proved(tx, found, method="password", address="127.0.0.1", agent="test")
        sessions.refuse(tx, token, reason="agent", address="127.0.0.1", agent="another")
        for _ in range(sign_in.LOCK_FAILURES):
            sign_in.fail(tx, candidate)
        sign_in.release_lock(tx, system_actor("test"), chief.id)


def _keys(site: Site) -> None:
    """The key on paper, in escrow, lost and restored, changed."""
    sheet, key = site.home / "sheet.txt", Settings.load().keys_folder / "kek-000001.json"
    result = CliRunner().invoke(candor, ["key", "sheet", "--out", str(sheet)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    site.run("candor key escrow", "--holders", "2", "--needed", "2", "--out", str(site.home / "shares"))
    site.run("candor key check", "--sheet", str(sheet))
    key.unlink()
    site.run("candor key restore", "--sheet", str(sheet))
    site.run("candor key rotate")


def _recovery(site: Site) -> None:
    """A backup, a recording destroyed, and the backup brought back on another machine."""
    (site.home / "order.txt").write_text("to be destroyed\n")
    CliRunner().invoke(candor, ["ingest", str(site.home / "order.txt")], catch_exceptions=False)
    site.run("candor backup", str(site.home / "kept"))
    with Installation.open(Settings.load()) as here:
        said = {"authority": "Order 1", "reason": "a test", "clock": here.clock}
        with here.database.write() as tx:
            doomed = next(recent(tx, kinds=[Event.RECORDING_SEALED])).recording_id
            assert doomed is not None
            purging.purge(tx, here.vault, here.jobs, system_actor("test"), doomed, **said)
    keys = site.home / "other-keys"
    keys.mkdir(mode=0o700)
    for path in Settings.load().keys_folder.glob("kek-*.json"):
        shutil.copy(path, keys)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANDOR_HOME", str(site.home / "other"))
        patch.setenv("CANDOR_KEYS", str(keys))
        site.run("candor restore", str(site.home / "kept"), "--verify")
        with Installation.open(Settings.load()) as installation, installation.database.read() as tx:
            (event,) = recent(tx, kinds=[Event.RESTORE_MADE])
            site.details[event.kind.value] = set(event.details)


def _logs(site: Site) -> None:
    """A clock set back; the log recovered beside an older database, and handed over."""
    database = Settings.load().home / "candor.sqlite3"
    with Installation.open(Settings.load()) as installation:
        for clock in (FixedClock(datetime(2126, 1, 1, tzinfo=UTC)), installation.clock):
            with installation.database.write() as tx:
                catalogue.set_categories(tx, system_actor("test"), [f"Set in {clock.now().year}"], clock=clock)
            installation.log.settle()
    with closing(sqlite3.connect(database)) as there, closing(sqlite3.connect(site.home / "older")) as kept:
        there.backup(kept)
    result = CliRunner().invoke(candor, ["category", "set", "One", "Two", "Three"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    with closing(sqlite3.connect(site.home / "older")) as kept, closing(sqlite3.connect(database)) as there:
        kept.backup(there)
    site.run("candor log recover")
    for way in (["--take-in"], ["--handover", "--reason", "a test"]):
        result = CliRunner().invoke(candor, ["log", "recover", *way], catch_exceptions=False)
        assert result.exit_code == 0, result.output


def _notices(site: Site) -> None:
    """Something told, and who is told changed."""
    with Installation.open(Settings.load()) as installation:
        with installation.database.write() as tx:
            outbox.tell(tx, outbox.NoticeKind.BACKUP_OVERDUE)
        installation.notifier.run_once()
    words = ["notices", "set", "job:failed", "--role", "supervisor", "--urgent-waits"]
    result = CliRunner().invoke(candor, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    site.run("candor notices list")
    site.run("candor notices routes")


def _as_on_the_site(recording: str) -> None:
    """Acts that have no command: open, change."""
    actor = system_actor("test")
    with Installation.open(Settings.load()) as installation, installation.database.write() as tx:
        begin_viewing(tx, actor, recording, "a test")
        catalogue.change(tx, recording, {"title": "A note"}, actor)


def _harm(footage: Path) -> None:
    """Make one stored object differ from its seal."""
    path = max((footage / "objects").rglob("*-*-*"), key=lambda one: one.stat().st_size)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


def _fields(value: Any, path: str = "") -> set[str]:
    """The fields of a document, each by its way from the top; a list stands for all its members."""
    if isinstance(value, list):
        return set().union(*(_fields(one, f"{path}[]") for one in value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found = {f"{path}.{name}" for name in value}
    for name, below in value.items():
        found |= _fields(below, f"{path}.{name}")
    return found


#: What files claim and events hold has pages and shapes of its own; what was measured, names by what is in the clips.
OPEN = (".parts[].claims.", ".history[].details.", ".clips[].ours.", ".clips[].speeds.")


@pytest.mark.parametrize("name", [title for title, section in PAGE.items() if list(section.blocks("json"))])
def test_the_document_has_the_fields_that_are_shown(site: Site, name: str) -> None:
    (text,) = PAGE[name].blocks("json")
    shown, real = _fields(json.loads(text)), _fields(site.documents[name])
    if name == "candor show":  # the page says: every field of a row of the list, and these
        (of_list,) = PAGE["candor list"].blocks("json")
        shown |= {f".{field}" for field in json.loads(of_list)["recordings"][0]}
    shown, real = ({field for field in which if not field.startswith(OPEN)} for which in (shown, real))
    # A list that is empty here shows nothing of its members, so those of the page may be more.
    empty = tuple(f"{field}[]" for field in real if not any(other.startswith(f"{field}[]") for other in real))
    assert real <= shown
    assert {field for field in shown - real if not field.startswith(empty)} == set()


def _documented_details() -> dict[str, set[str]]:
    return {codes(row[0])[0]: set(codes(row[2])) for row in rows(REFERENCE / "events.md") if len(row) == 3}


#: One of these stands in the event, never both.
EITHER = {kind: {"account", "unknown_name"} for kind in ("account:sign-in-failed", "account:locked")}
EITHER |= {kind: {"request", "critical"} for kind in ("release:prepared", "request:decision-withdrawn")}


def test_events_have_the_details_that_are_named(site: Site) -> None:
    documented = _documented_details()
    assert len(site.details) >= 15
    for kind, names in site.details.items():
        either = EITHER.get(kind, set())
        assert names - either == documented[kind] - either, kind
        assert not either or len(names & either) == 1


def test_which_events_are_tried_here(site: Site) -> None:
    elsewhere = {
        Event.ACCOUNT_PASSKEY_REFUSED,
        Event.ACCOUNT_PASSWORD_LISTED,
        Event.ACCOUNTS_INACTIVE_DISABLED,
        Event.TOKEN_REFUSED,
        Event.RENDITION_MADE,
        Event.RENDITION_FAILED,
        Event.RECORDING_SIGNATURE_CHECKED,  # of a camera that signs: tests/footage/test_signatures.py
        Event.ACCOUNT_SIGNED_OUT,
        Event.LOG_REFUSED_TO_SIGN,
    }
    assert set(site.details) == {event.value for event in set(Event) - elsewhere}
