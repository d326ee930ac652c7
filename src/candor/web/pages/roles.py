"""The roles and what each may do, for everybody who has an account: nobody should have to guess a refusal."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from candor.people.rules import GRANTS, PERMISSION_WORDS, ROLE_EXPLAINED, Permission, Role
from candor.web.access import page, visit_of
from candor.web.access_table import rights_of_routes
from candor.web.render import render


def show(request: Request) -> Response:
    """Roles, what each grants, and every address with who may use it."""
    return render(
        request,
        "roles.html",
        roles=list(Role),
        mine=visit_of(request).actor.roles,
        explained=ROLE_EXPLAINED,
        permissions=list(Permission),
        permission_words=PERMISSION_WORDS,
        grants=GRANTS,
        rights=rights_of_routes(request.app.routes),
    )


routes = [page("/roles", show, name="roles")]
