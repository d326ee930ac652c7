"""From a template and values to an answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import HTMLResponse

from candor import notices
from candor.core.errors import CandorError
from candor.footage import names
from candor.matters.rules import MAY_LOOK
from candor.pages import rendering
from candor.pages.rendering import query as query
from candor.people.rules import ROLE_EXPLAINED, ROLE_WORDS, Permission, Role
from candor.web import i18n
from candor.web.access import Visit, installation_of, visit_of
from candor.web.i18n import gettext, noted

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
#: The look that all faces have.
SHARED = rendering.STATIC


@dataclass(frozen=True)
class Place:
    """An entry of the site's navigation."""

    path: str
    icon: str
    label: str
    any_of: tuple[Permission, ...]


_P = Permission
NAVIGATION = (
    Place(
        "/recordings",
        "film",
        noted("Recordings"),
        (_P.RECORDINGS_VIEW_OWN, _P.RECORDINGS_VIEW_UNIT, _P.RECORDINGS_VIEW_ALL),
    ),
    Place("/upload", "upload", noted("Take in"), (_P.RECORDINGS_TAKE_IN,)),
    Place("/redactions", "eye-off", noted("Redactions"), (_P.RECORDINGS_REDACT,)),
    Place("/requests", "request", noted("Requests"), (_P.REQUESTS_VIEW,)),
    Place("/releases", "package", noted("Releases"), (_P.REQUESTS_VIEW,)),
    Place("/cases", "case", noted("Cases"), MAY_LOOK),
    Place("/discovery", "people", noted("Discovery"), (_P.DISCOVERY_MANAGE,)),
    Place("/critical", "warning", noted("Critical incidents"), (_P.REQUESTS_VIEW,)),
    Place("/statements", "witness", noted("Reviews"), (_P.RECORDINGS_VIEW_OWN, _P.STATEMENTS_DECIDE)),
    Place("/activity", "activity", noted("Activity"), (_P.JOBS_VIEW,)),
    Place("/duties", "check", noted("Duties"), (_P.DUTIES_VIEW, _P.RECORDINGS_VIEW_OWN)),
    Place("/cameras", "camera", noted("Cameras"), (_P.DOCKS_VIEW,)),
    Place("/docks", "download", noted("Docks"), (_P.DOCKS_VIEW,)),
    Place("/law", "bookmark", noted("Law"), (_P.LAW_VIEW,)),
    Place("/retention", "clock", noted("Retention"), (_P.RETENTION_VIEW,)),
    Place("/custody", "seal", noted("Custody log"), (_P.LOG_VIEW,)),
    Place("/access-rules", "lock", noted("Access"), (_P.RESTRICTIONS_MANAGE,)),
    Place("/accounts", "people", noted("Accounts"), (_P.ACCOUNTS_MANAGE,)),
    Place("/audit", "history", noted("Audit"), (_P.AUDIT_VIEW,)),
    Place("/system", "system", noted("System"), (_P.SYSTEM_VIEW,)),
)

