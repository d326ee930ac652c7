"""The table of roles, and what a refusal says."""

from __future__ import annotations

import pytest

from candor.people.errors import Refused
from candor.people.rules import (
    GRANTS,
    GUESTS,
    PERMISSION_WORDS,
    ROLE_EXPLAINED,
    ROLE_WORDS,
    Actor,
    Permission,
    Role,
    allowed,
    system_actor,
)

SEES = {
    Role.OFFICER: {Permission.RECORDINGS_VIEW_OWN},
    Role.SUPERVISOR: {Permission.RECORDINGS_VIEW_OWN, Permission.RECORDINGS_VIEW_UNIT},
    Role.COUNSEL: {Permission.RECORDINGS_VIEW_ALL, Permission.RECORDINGS_VIEW_RESTRICTED},
    Role.EVIDENCE_TECHNICIAN: {Permission.RECORDINGS_VIEW_ALL, Permission.RECORDINGS_VIEW_RESTRICTED},
    Role.RECORDS_OFFICER: {Permission.RECORDINGS_VIEW_ALL, Permission.RECORDINGS_VIEW_RESTRICTED},
    Role.PROSECUTOR_GUEST: set(),
    Role.DEFENCE_GUEST: set(),
    Role.OVERSIGHT: set(),
    Role.PROGRAMME_MANAGER: set(),
    Role.RESEARCHER: set(),
    Role.ADMINISTRATOR: set(),
}


@pytest.mark.parametrize("role", list(Role))
def test_who_sees_footage(role: Role) -> None:
    views = {permission for permission in Permission if permission.startswith("recordings:view-")}
    assert {permission for permission in views if allowed([role], permission)} == SEES[role]


@pytest.mark.parametrize("role", list(Role))
def test_only_the_administrator_keeps_accounts(role: Role) -> None:
    assert bool(allowed([role], Permission.ACCOUNTS_MANAGE)) is (role is Role.ADMINISTRATOR)


def test_guests_of_a_case_have_no_right_by_their_role_alone() -> None:
    assert frozenset({Role.PROSECUTOR_GUEST, Role.DEFENCE_GUEST}) == GUESTS
    assert GRANTS[Role.PROSECUTOR_GUEST] == GRANTS[Role.DEFENCE_GUEST] == {Permission.LOG_VIEW}


def test_a_decision_names_its_rule() -> None:
    yes = allowed([Role.OFFICER, Role.SUPERVISOR], Permission.RECORDINGS_VIEW_UNIT)
    assert yes
    assert yes.rule == "people.role supervisor recordings:view-unit"
    no = allowed([Role.OFFICER], Permission.RECORDINGS_EXPORT)
    assert not no
    assert no.rule == "people.no-role recordings:export"
    assert no.reason == "only these roles may hand out packages of recordings: Evidence technician, Records officer"


def test_a_role_nobody_knows_grants_nothing() -> None:
    assert not any(allowed(["superuser", ""], permission) for permission in Permission)
    assert not any(allowed([], permission) for permission in Permission)


def test_require_raises_with_the_rule() -> None:
    actor = Actor("a", frozenset({Role.OFFICER}), None, "A")
    actor.require(Permission.RECORDINGS_VIEW_OWN)
    with pytest.raises(Refused, match=r"rule people\.no-role accounts:manage") as caught:
        actor.require(Permission.ACCOUNTS_MANAGE)
    assert caught.value.exit_code == 5


def test_every_permission_and_role_has_words_and_an_order() -> None:
    assert set(PERMISSION_WORDS) == set(Permission)
    assert set(ROLE_WORDS) == set(ROLE_EXPLAINED) == set(GRANTS) == set(Role)
    assert list(Permission) == sorted(Permission, key=str)
    assert set().union(*GRANTS.values()) == set(Permission)


def test_the_system_may_everything_and_is_named_as_system() -> None:
    actor = system_actor("demo")
    assert actor.account_id == "system:demo"
    assert all(actor.may(permission) for permission in Permission)
