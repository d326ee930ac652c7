"""Roles and what each may do: one table, read by every face. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from candor.people.errors import Refused


class Role(StrEnum):
    """What somebody is in the agency. An account may have several."""

    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    COUNSEL = "counsel"
    EVIDENCE_TECHNICIAN = "evidence_technician"
    RECORDS_OFFICER = "records_officer"
    PROSECUTOR_GUEST = "prosecutor_guest"
    DEFENCE_GUEST = "defence_guest"
    OVERSIGHT = "oversight"
    PROGRAMME_MANAGER = "programme_manager"
    RESEARCHER = "researcher"
    ADMINISTRATOR = "administrator"


#: Roles of people who are not the agency's. Whoever has one has no other: a side of a case is never staff as well.
GUESTS = frozenset({Role.PROSECUTOR_GUEST, Role.DEFENCE_GUEST})


class Permission(StrEnum):
    """What a role can allow, alphabetical. `…_own`: recordings worn by oneself; `…_unit`: of one's unit."""

    ACCOUNTS_MANAGE = "accounts:manage"
    AUDIT_VIEW = "audit:view"
    CASES_MANAGE = "cases:manage"
    CASES_VIEW = "cases:view"
    CATEGORIES_MANAGE = "categories:manage"
    CREDENTIALS_MANAGE = "credentials:manage"
    DEVICES_MANAGE = "devices:manage"
    DISCOVERY_MANAGE = "discovery:manage"
    DOCKS_MANAGE = "docks:manage"
    DOCKS_VIEW = "docks:view"
    DUTIES_VIEW = "duties:view"
    FINDINGS_DECIDE = "findings:decide"
    FINDINGS_NOTE = "findings:note"
    FIXITY_RUN = "fixity:run"
    HOLDS_MANAGE = "holds:manage"
    JOBS_VIEW = "jobs:view"
    KEYS_MANAGE = "keys:manage"
    LAW_ADOPT = "law:adopt"
    LAW_CHANGE = "law:change"
    LAW_VIEW = "law:view"
    LOG_VIEW = "log:view"
    MODELS_MANAGE = "models:manage"
    NOTICES_MANAGE = "notices:manage"
    POLICY_MANAGE = "policy:manage"
    RECORDINGS_CHANGE_ALL = "recordings:change-all"
    RECORDINGS_CHANGE_OWN = "recordings:change-own"
    RECORDINGS_CHANGE_UNIT = "recordings:change-unit"
    RECORDINGS_EXPORT = "recordings:export"
    RECORDINGS_PURGE = "recordings:purge"
    RECORDINGS_REDACT = "recordings:redact"
    RECORDINGS_TAKE_IN = "recordings:take-in"
    RECORDINGS_VIEW_ALL = "recordings:view-all"
    RECORDINGS_VIEW_OWN = "recordings:view-own"
    RECORDINGS_VIEW_RESTRICTED = "recordings:view-restricted"
    RECORDINGS_VIEW_UNIT = "recordings:view-unit"
    RELEASES_APPROVE = "releases:approve"
    RELEASES_PREPARE = "releases:prepare"
    REQUESTS_MANAGE = "requests:manage"
    REQUESTS_VIEW = "requests:view"
    RESTRICTIONS_MANAGE = "restrictions:manage"
    RETENTION_APPROVE = "retention:approve"
    RETENTION_VIEW = "retention:view"
    STATEMENTS_DECIDE = "statements:decide"
    SYSTEM_VIEW = "system:view"
    UNITS_MANAGE = "units:manage"


_P = Permission

