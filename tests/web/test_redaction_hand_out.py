"""Handing out a redacted copy by requests alone: the form, the act, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.disclosure.redacted_copies import leave_copy
from tests.web.recording_place import Film, make_film
from tests.web.visitor import Visitor

from candor import disclosure
from candor.custody import Event, history
from candor.installation import Installation
from candor.people.rules import Role
from candor.redaction.rules import Verdict
from candor.redaction.tables import redaction

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WHOM = {"recipient": "The Daily Example", "purpose": "request 12"}


@pytest.fixture
def film(installation: Installation) -> Film:
    return make_film(installation, title="A stop of Jane Doe")


@pytest.fixture
def robin(signed_in: Callable[..., Visitor]) -> Visitor:
    return signed_in("robin", Role.RECORDS_OFFICER)


def path_of(here: Installation, film: Film, verdict: Verdict = Verdict.HOLDS) -> str:
    given = (here.database, here.vault, here.log, film.received.recording_id, b"a redacted copy")
    redaction_id, copy_id = leave_copy(*given, by="system:test", verdict=verdict)
    return f"/redactions/{redaction_id}/copies/{copy_id}/hand-out"


def test_from_the_form_to_the_package(robin: Visitor, film: Film, installation: Installation) -> None:
    path = path_of(installation, film)
    page = robin.get(path).text
    assert "Its proof holds" in page
    assert 'name="although"' not in page
    assert robin.post(path, {**WHOM, "recipient": " "}).status_code == 422
    answer = robin.post(path, WHOM)
    assert answer.status_code == 303, answer.text
    package = answer.headers["location"]
    assert "holds a redacted copy" in robin.get(package).text
    disclosure.build(installation.database, installation.vault, installation.log, package.rsplit("/", 1)[1])
    assert "Ready" in robin.get(package).text
    with installation.database.read() as tx:
        kinds = [one.kind for one in history(tx, film.received.recording_id)]
    assert kinds[-1] is Event.REDACTION_HANDED_OUT
    assert Event.RECORDING_EXPORTED not in kinds


def test_a_doubtful_one_wants_a_reason_and_a_broken_one_does_not_go(
    robin: Visitor, film: Film, installation: Installation
) -> None:
    doubtful = path_of(installation, film, Verdict.DOUBTFUL)
    assert 'name="although"' in robin.get(doubtful).text
    answer = robin.post(doubtful, WHOM)
    assert answer.status_code == 422
    assert "doubtful" in answer.text
    assert robin.post(doubtful, {**WHOM, "although": "a poster"}).status_code == 303
    broken = path_of(installation, film, Verdict.BROKEN)
    page = robin.get(broken).text
    assert "cannot be handed out" in page
    assert "Hand out</button>" not in page
    assert robin.post(broken, {**WHOM, "although": "a poster"}).status_code in (403, 409)


def test_who_may(signed_in: Callable[..., Visitor], film: Film, installation: Installation) -> None:
    path = path_of(installation, film)
    officer = signed_in("okafor", Role.OFFICER)
    assert officer.get(path).status_code == 403
    assert officer.post(path, WHOM).status_code == 403
    robin = signed_in("robin", Role.RECORDS_OFFICER)
    other = path.replace(path.split("/")[2], "0193a1b2-0000-7000-8000-000000000001")
    assert robin.get(other).status_code == 404
    assert robin.get(path.replace(path.split("/")[4], "0193a1b2-0000-7000-8000-000000000001")).status_code == 404


def test_what_was_changed_since_is_said_before_an_older_copy_goes(
    robin: Visitor, film: Film, installation: Installation
) -> None:
    path = path_of(installation, film)
    assert "to the redaction since" not in robin.get(path).text
    with installation.database.write() as tx:
        tx.execute(redaction.update().values(edit=redaction.c.edit + 2))
    assert "2 changes were made to the redaction since" in robin.get(path).text
