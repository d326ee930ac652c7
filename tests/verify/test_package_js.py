"""The browser's verifier, run under Node, comes to the same outcome at every step as the Python one.

Each of the two is the other's check: they share no code, only the formats.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from candor.verify.package import verify_package
from candor.verify.report import Report
from candor.verify.trust import NO_TRUST, Trust

from .package_builder import Package, build_package, start_package
from .test_package import BAD_DOCUMENTS, FORGERIES, all_files, exported_with
from .test_package_zip import TRICKS, made

NODE = shutil.which("node")
SCRIPTS = Path(__file__).parents[1] / "js"

pytestmark = pytest.mark.skipif(
    NODE is None,
    reason="NO NODE HERE: THE BROWSER'S VERIFIER WAS NOT COMPARED with the Python one. apt-get install nodejs npm",
)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build_package(tmp_path_factory.mktemp("good") / "package")


@pytest.fixture
def package(good: Package, tmp_path: Path) -> Package:
    folder = tmp_path / "package"
    shutil.copytree(good.folder, folder)
    return Package(folder, good.log_key, good.witnesses, good.log, good.recordings, good.package)


@pytest.fixture(scope="module", autouse=True)
def verifier() -> Iterator[None]:
    """One Node for all tests of this file."""
    assert NODE is not None
    command = [NODE, "--no-warnings", str(SCRIPTS / "verify_package.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        RUNNING.append(process)
        yield
        RUNNING.clear()
        assert process.stdin is not None
        process.stdin.close()
        process.wait(20)


RUNNING: list[subprocess.Popen[str]] = []


def in_browser(path: Path, *keys: str) -> dict[str, Any]:
    (process,) = RUNNING
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"path": str(path), "keys": keys}) + "\n")
    process.stdin.flush()
    found: dict[str, Any] = json.loads(process.stdout.readline())
    return found


def outside(package: Package) -> Trust:
    return Trust.from_keys([package.log_key.vkey], [key.vkey for key in package.witnesses], "the test")


def compare(path: Path, package: Package, *, keys: bool = True) -> Report:
    """Both verifiers on the same package; returns Python's report."""
    ours = verify_package(path, outside(package) if keys else NO_TRUST)
    given = [package.log_key.vkey, *(key.vkey for key in package.witnesses)] if keys else []
    theirs = in_browser(path, *given)
    outcomes = {step.number: step.outcome.value for step in ours.steps}
    assert {step["step"]: step["outcome"] for step in theirs["steps"]} == outcomes
    assert theirs["verdict"] == ours.verdict
    assert theirs["keys"] == ours.keys
    return ours


def test_unit_tests_of_the_modules() -> None:
    assert NODE is not None
    tests = sorted(map(str, SCRIPTS.glob("*.test.mjs")))
    command = [NODE, "--no-warnings", "--test", *tests]
    left = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert left.returncode == 0, left.stdout[-4000:]


def test_types_of_the_modules() -> None:
    root = SCRIPTS.parents[1]
    checker = os.environ.get("CANDOR_TSC", str(root / "node_modules/.bin/tsc"))
    if not Path(checker).exists():
        pytest.skip(
            "NO TYPESCRIPT HERE: THE TYPES OF THE BROWSER'S MODULES WERE NOT CHECKED. `./run test` installs it where "
            "there are npm and its registry (apt-get install nodejs npm); or set CANDOR_TSC to its tsc"
        )
    left = subprocess.run([checker, "-p", str(root)], capture_output=True, text=True, timeout=120, check=False)
    assert left.returncode == 0, left.stdout


def test_good_package(good: Package, tmp_path: Path) -> None:
    ours = compare(good.folder, good)
    assert ours.verdict == "verified"
    theirs = in_browser(good.folder, good.log_key.vkey)
    assert ours.log_key is not None
    assert theirs["log"]["fingerprint"] == ours.log_key.fingerprint
    assert compare(good.folder, good, keys=False).verdict == "consistent-not-proven"
    assert compare(good.zip(tmp_path / "p.zip"), good).verdict == "verified"


@pytest.mark.parametrize("name", all_files())
def test_every_file_flipped(package: Package, name: str) -> None:
    path = package.folder / name
    data = bytearray(path.read_bytes() or b"\0")
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert compare(package.folder, package).verdict == "failed"


@pytest.mark.parametrize(("forge", "number"), FORGERIES, ids=lambda value: getattr(value, "__name__", str(value)))
def test_every_forgery(package: Package, forge: Callable[[Package], None], number: int) -> None:
    forge(package)
    package.reseal()
    assert compare(package.folder, package).exit_code() == 20 + number


def step_12(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = next(step for step in in_browser(path)["steps"] if step["step"] == 12)
    return found


def test_draft_that_nothing_vouches_for(package: Package) -> None:
    package.put("certificate-draft.pdf", b"swapped")
    package.reseal()
    ours = compare(package.folder, package)
    assert ours.verdict == "verified"
    (said,) = (step.notes for step in ours.steps if step.number == 12)
    assert step_12(package.folder)["notes"][-2:] == said[-2:]
    assert "nothing vouches for: certificate-draft.pdf; it is a draft" in said


@pytest.mark.parametrize("documents", [None, *BAD_DOCUMENTS], ids=str)
def test_hand_out_with_other_documents(tmp_path: Path, documents: object) -> None:
    package = exported_with(tmp_path / "package", documents=documents)
    ours = compare(package.folder, package)
    assert ours.exit_code(strict=True) == (19 if documents is None else 32)
    (said,) = (step.findings for step in ours.steps if step.number == 12)
    assert step_12(package.folder)["findings"] == said


def test_own_log_of_an_attacker(good: Package, tmp_path: Path) -> None:
    forged = build_package(tmp_path / "forged", seed=66, footage=b"another story")
    assert compare(forged.folder, good).exit_code() == 26
    assert compare(forged.folder, good, keys=False).verdict == "consistent-not-proven"


def test_unwitnessed(tmp_path: Path) -> None:
    compare(build_package(tmp_path / "package", witnesses=0).folder, start_package(tmp_path, witnesses=0))


@pytest.mark.parametrize("trick", TRICKS)
def test_path_tricks_in_a_zip(good: Package, tmp_path: Path, trick: str) -> None:
    members = [(f"p/{n}", (good.folder / n).read_bytes()) for n in good.names()]
    path = made(tmp_path / "trick.zip", [*members, (trick, b"x")])
    assert compare(path, good).exit_code() == 21


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9999])
def test_truncated_zip(good: Package, tmp_path: Path, share: float) -> None:
    data = good.zip(tmp_path / "whole.zip").read_bytes()
    path = tmp_path / "cut.zip"
    path.write_bytes(data[: int(len(data) * share)])
    assert compare(path, good).exit_code() == 3
