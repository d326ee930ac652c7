"""What stands around every page of the site: what is in `candor.pages.middleware`, as the site's settings have it."""

from __future__ import annotations

from starlette.types import ASGIApp

from candor.core.settings import Settings
from candor.pages import middleware
from candor.pages.middleware import (
    CONTENT_SECURITY_POLICY,
    PERMISSIONS_POLICY,
    SECURITY_HEADERS,
    Faults,
    is_loopback,
)
from candor.web.session import is_secure

__all__ = [
    "CONTENT_SECURITY_POLICY",
    "PERMISSIONS_POLICY",
    "SECURITY_HEADERS",
    "Faults",
    "Hosts",
    "SecurityHeaders",
    "is_loopback",
]


class SecurityHeaders(middleware.SecurityHeaders):
    """Those of the site; told to be reached by https alone where it is."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        super().__init__(app, secure=is_secure(settings))


class Hosts(middleware.Hosts):
    """The names that the site goes by."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        super().__init__(app, public_url=settings.public_url, host=settings.host, setting="CANDOR_PUBLIC_URL")
