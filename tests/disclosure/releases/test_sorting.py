"""The recordings of a request sorted by what a release of them still needs: each one shows, however many there are."""

from __future__ import annotations

import pytest
from tests.disclosure.decisions.office import Office
from tests.disclosure.releases.rows import Rows

from candor.disclosure.releases import sorting
from candor.disclosure.releases.offering import offered
from candor.disclosure.releases.rules import Needs
from candor.disclosure.releases.sorting import PAGE, chosen_in_order, counts_of, page_of
from candor.footage.tables import recording
from candor.people.errors import Refused


def test_each_recording_needs_one_thing(office: Office) -> None:
    found: dict[str, Needs] = {office.recording: Needs.DECISION}
    with office.archive.database.write() as tx:
        rows = Rows(tx, office)
        for needs, made, copy, state in [
            (Needs.RELEASE, "release", "ready", None),
            (Needs.RELEASE, "redact", "ready", "recalled"),
            (Needs.RELEASE, "release", "ready", "discarded"),
            (Needs.COPY, "release", None, None),
            (Needs.COPY, "redact", "waiting", None),
            (Needs.DECISION, None, "ready", None),
            (Needs.WITHHELD, "withhold", "ready", None),
            (Needs.NOTHING, "release", "ready", "prepared"),
            (Needs.NOTHING, "release", "ready", "published"),
        ]:
            one = rows.meant(len(found))
            found[one] = needs
            if made:
                rows.decided(one, made)
            if copy:
                rows.copied(one, copy)
            if state:
                rows.released(one, state)
        stretch = rows.meant(len(found))
        found[stretch] = Needs.RELEASE  # withheld but for a stretch of it
        rows.decided(stretch, "withhold")
        rows.decided(stretch, "release", 1_000)
        rows.copied(stretch)
        joined = recording.c.id == rows.meant(len(found))  # with another recording: that one is decided on
        tx.execute(recording.update().where(joined).values(state="regrouped"))
        taken_back = rows.meant(len(found))
        found[taken_back] = Needs.DECISION
        rows.decided(taken_back, "release", withdrawn_at=rows.now)
        counts, hidden = counts_of(tx, office.records, office.subject)
        assert (sum(counts.values()), hidden) == (len(found), 0)
        for needs in Needs:
            there = list(page_of(tx, office.records, office.subject, needs, 1))
            assert there == [one for one in found if found[one] is needs and one != office.recording] + (
                [office.recording] if needs is Needs.DECISION else []
            )
            assert counts[needs] == len(there)
        assert counts_of(tx, office.archive.officer, office.subject)[1] == len(found) - 1, "an officer sees their own"


def test_every_one_shows_page_by_page(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "PAGE", 4)
    monkeypatch.setattr("candor.disclosure.releases.offering.PAGE", 4)
    with office.archive.database.write() as tx:
        rows = Rows(tx, office)
        several = [rows.meant(number) for number in range(9)]
        for one in several:
            rows.decided(one, "release")
        copies = [rows.copied(one) for one in several]
    with office.archive.database.read() as tx:

        def look(page: int) -> list[str]:
            found = offered(tx, office.archive.vault, office.records, office.subject, None, page)
            assert (found.needs, found.pages, found.counts[Needs.RELEASE]) == (Needs.RELEASE, 3, 9)
            assert all(one.copies and one.decision for one in found.rows)
            return [one.recording_id for one in found.rows]

        assert [one for page in (1, 2, 3) for one in look(page)] == several
        assert look(99) == look(3)
        mixed = [copies[7], "no such copy", copies[2], copies[5]]
        chosen = chosen_in_order(tx, office.records, office.subject, mixed)
        assert [one.id for one in chosen] == [copies[2], copies[5], copies[7]]
        with pytest.raises(Refused):
            offered(tx, office.archive.vault, office.counsel, office.subject)
    assert PAGE == 50
