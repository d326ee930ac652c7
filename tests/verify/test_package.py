"""A good package passes; every changed, missing, added or forged thing is named, at the step it belongs to."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from candor.verify.__main__ import main
from candor.verify.package import verify_package
from candor.verify.report import LIMITS, Outcome, Report, as_text
from candor.verify.trust import NO_TRUST, Trust

from .package_builder import Key, Package, build_package, canonical, finish_package, start_package


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build_package(tmp_path_factory.mktemp("good") / "package")


@pytest.fixture
def package(good: Package, tmp_path: Path) -> Package:
    """A copy of the good package, to be spoiled."""
    folder = tmp_path / "package"
    shutil.copytree(good.folder, folder)
    return Package(folder, good.log_key, good.witnesses, good.log, good.recordings, good.package)


def outside(package: Package) -> Trust:
    return Trust.from_policy(package.policy, "the test")


def check(package: Package, trust: Trust | None = None) -> Report:
    return verify_package(package.folder, outside(package) if trust is None else trust)


def outcomes(report: Report) -> dict[int, str]:
    return {step.number: step.outcome.value for step in report.steps}


def findings(report: Report, number: int) -> str:
    return " | ".join(step_text for s in report.steps if s.number == number for step_text in s.findings)


def test_good_package_with_keys_from_outside_is_verified(good: Package) -> None:
    report = check(good)
    assert outcomes(report) == dict.fromkeys(range(1, 13), "passed"), as_text(report)
    assert (report.verdict, report.exit_code(), report.exit_code(strict=True)) == ("verified", 0, 0)
    assert report.log_key is not None
    assert report.log_key.fingerprint == hashlib.sha256(good.log_key.vkey.encode()).hexdigest()
    assert [witness.name for witness in report.witnesses] == [key.name for key in good.witnesses]


def test_good_package_without_outside_keys_is_loudly_not_proven(good: Package) -> None:
    report = check(good, NO_TRUST)
    assert outcomes(report) == dict.fromkeys(range(1, 13), "passed") | {5: "warning"}
    assert report.result_line == "CONSISTENT, BUT NOT PROVEN: keys came from the package itself"
    assert (report.keys, report.exit_code(), report.exit_code(strict=True)) == ("package", 0, 19)
    assert "NOT PROVEN" in findings(report, 5)


def test_report_repeats_the_limits(good: Package) -> None:
    report = check(good)
    assert all(limit in as_text(report) for limit in LIMITS)
    assert report.to_json()["limits"] == list(LIMITS)


def all_files() -> list[str]:
    """The names that every package of the builder has; asserted against the real one below."""
    first, second = (recording.id for recording in start_package(Path("unused")).recordings)
    return sorted(
        [
            *("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"),
            *("certificate-draft.pdf", "verify.html", "candor-verify.pyz", "INSTRUCTIONS.txt"),
            *("custody/checkpoint", "custody/policy.txt", "data/recordings.json", "data/case-uco.jsonld"),
            *(f"data/originals/{name}" for name in ("01-01-stop.mp4", "01-02-stop-2.mp4")),
            *(f"data/originals/{name}" for name in ("02-01-Übersicht 2.mp4", "02-02-empty.mp4")),
            *(f"custody/{id}/history.json" for id in (first, second)),
            *(f"custody/{first}/{n:06d}.tlog-proof" for n in range(6)),
            *(f"custody/{second}/{n:06d}.tlog-proof" for n in range(3)),
        ]
    )


def test_list_of_files_is_that_of_the_package(good: Package) -> None:
    assert all_files() == good.names()


FIRST_FAILURE = {"bagit.txt": {1}, "manifest-sha256.txt": {2, 3}, "data/originals/02-02-empty.mp4": {2}}


@pytest.mark.parametrize("name", all_files())
def test_every_file_flipped_is_caught(package: Package, name: str) -> None:
    path = package.folder / name
    data = bytearray(path.read_bytes())
    if not data:  # the empty original: anything added to it is a change
        data = bytearray(b"\0\0")
    for position in sorted({0, len(data) // 2, len(data) - 1}):
        spoiled = bytearray(data)
        spoiled[position] ^= 1
        path.write_bytes(spoiled)
        for trust in (outside(package), NO_TRUST):
            report = check(package, trust)
            failure = report.first_failure
            assert failure is not None, (name, position)
            expected = FIRST_FAILURE.get(name, {3} if name.startswith("data/") else {4})
            assert failure.number in expected, (name, position, as_text(report))
            assert report.exit_code() == 20 + failure.number


@pytest.mark.parametrize("name", all_files())
def test_every_file_missing_is_caught(package: Package, name: str) -> None:
    (package.folder / name).unlink()
    report = check(package)
    number = 1 if name == "bagit.txt" else 4
    number = 2 if name.startswith(("data/", "manifest-", "bag-info")) else number
    assert report.exit_code() == 20 + number, as_text(report)


@pytest.mark.parametrize(
    ("name", "number"),
    [("data/extra.txt", 2), ("data/originals/extra.mp4", 2), ("extra.txt", 4), ("custody/extra", 4), ("fetch.txt", 1)],
)
def test_added_file_is_caught(package: Package, name: str, number: int) -> None:
    package.put(name, b"")
    report = check(package)
    assert report.exit_code() == 20 + number
    assert name in findings(report, number)


def test_second_manifest_is_refused(package: Package) -> None:
    package.put("manifest-md5.txt", b"")
    package.write_tag_manifest()
    assert check(package).exit_code() == 21


def test_what_a_file_browser_leaves_is_a_warning(package: Package) -> None:
    package.put("data/originals/.DS_Store", b"\0\0\0\1Bud1")
    report = check(package)
    assert (report.exit_code(), report.exit_code(strict=True)) == (0, 19)
    assert "DS_Store" in findings(report, 1)


# ---- an attacker who recomputes all manifests ------------------------------------------------------------------


def changed_original(package: Package) -> None:
    path = package.folder / "data/originals/01-01-stop.mp4"
    data = bytearray(path.read_bytes())
    data[1_500_000] ^= 0xFF
    path.write_bytes(data)


def changed_original_and_its_description(package: Package) -> None:
    changed_original(package)
    path = package.folder / "data/recordings.json"
    contents = json.loads(path.read_bytes())
    data = (package.folder / "data/originals/01-01-stop.mp4").read_bytes()
    contents["recordings"][0]["parts"][0]["sha256"] = hashlib.sha256(data).hexdigest()
    path.write_bytes(canonical(contents))


def changed_metadata(package: Package) -> None:
    path = package.folder / "data/recordings.json"
    path.write_bytes(path.read_bytes().replace(b"Stop 1", b"Stop 9"))


def edit_history(package: Package, edit: Callable[[dict[str, object]], None]) -> None:
    path = package.folder / f"custody/{package.recordings[0].id}/history.json"
    history = json.loads(path.read_bytes())
    edit(history)
    path.write_bytes(canonical(history))


def dropped_event(package: Package) -> None:
    edit_history(package, lambda history: history["events"].pop(2))  # type: ignore[attr-defined]
    (package.folder / f"custody/{package.recordings[0].id}/000002.tlog-proof").unlink()


def dropped_and_renumbered(package: Package) -> None:
    """The viewing is taken out and those after it move up, files and all."""
    recording = package.recordings[0].id

    def edit(history: dict[str, object]) -> None:
        events: list[dict[str, object]] = history["events"]  # type: ignore[assignment]
        del events[2]
        for n, event in enumerate(events):
            old = package.folder / str(event["proof"])
            event["n"], event["proof"] = n, f"custody/{recording}/{n:06d}.tlog-proof"
            (package.folder / str(event["proof"])).write_bytes(old.read_bytes())
        (package.folder / f"custody/{recording}/{len(events):06d}.tlog-proof").unlink()

    edit_history(package, edit)


def dropped_last(package: Package) -> None:
    """The export itself is left out."""
    edit_history(package, lambda history: history["events"].pop())  # type: ignore[attr-defined]
    (package.folder / f"custody/{package.recordings[0].id}/000005.tlog-proof").unlink()


def reordered(package: Package) -> None:
    edit_history(package, lambda history: history["events"].reverse())  # type: ignore[attr-defined]


def changed_payload(package: Package) -> None:
    edit_history(
        package,
        lambda history: history["events"][2].update(  # type: ignore[index]
            payload=history["events"][2]["payload"].replace("review", "repair")  # type: ignore[index]
        ),
    )


def changed_payload_in_proof_too(package: Package) -> None:
    changed_payload(package)
    recording = package.recordings[0]
    recording_events = json.loads((package.folder / f"custody/{recording.id}/history.json").read_bytes())["events"]
    opened = canonical({key: recording_events[2][key] for key in ("leaf", "payload", "salt")})
    path = package.folder / f"custody/{recording.id}/000002.tlog-proof"
    lines = path.read_text().split("\n")
    lines[1] = "extra " + base64.b64encode(opened).decode()
    path.write_text("\n".join(lines))


def stray_proof(package: Package) -> None:
    package.put(f"custody/{package.recordings[0].id}/000099.tlog-proof", b"")


def swapped_tag_key(package: Package) -> None:
    edit_history(package, lambda history: history["epochs"][0].update(tag_key="00" * 32))  # type: ignore[index]


def merged_epochs(package: Package) -> None:
    edit_history(package, lambda history: history["epochs"].pop())  # type: ignore[attr-defined]


def other_proof(package: Package) -> None:
    recording = package.recordings[0].id
    source = package.folder / f"custody/{recording}/000001.tlog-proof"
    (package.folder / f"custody/{recording}/000000.tlog-proof").write_bytes(source.read_bytes())


def swapped(name: str) -> Callable[[Package], None]:
    """A file beside the payload says what the attacker wants."""

    def forge(package: Package) -> None:
        package.put(name, b"<h1>VERIFIED</h1>")

    forge.__name__ = f"swapped {name}"
    return forge


def removed_verifier(package: Package) -> None:
    (package.folder / "verify.html").unlink()


def added_verifier(package: Package) -> None:
    package.put("verify-better.html", b"<h1>VERIFIED</h1>")


BAD_DOCUMENTS: list[object] = [
    [],
    "all of them",
    {},
    {"verify.html": None},
    {"verify.html": 7},
    {"__proto__": "00" * 32},
    {"../outside": "00" * 32},
]
"""What a hand-out cannot say of the files beside the payload."""

FORGERIES: list[tuple[Callable[[Package], None], int]] = [
    (changed_original, 11),
    (changed_original_and_its_description, 11),
    (changed_metadata, 12),
    (dropped_event, 10),
    (dropped_and_renumbered, 9),
    (dropped_last, 12),
    (reordered, 10),
    (changed_payload, 8),
    (changed_payload_in_proof_too, 9),
    (stray_proof, 8),
    (swapped_tag_key, 10),
    (merged_epochs, 10),
    (other_proof, 8),
    (swapped("verify.html"), 12),
    (swapped("candor-verify.pyz"), 12),
    (swapped("INSTRUCTIONS.txt"), 12),
    (removed_verifier, 12),
    (added_verifier, 12),
]


@pytest.mark.parametrize(("forge", "number"), FORGERIES, ids=lambda value: getattr(value, "__name__", str(value)))
def test_recomputed_manifests_do_not_help(package: Package, forge: Callable[[Package], None], number: int) -> None:
    forge(package)
    package.reseal()
    for trust in (outside(package), NO_TRUST):
        report = check(package, trust)
        assert report.exit_code() == 20 + number, as_text(report)


@pytest.mark.parametrize("name", ["verify.html", "candor-verify.pyz", "INSTRUCTIONS.txt", "bag-info.txt"])
def test_manifests_cannot_vouch_for_a_verifier(package: Package, tmp_path: Path, name: str) -> None:
    """The hand-out in the log does: what it names is the file that was handed out."""
    path = package.folder / name
    path.write_bytes(path.read_bytes().replace(b"e", b"E", 1))
    assert check(package).exit_code() == 24
    package.write_tag_manifest()
    for subject in (package.folder, package.zip(tmp_path / "package.zip")):
        report = verify_package(subject, outside(package))
        assert report.exit_code() == 32, as_text(report)
        assert [number for number, outcome in outcomes(report).items() if outcome == "failed"] == [12]
        assert f"“{name}” is not the file that was handed out" in findings(report, 12)


def test_nothing_vouches_for_a_draft_and_the_report_says_so(package: Package, tmp_path: Path) -> None:
    path = package.folder / "certificate-draft.pdf"
    path.write_bytes(path.read_bytes().replace(b"draft", b"fraud"))
    package.reseal()
    for subject in (package.folder, package.zip(tmp_path / "package.zip")):
        report = verify_package(subject, outside(package))
        assert (report.verdict, report.exit_code(strict=True)) == ("verified", 0), as_text(report)
        assert "nothing vouches for: certificate-draft.pdf; it is a draft" in as_text(report)
    path.unlink()
    package.reseal()
    assert "certificate-draft.pdf" not in as_text(check(package))


def exported_with(folder: Path, **changed: object) -> Package:
    """A package whose hand-out says something else."""
    package = start_package(folder)
    package.write_payload()
    package.export(**changed)
    package.write_custody()
    package.write_tags()
    return package


def test_hand_out_that_names_no_documents_warns_loudly(tmp_path: Path) -> None:
    package = exported_with(tmp_path / "package", documents=None)
    package.put("verify.html", b"<h1>VERIFIED</h1>")
    package.reseal()
    report = check(package)
    assert (report.exit_code(), report.exit_code(strict=True)) == (0, 19)
    found = findings(report, 12)
    assert "NOTHING VOUCHES FOR “INSTRUCTIONS.txt”, “bag-info.txt”, “candor-verify.pyz”, “verify.html”" in found
    assert found.count("does not say which files were handed out beside the payload") == 2


def test_one_hand_out_that_names_the_documents_vouches_for_the_package(tmp_path: Path) -> None:
    package = start_package(tmp_path / "package")
    package.write_payload()
    first, second = package.recordings
    package.recordings = [first]
    package.export()
    package.recordings = [second]
    package.export(documents=None)
    package.recordings = [first, second]
    package.write_custody()
    package.write_tags()
    report = check(package)
    assert (report.exit_code(), report.exit_code(strict=True)) == (0, 19)
    assert "NOTHING VOUCHES" not in findings(report, 12)
    package.put("verify.html", b"<h1>VERIFIED</h1>")
    package.reseal()
    assert check(package).exit_code() == 32


@pytest.mark.parametrize("documents", BAD_DOCUMENTS, ids=str)
def test_documents_that_are_not_as_they_should_be_fail(tmp_path: Path, documents: object) -> None:
    assert check(exported_with(tmp_path / "package", documents=documents)).exit_code() == 32


def test_attacker_with_an_own_log_is_caught_by_a_key_from_outside(good: Package, tmp_path: Path) -> None:
    """Everything recomputed and signed anew, under the real log's name, with own witnesses and a swapped page."""
    forged = start_package(tmp_path / "forged", seed=66, footage=b"another story")
    forged.page = b"<h1>VERIFIED</h1>"
    finish_package(forged)
    assert forged.log_key.name == good.log_key.name

    caught = verify_package(forged.folder, outside(good))
    assert caught.exit_code() == 26
    assert outcomes(caught)[7] == "failed"

    believed = verify_package(forged.folder, NO_TRUST)
    assert believed.verdict == "consistent-not-proven"
    assert "NOT PROVEN" in as_text(believed)
    assert "forger would have put in" in findings(believed, 5)
    assert believed.log_key is not None
    assert believed.log_key.fingerprint != hashlib.sha256(good.log_key.vkey.encode()).hexdigest()


