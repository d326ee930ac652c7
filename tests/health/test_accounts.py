"""Accounts and tokens that want a look are found, and told of once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from candor.core.clock import FixedClock
from candor.core.outbox import outbox_notice
from candor.health.checks import accounts
from candor.health.examination import CHECKS, DAY, HOUR
from candor.health.findings import Level
from candor.health.place import Place
from candor.health.watch import Watch
from candor.installation import Installation
from candor.people import reviews, service_accounts
from candor.people.rules import Permission, Role, system_actor
from candor.people.tables import account

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_nothing_to_look_at(place: Place) -> None:
    for check in (accounts.accounts, accounts.tokens):
        found = check(place)
        assert found is not None
        assert found.level is Level.OK, found.words


def test_an_account_nobody_used(place: Place, installation: Installation, fixed_clock: FixedClock) -> None:
    with installation.database.write() as tx:
        tx.execute(account.update().values(signed_in_at=fixed_clock.now()))
    fixed_clock.advance((reviews.INACTIVE_DAYS + 1) * DAY)
    found = accounts.accounts(place)
    assert found is not None
    assert (found.level, found.words) == (Level.WARN, "1 account was not used for 90 days.")


def test_a_review_that_is_due(place: Place, installation: Installation, fixed_clock: FixedClock) -> None:
    with installation.database.write() as tx:
        reviews.mark_reviewed(tx, system_actor("test"), note="", clock=fixed_clock)
    fixed_clock.advance((reviews.REVIEW_DAYS + 1) * DAY)
    with installation.database.write() as tx:
        tx.execute(account.update().values(signed_in_at=fixed_clock.now()))
    found = accounts.accounts(place)
    assert found is not None
    assert found.words.startswith("The accounts were last reviewed on")


def test_a_token_that_ends_soon_is_told_of_once(installation: Installation, fixed_clock: FixedClock) -> None:
    with installation.database.write() as tx:
        by = system_actor("test")
        roles = [Role.EVIDENCE_TECHNICIAN]
        made = service_accounts.create(
            tx, by, sign_in_name="mirror", display_name="Mirror", roles=roles, clock=fixed_clock
        )
        service_accounts.create_token(
            tx, by, made, name="nightly", scopes=[Permission.LOG_VIEW], days=10, clock=fixed_clock
        )
    watch = Watch(installation, checks=[check for check in CHECKS if check.name == "tokens"])
    for _ in range(2):
        watch.look()
        fixed_clock.advance(2 * HOUR)
    with installation.database.read() as tx:
        query = sa.select(outbox_notice.c.kind, outbox_notice.c.times).order_by(outbox_notice.c.kind)
        told = tx.execute(query).all()
    assert told == [("account:created", 1), ("token:expiring", 1)]
