"""The part of the walk in which redaction is measured: one small clip, with a detector that needs no model."""

from __future__ import annotations

from typing import Any

import pytest
from tests.redaction.detectors import Bright

from candor.cli import redact_bench
from candor.redaction.measure.clips import ClipSet


def bench(site: Any) -> None:
    """One clip of one second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redact_bench, "SETS", (ClipSet("small", (320, 180), 1, (21,), faces=2),))
        patch.setattr(redact_bench, "_shipped", lambda _folder: {"face": [Bright]})
        site.run("candor redact bench", "--deface", "no-such-command")
