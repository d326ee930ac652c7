"""Listing and reading a card: by descriptors, never through a link, and never a byte written."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from candor.docking.cards import listing as listing_module
from candor.docking.cards.errors import CardGone, CardTooLarge
from candor.docking.cards.listing import Card, CardFile, numbers_files


@pytest.fixture
def card(tmp_path: Path) -> Path:
    root = tmp_path / "card"
    for name in ("DCIM/100MEDIA/B.MP4", "DCIM/100MEDIA/A.MP4", "DCIM/Thumbs.db", ".DS_Store", "empty.bin"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"" if "empty" in name else name.encode())
    (tmp_path / "elsewhere.mp4").write_bytes(b"outside")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x.mp4").write_bytes(b"outside too")
    (root / "outside.mp4").symlink_to(tmp_path / "elsewhere.mp4")
    (root / "linked").symlink_to(tmp_path / "folder")
    os.mkfifo(root / "pipe.mp4")
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(os.path.relpath(root / "socket.mp4"))
    return root


def test_listing(card: Path) -> None:
    with Card(card) as opened:
        found = opened.listing()
    assert [file.path for file in found.files] == ["DCIM/100MEDIA/A.MP4", "DCIM/100MEDIA/B.MP4", "empty.bin"]
    assert {left.path: left.of_the_system for left in found.left_out} == {
        ".DS_Store": True,
        "DCIM/Thumbs.db": True,
        "linked": False,
        "outside.mp4": False,
        "pipe.mp4": False,
        "socket.mp4": False,
    }
    assert found.size == sum((card / file.path).stat().st_size for file in found.files)


def test_a_named_link_is_followed_and_one_on_the_way_is_not(card: Path, tmp_path: Path) -> None:
    (tmp_path / "mounted").symlink_to(card)
    with Card(tmp_path / "mounted") as opened:
        file = opened.listing().files[0]
        shutil.move(card / "DCIM", tmp_path / "moved")
        (card / "DCIM").symlink_to(tmp_path / "moved")
        for act in (opened.open, opened.look_at, opened.sha256, opened.fingerprint):
            with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
                act(file)


def test_what_is_no_file_any_more(card: Path) -> None:
    with Card(card) as opened:
        file = next(one for one in opened.listing().files if one.path == "empty.bin")
        (card / "empty.bin").unlink()
        os.mkfifo(card / "empty.bin")
        with pytest.raises(OSError, match="no regular file"):
            opened.open(file)


def test_fingerprints_tell_files_apart(card: Path) -> None:
    with Card(card) as opened:
        first = next(one for one in opened.listing().files if one.path.endswith("A.MP4"))
        before = opened.fingerprint(first)
        assert before == opened.fingerprint(first)
        assert before != opened.fingerprint(first, "CAM1"), "of another camera"
        status = (card / first.path).stat()
        (card / first.path).write_bytes(b"x" * first.size)
        os.utime(card / first.path, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert opened.fingerprint(first) != before, "same place, size and date, other content"


def test_gone(tmp_path: Path) -> None:
    with pytest.raises(CardGone, match="No such file"):
        Card(tmp_path / "nowhere")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CardGone, match="Not a directory"):
        Card(tmp_path / "file")


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing_module, "MOST_FILES", 3)
    monkeypatch.setattr(listing_module, "DEEPEST", 2)
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/b/c/deep.mp4").touch()
    with Card(tmp_path) as opened:
        assert [left.path for left in opened.listing().left_out] == ["a/b/c"]
        for number in range(4):
            (tmp_path / f"{number}.mp4").touch()
        with pytest.raises(CardTooLarge):
            opened.listing()


def test_a_folder_that_cannot_be_read_is_named(card: Path) -> None:
    if os.getuid() == 0:
        pytest.skip("root reads everything")
    (card / "DCIM/100MEDIA").chmod(0)
    try:
        with Card(card) as opened:
            found = opened.listing()
        assert "DCIM/100MEDIA" in {left.path for left in found.left_out}
    finally:
        (card / "DCIM/100MEDIA").chmod(0o755)


def test_numbers_of_files_that_the_kernel_makes_up() -> None:
    """As on the file systems of most cards: they change when memory is short, and the file is the same."""
    mounts = (
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "40 22 8:17 / /media/with\\040space rw,nosuid - vfat /dev/sdb1 ro\n"
        "41 22 8:33 / /media/b rw master:3 - exfat /dev/sdc1 rw\n"
    )
    kept = [numbers_files(os.makedev(8, minor), mounts) for minor in (1, 17, 33, 99)]
    assert kept == [True, False, False, True]


def test_a_file_without_a_number_is_the_same_file(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing_module, "numbers_files", lambda device: False)
    with Card(card) as opened:
        assert {file.inode for file in opened.listing().files} == {0}
        assert all(opened.look_at(file).as_it_was == file.as_it_was for file in opened.listing().files)


def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.MP4")
    (tmp_path / name).write_bytes(b"film")
    with Card(tmp_path) as opened:
        (file,) = opened.listing().files
        assert opened.sha256(file) == (hashlib.sha256(b"film").digest(), 4)
        assert opened.listing().digest()
    assert isinstance(file, CardFile)


def test_only_reading_calls_are_made(card: Path) -> None:
    """As the kernel sees it: no call that opens for writing, makes, renames, changes or removes anything."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    program = (
        "import sys; from candor.docking.cards.listing import Card\n"
        "print('BEGIN', file=sys.stderr, flush=True)\n"
        "with Card(__import__('pathlib').Path(sys.argv[1])) as card:\n"
        "    for file in card.listing().files: card.sha256(file); card.fingerprint(file)\n"
    )
    done = subprocess.run(
        [strace, "-f", "-e", "trace=file,desc", sys.executable, "-c", program, str(card)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    if done.returncode:
        pytest.skip("strace may not trace here")
    calls = done.stderr.split("BEGIN", 1)[1]
    assert "A.MP4" in calls
    for word in ("O_WRONLY", "O_RDWR", "O_CREAT", "unlink", "rename", "mkdir", "chmod", "utimens", "ftruncate"):
        assert word not in calls, word
