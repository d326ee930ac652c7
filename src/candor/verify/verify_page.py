"""`verify.html`: the browser's verifier as one file that works from a disk, offline, with nothing to install.

Rules kept here:
1. One file; its Content-Security-Policy allows the one script and the one style in it by their hashes, and nothing
   else: no network, no frames, no forms, no other code.
2. The script is the modules of `web/` as they stand, joined, not minified: whoever wants to read them can.
3. The same sources give the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources

from candor.verify import redacted
from candor.verify.report import FAILURES, LIMITS, REDACTED_FAILURES, TITLES

__all__ = ["MODULES", "build_verify_html", "page_words"]

MODULES = (
    *("tlog", "bag", "zip", "case", "contents", "withheld", "discovery", "custody"),
    *("credentials", "copies", "redacted", "trust", "package", "page"),
)
"""Joined in this order: a module stands after those it imports from."""

GROUPS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("The files", (1, 2, 3, 4)),
    ("The keys and signatures", (5, 6, 7)),
    ("The custody history", (8, 9, 10)),
    ("The footage and its hand-out", (11, 12)),
)

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([a-z]+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)


def build_verify_html() -> bytes:
    """The page, UTF-8."""
    script = _joined()
    style = _source("verify.css")
    parts = {
        "csp": (
            f"default-src 'none'; script-src 'sha256-{_digest(script)}'; style-src 'sha256-{_digest(style)}'; "
            "base-uri 'none'; form-action 'none'"
        ),
        "style": style,
        "words": page_words(),
        "script": script,
    }
    template = _source("verify_page.html")
    return re.sub(r"\{(csp|style|words|script)\}", lambda match: parts[match[1]], template).encode("utf-8")


def page_words() -> str:
    """What `page.js` reads as JSON from the element `words`; safe to stand in a page as it is."""
    words = {
        "titles": TITLES,
        "failures": FAILURES,
        "redacted": {"titles": redacted.TITLES, "failures": REDACTED_FAILURES},
        "limits": LIMITS,
        "groups": GROUPS,
    }
    return json.dumps(words, ensure_ascii=True, sort_keys=True).replace("<", "\\u003c")


def _joined() -> str:
    """The modules as one: each in a function of its own, which takes what it imports and returns what it exports."""
    pieces = []
    for name in MODULES:
        source = _source(f"{name}.js")
        taken = "".join(
            f"const {{{' '.join(names.split())}}} = from_{module};\n" for names, module in _IMPORT.findall(source)
        )
        given = ", ".join(exported for _, exported in _EXPORT.findall(source))
        body = _EXPORT.sub(r"\1 \2", _IMPORT.sub("", source))
        pieces.append(f"const from_{name} = (() => {{\n{taken}{body}return {{ {given} }};\n}})();\n")
    script = "\n" + "\n".join(pieces)
    if re.search(r"</script|<!--", script, re.IGNORECASE):
        raise ValueError("a module holds text that would end the script element")
    return script


def _source(name: str) -> str:
    return (resources.files("candor.verify") / "web" / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
