"""Lists of known passwords: in memory and on disk, in order and not, and what cannot be used."""

from __future__ import annotations

import hashlib
import logging
import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.people import password_list, passwords
from candor.people.errors import PasswordListed, PasswordListUnusable
from candor.people.password_list import PasswordList, list_at


def sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest().upper()


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every file were larger than memory takes."""
    monkeypatch.setattr(password_list, "LARGEST_IN_MEMORY", 0)


def write(path: Path, lines: list[str], end: str = "\n") -> PasswordList:
    path.write_bytes("".join(line + end for line in lines).encode())
    return PasswordList(path)


def test_without_a_list_nothing_stands_on_it() -> None:
    assert not PasswordList(None).holds("password1234")
    assert PasswordList(None).look() is None


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_text(tmp_path: Path, end: str) -> None:
    known = write(tmp_path / "list", ["correct horse battery", "cafe\u0301 au lait noir", "", "x"], end)
    assert known.holds("correct horse battery")
    assert known.holds("caf\u00e9 au lait noir"), "composed otherwise, still the same"
    assert not known.holds("correct horse batter")
    assert not known.holds("")
    found = known.look()
    assert found is not None
    assert found.form == "text"


@pytest.mark.parametrize("shape", ["{}", "{}:12", "lower"])
@pytest.mark.parametrize("in_order", [True, False])
def test_hashes_in_memory(tmp_path: Path, shape: str, in_order: bool) -> None:
    lines = [sha1(f"password number {n}") for n in range(300)]
    lines.sort(reverse=not in_order)
    lines = [line.lower() if shape == "lower" else shape.format(line) for line in lines]
    known = write(tmp_path / "list", lines)
    assert all(known.holds(f"password number {n}") for n in range(300))
    assert not any(known.holds(f"another number {n}") for n in range(300))


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_hashes_on_disk(tmp_path: Path, on_disk: None, counted: bool, end: str) -> None:
    chance = random.Random(3)
    lines = sorted(sha1(f"password number {n}") for n in range(2000))
    lines = [f"{line}:{chance.randrange(1, 10**6)}" if counted else line for line in lines]
    known = write(tmp_path / "list", lines, end)
    assert all(known.holds(f"password number {n}") for n in range(2000))
    assert not any(known.holds(f"another number {n}") for n in range(2000))
    found = known.look()
    assert found is not None
    assert (found.form, found.lines) == ("hashes in order", None)


@settings(max_examples=60, deadline=None)
@given(held=st.sets(st.integers(0, 400), min_size=1, max_size=60), last_newline=st.booleans())
def test_on_disk_it_is_the_same_as_in_memory(
    tmp_path_factory: pytest.TempPathFactory, held: set[int], last_newline: bool
) -> None:
    path = tmp_path_factory.mktemp("list") / "list"
    lines = sorted(f"{sha1(str(n))}{':7' if n % 2 else ''}" for n in held)
    path.write_text("\n".join(lines) + "\n" * last_newline)
    disk = password_list._Disk(path, path.stat().st_size)
    for n in range(401):
        assert disk.holds(bytes.fromhex(sha1(str(n)))) is (n in held)


def test_a_large_list_in_another_order_is_refused(tmp_path: Path, on_disk: None) -> None:
    lines = [sha1(f"password number {n}") for n in range(500)]
    with pytest.raises(PasswordListUnusable, match="not in order"):
        write(tmp_path / "list", lines).holds("password number 3")


def test_large_text_is_refused_with_what_to_do(tmp_path: Path, on_disk: None) -> None:
    with pytest.raises(PasswordListUnusable, match="make a list of SHA-1 hashes"):
        write(tmp_path / "list", ["password1234"]).holds("password1234")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.touch(), "holds no lines"),
        (lambda path: path.write_text("\n\n\n"), "holds no lines"),
        (lambda path: path.write_text((sha1("a") + "\n") * 60 + "not a hash\n"), "line 61 is no SHA-1"),
    ],
)
def test_what_cannot_be_used_is_never_passed_over(tmp_path: Path, make: object, words: str) -> None:
    path = tmp_path / "list"
    make(path)  # type: ignore[operator]
    known = PasswordList(path)
    with pytest.raises(PasswordListUnusable, match=words):
        passwords.check_new_password("four unrelated quiet words", "name", known)
    with pytest.raises(PasswordListUnusable, match=words):
        known.look()


def test_on_disk_a_line_that_is_no_hash_is_found(tmp_path: Path, on_disk: None) -> None:
    path = tmp_path / "list"
    lines = sorted(sha1(str(n)) for n in range(100))
    path.write_text("\n".join(lines) + "\nrubbish\n" * 3)
    with pytest.raises(PasswordListUnusable, match="no SHA-1 hash"):
        PasswordList(path).holds("anything, as its hash is looked for at the end: " + "z" * 3)


def test_a_sign_in_goes_on_without_a_usable_list_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="candor.people"):
        assert PasswordList(tmp_path / "gone").holds_if_known("password1234") is False
    assert "gone" in caplog.text
    assert "password1234" not in caplog.text


def test_a_list_that_is_replaced_is_read_again(tmp_path: Path) -> None:
    known = write(tmp_path / "list", ["first known password"])
    assert known.holds("first known password")
    (tmp_path / "new").write_text("second known password\n")
    os.replace(tmp_path / "new", tmp_path / "list")
    assert known.holds("second known password")
    assert not known.holds("first known password")


def test_a_listed_password_is_refused_when_chosen(tmp_path: Path) -> None:
    known = write(tmp_path / "list", ["four unrelated quiet words"])
    with pytest.raises(PasswordListed):
        passwords.check_new_password("four unrelated quiet words", "name", known)
    passwords.check_new_password("four unrelated quiet birds", "name", known)


def test_one_list_per_path(tmp_path: Path) -> None:
    assert list_at(tmp_path / "x") is list_at(tmp_path / "x")
    assert list_at(None).path is None
