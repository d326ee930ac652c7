"""Made-up catalogue rows for benchmarks: an agency with years of recordings. The same seed gives the same rows."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from candor.footage.indexing import words_of
from candor.footage.words import key_of, sort_text

FIRST = ["Ana", "Ben", "Carla", "Dev", "Elif", "Femi", "Grace", "Hugo", "Ines", "Jonas", "Kaya", "Liam", "Maria",
         "Marta", "Noor", "Omar", "Priya", "Quinn", "Rosa", "Sofia", "Tariq", "Uma", "Vera", "Wei", "Yara"]  # fmt: skip
LAST = ["Abbott", "Baker", "Castillo", "Dubois", "Eriksen", "Fischer", "Garcia", "Huang", "Ivanov", "Jensen", "Khan",
        "Lopez", "Martin", "Martinez", "Mason", "Nakamura", "Okafor", "Petrov", "Quintero", "Rossi", "Smith", "Suzuki",
        "Tanaka", "Underwood", "Vargas", "Weber", "Young", "Zhang"]  # fmt: skip
CATEGORIES = ["Traffic stop", "Citizen contact", "Crash", "Non-evidence", "Arrest", "Domestic", "Search", "Training",
              "Test", "Interview", "Pursuit", "Use of force"]  # fmt: skip
ROADS = ["Route 15", "Route 8", "Interstate 84", "Interstate 95", "Main Street", "Elm Street", "Merritt Parkway",
         "Harbor Road", "Mill Lane", "Station Square"]  # fmt: skip
KINDS = ["body", "body", "body", "body", "in-car", "interview-room", "drone"]
SYLLABLES = [a + b for a in "bcdfghklmnprstvw" for b in "aeiou"]


class Agency(NamedTuple):
    """Identifiers that rows refer to."""

    accounts: list[str]
    units: list[str]
    devices: list[str]


class Made(NamedTuple):
    """One recording: its row, its part's row, its words."""

    recording: dict[str, Any]
    part: dict[str, Any]
    words: list[str]


class _Row:
    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


def vocabulary(chance: random.Random, size: int = 20_000) -> list[str]:
    """Words that notes and titles are made of; the first ones are common, as in any language."""
    made = {"".join(chance.choices(SYLLABLES, k=chance.randint(2, 5))): None for _ in range(size)}
    return ["highway", "vehicle", "stop", "driver", "report", *made]


def rows(count: int, agency: Agency, seed: int = 1) -> Iterator[Made]:
    """`count` recordings over five years, oldest first, so that places in the order by start grow."""
    chance = random.Random(seed)
    words = vocabulary(chance)
    weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))
    began = datetime(2021, 11, 1, tzinfo=UTC)
    apart = timedelta(days=5 * 365) / count
    for number in range(count):
        started = began + apart * number + timedelta(milliseconds=chance.randrange(max(1, int(apart / _MILLISECOND))))
        yield _made(number, started, agency, chance, words, weights)


_MILLISECOND = timedelta(milliseconds=1)


def _identifier(chance: random.Random) -> str:
    text = f"{chance.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-7{text[13:16]}-8{text[17:20]}-{text[20:]}"


def _made(
    number: int, started: datetime, agency: Agency, chance: random.Random, words: list[str], weights: list[float]
) -> Made:
    wearer = int(chance.random() ** 1.5 * len(agency.accounts))  # some record far more than others
    identifier = _identifier(chance)
    chosen = chance.choices(words, cum_weights=weights, k=14)
    title = f"{chosen[0]} {chosen[1]} on the {chosen[2]}".capitalize()
    flags = ["nobody-known"] if chance.random() < 0.02 else []
    recording = {
        "id": identifier,
        "state": "sealed",
        "flags": flags,
        "received_at": started + timedelta(hours=chance.randrange(1, 30)),
        "wearer_id": None if flags else agency.accounts[wearer],
        "unit_id": agency.units[wearer % len(agency.units)],
        "device_id": agency.devices[wearer % len(agency.devices)],
        "device_kind": KINDS[wearer % len(KINDS)],
        "started_at": started,
        "started_source": "claim",
        "started_key": key_of(started, identifier),
        "duration_ms": chance.randrange(5_000, 3_600_000),
        "incident_number": f"{started.year}-{number:07d}" if chance.random() < 0.4 else None,
        "category": CATEGORIES[int(chance.random() ** 2 * len(CATEGORIES))],
        "title": title,
        "title_sort": sort_text(title),
        "tags": ["evidence"] if chance.random() < 0.1 else [],
        "custom": {},
        "notes": " ".join(chosen[3:]),
        "place": f"{chance.choice(ROADS)} exit {chance.randrange(1, 60)}",
        "latitude": None,
        "longitude": None,
        "size": chance.randrange(1 << 20, 1 << 32),
        "version": 1,
    }
    name = f"AXON_Body_3_Video_{started:%Y-%m-%d_%H%M}_X60A{wearer:05d}.mp4"
    part = {
        "id": _identifier(chance),
        "recording_id": identifier,
        "number": 1,
        "object_id": _identifier(chance),
        "sha256": chance.randbytes(32),
        "chunk_root": b"\0" * 32,
        "size": recording["size"],
        "name": name,
        "media_type": "video/mp4",
        "claims": {"media": {}, "times": []},
    }
    return Made(recording, part, words_of(_Row(recording), [name]))
