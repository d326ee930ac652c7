"""Who may use which address of the site, as one table: what `candor access` prints and the page of roles shows.

It is made from what the routes themselves declare, which is also what guards them (`candor.web.access`).
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.routing import BaseRoute, Mount, Route

from candor.people.rules import GRANTS, Permission, Role
from candor.web.access import Access

#: The column of whoever is not signed in.
PUBLIC = "public"


@dataclass(frozen=True)
class Right:
    """A route or a command, and who may use it. `public`: everybody; `any_of` empty: whoever is signed in;
    `operator`: nobody by an account, only whoever may run commands on the machine."""

    name: str
    what: str
    public: bool = False
    any_of: tuple[Permission, ...] = ()
    operator: bool = False

    def allows(self, role: Role | None) -> bool:
        """Whether a role may; None is whoever is not signed in."""
        if self.operator or role is None:
            return self.public and not self.operator
        return self.public or not self.any_of or any(permission in GRANTS[role] for permission in self.any_of)

    @property
    def needs(self) -> str:
        """What it takes, in one phrase."""
        if self.operator:
            return "operator of the machine"
        if self.public:
            return "nothing"
        return " or ".join(f"`{permission.value}`" for permission in self.any_of) or "an account"


def rights_of_routes(routes: Sequence[BaseRoute]) -> list[Right]:
    """A row per method and path, in the order of paths. Folders of files are named by their path and `…`."""
    found = []
    for route in routes:
        if isinstance(route, Mount):
            found.append(Right(f"GET {route.path}/…", _first_sentence(route.app), public=True))
        elif isinstance(route, Route):
            access: Access = route.endpoint.access  # type: ignore[attr-defined]
            what = _first_sentence(route.endpoint)
            for method in sorted((route.methods or set()) - {"HEAD"}):
                found.append(Right(f"{method} {route.path}", what, access.public, access.any_of))
    return sorted(found, key=lambda right: (right.name.split(" ", 1)[1], right.name))


def _first_sentence(thing: object) -> str:
    words = " ".join((inspect.getdoc(thing) or "").split())
    end = words.find(". ")
    return words if end < 0 else words[: end + 1]