#: What a page says after an act that led to it (`?said=…`); only what stands here can be said.
SAID = {
    "set-up": noted("The agency is set up, and you are signed in as its administrator."),
    "sheet-confirmed": noted("The recovery sheet is confirmed. Keep it where you keep no backup."),
    "account-created": noted("The account was made."),
    "account-changed": noted("The account was changed."),
    "password-replaced": noted("The password was replaced; other sessions of this account have ended."),
    "session-refused": noted(
        "Your session was ended because it was used in a way that looks stolen: from another kind of browser, or with "
        "a mark that had been replaced. Sign in again; if that was not you, tell your administrator."
    ),
    "second-factor-added": noted("The second factor was added."),
    "second-factor-removed": noted("The second factor was removed."),
    "released": noted("The sign-in name was released."),
    "policy-changed": noted("The rules of signing in were changed."),
    "unit-created": noted("The unit was added."),
    "accounts-reviewed": noted("The review was put on record."),
    "accounts-disabled": noted("The accounts that nobody used are inactive now."),
    "nobody-disabled": noted("There was no account to make inactive."),
    "service-created": noted("The account was made. Make a token for its program now."),
    "link-revoked": noted("The link is withdrawn; nothing more can be given by it."),
    "token-revoked": noted("The token is revoked; whoever holds it is turned away from now on."),
    "filter-saved": noted("The filter was saved."),
    "filter-removed": noted("The filter was removed."),
    "notices-read": noted("Marked as read."),
    "notices-choice": noted("What you chose was saved."),
    "notices-address": noted("The e-mail address was saved."),
    "notices-route": noted("Who is told was changed."),
    "notices-rule": noted("The rule was saved."),
    "notices-test": noted("The mail server took the test mail."),
    "transcript-asked": noted("What is said is being written out. What comes of it goes on record."),
    "transcript-imported": noted("The transcript was imported."),
    "transcript-corrected": noted("The line was put right, as a new version."),
    "transcript-removed": noted("The transcript was removed."),
    "repair-asked": noted("What can be recovered of the file is being put together. What comes of it goes on record."),
    "signatures-asked": noted("The signatures of the file are being checked. What is found goes on record."),
    "regrouped": noted("The recordings are one now. Both histories say so."),
    "waiting-ended": noted("Nobody waits for further parts any more. The recording is sealed as it is."),
    "loss-explained": noted("The explanation is on record. What is missing stays in the count."),
    "camera-registered": noted("The camera was registered."),
    "camera-changed": noted("The camera was changed."),
    "assignment-entered": noted("It is on record who has the camera."),
    "assignment-corrected": noted("The entry was changed. What stood there before stays on record."),
    "clock-read": noted("The comparison of the clock is on record."),
    "site-created": noted("The site was added."),
    "site-changed": noted("The site was changed."),
    "conflict-settled": noted("The conflict is settled, with an entry in the custody history."),
    "dock-created": noted("The dock was made."),
    "dock-changed": noted("The dock was changed."),
    "dock-closed": noted("The dock is closed; nothing comes in through it any more."),
    "axis-created": noted("The connection was made. Make its file now and load it into the camera system."),
    "keys-revoked": noted("The keys are revoked; whoever comes with them is turned away from now on."),
    "camera-user-matched": noted("It is on record who that is; what comes from now on is entered so."),
    "restricted": noted("Who may see it was changed. It is on record."),
    "access-rules-changed": noted("The rules were changed and hold from now on."),
    "review-asked": noted("The review was asked for. Somebody else decides on it."),
    "review-changed": noted("It is on record."),
    "labels-changed": noted("It is on record, and so is what was said before."),
    "categories-changed": noted("The list of categories was changed."),
    "meaning-changed": noted("The meaning was changed. It counts as a change of the law that is applied here."),
    "camera-tested": noted("It is on record that the camera was tested and is in order."),
    "camera-not-in-order": noted(
        "It is on record that the camera is not in order. Say what is wrong as soon as you can."
    ),
    "malfunction-reported": noted("What is wrong with the camera is on record, and your supervisor is told."),
    "malfunction-acted": noted("It is on record what was done about the camera."),
    "duty-explained": noted("The explanation is on record. What was missed stays in the count."),
    "training-recorded": noted("The training is on record."),
    "training-withdrawn": noted("The record was withdrawn. It stays on record, and counts no longer."),
    "archive-asked": noted("It is being brought back. You are told when it is there."),
    "return-destroyed": noted("What came in again was destroyed again."),
    "return-destroyed-owed": noted(
        "What came in again was destroyed again: nobody can read it any more. The rest is done by the next backup."
    ),
    "return-taken-in": noted("What came in again was taken in. Its history says by what right."),
    "plan-asked": noted("The law is being asked of every recording."),
    "plan-stopped": noted("The plan was stopped."),
    "hold-placed": noted("It is held, and must stay until somebody releases it."),
    "hold-changed": noted("The hold was changed."),
    "hold-released": noted("The hold was released. What else keeps the footage goes on keeping it."),
    "disposition-proposed": noted("It was proposed. Nothing happens before another person approves it."),
    "disposition-approved": noted("It is approved. It can be carried out when the days of waiting are over."),
    "disposition-refused": noted("It is refused. Nothing is destroyed by it."),
    "disposition-run": noted("It is being carried out. What is found to have to stay is kept."),
    "disposition-stopped": noted("It was stopped. What is destroyed is destroyed; the rest waits."),
    "disposition-withdrawn": noted("It was taken back. What was not destroyed stays."),
    "recording-kept": noted("The recording stays. Its history says why."),
    "change-proposed": noted("It was proposed, and is being tried out. Another person decides."),
    "change-tried": noted("It is being tried out on every recording."),
    "change-in-force": noted("It is in force."),
    "change-refused": noted("It is refused. Everything stays as it was."),
    "change-withdrawn": noted("The proposal was taken back."),
    "case-opened": noted("The case was opened."),
    "case-changed": noted("The case was changed."),
    "case-closed": noted("The case is closed. From now on the law counts from its closing."),
    "case-reopened": noted("The case is open again."),
    "case-recordings-added": noted("The recordings are in the case. Each history says so."),
    "case-recording-removed": noted("The recording was taken out of the case. That it was in it stays on record."),
    "case-person-added": noted("The person was entered in the case."),
    "case-person-ended": noted("The part of that person has ended. That it was so stays on record."),
    "case-moment-noted": noted("It is on record when that happened."),
    "case-moment-mended": noted("The entry was put right. What stood there before stays on record."),
    "case-related": noted("The cases stand beside each other."),
    "case-relation-ended": noted("The cases do not stand beside each other any more."),
    "request-changed": noted("The request was changed. Its clocks were made anew."),
    "request-assigned": noted("It is on record who has it, and they are told."),
    "request-class": noted("It is on record that they are what they say."),
    "request-meant": noted("It is meant, and held until the request is answered."),
    "request-not-meant": noted("It is not meant. Nothing holds it for this request any more."),
    "request-extended": noted("The time was extended. Whoever asked can read the reason."),
    "request-written": noted("The message was sent."),
    "request-noted": noted("The note was kept. Whoever asked does not see it."),
    "request-estimated": noted("The estimate is on record."),
    "request-document-added": noted("The document was added."),
    "request-letter-made": noted("The letter was written. Read it, then send it."),
    "request-letter-sent": noted("The letter was sent: whoever asked can read it now."),
    "request-answered": noted("The request is answered, in its time."),
    "request-answered-late": noted("The request is answered. It was late."),
    "request-withdrawn": noted("The request is closed: whoever asked took it back."),
    "request-reopened": noted("The request is open again. Its clocks run on."),
    "decided": noted("The decision is on record."),
    "decision-taken-back": noted("The decision is taken back. That it stood stays on record."),
    "decision-hidden": noted("What is withheld is hidden in the redaction. Make a new copy of it now."),
    "release-prepared": noted("The release is prepared. Another person has to approve it."),
    "release-revised": noted("The release is prepared anew. Another person has to approve it."),
    "release-approved": noted("The release is approved. It is being made, and published when it is there."),
    "release-sent-back": noted("The release is sent back, and whoever prepared it is told why."),
    "release-discarded": noted("The release is discarded. It stays in the list with your reason."),
    "release-recalled": noted("The release is recalled. Its page stays, and says so with your reason."),
    "critical-opened": noted("The critical incident is open. Say now which recordings belong to it."),
    "critical-changed": noted("It was put right. What stood there before stays on record."),
    "critical-recordings-added": noted("The recordings belong to it, and are held until it is closed."),
    "critical-asked": noted("The request belongs to it. What runs from a request runs from the first one."),
    "critical-offered": noted("The offer is on record."),
    "critical-viewed": noted("It is on record who saw the footage."),
    "critical-declined": noted("It is on record that they do not wish to see it."),
    "critical-consent": noted("What they said is on record."),
    "critical-put-off": noted("The time was put off. The reason and its document are on record."),
    "critical-statement": noted("The statement stands beside the footage."),
    "critical-closed": noted("The critical incident is closed."),
    "critical-closed-kept": noted("The critical incident is closed. What it held stays held."),
    "critical-closed-freed": noted("The critical incident is closed. What it held is freed, where you may free it."),
    "discovery-made": noted("Discovery was made. Its package is being put together; give both sides access."),
    "discovery-marks-asked": noted("The missing marked copies are being made. Look again in a while."),
    "discovery-access-ended": noted("Access was ended, and whoever was in is out."),
    "finding-noted": noted("It is on record, and whoever may answer is told."),
    "finding-answered": noted("The answer is on record."),
    "recordings-changed": noted("The chosen recordings were changed, each with an entry in its custody history."),
}


