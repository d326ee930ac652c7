"""A few requests for records, as they come in by the portal: sealed, through its inbox."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from candor.core.clock import iso
from candor.core.files import write_durably
from candor.demo.footage.incident import NUMBER
from candor.demo.site import Demo
from candor.installation import Installation
from candor.published.entries import seal
from candor.published.errors import NotReadyForRequests
from candor.published.tracking import digest_of, new_code

__all__ = ["CODES", "ask", "first_code"]

#: Where the demo writes down the codes of its requests, as whoever asked would.
CODES = "requests.json"

#: Who asks, for what, how many days ago.
SAMPLES: tuple[tuple[int, dict[str, Any]], ...] = (
    (
        2,
        {
            "words": "I drove the grey hatchback that was bumped on Route 9 when a deer crossed. I would like to have "
            "what the troopers' cameras recorded, for my insurance.",
            "class": "depicted",
            "name": "Mara Feld",
            "contact": {"mail": "mara.feld@example.org"},
            "named": {"person": "Mara Feld", "place": "Route 9, near the bridge", "incident": NUMBER},
        },
    ),
    (
        5,
        {
            "words": "All footage of the stop on Route 9 in which two cars and a state police cruiser stood on the "
            "shoulder. We report on crashes with deer this autumn.",
            "class": "press",
            "organisation": "The Valley Ledger",
            "contact": {"mail": "desk@example.org", "phone": "+1 860 555 0142"},
            "named": {"place": "Route 9", "incident": NUMBER},
        },
    ),
    (
        1,
        {
            "words": "Is there a recording of the patrol that helped to push a car near the rest area? I want to say "
            "thank you, and to see it if I may.",
            "class": "public",
            "named": {"place": "rest area"},
        },
    ),
)


def ask(installation: Installation, demo: Demo) -> list[str]:
    """Put the sample requests into the inbox and take them in, as the rounds do; their tracking codes. Harmless to
    repeat."""
    kept = demo.folder / CODES
    if kept.exists():
        return list(json.loads(kept.read_text()))
    publishing = installation.publishing
    publishing.round()
    published, inbox = publishing.places()
    about = published.about()
    if about is None:
        raise NotReadyForRequests()
    now, codes = installation.clock.now(), [new_code() for _ in SAMPLES]
    write_durably(kept, json.dumps(codes).encode(), mode=0o600)
    for code, (days, sample) in zip(codes, SAMPLES, strict=True):
        document = {
            "wants": "copy",
            "answer": "code",
            **sample,
            "tracking": digest_of(code).hex(),
            "received_at": iso(now - timedelta(days=days)),
        }
        inbox.append("request", seal(document, (), about.recipient), clock=installation.clock)
    publishing.round()
    return codes


def first_code(demo: Demo) -> str | None:
    """The code of the first of them, for whoever looks at the portal."""
    kept = demo.folder / CODES
    return str(json.loads(kept.read_text())[0]) if kept.exists() else None