def test_key_of_another_log_is_caught_at_the_trust_step(package: Package) -> None:
    trust = Trust.from_keys([Key("other.example/log", b"\7" * 32).vkey], [], "the test")
    report = check(package, trust)
    assert report.exit_code() == 25
    assert outcomes(report)[6] == outcomes(report)[7] == "not run"
    assert outcomes(report)[12] == "passed"


def test_missing_witness_fails_the_quorum(good: Package) -> None:
    stranger = Key("witness.example.org/w9", b"\x63" * 32, 4).vkey
    trust = Trust.from_keys([good.log_key.vkey], [good.witnesses[0].vkey, stranger], "the test")
    assert check(good, trust).exit_code() == 27


def test_log_key_alone_warns_that_no_witness_was_asked(good: Package) -> None:
    report = check(good, Trust.from_keys([good.log_key.vkey], [], "the test"))
    assert (report.verdict, report.exit_code(), report.exit_code(strict=True)) == ("verified", 0, 19)
    assert "UNWITNESSED" in findings(report, 7)


def test_unwitnessed_package_warns(tmp_path: Path) -> None:
    package = build_package(tmp_path / "package", witnesses=0)
    report = check(package)
    assert report.exit_code(strict=True) == 19
    assert "UNWITNESSED" in findings(report, 7)


