"""`candor-verify.pyz`: this package as one file that runs under a bare Python 3.9 or newer, made byte for byte alike.

Left out are the parts that only make things: this builder and the verification page. What remains needs nothing
but the standard library, so `python3 -I candor-verify.pyz PATH` works where nothing can be installed.

Source: PEP 441. Fixed times, fixed order, stored: the same sources give the same bytes on every machine.
"""

from __future__ import annotations

import io
import zipfile
from importlib import resources

__all__ = ["build_zipapp"]

LEFT_OUT = frozenset({"zipapp.py", "verify_page.py"})
TIME = (1980, 1, 1, 0, 0, 0)
SHEBANG = b"#!/usr/bin/env python3\n"

ENTRY = b'''"""Checks a package that Candor handed out. Run: python3 candor-verify.pyz PATH"""

import sys

if sys.version_info < (3, 9):
    sys.exit("candor-verify needs Python 3.9 or newer.")

from candor.verify.__main__ import main

sys.exit(main())
'''
ROOM = b'"""Candor: only the part that checks packages and proofs."""\n'


def build_zipapp() -> bytes:
    """The archive: a line for the shell, then a zip of the sources."""
    files = {"__main__.py": ENTRY, "candor/__init__.py": ROOM}
    for item in resources.files("candor.verify").iterdir():
        if item.is_file() and item.name.endswith(".py") and item.name not in LEFT_OUT:
            files[f"candor/verify/{item.name}"] = item.read_bytes().replace(b"\r\n", b"\n")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as zipped:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, TIME)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            zipped.writestr(entry, files[name])
    return SHEBANG + archive.getvalue()
