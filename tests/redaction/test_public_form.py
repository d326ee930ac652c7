"""The public form of a proof: it says how well it went, and not where the masks are."""

from __future__ import annotations

import json
from typing import Any

from candor.redaction.proving import Proof, public_form
from candor.redaction.rules import Verdict

REPORT: dict[str, Any] = {
    "verdict": "doubtful",
    "reasons": {"mosaic-recovered": 1},
    "findings": [
        {"what": "mosaic-recovered", "at": 4711, "track": "Jane", "box": [1, 2, 3, 4], "words": "of a mosaic"}
    ],
    "inside": {
        "attempts": 2,
        "flat": 5.0,
        "solid": 30,
        "weaker": [
            {"at": 4711, "attempts": 2, "once": 5, "pictures": 20, "style": "mosaic", "together": 9, "track": "Jane"}
        ],
        "weaker_tracks": 1,
        "worst": {"at": 4711, "box": [19, 22, 75, 87], "ms": 4812, "spread": 0.21, "track": "Jane"},
    },
    "geometry": {"document": {"tracks": ["Jane"]}},
}


def test_it_names_no_mask_time_or_place() -> None:
    public = public_form(REPORT)
    text = json.dumps(public)
    for secret in ("Jane", "4711", "4812", "box", "geometry"):
        assert secret not in text, secret
    assert public["findings"] == {"mosaic-recovered": 1}
    assert public["inside"]["weaker"] == [{"style": "mosaic", "attempts": 2, "once": 5, "together": 9}]
    assert public["inside"]["worst"] == {"spread": 0.21}
    assert (public["inside"]["solid"], public["inside"]["weaker_tracks"]) == (30, 1)


def test_the_whole_report_stays_what_it_is() -> None:
    before = json.dumps(REPORT)
    proof = Proof(Verdict.DOUBTFUL, REPORT)
    assert proof.public() == Proof.decode(proof.encode()).public()
    assert json.dumps(REPORT) == before


def test_a_report_without_what_was_tried_is_read_too() -> None:
    assert public_form({"inside": {"worst": None}, "findings": []})["inside"] == {"weaker": [], "worst": None}
    assert public_form({})["findings"] == {}
