"""How the system is doing: every finding, and how to mend what is not well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from candor.health.examination import examine
from candor.health.findings import Finding, Level
from candor.health.place import Place
from candor.health.state import is_watched, kept
from candor.installation import Installation
from candor.people.rules import Permission
from candor.web.access import page
from candor.web.i18n import gettext as _
from candor.web.i18n import noted
from candor.web.observing import as_json
from candor.web.render import render
from candor.web.visit import installation_of

#: Names of the checks for people.
TITLES = {
    "installation": noted("Installation"),
    "settings": noted("Settings"),
    "folders": noted("Folders"),
    "disk": noted("Room on disks"),
    "writing": noted("Writing to disk"),
    "database": noted("Database"),
    "database-whole": noted("Database file"),
    "keys": noted("Keys"),
    "recovery": noted("Recovery sheet and escrow"),
    "store": noted("Footage store"),
    "log": noted("Custody log"),
    "witnesses": noted("Witnesses"),
    "witnesses-asked": noted("Witnesses, asked"),
    "clock": noted("Clock"),
    "clock-of-witnesses": noted("Clock, against the witnesses"),
    "jobs": noted("Jobs"),
    "fixity": noted("Reading everything back"),
    "backup": noted("Backup"),
    "backup-run": noted("Last run of a backup"),
    "mail": noted("Mail"),
    "password-list": noted("List of known passwords"),
    "accounts": noted("Accounts"),
    "tokens": noted("Tokens of service accounts"),
    "docks": noted("Docks"),
    "missing-footage": noted("What is missing of footage"),
    "law": noted("Law"),
    "credentials": noted("Content credentials"),
    "portal": noted("Portal"),
    "codecs": noted("Codecs"),
    "limited": noted("Limited processes"),
    "fonts": noted("Fonts"),
    "time-zones": noted("Time zones"),
    "software": noted("Software"),
    "open-files": noted("Open files"),
}

#: Level -> (words, kind of badge, symbol).
LEVELS = {
    Level.OK: (noted("Well"), "ok", "ok"),
    Level.WARN: (noted("Look at it"), "warn", "warning"),
    Level.BAD: (noted("Bad"), "bad", "bad"),
}


@dataclass(frozen=True)
class Shown:
    """A finding on the page."""

    title: str
    finding: Finding
    words: Markup
    mend: Markup
    since: datetime | None
    level: tuple[str, str, str]


def show(request: Request) -> Response:
    """What the watch found last; where nobody watches, what is found now. Programs that ask for JSON get it."""
    here = installation_of(request)
    watched, found, checked_at = _look(here)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"watched": watched, "findings": [as_json(one.finding) for one in found]})
    counts = {level: sum(one.finding.level is level for one in found) for level in Level}
    return render(
        request,
        "system.html",
        wrong=[one for one in found if one.finding.level is not Level.OK],
        well=[one for one in found if one.finding.level is Level.OK],
        bad_count=counts[Level.BAD],
        warn_count=counts[Level.WARN],
        ok_count=counts[Level.OK],
        watched=watched,
        checked_at=checked_at,
        log=here.log.status(),
        now_at=here.clock.now(),
    )


def _look(here: Installation) -> tuple[bool, list[Shown], datetime]:
    now = here.clock.now()
    with here.database.read() as tx:
        watched, state = is_watched(tx, now), kept(tx)
    if watched:
        found = [_shown(one.finding, one.since) for one in state]
        newest = max(one.checked_at for one in state)
    else:
        found, newest = [_shown(one, None) for one in examine(Place.of(here), dear=False)], now
    return watched, sorted(found, key=lambda one: -one.finding.level.rank), newest


def _shown(finding: Finding, since: datetime | None) -> Shown:
    words, kind, symbol = LEVELS[finding.level]
    title = _(TITLES[finding.name])
    return Shown(title, finding, _with_code(finding.words), _with_code(finding.mend), since, (_(words), kind, symbol))


def _with_code(text: str) -> Markup:
    """What stands between backticks as code: commands, names of settings."""
    parts = [escape(part) for part in text.split("`")]
    if len(parts) % 2 == 0:  # one without its other half: leave all as it is
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else part for number, part in enumerate(parts)
    )


routes = [page("/system", show, needs=Permission.SYSTEM_VIEW, name="system")]