#: The whole of what each role grants. Who keeps accounts does not see footage by that: give both roles for both.
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.OFFICER: frozenset(
        {_P.LAW_VIEW, _P.LOG_VIEW, _P.RECORDINGS_CHANGE_OWN, _P.RECORDINGS_TAKE_IN, _P.RECORDINGS_VIEW_OWN}
    ),
    Role.SUPERVISOR: frozenset(
        {
            _P.CASES_VIEW,
            _P.DUTIES_VIEW,
            _P.FINDINGS_NOTE,
            _P.LAW_VIEW,
            _P.LOG_VIEW,
            _P.RECORDINGS_CHANGE_OWN,
            _P.RECORDINGS_CHANGE_UNIT,
            _P.RECORDINGS_TAKE_IN,
            _P.RECORDINGS_VIEW_OWN,
            _P.RECORDINGS_VIEW_UNIT,
            _P.STATEMENTS_DECIDE,
        }
    ),
    # Reads the law for the agency, answers for what is done by it, and keeps the hands off the footage itself.
    Role.COUNSEL: frozenset(
        {
            _P.AUDIT_VIEW,
            _P.CASES_MANAGE,
            _P.CASES_VIEW,
            _P.DISCOVERY_MANAGE,
            _P.DUTIES_VIEW,
            _P.FINDINGS_DECIDE,
            _P.FINDINGS_NOTE,
            _P.HOLDS_MANAGE,
            _P.LAW_ADOPT,
            _P.LAW_CHANGE,
            _P.LAW_VIEW,
            _P.LOG_VIEW,
            _P.RECORDINGS_VIEW_ALL,
            _P.RECORDINGS_VIEW_RESTRICTED,
            _P.RELEASES_APPROVE,
            _P.REQUESTS_VIEW,
            _P.RESTRICTIONS_MANAGE,
            _P.RETENTION_APPROVE,
            _P.RETENTION_VIEW,
            _P.STATEMENTS_DECIDE,
        }
    ),
    Role.EVIDENCE_TECHNICIAN: frozenset(
        {
            _P.CASES_MANAGE,
            _P.CASES_VIEW,
            _P.CATEGORIES_MANAGE,
            _P.DEVICES_MANAGE,
            _P.DISCOVERY_MANAGE,
            _P.DOCKS_MANAGE,
            _P.DOCKS_VIEW,
            _P.DUTIES_VIEW,
            _P.FIXITY_RUN,
            _P.HOLDS_MANAGE,
            _P.JOBS_VIEW,
            _P.LAW_VIEW,
            _P.LOG_VIEW,
            _P.MODELS_MANAGE,
            _P.RECORDINGS_CHANGE_ALL,
            _P.RECORDINGS_EXPORT,
            _P.RECORDINGS_PURGE,
            _P.RECORDINGS_REDACT,
            _P.RECORDINGS_TAKE_IN,
            _P.RECORDINGS_VIEW_ALL,
            _P.RECORDINGS_VIEW_RESTRICTED,
            _P.RESTRICTIONS_MANAGE,
            _P.RETENTION_VIEW,
            _P.SYSTEM_VIEW,
        }
    ),
    Role.RECORDS_OFFICER: frozenset(
        {
            _P.CASES_MANAGE,
            _P.CASES_VIEW,
            _P.DISCOVERY_MANAGE,
            _P.FINDINGS_NOTE,
            _P.HOLDS_MANAGE,
            _P.LAW_VIEW,
            _P.LOG_VIEW,
            _P.RECORDINGS_CHANGE_ALL,
            _P.RECORDINGS_EXPORT,
            _P.RECORDINGS_REDACT,
            _P.RECORDINGS_VIEW_ALL,
            _P.RECORDINGS_VIEW_RESTRICTED,
            _P.RELEASES_APPROVE,
            _P.RELEASES_PREPARE,
            _P.REQUESTS_MANAGE,
            _P.REQUESTS_VIEW,
            _P.RETENTION_APPROVE,
            _P.RETENTION_VIEW,
        }
    ),
    # The parties to a case see what is handed to them, and nothing by their role alone.
    Role.PROSECUTOR_GUEST: frozenset({_P.LOG_VIEW}),
    Role.DEFENCE_GUEST: frozenset({_P.LOG_VIEW}),
    Role.OVERSIGHT: frozenset(
        {_P.AUDIT_VIEW, _P.DOCKS_VIEW, _P.DUTIES_VIEW, _P.LAW_VIEW, _P.LOG_VIEW, _P.RETENTION_VIEW}
    ),
    Role.PROGRAMME_MANAGER: frozenset({_P.DOCKS_VIEW, _P.DUTIES_VIEW, _P.LAW_VIEW, _P.LOG_VIEW, _P.SYSTEM_VIEW}),
    Role.RESEARCHER: frozenset({_P.LAW_VIEW, _P.LOG_VIEW}),
    Role.ADMINISTRATOR: frozenset(
        {
            _P.ACCOUNTS_MANAGE,
            _P.AUDIT_VIEW,
            _P.CATEGORIES_MANAGE,
            _P.CREDENTIALS_MANAGE,
            _P.DEVICES_MANAGE,
            _P.DOCKS_MANAGE,
            _P.DOCKS_VIEW,
            _P.DUTIES_VIEW,
            _P.JOBS_VIEW,
            _P.KEYS_MANAGE,
            _P.LAW_CHANGE,
            _P.LAW_VIEW,
            _P.LOG_VIEW,
            _P.MODELS_MANAGE,
            _P.NOTICES_MANAGE,
            _P.POLICY_MANAGE,
            _P.RETENTION_VIEW,
            _P.SYSTEM_VIEW,
            _P.UNITS_MANAGE,
        }
    ),
}

