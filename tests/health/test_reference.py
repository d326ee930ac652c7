"""docs/reference/health.md against the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.docs.pages import REFERENCE, codes, sections

from candor.health.examination import CHECKS, DAY, HOUR, MINUTE
from candor.health.findings import Level
from candor.health.metrics import Metrics
from candor.health.place import Place

PAGE = sections(REFERENCE / "health.md")


def test_every_check_how_often_and_who_is_told() -> None:
    stated = {codes(row[0])[0]: (row[1], row[2].strip("`"), row[3].strip("`")) for row in PAGE["The checks"].rows()}
    real = {
        check.name: (
            {MINUTE: "each minute", HOUR: "each hour", DAY: "each day"}[check.every],
            getattr(check.notice(Level.WARN), "value", "–"),
            getattr(check.notice(Level.BAD), "value", "–"),
        )
        for check in CHECKS
    }
    assert stated == real
    assert list(stated) == [check.name for check in CHECKS]


def test_every_level() -> None:
    assert [row[0] for row in PAGE["Levels"].rows()] == list(Level)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_figure(place: Place, sealed: str, tmp_path: Path) -> None:
    from candor.core.ids import new_id
    from candor.recovery.tables import backup_run

    now = place.clock.now()
    with place.database.write() as tx:
        run = {"id": new_id(), "place": "/mnt/backup", "kind": "folder", "started_at": now, "ended_at": now}
        tx.execute(backup_run.insert(), run)
    metrics = Metrics(place)
    metrics.request("GET", "/", 200, 0.1)
    text = metrics.text().decode()
    real: dict[str, set[str]] = {}
    for line in text.splitlines():
        found = re.fullmatch(r"(candor_\w+?)(?:_bucket|_count|_sum)?(?:\{(.*)\})? \S+", line)
        if found and not found[1].endswith("_created"):
            labels = set(re.findall(r"(\w+)=", found[2] or "")) - {"le"}
            real.setdefault(found[1], set()).update(labels)
    stated = {codes(row[0])[0]: set(codes(row[1])) for row in PAGE["Figures"].rows()}
    assert stated == real
