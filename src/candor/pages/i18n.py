"""Texts in the reader's language: gettext catalogues from `candor/locale`, chosen by the browser's languages.

English is the source. A catalogue for another language is `candor/locale/LANGUAGE/LC_MESSAGES/candor.mo`; the
template for translators, `candor/locale/candor.pot`, is written by `python -m candor.web.extract`.
"""

from __future__ import annotations

import gettext as gettext_module
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from candor.core.errors import CandorError

DOMAIN = "candor"
FOLDER = Path(__file__).resolve().parent.parent / "locale"
SOURCE_LANGUAGE = "en"

Translations = gettext_module.NullTranslations
_SOURCE = Translations()
_current: ContextVar[Translations] = ContextVar("candor_translations")


def present() -> Translations:
    """The texts of the present reader; the source's own where nobody has chosen."""
    return _current.get(_SOURCE)


def gettext(message: str, /, **fields: Any) -> str:
    """The message in the reader's language; `%(name)s` is filled in from the fields."""
    text = present().gettext(message)
    return text % fields if fields else text.replace("%%", "%")


def ngettext(one: str, many: str, number: int, /, **fields: Any) -> str:
    """The message for a number, which is also the field `num`."""
    return present().ngettext(one, many, number) % {"num": number, **fields}


def noted(message: str) -> str:
    """Marks a message for the catalogue that is translated where it is shown."""
    return message


_ = gettext


class Catalogues:
    """The languages that there are."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def languages(self) -> tuple[str, ...]:
        """Source language first."""
        found = sorted(file.parent.parent.name for file in self._folder.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))
        return (SOURCE_LANGUAGE, *found)

    def pick(self, accept_language: str) -> tuple[str, Translations]:
        """The language and its texts that fit an Accept-Language header best."""
        offered = _languages(str(self._folder))
        for wanted in _wanted(accept_language):
            for language in (wanted, wanted.split("-")[0]):
                if language in offered:
                    return language, _load(str(self._folder), language)
        return SOURCE_LANGUAGE, _SOURCE


@cache
def _languages(folder: str) -> tuple[str, ...]:
    return Catalogues(Path(folder)).languages()


@cache
def _load(folder: str, language: str) -> Translations:
    return gettext_module.translation(DOMAIN, folder, [language.replace("-", "_"), language], fallback=True)


def _wanted(accept_language: str) -> list[str]:
    """Language tags, most wanted first."""
    weighted = []
    for position, item in enumerate(accept_language[:400].split(",")):
        tag, _, quality = item.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if tag and weight > 0:
            weighted.append((-weight, position, tag.strip()))
    return [tag for _, _, tag in sorted(weighted)]


@contextmanager
def speaking(translations: Translations) -> Iterator[None]:
    """Use these texts within the block (and in threads started from it by the server)."""
    token = _current.set(translations)
    try:
        yield
    finally:
        _current.reset(token)


def words_of(error: CandorError, **changed: Any) -> str:
    """The error's message in the reader's language; `changed` are fields that are said otherwise here."""
    template = " ".join((type(error).__doc__ or "").split())
    return gettext(template).format_map(_Shown({**error.fields, **changed}))


class _Shown(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def wait_words(seconds: int) -> str:
    """A wait in words: seconds below two minutes, whole minutes above."""
    if seconds < 120:
        return ngettext("%(num)s second", "%(num)s seconds", seconds)
    return ngettext("%(num)s minute", "%(num)s minutes", -(-seconds // 60))
