"""Statistics by month against a plain recount; hours and fees; documents."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.disclosure.requests.place import RequestPlace

from candor.core.ids import new_id
from candor.disclosure.decisions.tables import release_decision
from candor.disclosure.releases.tables import release, release_copy
from candor.disclosure.requests import documents, errors, fees, hours, meant, statistics
from candor.disclosure.requests.rules import DocumentKind, Outcome
from candor.disclosure.requests.tables import records_request
from candor.footage.tables import part
from candor.law.vocabulary import Charge
from candor.people.errors import Refused
from candor.redaction.tables import redacted_copy, redaction, redaction_edit, redaction_part, redaction_watched
from candor.store import Vault, create_keyring
from candor.store.folder import FolderStore
from candor.store.keys import KeyRing

ZONE = ZoneInfo("America/New_York")
_WHEN = st.datetimes(datetime(2025, 12, 28), datetime(2026, 4, 4), timezones=st.just(UTC))
_ENDS = st.sampled_from([None, *Outcome])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(st.tuples(_WHEN, _ENDS, st.booleans(), st.booleans(), st.integers(0, 40)), max_size=12))
def test_the_months_are_what_a_plain_recount_says(here: RequestPlace, made: list[tuple[Any, ...]]) -> None:
    rows = [_row(number, *one) for number, one in enumerate(made)]
    with here.database.write() as tx:
        tx.execute(records_request.delete())
        if rows:
            tx.execute(records_request.insert(), rows)
    with here.database.read() as tx:
        found = statistics.by_month(tx, here.records, date(2026, 1, 9), date(2026, 3, 31), clock=here.clock)
    assert [one.first for one in found.months] == [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]
    for month in found.months:
        received = [row for row in rows if _month(row["received_at"]) == month.first]
        closed = [row for row in rows if row["closed_at"] and _month(row["closed_at"]) == month.first]
        answered = [row for row in closed if row["outcome"] != "withdrawn"]
        assert month.received == len(received)
        assert month.answered == len(answered)
        assert month.withdrawn == len(closed) - len(answered)
        assert month.late == sum(row["late"] for row in answered)
        assert month.in_time == sum(not row["late"] and row["due_at"] is not None for row in answered)
        assert month.no_clock == sum(row["due_at"] is None for row in answered)
        assert month.in_time + month.late + month.no_clock == month.answered
        assert month.outcomes == Counter(Outcome(row["outcome"]) for row in closed)
    assert found.total.received == sum(one.received for one in found.months)
    assert sum(count for _, count in found.open_by_age) == sum(row["closed_at"] is None for row in rows)
    lines = list(csv.reader(io.StringIO("".join(statistics.csv_of(found)))))
    assert lines[0] == list(statistics.COLUMNS)
    assert len(lines) == 5
    assert [int(line[1]) for line in lines[1:4]] == [one.received for one in found.months]


def _row(number: int, received: datetime, end: Outcome | None, late: bool, clock: bool, days: int) -> dict[str, Any]:
    closed = None if end is None else received + timedelta(days=days)
    late = late and clock and end not in (None, Outcome.WITHDRAWN)
    return {
        "id": new_id(),
        "number": f"R-{number}",
        "tracking_digest": number.to_bytes(32, "big"),
        "channel": "clerk",
        "state": "received" if end is None else "answered",
        "received_at": received,
        "entered_at": received,
        "entered_by": "x",
        "requester_class": "public",
        "requester_name": "",
        "organisation": "",
        "contact": {},
        "words": "x",
        "named": {},
        "wants": "copy",
        "search_key": "",
        "version": 1,
        "closed_at": closed,
        "due_at": received if clock else None,
        "late": late,
        "outcome": None if end is None else end.value,
        "answered_at": closed if end is not Outcome.WITHDRAWN else None,
    }


def _month(moment: datetime) -> date:
    return moment.astimezone(ZONE).date().replace(day=1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("first", "last"), [(date(2026, 2, 1), date(2026, 1, 1)), (date(2000, 1, 1), date(2026, 1, 1))]
)
def test_months_that_cannot_be_are_refused(here: RequestPlace, first: date, last: date) -> None:
    with here.database.read() as tx:
        with pytest.raises(errors.RequestsQueryWrong):
            statistics.by_month(tx, here.records, first, last)
        with pytest.raises(Refused):
            statistics.by_month(tx, here.officer, date(2026, 1, 1), date(2026, 1, 1))


def test_what_was_withheld_and_released_is_counted_from_decisions_and_releases(here: RequestPlace) -> None:
    one, other = here.record(duration_ms=3_600_000), here.record(hours=1, duration_ms=1_800_000)
    wrong, asked = here.record(hours=2), here.ask()
    now = here.clock.now()
    with here.database.write() as tx:
        meant.mean(tx, here.records, asked.id, [one, other, wrong], why="They may be.", clock=here.clock)
        meant.not_mean(tx, here.records, asked.id, [wrong], why="Another day.", clock=here.clock)
        decision = {"reason": "x", "weighed": [], "decided_by": "x", "decided_at": now, "book": "", "citation": "§ 1"}
        decision |= {"request_id": asked.id, "exemption": "us-ct/privacy"}
        for which, how, gone in (
            (one, "redact", None),
            (one, "redact", None),
            (other, "withhold", None),
            (other, "withhold", now),
            (wrong, "withhold", None),  # it is not meant any more
        ):
            row = {**decision, "id": new_id(), "recording_id": which, "decision": how, "withdrawn_at": gone}
            tx.execute(release_decision.insert(), row)
        row = {**decision, "id": new_id(), "recording_id": one, "decision": "release", "exemption": "", "citation": ""}
        tx.execute(release_decision.insert(), row)
        identifier = new_id()
        row = {
            "id": identifier,
            "number": "RL-1",
            "audience": "public",
            "state": "published",
            "title": "",
            "summary": "",
        }
        row |= {"prepared_by": "x", "prepared_at": now, "published_at": now, "basis": {}, "version": 1}
        # Of the first recording a part of ten minutes went out.
        lengths = ("package", None), ("copy", 600_000), ("copy", 1_800_000), ("copy", None)
        row["files"] = [{"kind": kind, "duration_ms": length} for kind, length in lengths]
        tx.execute(release.insert(), row)
        for place, which in enumerate((one, one, other)):
            row = {"release_id": identifier, "position": place, "copy_id": new_id(), "recording_id": which}
            tx.execute(release_copy.insert(), {**row, "although": ""})
        found = statistics.by_month(tx, here.records, now.date(), now.date(), clock=here.clock)
    assert found.total.withheld == {"us-ct/privacy": 2}
    assert found.total.hours_released == "0.67"
    assert "us-ct/privacy: 2" in "".join(statistics.csv_of(found))


_MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("minutes", "watched", "wanted"),
    [
        ((), {}, 0),
        ((0,), {}, 1),
        ((0, 3, 5), {}, 1 + 5),
        ((0, 3, 60), {}, 1 + 3 + 1),  # a pause is no work
        ((0,), {"a": 600}, 10),  # of editing and watching the longer counts
        ((0, 4, 8, 12), {"a": 60, "b": 120}, 13 + 2),
    ],
)
def test_time_worked(minutes: tuple[int, ...], watched: dict[str, int], wanted: int) -> None:
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    assert hours.worked([("a", begun + _MINUTE * one) for one in minutes], watched) == _MINUTE * wanted


def test_hours_and_fees_rest_on_this_installations_own_figures(here: RequestPlace) -> None:
    here.law()
    asked, one = here.ask(), here.record(duration_ms=1_200_000)
    with here.database.write() as tx:
        meant.mean(tx, here.records, asked.id, [one], why="It is.", clock=here.clock)
        assert hours.pace(tx) is None
        assert hours.expected(tx, [asked.id]) == {}
        assert fees.estimate(tx, here.records, asked.id, clock=here.clock).redactions == 0
    _finished(here, one, edits=10, watched=600, duration=300)
    with here.database.write() as tx:
        pace = hours.pace(tx)
        assert pace is not None
        assert (pace.redactions, pace.footage) == (1, timedelta(seconds=300))
        assert pace.per_minute == _MINUTE * 2
        found = hours.expected(tx, [asked.id])[asked.id]
        assert (found.work, found.footage, found.redactions) == (_MINUTE * 40, _MINUTE * 20, 1)
        estimate = fees.record_estimate(tx, here.records, asked.id, pages=4, clock=here.clock)
        assert estimate.counts[Charge.RECORDING] == 1
        assert estimate.counts[Charge.REDACTION_HOUR] == Decimal("0.66")
        # Connecticut charges nothing for redacting; pages cost what the rule says, as counsel adopted it.
        assert all(one.line.unit is not Charge.REDACTION_HOUR for one in estimate.fees.sums)
        (line,) = [one for one in estimate.fees.sums if one.line.unit is Charge.PAGE]
        assert estimate.totals == {"USD": line.line.amount * 4}
        last = fees.last_estimate(tx, asked.id)
        assert last is not None
        assert last.totals == {"USD": str(estimate.totals["USD"])}
        for wrong in ({"pages": -1}, {"pages": 10**9}, {"work_hours": Decimal("NaN")}, {"work_hours": Decimal(-1)}):
            with pytest.raises(errors.RequestFieldWrong):
                fees.estimate(tx, here.records, asked.id, **wrong)  # type: ignore[arg-type]


def _finished(here: RequestPlace, recording_id: str, *, edits: int, watched: int, duration: int) -> None:
    """A finished redaction: so many edits a minute apart, so many seconds watched, of so many seconds of footage."""
    identifier, who, now = new_id(), here.records.account_id, here.clock.now()
    with here.database.write() as tx:
        part_id = tx.scalar(sa.select(part.c.id).where(part.c.recording_id == recording_id))
        row = {"id": identifier, "recording_id": recording_id, "title": "", "wanted": {}, "edit": edits}
        tx.execute(redaction.insert(), {**row, "logged_edit": 0, "created_by": who, "created_at": now})
        row = {"redaction_id": identifier, "part_id": part_id, "state": "ready", "facts": {"duration": str(duration)}}
        tx.execute(redaction_part.insert(), row)
        for number in range(edits):
            at = now + _MINUTE * number
            row = {"redaction_id": identifier, "number": number + 1, "author": who, "made_at": at, "words": ""}
            tx.execute(redaction_edit.insert(), {**row, "acts": []})
        row = {"redaction_id": identifier, "number": edits + 1, "author": "system:redaction", "made_at": now}
        tx.execute(redaction_edit.insert(), {**row, "words": "", "acts": []})
        row = {"redaction_id": identifier, "part_id": part_id, "account_id": who, "runs": [[0, watched - 1]], "edit": 1}
        tx.execute(redaction_watched.insert(), {**row, "updated_at": now})
        row = {
            "id": new_id(),
            "redaction_id": identifier,
            "part_id": part_id,
            "edit": 1,
            "state": "ready",
            "wanted": {},
        }
        tx.execute(redacted_copy.insert(), {**row, "asked_by": who, "asked_at": now, "ready_at": now})


PDF, PNG, JPEG = b"%PDF-1.7\n...", b"\x89PNG\r\n\x1a\n...", b"\xff\xd8\xff\xe0..."


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (PDF, "application/pdf"),
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        ("Grüße, a consent.\r\n".encode(), "text/plain"),
        (b"<html><script>alert(1)</script>", "text/plain"),
        (b"MZ\x90\x00", None),
        (b"PK\x03\x04", None),
        (b"  \n", None),
        (b"\xff\xfea\0", None),
        (b"GIF89a\x01\x00", None),
    ],
)
def test_the_first_bytes_say_what_a_document_is(content: bytes, wanted: str | None) -> None:
    assert documents.type_of(content) == wanted


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A vault in a folder."""
    create_keyring(tmp_path / "keys")
    return Vault(FolderStore(tmp_path / "store"), KeyRing.load(tmp_path / "keys"))


