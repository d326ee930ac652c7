"""The files under data/ that are written for a package, as its plan keeps them.

Texts stand in `plan["payload"]` as they are; what is no text (a PDF) stands in `plan["papers"]` in base64.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

__all__ = ["papers_kept", "payload_of"]


def payload_of(plan: Mapping[str, Any]) -> dict[str, bytes]:
    """Each file's bytes by its name, the originals and copies not among them."""
    found = {name: text.encode() for name, text in plan["payload"].items()}
    return found | {name: base64.b64decode(text) for name, text in plan.get("papers", {}).items()}


def papers_kept(papers: Mapping[str, bytes]) -> dict[str, str]:
    """Files as `plan["papers"]` keeps them."""
    return {name: base64.b64encode(data).decode("ascii") for name, data in papers.items()}
