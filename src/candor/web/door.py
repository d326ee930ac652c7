"""The door: signing in by password and second factor or by passkey, unlocking, confirming.

The slow check of a password runs outside every transaction; what was wrong is written down and committed before its
error is raised. A passkey's challenge is used up, and that committed, before its answer is looked at.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from sqlalchemy.engine import Connection
from starlette.requests import Request

from candor.people import passkeys, second_factor, service, sessions, sign_in
from candor.people.errors import (
    CodeWrong,
    PasskeyWrong,
    PasswordNotRight,
    SignInBlocked,
    SignInFailed,
)
from candor.people.passkeys import PROOF, SECOND, SIGN_IN, Answer, Party, Used
from candor.people.sessions import Session
from candor.people.sign_in import Candidate
from candor.web.csrf import Form
from candor.web.session import agent_of, begin, give_token, notice_of
from candor.web.visit import installation_of, visit_of


class PasskeysUnavailable(PasskeyWrong):
    """Passkeys do not work at this address. They need https and the name that CANDOR_PUBLIC_URL gives, or
    http://localhost on the server itself. Sign in with your password."""


def candidate_of(request: Request, name: str) -> Candidate:
    """Who is at the door by that name. Raises SignInBlocked, after counting that somebody was turned away."""
    here, visit = installation_of(request), visit_of(request)
    try:
        with here.database.read() as tx:
            return sign_in.look_up(tx, name, visit.address, clock=here.clock)
    except SignInBlocked:
        _turned_away(request, name)
        raise


@contextmanager
def _turn(request: Request, candidate: Candidate) -> Iterator[Connection]:
    """The transaction in which the outcome of an attempt is recorded. Raises SignInBlocked, after counting it, where
    others failed meanwhile: then this attempt counts as not made, whatever it was."""
    here = installation_of(request)
    try:
        with here.database.write() as tx:
            sign_in.take_turn(tx, candidate, clock=here.clock)
            yield tx
    except SignInBlocked:
        _turned_away(request, candidate.name)
        raise


def _turned_away(request: Request, name: str) -> None:
    with installation_of(request).database.write() as tx:
        sign_in.turned_away(tx, name, visit_of(request).address)


def failed(request: Request, candidate: Candidate, *, at: str, reason: str) -> None:
    """Write a failure down and count it. Raises SignInBlocked where others failed meanwhile."""
    with _turn(request, candidate) as tx:
        _fail(tx, request, candidate, at=at, reason=reason)


def _fail(tx: Connection, request: Request, candidate: Candidate, *, at: str, reason: str) -> None:
    clock = installation_of(request).clock
    sign_in.fail(tx, candidate, at=at, reason=reason, agent=agent_of(request), clock=clock)


def enter(request: Request, name: str, password: str) -> str:
    """Sign in by password; returns how far through the door that leads: FULL, SECOND or ENROL. Raises SignInFailed or
    SignInBlocked, after recording it."""
    here, visit = installation_of(request), visit_of(request)
    candidate = candidate_of(request, name)
    checked = sign_in.check(candidate, password)
    if not checked.right or candidate.account_id is None:
        failed(request, candidate, at="sign-in", reason="password")
        raise SignInFailed()
    agent = agent_of(request)
    listed = here.password_list.holds_if_known(password)
    with _turn(request, candidate) as tx:
        if listed:
            service.note_listed_password(tx, candidate.account_id, clock=here.clock)
        owed = second_factor.owed(tx, candidate.account_id, visit.policy)
        if owed == sessions.SECOND:
            account_id = sign_in.ask_second(tx, candidate, checked, agent=agent, clock=here.clock)
        else:
            mark = notice_of(request)
            account_id = sign_in.succeed(tx, candidate, checked, agent=agent, notice=mark, clock=here.clock)
        give_token(request, begin(tx, request, account_id, stage=owed))
    return owed


def give_second(request: Request, waiting: Session, *, code: str = "", recovery_code: str = "") -> None:
    """The second factor of somebody whose password was right. Raises CodeWrong or SignInBlocked after recording it."""
    here = installation_of(request)
    candidate = candidate_of(request, waiting.sign_in_name)
    wrong = None
    with _turn(request, candidate) as tx:
        try:
            method = second_factor.take_code(
                tx, here.vault, waiting.actor.account_id, code=code, recovery_code=recovery_code, clock=here.clock
            )
            through(tx, request, candidate, method=f"password+{method}")
        except CodeWrong as error:  # nothing was written by then
            wrong = error
            _fail(tx, request, candidate, at="second", reason=reason_of(error))
    if wrong is not None:
        raise wrong


def through(tx: Connection, request: Request, candidate: Candidate, *, method: str) -> None:
    """Somebody is wholly signed in: the event, a new session, its token in the answer."""
    here = installation_of(request)
    account_id = sign_in.enter(
        tx, candidate, method=method, agent=agent_of(request), notice=notice_of(request), clock=here.clock
    )
    give_token(request, begin(tx, request, account_id))


def reason_of(error: CodeWrong) -> str:
    """Why a code was not taken, in a word for the event."""
    return {"CodeReplayed": "code replayed", "RecoveryCodeWrong": "recovery code"}.get(type(error).__name__, "code")


