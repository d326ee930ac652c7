"""The one-file verifier: the same bytes every time, the same answers as the package under a bare Python, and
outsiders' tools (`sha256sum`, the bagit library) take the package too."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import bagit
import pytest

from candor.verify.__main__ import main
from candor.verify.zipapp import build_zipapp

from .package_builder import Package, build_package


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build_package(tmp_path_factory.mktemp("good") / "package")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "candor-verify.pyz"
    path.write_bytes(build_zipapp())
    return path


def bare_python() -> str:
    """The system's Python where there is one (no packages of ours), else the one that runs the tests."""
    return shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable


def run(program: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [bare_python(), "-I", "-S", str(program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=program.parent, check=False)


def test_built_twice_alike() -> None:
    assert build_zipapp() == build_zipapp()


def test_holds_nothing_but_the_verifier(program: Path) -> None:
    with zipfile.ZipFile(program) as archive:
        names = archive.namelist()
    assert names == sorted(names)
    assert set(names) >= {"__main__.py", "candor/verify/package.py", "candor/verify/ed25519.py"}
    assert not [name for name in names if "web" in name or name.endswith(("verify_page.py", "zipapp.py"))]


def test_written_in_what_python_3_9_reads(program: Path) -> None:
    with zipfile.ZipFile(program) as archive:
        for name in archive.namelist():
            ast.parse(archive.read(name), name, feature_version=(3, 9))


@pytest.mark.parametrize("spoiled", [None, "bagit.txt", "data/originals/01-01-stop.mp4", "custody/checkpoint"])
def test_same_answers_under_a_bare_python(
    good: Package, program: Path, tmp_path: Path, spoiled: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "package"
    shutil.copytree(good.folder, folder)
    if spoiled is not None:
        data = bytearray((folder / spoiled).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / spoiled).write_bytes(data)
    policy = tmp_path / "policy.txt"
    policy.write_text(good.policy)
    for arguments in ([folder, "--json", "--policy", policy], [folder, "--json"], [folder, "--strict"]):
        left = run(program, *arguments)
        code = main([str(argument) for argument in arguments])
        assert (left.returncode, left.stdout, left.stderr) == (code, capsys.readouterr().out, "")


def test_swapped_page_under_a_bare_python(good: Package, program: Path, tmp_path: Path) -> None:
    folder = tmp_path / "package"
    shutil.copytree(good.folder, folder)
    spoiled = Package(folder, good.log_key, good.witnesses, good.log, good.recordings, good.package)
    spoiled.put("verify.html", b"<h1>VERIFIED</h1>")
    spoiled.reseal()
    for path in (folder, spoiled.zip(tmp_path / "p.zip")):
        left = run(program, path, "--log-key", good.log_key.vkey)
        assert left.returncode == 32, left.stdout
        assert "“verify.html” is not the file that was handed out" in left.stdout


def test_zip_under_a_bare_python(good: Package, program: Path, tmp_path: Path) -> None:
    left = run(program, good.zip(tmp_path / "p.zip"), "--json", "--log-key", good.log_key.vkey)
    assert left.returncode == 0, left.stderr
    assert json.loads(left.stdout)["verdict"] == "verified"


def test_without_arguments_it_says_how(program: Path) -> None:
    left = run(program)
    assert left.returncode == 2
    assert "PATH" in left.stderr
    assert "21 bag" in run(program, "--help").stdout


def test_sha256sum_takes_the_manifests(good: Package) -> None:
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--strict", "--quiet", "-c", name], cwd=good.folder, check=True, timeout=60)


def test_bagit_library_takes_the_bag(good: Package) -> None:
    bag = bagit.Bag(str(good.folder))
    assert bag.is_valid()
    assert bag.version_info == (1, 0)
    assert sorted(bag.payload_files()) == [name for name in good.names() if name.startswith("data/")]
