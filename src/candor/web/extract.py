"""Writes `candor/locale/candor.pot`, from which translators work: `python -m candor.web.extract`.

Texts come from the templates, from calls of `_`, `gettext`, `ngettext` and `noted` in the code of the faces that show
pages, from the docstrings of every error (they are its message), and from the tables of words that the other rooms
keep. Needs Babel, which is not needed to run the site.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po

import candor
from candor.core.errors import CandorError
from candor.core.outbox import KINDS
from candor.custody.events import PLAIN_WORDS
from candor.custody.searching import GROUP_WORDS
from candor.fleet.clock_rules import BASIS_WORDS, CLOCK_WORDS, READING_WORDS
from candor.fleet.duties import rules as duties
from candor.fleet.rules import DOCK_WORDS, KIND_WORDS, STATE_WORDS
from candor.footage import classification_rows, discrepancies, restriction_rules
from candor.footage.fields import FIELD_WORDS
from candor.footage.gaps import GAP_WORDS
from candor.footage.rules import FLAG_WORDS, RENDITION_WORDS
from candor.footage.times import SOURCE_WORDS
from candor.law import rule_words, vocabulary
from candor.matters import rules as matters
from candor.matters import statements
from candor.people.rules import PERMISSION_WORDS, ROLE_EXPLAINED, ROLE_WORDS
from candor.retention import dispositions, planning
from candor.web.i18n import DOMAIN, FOLDER

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
#: Where pages are: their templates, and texts in the code.
FACES = (HERE, ROOT / "pages", ROOT / "portal")
FILE = FOLDER / f"{DOMAIN}.pot"


def _words(*tables: Mapping[Any, str]) -> list[str]:
    return [words for table in tables for words in table.values()]


#: Words that other rooms keep beside their enums, by where they stand.
TABLES: dict[str, list[str]] = {
    "candor/core/outbox.py": [facts.title for facts in KINDS.values()],
    "candor/custody/events.py": [*PLAIN_WORDS.values()],
    "candor/custody/searching.py": [*GROUP_WORDS.values()],
    "candor/fleet/clock_rules.py": [*BASIS_WORDS.values(), *CLOCK_WORDS.values(), *READING_WORDS.values()],
    "candor/fleet/duties/rules.py": _words(duties.DUTY_WORDS, duties.RESULT_WORDS, duties.ACTION_WORDS),
    "candor/fleet/rules.py": [*DOCK_WORDS.values(), *KIND_WORDS.values(), *STATE_WORDS.values()],
    "candor/footage/classification_rows.py": _words(classification_rows.BASIS_WORDS),
    "candor/footage/restriction_rules.py": _words(restriction_rules.KIND_WORDS),
    "candor/footage/discrepancies.py": [*discrepancies.FIELD_WORDS.values(), *discrepancies.WHY_WORDS.values()],
    "candor/footage/fields.py": [*FIELD_WORDS.values()],
    "candor/footage/gaps.py": [*GAP_WORDS.values()],
    "candor/footage/rules.py": [*FLAG_WORDS.values(), *RENDITION_WORDS.values()],
    "candor/footage/times.py": [*SOURCE_WORDS.values()],
    "candor/law/rule_words.py": _words(rule_words.KIND_WORDS, rule_words.VERIFICATION_WORDS, rule_words.CHECKED_WORDS),
    "candor/law/vocabulary.py": _words(
        vocabulary.CASE_KIND_WORDS,
        vocabulary.CLASS_WORDS,
        vocabulary.EVENT_WORDS,
        vocabulary.HOLD_WORDS,
        vocabulary.LABEL_WORDS,
    ),
    "candor/matters/rules.py": _words(matters.PART_WORDS, matters.SIDE_WORDS, matters.STATE_WORDS),
    "candor/matters/statements.py": _words(statements.OCCASION_WORDS, statements.STATE_WORDS),
    "candor/retention/dispositions.py": _words(dispositions.KIND_WORDS, dispositions.STATE_WORDS),
    "candor/retention/planning.py": _words(planning.BLOCK_WORDS),
    "candor/people/rules.py": [*PERMISSION_WORDS.values(), *ROLE_EXPLAINED.values(), *ROLE_WORDS.values()],
}
#: Modules that do something when they are imported, or need what only they have.
_NOT_IMPORTED = ("__main__", "limited_child", "env", "versions")
_KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "noted": None, "ngettext": (1, 2)}
_OPTIONS = {"newstyle_gettext": "true", "silent": "false", "trimmed": "true", "extensions": "jinja2.ext.loopcontrols"}


def make_catalogue() -> bytes:
    """The whole template as it should stand in the file; the same bytes for the same texts."""
    catalogue = Catalog(
        domain=DOMAIN,
        project="Candor",
        version=candor.__version__,
        copyright_holder="the authors of Candor",
        msgid_bugs_address="see CONTRIBUTING.md",
        creation_date=datetime(2026, 1, 1, tzinfo=UTC),  # a date of its own would change the file every time
        charset="utf-8",
    )
    for path, message, plural, comments in sorted(_all(), key=lambda found: (found[0], found[1])):
        catalogue.add((message, plural) if plural else message, locations=[(path, 0)], auto_comments=comments)
    buffer = BytesIO()
    write_po(buffer, catalogue, width=100, sort_by_file=True, include_lineno=False)
    lines = buffer.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b'"Generated-By:'))


Found = tuple[str, str, str | None, list[str]]


def _all() -> Iterator[Found]:
    for face in FACES:
        for template in sorted((face / "templates").rglob("*.html")):
            yield from _from_file("jinja2", template, _OPTIONS)
        for module in sorted(face.rglob("*.py")):
            yield from _from_file("python", module, {})
    for path, table in TABLES.items():
        for words in table:
            yield path, words, None, []
    yield from _from_errors()


def _from_file(method: str, file: Path, options: dict[str, str]) -> Iterator[Found]:
    path = file.relative_to(ROOT.parent).as_posix()
    with file.open("rb") as stream:
        for _, message, comments, _ in extract(method, stream, _KEYWORDS, options=options):
            if isinstance(message, tuple):
                yield path, str(message[0]), str(message[1]), list(comments)
            elif message:
                yield path, message, None, list(comments)


def _from_errors() -> Iterator[Found]:
    """The message of every error of the program; a test of an error's words is a test of its docstring."""
    for module in pkgutil.walk_packages(candor.__path__, "candor."):
        if not any(part in _NOT_IMPORTED for part in module.name.split(".")):
            importlib.import_module(module.name)
    for kind in _descendants(CandorError):
        if kind.__module__.startswith("candor.") and kind.__doc__:
            yield f"{kind.__module__.replace('.', '/')}.py", " ".join(kind.__doc__.split()), None, [kind.__name__]


def _descendants(kind: type[CandorError]) -> Iterator[type[CandorError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)


def main() -> None:
    """Write the file."""
    FOLDER.mkdir(exist_ok=True)
    FILE.write_bytes(make_catalogue())
    sys.stderr.write(f"{FILE}\n")


if __name__ == "__main__":
    main()