# ---- a dishonest or faulty exporter, with the log's own key ----------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"package": "00000000-0000-0000-0000-000000000000"},
        {"manifest_sha256": "00" * 32},
        {"events": 3},
        {"log_size": 10**6},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_export_event_must_fit_the_package(tmp_path: Path, changed: dict[str, object]) -> None:
    assert check(exported_with(tmp_path / "package", **changed)).exit_code() == 32


def test_time_running_backwards_is_a_warning(tmp_path: Path) -> None:
    package = start_package(tmp_path / "package")
    package.recordings[0].append("recording:viewed", at="2026-11-22T09:00:00.000000Z")
    finish_package(package)
    report = check(package)
    assert (report.exit_code(), report.exit_code(strict=True)) == (0, 19)
    assert "dated before" in findings(report, 10)


def test_event_dated_after_its_witness_is_a_warning(tmp_path: Path) -> None:
    package = start_package(tmp_path / "package")
    package.recordings[0].append("recording:viewed", at="2026-11-22T11:30:00.000000Z")
    finish_package(package)
    assert "witness had already seen" in findings(check(package), 10)


def test_rotation_that_names_another_key_is_caught(tmp_path: Path) -> None:
    package = start_package(tmp_path / "package")
    package.recordings[0].rotate()
    package.recordings[0].epochs[-1]["tag_key"] = "11" * 32
    finish_package(package)
    assert check(package).exit_code() == 30


