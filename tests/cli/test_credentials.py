"""candor credentials: a key made, brought in and shown; a film's credentials read by anybody."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography import x509
from tests.cli.conftest import Candor
from tests.disclosure.credentials.films import authority, film, signed_by_library
from tests.disclosure.credentials.test_keys import chain, pem


@pytest.fixture
def signed(tmp_path: Path) -> tuple[Path, Path]:
    """A film with credentials, and the root that signed it."""
    copy, root = tmp_path / "copy.mp4", tmp_path / "root.pem"
    copy.write_bytes(signed_by_library(film()))
    root.write_text(authority()[0].root_pem)
    return copy, root


def test_nothing_to_show_where_nothing_is_set_up(candor: Candor) -> None:
    assert candor("credentials", "show").code == 9


def test_made_shown_and_brought_in(candor: Candor, tmp_path: Path) -> None:
    film_file = tmp_path / "clip.mp4"
    film_file.write_bytes(film())
    assert candor("ingest", film_file).code == 0
    shown = candor("credentials", "show")
    assert (shown.code, "candor credentials make" in shown.err) == (4, True)
    made = candor("credentials", "make", "--json")
    assert made.code == 0
    assert made.json["origin"] == "made"
    assert candor("credentials", "make", "--json").json["id"] == made.json["id"]
    root = candor("credentials", "show", "--root").out
    assert x509.load_pem_x509_certificate(root.encode()).subject.rfc4514_string().startswith("CN=Candor")
    given, key = chain()
    (tmp_path / "chain.pem").write_bytes(given)
    (tmp_path / "key.pem").write_bytes(pem(key))
    brought = candor("credentials", "import", tmp_path / "chain.pem", "--key", tmp_path / "key.pem", "--json")
    assert (brought.code, brought.json["origin"]) == (0, "imported")
    assert [one["in_use"] for one in candor("credentials", "show", "--json").json] == [True, False]
    roots = candor("credentials", "show", "--roots").out
    assert len(x509.load_pem_x509_certificates(roots.encode())) == 2
    assert "State Police" in candor("credentials", "show").out
    refused = candor("credentials", "import", film_file, "--key", tmp_path / "key.pem")
    assert (refused.code, "cannot be read" in refused.err) == (3, True)
    assert "PRIVATE" not in made.out + brought.out + roots


def test_checked_by_somebody_without_an_installation(candor: Candor, signed: tuple[Path, Path]) -> None:
    copy, root = signed
    bare = hashlib.sha256(film()).hexdigest()
    found = candor("credentials", "check", copy, "--root", root, "--sha256", bare.upper())
    assert found.code == 0
    assert "signed by The Agency, whose root certificate was given" in found.out
    assert f"SHA-256 {bare}, {len(film()):,} bytes" in found.out
    assert "That is the SHA-256 given." in found.out
    stranger = candor("credentials", "check", copy)
    assert stranger.code == 0
    assert "Who signed is not checked" in stranger.out
    told = candor("credentials", "check", copy, "--root", root, "--json").json
    assert (told["right"], told["trusted"], told["without"]["sha256"]) == (True, True, bare)


def test_another_root_is_told_and_another_hash_is_a_fault(
    candor: Candor, signed: tuple[Path, Path], tmp_path: Path
) -> None:
    copy, _ = signed
    other = tmp_path / "other.pem"
    other.write_bytes(chain()[0])
    found = candor("credentials", "check", copy, "--root", other, "--sha256", "00" * 32)
    assert found.code == 6
    assert "with a key of none of the roots given" in found.out
    assert "That is NOT the SHA-256 given." in found.out


def test_a_changed_film_does_not_hold(candor: Candor, signed: tuple[Path, Path]) -> None:
    copy, root = signed
    data = bytearray(copy.read_bytes())
    data[-20] ^= 1
    copy.write_bytes(data)
    found = candor("credentials", "check", copy, "--root", root)
    assert found.code == 6
    assert "They do NOT hold" in found.out
    assert "assertion.bmffHash.mismatch" in found.out


def test_films_without_and_files_that_are_none(candor: Candor, tmp_path: Path) -> None:
    bare, junk = tmp_path / "bare.mp4", tmp_path / "junk"
    bare.write_bytes(film())
    junk.write_bytes(b"\x1b[2J no film " * 100)
    found = candor("credentials", "check", bare)
    assert (found.code, "no content credentials" in found.err) == (4, True)
    found = candor("credentials", "check", junk)
    assert found.code == 3
    assert "\x1b" not in found.err
    found = candor("credentials", "check", bare, "--root", junk)
    assert (found.code, "no certificate that can be read" in found.err) == (3, True)
