from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.disclosure.file_names import original_path, safe_name
from candor.verify.bag import name_fault


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("X60A_0001.MP4", "X60A_0001.MP4"),
        ("Über den Dächern.mp4", "Uber_den_Dachern.mp4"),
        ("видео.mp4", "file.mp4"),
        ("日本語.mov", "file.mov"),
        ("../../etc/passwd", "passwd"),
        ("C:\\clips\\a.avi", "a.avi"),
        ("a\nb.mp4", "a_b.mp4"),
        ("gpj\u202e4pm.exe", "gpj4pm.exe.bin"),
        ("invoice.pdf.exe. .", "invoice.pdf.exe.bin"),
        ("RUN.HTML", "RUN.HTML.bin"),
        (".htaccess", "file.htaccess"),
        (".exe", "file.exe.bin"),
        ("CON", "_CON"),
        ("con.mp4", "_con.mp4"),
        ("-rf", "rf"),
        ("=1+1.mp4", "1_1.mp4"),
        ("@SUM(A1).mp4", "SUM_A1.mp4"),
        ("...", "file"),
        ("", "file"),
        ("\0", "file"),
        ("a" * 300 + ".mp4", "a" * 76 + ".mp4"),
        ("100%.mp4", "100.mp4"),
        ("clip.", "clip"),
        (".000000000:0", "file.000000000"),
    ],
)
def test_table(given_name: str, expected: str) -> None:
    assert safe_name(given_name) == expected


@given(st.text(max_size=200), st.integers(1, 10_000), st.integers(1, 10_000))
def test_any_name_is_safe_everywhere(name: str, recording: int, part: int) -> None:
    found = safe_name(name)
    assert 1 <= len(found) <= 81
    assert found.isascii()
    assert found[0] not in "=+-@.\t\r"
    assert safe_name(found) in (found, found.lstrip("_"), f"_{found}")
    assert name_fault(original_path(recording, part, name)) is None
    assert name_fault(f"data/originals/{found}") is None


@given(st.lists(st.text(max_size=20), min_size=2, max_size=8))
def test_no_two_names_clash(names: list[str]) -> None:
    paths = [original_path(1, part, name).casefold() for part, name in enumerate(names, 1)]
    assert len(set(paths)) == len(paths)
