"""The signed edit list, and checking a copy from the files alone: good ones, and each way in which one is spoiled."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.redaction.detectors import Bright, film
from tests.redaction.media.tampering import repainted

from candor.cli.redact_verify import verify
from candor.redaction.edit_list import EditList, Sealed, event_details, list_of
from candor.redaction.media.plan import Plan, look
from candor.redaction.media.render import render
from candor.redaction.model import Key, Kind, Origin, PartDocument, Shape, Span, Style, Track
from candor.redaction.proving import Proof, prove
from candor.redaction.verifying import CopyReport, verify_copy
from candor.verify.edit_list import HEADER, MAX_MASKS, Mask, Sound, verify_edit_list
from candor.verify.errors import BadSignature, Malformed, NoKnownSignature
from candor.verify.note import MAX_NOTE_SIZE, Note, VerifierKey, sign_note
from candor.verify.report import Outcome
from candor.verify.trust import NO_TRUST, Trust

ORIGIN = "evidence.example.gov/log"
RECORDING = "0192f0c8-0000-7000-8000-000000000001"
AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
KEY = VerifierKey(ORIGIN, PRIVATE.public_key().public_bytes_raw())
OTHER = VerifierKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\x08" * 32).public_key().public_bytes_raw())


def sign(edits: EditList) -> bytes:
    return sign_note(edits.format(ORIGIN), KEY, PRIVATE.sign).format().encode()


@dataclass(frozen=True)
class Files:
    """Everything that somebody who holds the original is given."""

    folder: Path
    plan: Plan
    part: PartDocument
    proof: Proof
    edits: EditList

    @property
    def original(self) -> Path:
        return self.folder / "original.mp4"

    @property
    def copy(self) -> Path:
        return self.folder / "copy.mp4"

    @property
    def trust(self) -> Trust:
        return Trust.from_keys([KEY.format()], (), "the test")

    def check(self, trust: Trust | None = None, **changed: Any) -> CopyReport:
        given: dict[str, Any] = {"edit_list": sign(self.edits), "proof": self.proof.encode(), **changed}
        copy = given.pop("copy", self.copy)
        return verify_copy(self.original, copy, self.trust if trust is None else trust, **given)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("copies")
    original = film(4.0, every=10)
    (folder / "original.mp4").write_bytes(original)
    plan = look(io.BytesIO(original))
    keys = tuple(Key(plan.frames.at(n), (7 + 2 * n, 37, 43 + 2 * n, 78)) for n in range(12, 17))
    face = Track("a", "p", Kind.FACE, Origin.MODEL, Shape.BOX, keys, exemption="a minor", label="Jane Doe")
    part = PartDocument(tracks={"a": face}, spans={"s": Span("s", "p", 500, 1500, exemption="address", label="Elm St")})
    rendered = render(io.BytesIO(original), plan, part)
    with rendered.file as file:
        copy = file.read()
    (folder / "copy.mp4").write_bytes(copy)
    proof = prove(io.BytesIO(original), io.BytesIO(copy), plan, part, Style.SOLID, rendered.details, [Bright()])
    edits = list_of(
        plan,
        part,
        Style.SOLID,
        rendered.details,
        proof,
        recording=RECORDING,
        number=1,
        redaction=RECORDING,
        copy_id=RECORDING,
        edit=3,
        made_at=AT,
        original=sealed(original),
        copy=sealed(copy),
        watched=1000,
    )
    return Files(folder, plan, part, proof, edits)


def sealed(data: bytes) -> Sealed:
    return Sealed(hashlib.sha256(data).hexdigest(), len(data))


def failed(report: CopyReport) -> list[int]:
    return [step.number for step in report.steps if step.failed]


# ---- the list ----------------------------------------------------------------------------------------------------


def test_the_list_says_what_is_hidden_and_not_where(files: Files) -> None:
    signer, found = verify_edit_list(sign(files.edits), [OTHER, KEY][1:])
    assert signer == KEY
    assert found == files.edits
    assert found.masks == [Mask("face", "a minor", "solid", 1200, 1600, "1")]
    assert found.sound == [Sound("mute", "address", 500, 1500)]
    assert found.copied
    assert found.watched == 1000
    text = sign(found).decode()
    assert text.startswith(f"{HEADER}\n{ORIGIN}\n{{")
    assert "Jane" not in text
    assert "Elm" not in text
    assert event_details(found, sign(found))["copy_sha256"] == found.copy.sha256


def test_a_list_that_was_changed_or_signed_by_another_is_refused(files: Files) -> None:
    good = sign(files.edits)
    with pytest.raises(BadSignature):
        verify_edit_list(good.replace(b'"a minor"', b'"a miner"'), [KEY])
    with pytest.raises(NoKnownSignature):
        verify_edit_list(good, [OTHER])
    with pytest.raises(NoKnownSignature):  # a key of the right log alone counts
        verify_edit_list(good, [VerifierKey("another.example/log", KEY.public)])
    for wrong in (b"", good.replace(HEADER.encode(), b"candor handover v1"), good.replace(b'"v":1', b'"v":2')):
        with pytest.raises(Malformed):
            verify_edit_list(wrong, [KEY])


@pytest.mark.parametrize(
    "change",
    [
        {"masks": 3},
        {"masks": [{"kind": "face"}]},
        {"edit": -1},
        {"edit": True},
        {"verdict": "fine"},
        {"made_at": "yesterday"},
        {"copied": [[1]]},
        {"proof_sha256": "ab"},
        {"more": 1},
        {"maker": "x" * 1001},
    ],
)
def test_a_list_of_another_form_is_refused(files: Files, change: dict[str, Any]) -> None:
    told = files.edits.to_json() | change
    text = f"{HEADER}\n{ORIGIN}\n{json.dumps(told, sort_keys=True, separators=(',', ':'), ensure_ascii=False)}\n"
    with pytest.raises(Malformed):
        EditList.parse(text)


def test_the_list_of_very_many_masks_still_fits_a_note(files: Files) -> None:
    one = files.part.tracks["a"]
    many = {str(n): replace(one, id=f"{n:036d}", exemption=f"reason {n % 5}") for n in range(MAX_MASKS + 1)}
    listed = list_of(
        files.plan,
        replace(files.part, tracks=many),
        Style.SOLID,
        {},
        files.proof,
        **{
            name: getattr(files.edits, name)
            for name in ("recording", "redaction", "copy_id", "edit", "original", "copy")
        },
        number=1,
        made_at=AT,
    )
    assert sum(mask.count for mask in listed.masks) == MAX_MASKS + 1
    assert len(listed.masks) == 5
    del many["0"]
    full = list_of(
        files.plan,
        replace(files.part, tracks=many),
        Style.SOLID,
        {},
        files.proof,
        **{
            name: getattr(files.edits, name)
            for name in ("recording", "redaction", "copy_id", "edit", "original", "copy")
        },
        number=1,
        made_at=AT,
    )
    assert len(full.masks) == MAX_MASKS
    assert len(sign(full)) < MAX_NOTE_SIZE
    assert Note.parse(sign(full)).text == full.format(ORIGIN)


# ---- checking a copy ---------------------------------------------------------------------------------------------


def test_a_good_copy_verifies(files: Files) -> None:
    report = files.check()
    assert failed(report) == []
    assert report.verdict == "verified"
    assert [step.number for step in report.steps] == [5, 6, 11, 14, 15, 16, 17]
    assert all(step.outcome is Outcome.PASSED for step in report.steps), report.warnings
    assert report.exit_code() == 0


def test_without_the_proof_the_times_are_checked(files: Files) -> None:
    report = files.check(proof=None)
    assert failed(report) == []
    assert next(step for step in report.steps if step.number == 15).outcome is Outcome.NOT_RUN
    elsewhere = replace(files.edits, masks=[replace(files.edits.masks[0], first=2900, last=3300)])
    report = files.check(proof=None, edit_list=sign(elsewhere))
    assert failed(report) == [14]
    assert "1.200" in report.steps[3].findings[0]
    assert report.exit_code() == 34


def test_without_anything_it_tells_where_they_differ(files: Files) -> None:
    report = files.check(NO_TRUST, edit_list=None, proof=None)
    assert report.verdict == "consistent-not-proven"
    assert report.exit_code() == 0
    assert report.exit_code(strict=True) == 19
    assert report.differs == [[1200, 1600]]


def _hostile(report: dict[str, Any]) -> list[bytes]:
    """Proofs that somebody wrote to stop whoever checks them."""
    geometry = report["geometry"]
    frames = {**geometry["plan"]["frames"]}
    plans = [
        {**geometry["plan"], "frames": {**frames, "clock": "1/0"}},
        {**geometry["plan"], "frames": {**frames, "runs": [[0, 1, 10**12]]}},
    ]
    track = {"id": "x", "part": "p", "kind": "face", "origin": "model", "shape": "box", "keys": [[0, 0, 1, 2]]}
    changed = [{"plan": one} for one in plans] + [{"document": {**geometry["document"], "tracks": [track]}}]
    written = [{**report, "geometry": {**geometry, **one}} for one in changed]
    return [b"[" * 100_000, *(json.dumps(one).encode() for one in written)]


def test_each_spoiled_thing_is_named(files: Files, tmp_path: Path) -> None:
    signed = sign(files.edits)
    assert failed(files.check(edit_list=signed.replace(b'"a minor"', b'"a miner"')))[0] == 6
    assert failed(files.check(Trust.from_keys([OTHER.format()], (), "the test")))[0] == 6
    assert failed(files.check(proof=files.proof.encode().replace(b'"doubtful"', b'"Holds"')))[0] == 11
    other = files.proof.encode().replace(b'"solid"', b'"solid" ', 1)
    assert failed(files.check(proof=other))[0] == 11
    for hostile in _hostile(files.proof.report):
        # With the list it is not the proof that was named; without one it is all there is to go by.
        assert failed(files.check(proof=hostile))[0] == 11
        assert failed(files.check(NO_TRUST, edit_list=None, proof=hostile))[0] in (11, 14)
    spoiled = tmp_path / "spoiled.mp4"
    spoiled.write_bytes(files.copy.read_bytes() + b"\0")
    assert failed(files.check(copy=spoiled))[0] == 11

    def change(number: int, planes: Any) -> Any:
        if number == 18:
            planes[96:112, 128:144] = 235 - planes[96:112, 128:144]
        return planes

    spoiled.write_bytes(repainted(files.copy.read_bytes(), change))
    report = files.check(copy=spoiled)
    assert {11, 14, 16} <= set(failed(report))
    step = next(step for step in report.steps if step.number == 14)
    assert any("block" in one and "1.800 s" in one and "x 128, y 96" in one for one in step.findings)
    spoiled.write_bytes(b"no film")
    assert 14 in failed(files.check(copy=spoiled))


def test_the_command(files: Files, tmp_path: Path) -> None:
    policy = tmp_path / "trust-policy.txt"
    policy.write_text(f"log {KEY.format()}\nquorum none\n")
    (tmp_path / "list.txt").write_bytes(sign(files.edits))
    (tmp_path / "proof.json").write_bytes(files.proof.encode())
    given = [str(files.original), str(files.copy), "--list", str(tmp_path / "list.txt")]
    run = CliRunner().invoke(verify, [*given, "--proof", str(tmp_path / "proof.json"), "--policy", str(policy)])
    assert run.exit_code == 0, run.output
    assert "RESULT: VERIFIED" in run.stdout
    run = CliRunner().invoke(verify, [*given, "--log-key", OTHER.format(), "--json"])
    assert run.exit_code == 26
    told = json.loads(run.stdout)
    assert told["verdict"] == "failed"
    assert told["kind"] == "copy"
    both = CliRunner().invoke(verify, [*given, "--log-key", OTHER.format(), "--policy", str(policy)])
    assert both.exit_code == 2
    assert CliRunner().invoke(verify, [*given, "--log-key", "nonsense"]).exit_code == 2
