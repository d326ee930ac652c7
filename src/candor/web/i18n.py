"""Texts of the site: those of every face (`candor.pages.i18n`), and the words of errors that speak of accounts."""

from __future__ import annotations

from candor.core.errors import CandorError
from candor.disclosure.errors import CopyDoubtful
from candor.pages import i18n
from candor.pages.i18n import (
    DOMAIN,
    FOLDER,
    SOURCE_LANGUAGE,
    Catalogues,
    Translations,
    gettext,
    ngettext,
    noted,
    present,
    speaking,
    wait_words,
)
from candor.people.errors import NameTaken, Refused, SignInBlocked
from candor.people.rules import GRANTS, PERMISSION_WORDS, ROLE_WORDS

__all__ = [
    "DOMAIN",
    "FOLDER",
    "SOURCE_LANGUAGE",
    "TAKEN",
    "Catalogues",
    "Translations",
    "gettext",
    "ngettext",
    "noted",
    "present",
    "speaking",
    "wait_words",
    "words_of",
]


def words_of(error: CandorError) -> str:
    """The error's message in the reader's language."""
    if isinstance(error, Refused) and "permission" in error.fields:
        return _refusal(error)
    changed = {}
    if isinstance(error, SignInBlocked) and "seconds" in error.fields:
        changed["wait"] = wait_words(error.fields["seconds"])
    if isinstance(error, CopyDoubtful):
        changed["how"] = gettext("in the field for it on this page")
    if isinstance(error, NameTaken):
        changed["what"] = gettext(error.fields["what"])
    return i18n.words_of(error, **changed)


#: Values of `NameTaken.what`.
TAKEN = (noted("a unit"), noted("an account"), noted("a saved filter"))


def _refusal(error: Refused) -> str:
    permission = error.fields["permission"]
    roles = ", ".join(gettext(ROLE_WORDS[role]) for role in ROLE_WORDS if permission in GRANTS[role])
    return gettext(
        "Only these roles may %(what)s: %(roles)s. If your work needs it, ask an administrator for the role.",
        what=gettext(PERMISSION_WORDS[permission]),
        roles=roles,
    )
