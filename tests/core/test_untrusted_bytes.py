"""Untrusted bytes are parsed in limited processes: who else imports what can parse them, and why that is no harm.

Every import in src/candor is looked at, also those within functions. A parser that is imported by a module that is not
named here fails the test: it belongs into a limited process (`candor.core.limited`), or its reason stands here.
"""

from __future__ import annotations

import ast
import re
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
    "models": "onnx onnxruntime ctranslate2 faster_whisper pocketsphinx torch tensorflow safetensors",
}
"""The modules that are watched, by what they read."""

HARMLESS = {"xml.sax.saxutils", "email.utils"}
"""They write, or read one date."""

MAKERS = (
    *("filmstrip", "jpeg", "mark_drawing", "mark_work", "opening", "pictures", "poster", "probe", "proxy", "render"),
    *("sound", "waveform"),
)
REPAIRERS = ("repair", "repair_copy", "repair_found", "repair_proof", "repair_rebuild", "repair_sound")
LOOKERS = ("frames_work", "plan_work", "sound_shape_work", "times")
HIDERS = ("burn", "container", "encoder", "painting", "passing", "render_work", "rendering_all", "smart", "sound_hide")
PROVERS = ("compare_container", "compare_sound", "proof_work")
IN_LIMITED_PROCESSES = (
    {
        *(f"footage/media/{name}.py" for name in (*MAKERS, *REPAIRERS, "signature_check", "work")),
        *(f"redaction/media/{name}.py" for name in (*LOOKERS, *HIDERS, *PROVERS, "work")),
        "redaction/speech/listening.py",
    },
    {"av"},
)
"""Modules that run in limited processes only. No module of the service imports them; see below."""