def confirm(request: Request, session: Session, form: Form) -> None:
    """Unlock or confirm by password, by passkey, or, when the screen is not locked, by a code of the app. Raises
    PasswordNotRight, CodeWrong, PasskeyWrong or SignInBlocked after recording it."""
    here, visit = installation_of(request), visit_of(request)
    at = "unlock" if session.locked else "confirm"
    candidate = candidate_of(request, session.sign_in_name)
    method, code = "password", form.get("proof_code", "")
    if form.get("proof_passkey"):
        method = "passkey"
        _sign(request, form.get("proof_passkey", ""), PROOF, candidate, at=at)
    elif code and at == "confirm":
        method = "app"
    elif not sign_in.check(candidate, form.get("proof_password", "")).right:
        failed(request, candidate, at=at, reason="password")
        raise PasswordNotRight()
    wrong = None
    with _turn(request, candidate) as tx:
        try:
            if method == "app":
                account_id = session.actor.account_id
                second_factor.take_code(tx, here.vault, account_id, code=code, clock=here.clock)
            token = _proved(tx, request, session, candidate, method=method)
        except CodeWrong as error:  # nothing was written by then
            wrong = error
            _fail(tx, request, candidate, at=at, reason=reason_of(error))
    if wrong is not None:
        raise wrong
    # What the request goes on to do is done by the session as it is now, under its new token.
    token_hash, now = sessions.hash_token(token), here.clock.now()
    visit.session = visit.session and replace(visit.session, token_hash=token_hash, proved_at=now)
    visit.waiting = visit.waiting and replace(visit.waiting, token_hash=token_hash, proved_at=now)


def _proved(tx: Connection, request: Request, session: Session, candidate: Candidate, *, method: str) -> str:
    here, visit = installation_of(request), visit_of(request)
    sign_in.forget(tx, candidate)
    # Whoever got a role that needs a second factor is unlocked only as far as to set one up.
    owed = second_factor.owed(tx, session.actor.account_id, visit.policy) if session.locked else None
    token = sessions.proved(
        tx,
        session,
        method=method,
        address=visit.address,
        agent=agent_of(request),
        stage=None if owed == sessions.SECOND else owed,
        clock=here.clock,
    )
    give_token(request, token)
    return token


# -- passkeys


def party_of(request: Request) -> Party | None:
    """The site as passkeys know it at the address that this request came to; None where browsers offer none: without
    https (but for localhost), at an address of numbers, or by another name than the public one."""
    here, agency = installation_of(request), visit_of(request).agency
    came_to = request.headers.get("host", "")
    public = urlsplit(here.settings.public_url or f"http://{came_to}")
    host = public.hostname or ""
    if public.netloc != came_to.lower() or _is_number(host) or (public.scheme != "https" and host != "localhost"):
        return None
    return Party(host, f"{public.scheme}://{public.netloc}", agency.short_name if agency else "Candor")


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def options_for(request: Request, purpose: str) -> str:
    """What the browser needs for a passkey to sign in, be the second factor, or prove who is there; as JSON."""
    here, visit = installation_of(request), visit_of(request)
    party, session = party_of(request), visit.session or visit.waiting
    if party is None:
        raise PasskeysUnavailable()
    account_id = None
    if purpose != SIGN_IN:
        if session is None or (purpose == SECOND) != (session.stage == sessions.SECOND):
            raise PasskeyWrong()
        account_id = session.actor.account_id
    with here.database.write() as tx:
        return passkeys.options_to_sign(
            tx, party, purpose, bound_to=visit.form_token, account_id=account_id, clock=here.clock
        )


def enter_by_passkey(request: Request, text: str) -> None:
    """Sign in by a passkey alone, which knows who it belongs to and checked who holds it."""
    here = installation_of(request)
    used = _sign(request, text, SIGN_IN, None, at="sign-in")
    candidate = candidate_of(request, used.sign_in_name)
    with here.database.write() as tx:
        through(tx, request, candidate, method="passkey")


def give_second_by_passkey(request: Request, waiting: Session, text: str) -> None:
    """The second factor of somebody whose password was right."""
    here = installation_of(request)
    candidate = candidate_of(request, waiting.sign_in_name)
    _sign(request, text, SECOND, candidate, at="second")
    with here.database.write() as tx:
        through(tx, request, candidate, method="password+passkey")


def answer_of(request: Request, text: str, purpose: str) -> tuple[Party, Answer]:
    """A browser's answer, whose challenge is used up from now on. Raises ChallengeExpired, PasskeysUnavailable."""
    here, party = installation_of(request), party_of(request)
    if party is None:
        raise PasskeysUnavailable()
    with here.database.write() as tx:
        return party, passkeys.take(tx, text, purpose, bound_to=visit_of(request).form_token, clock=here.clock)


def _sign(request: Request, text: str, purpose: str, candidate: Candidate | None, *, at: str) -> Used:
    """The passkey that signed. What was wrong is recorded, and counted against whoever is at the door."""
    here, visit = installation_of(request), visit_of(request)
    party, answer = answer_of(request, text, purpose)
    try:
        with here.database.write() as tx:
            return passkeys.use(tx, party, answer, alone=purpose != SECOND, clock=here.clock)
    except PasskeyWrong as error:
        agent = agent_of(request)
        with here.database.write() as tx:
            name = passkeys.refused(tx, answer, error, address=visit.address, agent=agent, clock=here.clock)
        failed(request, candidate or candidate_of(request, name or ""), at=at, reason="passkey")
        raise