def home_of(visit: Visit) -> str:
    """The first page that somebody may use."""
    return next((place.path for place in places_of(visit)), "/account")


def places_of(visit: Visit) -> list[Place]:
    """The navigation of somebody: only what they may use."""
    if visit.session is None:
        return []
    actor = visit.session.actor
    return [place for place in NAVIGATION if any(actor.may(permission) for permission in place.any_of)]


def with_visit(request: Request) -> Visit:
    """The visit of a request, or an empty one where a fault came before it was made."""
    found = getattr(request.state, "visit", None)
    if found is None:
        found = Visit(None, None, "", "en", i18n.Translations(), "system", "unknown")
        request.state.visit = found
    visit: Visit = found
    return visit


def render(
    request: Request, template: str, *, status: int = 200, headers: dict[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """The template as an answer. Every template sees the visit, its actor and the navigation."""
    visit = visit_of(request)
    actor = visit.session.actor if visit.session else None
    said = request.query_params.get("said", "")
    text = (
        environment()
        .get_template(template)
        .render(
            visit=visit,
            agency=visit.agency,
            actor=actor,
            places=places_of(visit),
            path=request.url.path,
            zone=visit.zone,
            said=gettext(SAID[said]) if said in SAID else None,
            unread=lambda: unread_of(request),
            **values,
        )
    )
    return HTMLResponse(text, status, {"vary": "HX-Request, Cookie", **(headers or {})})


def unread_of(request: Request) -> int:
    """How many notices whoever is signed in has not read, at most 100. Asked for only by pages that show it; without
    a database there is none to show, and the page says so by itself."""
    visit = visit_of(request)
    if visit.session is None:
        return 0
    try:
        with installation_of(request).database.read() as tx:
            return notices.unread(tx, visit.session.actor.account_id)
    except (CandorError, SQLAlchemyError):
        return 0


@cache
def environment() -> jinja2.Environment:
    """The template engine of the site."""
    made = rendering.environment(HERE / "templates", [STATIC])
    made.filters["plain"] = names.shown
    made.filters["whole"] = names.whole
    made.globals.update(
        role_explained=lambda role: gettext(ROLE_EXPLAINED[Role(role)]),
        role_words=lambda role: gettext(ROLE_WORDS[Role(role)]),
        roles=tuple(Role),
        themes=("system", "light", "dark"),
    )
    return made


def static(name: str) -> str:
    """The address of a static file of the site, with its hash."""
    return rendering.static(name, (STATIC, SHARED))
