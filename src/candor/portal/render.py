"""From a template and values to an answer, in the reader's language."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from candor.pages import rendering
from candor.pages.i18n import SOURCE_LANGUAGE, Catalogues, noted, speaking
from candor.portal.errors import NotReady
from candor.portal.place import portal_of
from candor.published.notices import AboutNotice

__all__ = ["HERE", "STATIC", "VERIFIER", "Speaks", "environment", "render"]

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
#: The modules of the verifier, as they stand.
VERIFIER = HERE.parent / "verify" / "web"

#: Name under which a request carries its language.
LANGUAGE = "candor_language"

#: Where the portal leads: path, icon, word.
PLACES = (
    ("/ask", "edit", noted("Ask")),
    ("/status", "clock", noted("My request")),
    ("/releases", "film", noted("Releases")),
    ("/verify", "seal", noted("Check a file")),
    ("/log", "witness", noted("Public log")),
)


def render(
    request: Request, template: str, *, status: int = 200, headers: dict[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """The template as an answer. Every template sees who the agency is (None before that is known)."""
    about = _about(request)
    text = (
        environment()
        .get_template(template)
        .render(
            about=about,
            zone=about.zone if about else "UTC",
            language=request.scope.get(LANGUAGE, SOURCE_LANGUAGE),
            places=PLACES,
            path=request.url.path,
            **values,
        )
    )
    return HTMLResponse(text, status, {"vary": "Accept-Language, Cookie", **(headers or {})})


def _about(request: Request) -> AboutNotice | None:
    try:
        return portal_of(request).about()
    except NotReady:
        return None


class Speaks:
    """Everything that is said inside is said in the reader's language."""

    def __init__(self, app: ASGIApp, *, catalogues: Catalogues) -> None:
        self._app, self._catalogues = app, catalogues

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        language, texts = self._catalogues.pick(Headers(scope=scope).get("accept-language", ""))
        scope[LANGUAGE] = language
        with speaking(texts):
            await self._app(scope, receive, send)


@cache
def environment() -> jinja2.Environment:
    """The template engine of the portal."""
    return rendering.environment(HERE / "templates", [STATIC])
