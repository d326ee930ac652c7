"""The recovery sheet at the end of the first run: shown, printed, and confirmed by two of its check words.

It is shown here only until it was confirmed for the present key; afterwards `candor key sheet` on the server prints it.
The page with the words and the one that asks for them are two, so that what is typed comes from the paper.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.installation import Installation
from candor.people.rules import Permission
from candor.recovery.keeping_keys import confirm_sheet, show_sheet
from candor.store.key_errors import WordUnknown
from candor.store.key_records import change_records, read_records
from candor.store.key_state import sheet_epochs
from candor.store.recovery_sheet import LINES, SheetLine, is_check_word, words_of_key
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import words_of
from candor.web.render import render

#: How many check words are asked for.
ASKED = 2
_FACE = "web"


class CheckWordWrong(CandorError):
    """The check word of line {line} is not that one. Look at the paper again: it is the last word of the line, and this
    may be the sheet of another key. Nothing was confirmed."""

    exit_code = 3


def show(request: Request) -> Response:
    """The recovery sheet, to be printed; only until it is confirmed."""
    here, visit = installation_of(request), visit_of(request)
    confirmed_at = _confirmed_at(here)
    if confirmed_at is not None:
        return render(request, "recovery_sheet_kept.html", confirmed_at=confirmed_at)
    with here.database.write() as tx:
        keys = show_sheet(tx, here.vault, visit.actor, face=_FACE, clock=here.clock)
    verifier = here.log.verifier
    origin = "–" if verifier is None else verifier.name
    return render(request, "recovery_sheet.html", keys=keys, origin=origin, shown_at=here.clock.now())


def ask(request: Request) -> Response:
    """The form that asks for the check words of two lines, chosen by chance."""
    if _confirmed_at(installation_of(request)) is not None:
        return RedirectResponse("/recovery-sheet", 303)
    return _form(request, None, 200)


def confirm(request: Request) -> Response:
    """Confirm that the sheet is on paper."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    if _confirmed_at(here) is not None:
        return RedirectResponse("/recovery-sheet", 303)
    keys = here.vault.keys
    keys.reload()
    try:
        _compare(_asked_lines(form, words_of_key(keys, keys.current).lines), form)
    except CandorError as error:
        return _form(request, error, status_of(error))
    with here.database.write() as tx:
        epochs = sheet_epochs(tx, keys)
        confirm_sheet(tx, here.vault, visit.actor, epochs, face=_FACE, whole=False, clock=here.clock)
    change_records(here.settings.keys_folder, confirmed=dict.fromkeys(epochs, here.clock.now()))
    return RedirectResponse("/?said=sheet-confirmed", 303)


def _confirmed_at(here: Installation) -> datetime | None:
    here.vault.keys.reload()
    return read_records(here.settings.keys_folder).sheet_confirmed_at(here.vault.keys.current)


def _asked_lines(form: Form, lines: tuple[SheetLine, ...]) -> list[SheetLine]:
    """The lines that the form asked for: two different ones."""
    wanted = {form.get(f"line_{at}", "") for at in range(1, ASKED + 1)}
    found = [line for line in lines if str(line.number) in wanted]
    if len(found) != ASKED:
        raise CheckWordWrong(line=1)
    return found


def _compare(lines: list[SheetLine], form: Form) -> None:
    typed = {form.get(f"line_{at}", ""): form.get(f"word_{at}", "") for at in range(1, ASKED + 1)}
    for line in lines:
        try:
            right = is_check_word(line, typed[str(line.number)])
        except WordUnknown as error:
            raise CheckWordWrong(line=line.number) from error
        if not right:
            raise CheckWordWrong(line=line.number)


def _form(request: Request, error: CandorError | None, status: int) -> Response:
    here = installation_of(request)
    lines = sorted(secrets.SystemRandom().sample(range(1, LINES + 1), ASKED))
    return render(
        request,
        "recovery_sheet_confirm.html",
        status=status,
        lines=lines,
        epoch=here.vault.keys.current,
        problem=None if error is None else words_of(error),
    )


routes = [
    page("/recovery-sheet", show, needs=Permission.KEYS_MANAGE, fresh=True, name="recovery-sheet"),
    page("/recovery-sheet/confirm", ask, needs=Permission.KEYS_MANAGE, fresh=True),
    page("/recovery-sheet/confirm", confirm, needs=Permission.KEYS_MANAGE, fresh=True, methods=["POST"]),
]