def test_original_that_was_never_sealed_is_caught(tmp_path: Path) -> None:
    package = start_package(tmp_path / "package")
    package.put("data/originals/03-01-planted.mp4", b"planted")
    finish_package(package)
    report = check(package)
    assert report.exit_code() == 31
    assert "planted" in findings(report, 11)


def test_part_added_later_is_checked_too(tmp_path: Path) -> None:
    package = start_package(tmp_path / "package")
    recording = package.recordings[1]
    recording.files.append(("late.mp4", b"found on the card later"))
    recording.__class__.__post_init__(recording)
    recording.epochs.pop()
    recording.append("recording:part-added", {"parts": recording.parts[2:]})
    finish_package(package)
    assert check(package).exit_code() == 0
    (package.folder / "data/originals/02-03-late.mp4").write_bytes(b"found on the card later?")
    package.reseal()
    assert check(package).exit_code() == 31


# ---- reading ---------------------------------------------------------------------------------------------------


def test_nothing_there_is_unreadable(tmp_path: Path) -> None:
    report = verify_package(tmp_path / "nothing")
    assert (report.verdict, report.exit_code()) == ("unreadable", 3)
    assert [step.outcome for step in report.steps[1:]] == [Outcome.NOT_RUN] * 11


def test_any_folder_is_not_a_package(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear court")
    assert verify_package(tmp_path).exit_code() == 3


def test_link_in_a_package_is_refused(package: Package) -> None:
    target = package.folder / "INSTRUCTIONS.txt"
    target.unlink()
    target.symlink_to("/etc/hostname")
    report = check(package)
    assert report.exit_code() == 21
    assert "link" in findings(report, 1)


def test_folder_around_the_package_is_looked_into(package: Package) -> None:
    assert verify_package(package.folder.parent, outside(package)).verdict == "verified"


def test_progress_ends_at_the_whole(good: Package) -> None:
    seen: list[tuple[int, int]] = []
    verify_package(good.folder, progress=lambda done, total: seen.append((done, total)))
    manifest = sum((good.folder / name).stat().st_size for name in good.names() if "tagmanifest" not in name)
    assert seen[-1][0] == manifest
    assert all(done <= total for done, total in seen)


# ---- the command -----------------------------------------------------------------------------------------------


def test_command_prints_json(good: Package, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(good.folder), "--json", "--log-key", good.log_key.vkey]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["verdict"] == "verified"
    assert shown["keys"] == "outside"
    assert shown["log"]["vkey"] == good.log_key.vkey
    assert [step["step"] for step in shown["steps"]] == list(range(1, 13))


def test_command_strict_and_quiet(good: Package, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(good.folder), "--strict", "--quiet"]) == 19
    assert capsys.readouterr().out == "CONSISTENT, BUT NOT PROVEN: keys came from the package itself\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--witness", "w+00000000+AAAA"],
        ["--log-key", "not a key"],
        ["--policy", "/does/not/exist"],
        ["--file", "x"],
        ["--no-such-option"],
    ],
)
def test_wrong_usage(good: Package, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(good.folder), *arguments]) == 2
    assert capsys.readouterr().err


def test_policy_and_key_together_are_refused(good: Package, tmp_path: Path) -> None:
    policy = tmp_path / "policy.txt"
    policy.write_text(good.policy)
    assert main([str(good.folder), "--policy", str(policy), "--log-key", good.log_key.vkey]) == 2