#: Names of roles for people.
ROLE_WORDS: dict[Role, str] = {
    Role.OFFICER: "Officer",
    Role.SUPERVISOR: "Supervisor",
    Role.COUNSEL: "Counsel",
    Role.EVIDENCE_TECHNICIAN: "Evidence technician",
    Role.RECORDS_OFFICER: "Records officer",
    Role.PROSECUTOR_GUEST: "Prosecutor (guest)",
    Role.DEFENCE_GUEST: "Defence (guest)",
    Role.OVERSIGHT: "Oversight",
    Role.PROGRAMME_MANAGER: "Programme manager",
    Role.RESEARCHER: "Researcher",
    Role.ADMINISTRATOR: "Administrator",
}

#: What each role is for, in one sentence.
ROLE_EXPLAINED: dict[Role, str] = {
    Role.OFFICER: "Wears a camera: sees, describes and takes in the recordings worn by the account itself.",
    Role.SUPERVISOR: "Leads a unit: sees and describes the recordings of the unit as well.",
    Role.COUNSEL: "The agency's lawyer: adopts rules, places holds, approves what is destroyed; changes no footage.",
    Role.EVIDENCE_TECHNICIAN: "Keeps the archive: sees, takes in, describes, redacts, exports, checks the store.",
    Role.RECORDS_OFFICER: "Answers requests: sees everything, describes, redacts and exports.",
    Role.PROSECUTOR_GUEST: "Of the prosecution, not of the agency: sees what is handed over in a case, nothing else.",
    Role.DEFENCE_GUEST: "Of the defence, not of the agency: sees what is handed over in a case, nothing else.",
    Role.OVERSIGHT: "Watches the agency from outside or inside: sees who did what, and no footage by the role alone.",
    Role.PROGRAMME_MANAGER: "Runs the camera programme: sees how the system is doing, and no footage.",
    Role.RESEARCHER: "Studies the programme: sees the custody log's state, and no footage.",
    Role.ADMINISTRATOR: "Keeps accounts, units and settings. Sees no footage unless another role allows it.",
}