def test_documents_are_sealed_as_they_came_and_go_out_under_a_safe_name(here: RequestPlace, vault: Vault) -> None:
    asked = here.ask()
    taken = documents.take(vault, "../../etc/\u202epasswd\0.exe", io.BytesIO(PDF * 1000))
    with here.database.write() as tx:
        made = documents.add(tx, vault, here.records, taken, "consent", request_id=asked.id, clock=here.clock)
        found, stream = documents.open_document(tx, vault, here.counsel, made)
        with stream:
            assert stream.read() == PDF * 1000
        assert found.kind is DocumentKind.CONSENT
        assert found.media_type == "application/pdf"
        assert found.file_name.endswith(".pdf")
        assert "/" not in found.file_name
        assert "\u202e" not in found.file_name
        assert [one.id for one in documents.documents_of(tx, here.records, request_id=asked.id)] == [made]
        documents.mark_sent(tx, made, clock=here.clock)
        assert documents.document_of(tx, here.records, made).sent_at == here.clock.now()
        for act in (
            lambda: documents.documents_of(tx, here.officer, request_id=asked.id),
            lambda: documents.open_document(tx, vault, here.officer, made),
            lambda: documents.add(tx, vault, here.counsel, taken, "other", request_id=asked.id),
        ):
            with pytest.raises(Refused):
                act()
        with pytest.raises(errors.DocumentUnknown):
            documents.document_of(tx, here.records, "none")
        with pytest.raises(errors.RequestFieldWrong):
            documents.add(tx, vault, here.records, documents.take(vault, "a", PNG), "spell", request_id=asked.id)


def test_what_is_too_large_empty_or_something_else_is_refused(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LARGEST", 1000)
    for content, why in ((PDF * 1000, "too large"), (b"", "empty"), (b"MZ\x90\x00", "something else")):
        for source in (content, io.BytesIO(content)):
            with pytest.raises(errors.DocumentRefused, match=why):
                documents.take(vault, "paper.pdf", source)
    assert replace(documents.take(vault, "", PDF), name="x").media_type == "application/pdf"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_request_has_no_end_of_documents(here: RequestPlace, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST", 1)
    asked = here.ask()
    with here.database.write() as tx:
        documents.add(tx, vault, here.records, documents.take(vault, "a", PDF), "other", request_id=asked.id)
        with pytest.raises(errors.DocumentRefused, match="already"):
            documents.add(tx, vault, here.records, documents.take(vault, "b", PDF), "other", request_id=asked.id)
