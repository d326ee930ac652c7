"""An office that releases, under the small law of the tests of decisions."""

from __future__ import annotations

import pytest
from tests.disclosure.decisions.conftest import archive, cheap_passwords, make_archive, make_office_of, office
from tests.disclosure.decisions.office import Office
from tests.disclosure.releases.place import Releasing, settings_in

from candor.disclosure.releases import registered  # noqa: F401 - enters what it keeps

__all__ = ["archive", "cheap_passwords", "make_archive", "make_office_of", "office"]


@pytest.fixture
def releasing(office: Office) -> Releasing:
    """An office and what of it releases are made with. The footage was looked at already; nobody does that here."""
    with office.archive.database.write() as tx:
        for one in office.archive.jobs.list(tx):
            office.archive.jobs.cancel(tx, one.id)
    return Releasing(office, settings_in(office.archive.folder), office.archive.jobs)
