"""Names of files in a package: safe on every system, near to what the camera called them.

Pure. The name as it was sent stands in data/recordings.json.
"""

from __future__ import annotations

import re
import unicodedata

_RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST, _LONGEST_EXTENSION = 80, 10
#: Endings that a double click runs, or opens as an active page or a document with macros, on one system or another.
#: Whoever is handed footage double-clicks it; the bytes are evidence all the same, so only the name is blunted.
_RUN_BY_A_CLICK = re.compile(
    "app|appimage|bat|chm|cmd|com|command|cpl|desktop|dll|dmg|docm|exe|hta|html?|jar|jse?|lnk|mht|mhtml|msc|msi|msix|"
    "pif|pkg|pptm|ps1|pyw?|pyz|reg|scf|scr|sh|svg|terminal|url|vb[es]|ws[fh]|xht|xhtml|xlsm|xml",
    re.IGNORECASE,
)


def safe_name(name: str) -> str:
    """A file name of ASCII letters, digits, dot, hyphen and underscore, at most 80 characters, never empty.

    It begins with a letter, a digit or an underscore, so that neither a command line nor a spreadsheet takes it for
    anything but a name. Windows' reserved names, leading dots and trailing dots do not come out. The extension is
    kept, but what a double click would run or open as an active document ends in .bin.
    """
    last = re.split(r"[/\\]", name)[-1]
    plain = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode()
    # Trailing dots and spaces are dropped first, as Windows drops them: "a.exe. ." runs there.
    stem, dot, extension = plain.rstrip(". \t\r\n\0").rpartition(".")
    if not dot:
        stem, extension = extension, ""
    extension = _UNSAFE.sub("_", extension).strip("._-")[:_LONGEST_EXTENSION].rstrip("._-")
    stem = _UNSAFE.sub("_", stem).strip("._- ")
    if _RUN_BY_A_CLICK.fullmatch(extension):
        stem, extension = f"{stem or 'file'}.{extension}", "bin"
    room = _LONGEST - len(extension) - 1
    stem = stem[:room].rstrip("._-") or "file"
    found = f"{stem}.{extension}" if extension else stem
    return f"_{found}"[:_LONGEST].rstrip(".") if _RESERVED.match(found) else found


def original_path(recording: int, part: int, name: str) -> str:
    """Where an original lies in the package: numbers first, so that no two names can clash."""
    return f"data/originals/{recording:02d}-{part:02d}-{safe_name(name)}"