ALLOWED = {
    "core/spreadsheets.py": ({"csv"}, "writes"),
    "core/limited_lock.py": ({"ctypes"}, "calls prctl; reads nothing"),
    "core/limited_seccomp.py": ({"ctypes"}, "calls seccomp; reads nothing"),
    "core/limited_template.py": ({"subprocess"}, "starts the limited processes"),
    "core/limited_process.py": ({"subprocess"}, "starts the limited processes"),
    "disclosure/requests/table_in.py": (
        {"csv"},
        "a table that the office brings in, of bounded length",
    ),
    "docking/reconciliation/export.py": ({"csv"}, "writes"),
    "disclosure/credentials/library.py": (
        {"ctypes"},
        "calls an installed package, in a process of its own",
    ),
    "disclosure/making.py": ({"zlib"}, "crc32 only"),
    "disclosure/small_files.py": ({"zlib"}, "crc32 only"),
    "fleet/importing.py": ({"csv"}, "the agency's own list, of bounded length"),
    "law/reading_tree.py": ({"yaml"}, "the agency's own policy: its events only, of bounded length, depth and number"),
    "web/pages/retention_changes.py": ({"csv"}, "writes"),
    "footage/media/sidecar_xml.py": ({"xml", "defusedxml"}, "runs in limited processes only"),
    "footage/media/mark_drawing.py": ({"PIL"}, "draws letters of a font that an installed package ships"),
    "health/checks/clock.py": ({"ctypes"}, "asks the kernel about its clock"),
    "health/checks/media.py": ({"av"}, "asks which codecs there are; opens nothing"),
    "notices/delivery.py": ({"email"}, "writes mails"),
    "notices/mails.py": ({"email"}, "writes mails"),
    "notices/smtp.py": ({"email"}, "writes mails"),
    "people/auditing.py": ({"csv"}, "writes"),
    "people/passkeys.py": ({"webauthn"}, "an answer of a browser that is asked for, of bounded length"),
    "portal/__main__.py": ({"ctypes"}, "calls prctl; reads nothing"),
    "portal/process.py": ({"subprocess"}, "starts the portal"),
    "recovery/inventory.py": ({"gzip"}, "the operator's own backup, of bounded length"),
    "recovery/pieces.py": ({"gzip"}, "the operator's own backup, of bounded length"),
    "redaction/known/coding.py": ({"av"}, "writes footage that is made here; reads none"),
    "redaction/known/drawing.py": ({"cv2"}, "draws"),
    "redaction/known/plates.py": ({"cv2"}, "draws"),
    "redaction/known/portraits.py": ({"cv2"}, "reads pictures that installed packages ship; draws"),
    "redaction/known/scene.py": ({"cv2"}, "draws"),
    "redaction/measure/bench.py": ({"subprocess"}, "knows the peer's failure; starts nothing"),
    "redaction/measure/peers.py": ({"subprocess"}, "runs the peer, on clips that were made here or that a user names"),
    "redaction/media/areas.py": ({"cv2"}, "draws masks"),
    "redaction/media/compare.py": ({"cv2"}, "compares raw pixels"),
    "redaction/media/cuts.py": ({"cv2"}, "compares raw pixels"),
    "redaction/media/flow.py": ({"cv2"}, "follows points in raw pixels"),
    "redaction/media/frames_work.py": ({"cv2"}, "scales raw pixels"),
    "redaction/media/mosaic.py": ({"cv2"}, "scales raw pixels"),
    "redaction/media/persons.py": ({"cv2"}, "compares colours of raw pixels"),
    "redaction/media/planes.py": ({"cv2"}, "scales raw pixels"),
    "redaction/media/proof_work.py": ({"cv2"}, "scales raw pixels"),
    "redaction/media/recovering.py": ({"cv2"}, "sharpens raw pixels"),
    "redaction/media/residual.py": ({"cv2"}, "measures raw pixels"),
    "redaction/models/boxes.py": ({"cv2"}, "scales raw pixels"),
    "redaction/models/examining.py": (
        {"onnx"},
        "a model that somebody with the right to it registers, of bounded size",
    ),
    "redaction/models/preparing.py": ({"onnx", "onnxruntime"}, "the model of an installed package"),
    "redaction/models/sessions.py": (
        {"onnxruntime"},
        "models of installed packages, and registered ones, by their hash",
    ),
    "redaction/models/text_boxes.py": ({"cv2", "onnx"}, "warps raw pixels; the words of an installed package's model"),
    "redaction/speech/sphinx.py": ({"pocketsphinx"}, "the model of an installed package; hears samples"),
    "redaction/speech/whisper.py": (
        {"ctranslate2", "faster_whisper"},
        "the operator's own model, by its path; hears samples",
    ),
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
        allowed = (their if name in limited else set()) | ALLOWED.get(name, (set(), ""))[0]
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


#: What OpenCV reads files, streams or models with. Everything else of it takes pixels.
OPENCV_READS = re.compile(
    r"im(read|decode|count)\w*|have\w*|Video\w*|FileStorage|FileNode|dnn\w*|read\w+|\w*Classifier\w*|\w*_create"
)


def test_opencv_is_given_pixels_only() -> None:
    """Not bytes that it would have to parse, but for the photographs that installed packages ship."""
    found = {
        (name, node.attr)
        for name, tree in sources()
        if not name.startswith("demo/footage/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "cv2"
        if OPENCV_READS.fullmatch(node.attr)
    }
    assert found == {("redaction/known/portraits.py", "imread")}
    assert not any("cv2." in one for _, tree in sources() for one in imported(tree)), "import cv2 whole, to be seen"


def _above(name: str) -> Iterator[str]:
    """A module's name, and those of the packages that it is in."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def test_what_runs_in_limited_processes_is_imported_there_only() -> None:
    """In any way, at any moment: a module that imports one of them is one of them. Tasks are started by their name."""
    limited, _ = IN_LIMITED_PROCESSES
    names = {f"candor.{name.removesuffix('.py').replace('/', '.')}" for name in limited}
    assert not [name for name in limited if not (SOURCE / name).is_file()]
    wrong = {
        name: found
        for name, tree in sources()
        if name not in limited
        if (found := {one for full in imported(tree) for one in _above(full) if one in names})
    }
    assert wrong == {}, "these would bring a parser of footage into the service"


def test_the_service_does_not_import_what_runs_in_limited_processes() -> None:
    program = (
        "import sys, candor.footage, candor.disclosure, candor.installation, candor.web.app\n"
        "import candor.redaction.verifying, candor.redaction.media.proof, candor.redaction.speech.writing\n"
        "print(*sorted(m for m in sys.modules if m.startswith('candor.footage.media.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded = {name.rpartition(".")[2] for name in done.stdout.split()}
    assert "examine" in loaded, "the parent's side is"
    assert loaded <= {
        "examine",
        "mark",
        "renditions",
        "repairs",
        "scratch",
        "findings",
        "sidecar",
        "signature_examine",
        "track",
    }