#: What a permission lets somebody do, as the end of “… may …”.
PERMISSION_WORDS: dict[Permission, str] = {
    Permission.ACCOUNTS_MANAGE: "make and change accounts",
    Permission.AUDIT_VIEW: "search what was done by whom",
    Permission.CASES_MANAGE: "open and change cases",
    Permission.CASES_VIEW: "see cases",
    Permission.CATEGORIES_MANAGE: "change the list of categories",
    Permission.CREDENTIALS_MANAGE: "make the key that signs content credentials",
    Permission.DEVICES_MANAGE: "register devices",
    Permission.DISCOVERY_MANAGE: "make discovery in cases and give the sides access",
    Permission.DOCKS_MANAGE: "manage docks, who has which camera, and conflicts about recordings",
    Permission.DOCKS_VIEW: "see docks, cameras, transfers and what is missing",
    Permission.DUTIES_VIEW: "see whose duties are due",
    Permission.FINDINGS_DECIDE: "answer whether a finding is disclosed to the prosecutor",
    Permission.FINDINGS_NOTE: "note that a recording and a statement do not agree",
    Permission.FIXITY_RUN: "check every stored file",
    Permission.HOLDS_MANAGE: "place and release holds",
    Permission.JOBS_VIEW: "see the work in progress",
    Permission.KEYS_MANAGE: "see and confirm the recovery sheet",
    Permission.LAW_ADOPT: "adopt rules of law for the agency",
    Permission.LAW_CHANGE: "propose and approve law packs and the agency's policy",
    Permission.LAW_VIEW: "read the law as it is applied here",
    Permission.LOG_VIEW: "see the custody log",
    Permission.MODELS_MANAGE: "register models that find what is to be redacted",
    Permission.NOTICES_MANAGE: "say who is told of what",
    Permission.POLICY_MANAGE: "change how people sign in, and service accounts",
    Permission.RECORDINGS_CHANGE_ALL: "describe any recording",
    Permission.RECORDINGS_CHANGE_OWN: "describe their own recordings",
    Permission.RECORDINGS_CHANGE_UNIT: "describe the recordings of their unit",
    Permission.RECORDINGS_EXPORT: "hand out packages of recordings",
    Permission.RECORDINGS_PURGE: "propose that recordings are destroyed, and destroy what was approved",
    Permission.RECORDINGS_REDACT: "redact recordings they may watch",
    Permission.RECORDINGS_TAKE_IN: "take in recordings",
    Permission.RECORDINGS_VIEW_ALL: "watch any recording",
    Permission.RECORDINGS_VIEW_OWN: "watch their own recordings",
    Permission.RECORDINGS_VIEW_RESTRICTED: "watch recordings that a label restricts",
    Permission.RECORDINGS_VIEW_UNIT: "watch the recordings of their unit",
    Permission.RELEASES_APPROVE: "approve, as the second person, what is released, and recall it",
    Permission.RELEASES_PREPARE: "prepare releases",
    Permission.REQUESTS_MANAGE: "take in and answer requests for records, and critical incidents",
    Permission.REQUESTS_VIEW: "see requests for records, critical incidents and releases",
    Permission.RESTRICTIONS_MANAGE: "restrict recordings, and say who may see them all the same",
    Permission.RETENTION_APPROVE: "approve what is to be destroyed",
    Permission.RETENTION_VIEW: "see how long recordings are kept, and what is to be destroyed",
    Permission.STATEMENTS_DECIDE: "grant a review before a statement",
    Permission.SYSTEM_VIEW: "see how the system is doing",
    Permission.UNITS_MANAGE: "make units",
}


@dataclass(frozen=True)
class Decision:
    """Yes or no, with the rule that decided; true in an `if` when it allows."""

    allowed: bool
    rule: str
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True)
class Actor:
    """Who acts: an account, or the system itself (`system:…`)."""

    account_id: str
    roles: frozenset[Role]
    unit_id: str | None
    display_name: str

    def may(self, permission: Permission) -> Decision:
        """Whether one of the actor's roles grants it."""
        return allowed(self.roles, permission)

    def require(self, permission: Permission) -> None:
        """Raise Refused, with rule and reason, unless it is granted."""
        decision = self.may(permission)
        if not decision:
            raise Refused(rule=decision.rule, reason=decision.reason, permission=permission)

    def require_any(self, *permissions: Permission) -> None:
        """Raise Refused, with the rule of the first, unless one of them is granted; with none given, nothing is
        asked."""
        if permissions and not any(self.may(permission) for permission in permissions):
            self.require(permissions[0])


def system_actor(name: str) -> Actor:
    """The program acting for itself, or for somebody at the machine's command line: `system:NAME`, every role."""
    return Actor(f"system:{name}", frozenset(Role), None, f"system:{name}")


def allowed(roles: Collection[Role | str], permission: Permission) -> Decision:
    """Whether any of these roles grants the permission, and by which rule.

    A role name that is not known grants nothing. The rule is `people.role ROLE PERMISSION` when allowed and
    `people.no-role PERMISSION` when refused.
    """
    for role in Role:
        if role in roles and permission in GRANTS[role]:
            return Decision(
                True,
                f"people.role {role.value} {permission.value}",
                f"the role {ROLE_WORDS[role]} may {PERMISSION_WORDS[permission]}",
            )
    granting = [ROLE_WORDS[role] for role in Role if permission in GRANTS[role]]
    return Decision(
        False,
        f"people.no-role {permission.value}",
        f"only these roles may {PERMISSION_WORDS[permission]}: {', '.join(granting)}",
    )
