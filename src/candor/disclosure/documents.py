"""The files beside the payload whose bytes are known when a package is handed out, so that the event can name them.

They follow from the plan and from the program alone: nothing that is known only later (the log's checkpoint, its
witnesses) may stand in them. Whoever swaps one of them is then caught by a verifier with the log's key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from candor import __version__
from candor.disclosure.errors import ProgramChanged
from candor.disclosure.instructions import OF_DISCOVERY, instructions
from candor.disclosure.payload import payload_of
from candor.disclosure.redacted_instructions import redacted_instructions
from candor.verify.note import VerifierKey
from candor.verify.verify_page import build_verify_html
from candor.verify.zipapp import build_zipapp


def documents(
    plan: Mapping[str, Any], *, package: str, created_at: datetime, recipient: str, log: VerifierKey
) -> dict[str, bytes]:
    """Each file's bytes by its name; the same for the same plan, as long as the program is the same."""
    text = (redacted_instructions if "redacted" in plan else instructions)(
        agency=plan["agency"],
        package=package,
        created_at=created_at,
        recipient=recipient,
        origin=log.name,
        vkey=log.format(),
    )
    if "discovery" in plan:
        text += OF_DISCOVERY
    return {
        "INSTRUCTIONS.txt": text.replace("\n", "\r\n").encode(),  # Notepad of old Windows shows it too
        "bag-info.txt": _bag_info(plan, package, created_at, recipient),
        "candor-verify.pyz": build_zipapp(),
        "verify.html": build_verify_html(),
    }


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of each file in hex, as the hand-out names them."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def must_be_those_on_record(package: str, on_record: Mapping[str, str] | None, files: Mapping[str, bytes]) -> None:
    """Raise ProgramChanged when these are not the files that the hand-out of the package names.

    `on_record` is None for a hand-out from before they were named: then there is nothing to compare with.
    """
    if on_record is None:
        return
    made = digests(files)
    other = sorted(name for name in made.keys() | on_record.keys() if made.get(name) != on_record.get(name))
    if other:
        raise ProgramChanged(id=package, names=", ".join(other))


def _bag_info(plan: Mapping[str, Any], package: str, created_at: datetime, recipient: str) -> bytes:
    sizes = [one["size"] for one in plan["originals"]] + [len(data) for data in payload_of(plan).values()]
    count = len({one["recording"] for one in plan["originals"]})
    what = f"{count} recording{'s' if count != 1 else ''}"
    if "redacted" in plan:
        copies = len(plan["originals"])
        what = "a redacted copy" if copies == 1 else f"{copies} redacted copies of {what}"
    lines = {
        "Source-Organization": plan["agency"],
        "External-Identifier": package,
        "External-Description": f"{what} handed out; recipient: {recipient}",
        "Bagging-Date": f"{created_at:%Y-%m-%d}",
        "Payload-Oxum": f"{sum(sizes)}.{len(sizes)}",
        "Bag-Software-Agent": f"Candor {__version__}",
    }
    # RFC 8493 2.2.2: one line each; a line break in a value would make another label.
    return "".join(f"{label}: {' '.join(value.split())}\n" for label, value in lines.items()).encode()
