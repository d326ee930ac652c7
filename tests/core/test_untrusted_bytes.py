"""Untrusted bytes are parsed in limited processes: who else imports what can parse them, and why that is no harm.

Every import in src/candor is looked at, also those within functions. A parser that is imported by a module that is not
named here fails the test: it belongs into a limited process (`candor.core.limited`), or its reason stands here.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import candor

SOURCE = Path(candor.__file__).parent

WATCHED = {
    "media": "av PIL cv2 imageio wave aifc sunau sndhdr imghdr exifread piexif mutagen pymediainfo",
    "archives": "zipfile tarfile gzip bz2 lzma zlib py7zr rarfile zstandard brotli libarchive",
    "documents": "xml lxml defusedxml html.parser html5lib bs4 csv email mailbox pypdf pikepdf fitz pdfminer docx "
    "openpyxl olefile plistlib configparser yaml markdown",
    "what runs or builds objects": "pickle marshal shelve dill cloudpickle joblib ctypes cffi",
    "credentials": "webauthn cbor2 cbor asn1crypto pyasn1",
    "other programs, that could be given a file": "subprocess multiprocessing pty",
}
"""The modules that are watched, by what they read."""

HARMLESS = {"xml.sax.saxutils", "email.utils"}
"""They write, or read one date."""

MAKERS = ("filmstrip", "jpeg", "opening", "pictures", "poster", "probe", "proxy", "render", "sound", "waveform")
REPAIRERS = ("repair", "repair_copy", "repair_proof", "repair_sound")
IN_LIMITED_PROCESSES = ({f"footage/media/{name}.py" for name in (*MAKERS, *REPAIRERS)}, {"av"})
"""Modules that run in limited processes only. No module of the service imports them; see below."""

ALLOWED = {
    "core/limited_lock.py": ({"ctypes"}, "calls prctl; reads nothing"),
    "core/limited_seccomp.py": ({"ctypes"}, "calls seccomp; reads nothing"),
    "core/limited_template.py": ({"subprocess"}, "starts the limited processes"),
    "core/limited_process.py": ({"subprocess"}, "starts the limited processes"),
    "docking/reconciliation/export.py": ({"csv"}, "writes"),
    "disclosure/making.py": ({"zlib"}, "crc32 only"),
    "disclosure/small_files.py": ({"zlib"}, "crc32 only"),
    "fleet/importing.py": ({"csv"}, "the agency's own list, of bounded length"),
    "law/reading_tree.py": ({"yaml"}, "the agency's own policy: its events only, of bounded length, depth and number"),
    "web/pages/retention_changes.py": ({"csv"}, "writes"),
    "footage/media/sidecar_xml.py": ({"xml", "defusedxml"}, "runs in limited processes only"),
    "health/checks/clock.py": ({"ctypes"}, "asks the kernel about its clock"),
    "health/checks/media.py": ({"av"}, "asks which codecs there are; opens nothing"),
    "notices/delivery.py": ({"email"}, "writes mails"),
    "notices/mails.py": ({"email"}, "writes mails"),
    "notices/smtp.py": ({"email"}, "writes mails"),
    "people/auditing.py": ({"csv"}, "writes"),
    "people/passkeys.py": ({"webauthn"}, "an answer of a browser that is asked for, of bounded length"),
    "recovery/inventory.py": ({"gzip"}, "the operator's own backup, of bounded length"),
    "recovery/pieces.py": ({"gzip"}, "the operator's own backup, of bounded length"),
    "verify/zipapp.py": ({"zipfile"}, "writes the verifier"),
    "verify/zipbag.py": ({"zlib"}, "the tool of whoever was handed a package; bounded by what the package announces"),
    "demo/site.py": ({"subprocess"}, "starts this program"),
}
"""Module: what it imports of the watched, and why it may."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text("utf-8"), str(path))


def watched() -> set[str]:
    return {module for names in WATCHED.values() for module in names.split()}


def imported(tree: ast.Module) -> set[str]:
    """Full names of what is imported from outside, in whatever way a program says so."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and _imports(node.func):
            names |= {
                one.value for one in node.args[:1] if isinstance(one, ast.Constant) and isinstance(one.value, str)
            }
    return names


def _imports(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in ("import_module", "__import__")


def parsers_in(tree: ast.Module) -> set[str]:
    """The watched modules among what is imported."""
    names = {name for name in imported(tree) if not any(f"{name}.".startswith(f"{one}.") for one in HARMLESS)}
    return {module for module in watched() if any(f"{name}.".startswith(f"{module}.") for name in names)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import av.error", {"av"}),
        ("def f():\n    from xml.etree import ElementTree", {"xml"}),
        ("from html.parser import HTMLParser", {"html.parser"}),
        ("from html import escape, parser", {"html.parser"}),
        ("from importlib import import_module\nimport_module('zipfile')", {"zipfile"}),
        ("from xml.sax.saxutils import escape\nimport averages", set()),
    ],
)
def test_it_sees_imports(text: str, found: set[str]) -> None:
    assert parsers_in(ast.parse(text)) == found


def test_what_parses_is_imported_by_those_that_may_only() -> None:
    limited, their = IN_LIMITED_PROCESSES
    wrong = {}
    for name, tree in sources():
        if name.startswith("demo/footage/"):  # makes footage of its own; reads none
            continue
        allowed = their if name in limited else ALLOWED.get(name, (set(), ""))[0]
        if found := parsers_in(tree) - allowed:
            wrong[name] = found
    assert wrong == {}, "these parse outside a limited process, or their reason is not in this test"


def test_what_is_allowed_for_one_use_has_that_use_only() -> None:
    """zlib for crc32, and no shell command that a file could be given to."""
    for name, tree in sources():
        if name.startswith("verify/"):
            continue
        used = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "zlib"
        }
        assert used <= {"crc32"}, name
        commands = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
        }
        assert not commands & {"system", "popen", "posix_spawn", "posix_spawnp", "spawnv", "spawnvp", "execvp"}, name


def test_the_service_does_not_import_what_runs_in_limited_processes() -> None:
    program = (
        "import sys, candor.footage, candor.disclosure, candor.installation, candor.web.app\n"
        "print(*sorted(m for m in sys.modules if m.startswith('candor.footage.media.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded = {name.rpartition(".")[2] for name in done.stdout.split()}
    assert "examine" in loaded, "the parent's side is"
    assert loaded <= {
        "examine",
        "renditions",
        "repairs",
        "scratch",
        "findings",
        "sidecar",
        "signature_examine",
        "track",
    }
