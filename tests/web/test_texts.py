"""Every text goes through the catalogue: the template is current, and a language of our own reaches every page."""

from __future__ import annotations

import gettext
import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.applications import Starlette
from tests.people.place import Place
from tests.web.visitor import Visitor

from candor.core.errors import DatabaseGone, NotFound
from candor.footage.intake import Claim, Intake
from candor.installation import Installation
from candor.people.errors import NameTaken, Refused, SignInBlocked
from candor.people.rules import GUESTS, Permission, Role, allowed
from candor.web import extract
from candor.web.app import create_app
from candor.web.i18n import Catalogues, Translations, ngettext, speaking, wait_words, words_of
from candor.web.i18n import gettext as _
from candor.web.render import HERE

TEMPLATES = sorted((HERE / "templates").rglob("*.html"))
#: Names in a page's title, which cannot be marked there.
NAMES = ("Troop Q", "Candor", "Dana Chief", "Some title")
WriteMo = Callable[[Path, str, str], None]
#: Attributes that people read or hear.
SPOKEN = ("title", "alt", "placeholder", "aria-label", "label")


class Pseudo(Translations):
    """A language in which every text of the catalogue stands in brackets, its letters accented."""

    _LETTERS = str.maketrans("aeiouyAEIOUY", "àéïõüýÀÉÏÕÜÝ")

    def gettext(self, message: str) -> str:
        return f"⟦{self._accented(message)}⟧" if message else ""

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one if number == 1 else many)

    def _accented(self, message: str) -> str:
        kept = re.split(r"(%\(\w+\)s|%%|\{\w+\})", message)
        return "".join(part if number % 2 else part.translate(self._LETTERS) for number, part in enumerate(kept))


class PseudoCatalogues(Catalogues):
    """Whatever the browser asks for, it gets the pseudo language."""

    def pick(self, accept_language: str) -> tuple[str, Translations]:
        return "en-XA", Pseudo()


class Texts(HTMLParser):
    """What a page says: texts and spoken attributes outside of what is marked as not to be translated."""

    _VOID = frozenset(["meta", "link", "input", "br", "hr", "img", "source", "track", "wbr"])

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._open: list[tuple[str, bool]] = []

    @property
    def _silent(self) -> bool:
        return any(silent for _, silent in self._open)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        silent = given.get("translate") == "no" or tag in ("script", "style")
        if not (silent or self._silent):
            # Words that a script shows stand in attributes of an element whose id ends so.
            kept = (given.get("id") or "").endswith("-words")
            self.said += [
                value or ""
                for name, value in attributes
                if name in SPOKEN or name.startswith("data-word") or (kept and name.startswith("data-"))
            ]
        if tag not in self._VOID:
            self._open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(data)


def words_in(said: str) -> list[str]:
    """A text; or the texts of a JSON object, which is how some scripts are given theirs."""
    if not said.startswith("{"):
        return [said]
    given: dict[str, str] = json.loads(said)
    return list(given.values())


def foreign(page: str) -> Iterator[str]:
    """What a page in the pseudo language says in another one, but for the names in its title."""
    texts = Texts()
    texts.feed(page)
    for said in [word for given in texts.said for word in words_in(given)]:
        outside = re.sub(r"⟦[^⟦⟧]*(⟦[^⟦⟧]*⟧[^⟦⟧]*)*⟧", "", said)
        for name in NAMES:
            outside = outside.replace(name, "")
        if re.search(r"[^\W\d_]{2,}", outside):
            yield said.strip()


def test_the_parser_finds_what_is_hard_coded() -> None:
    page = (
        '<p title="Hello">⟦Wörld⟧ <b translate="no">name</b></p><img alt="⟦ok⟧"><script>var x</script>'
        "<p>⟦mõré ⟦înside⟧ õf it⟧</p><p>Bare</p>"
    )
    assert list(foreign(page)) == ["Hello", "Bare"]


def bare_texts(template: str) -> list[str]:
    """Texts of a template that stand in it as they are, in none of its calls."""
    text = re.sub(r"\{#.*?#\}", "", template, flags=re.DOTALL)
    text = re.sub(r"\{% block main_class %\}.*?endblock %\}", "", text)  # a name for the style sheet
    text = re.sub(r"\{%-?\s*trans.*?endtrans\s*-?%\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
    texts = Texts()
    texts.feed(text)
    return [said.strip() for said in texts.said if re.search(r"[^\W\d_]{2,}", said)]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.name)
def test_no_template_holds_a_bare_text(template: Path) -> None:
    assert bare_texts(template.read_text()) == []


def test_bare_texts_would_be_found() -> None:
    assert bare_texts("<p>{{ _('fine') }} Bare {# no #}</p><a title='Also bare'>{% trans %}fine{% endtrans %}</a>") == [
        "Bare",
        "Also bare",
    ]


def test_the_template_for_translators_is_current() -> None:
    assert extract.FILE.read_bytes() == extract.make_catalogue(), "run: python -m candor.web.extract"


def test_the_catalogue_has_what_is_said_anywhere() -> None:
    text = extract.FILE.read_text()
    for words in (
        "Take in recordings",  # a template
        "The log refuses to sign: %(reason)s.",  # with a field
        "Unusual name",  # a label in the code
        "The file is empty: it has no bytes at all.",  # a table of another room
        "There is no recording with the identifier {id}",  # an error of another room
        "The set-up code is not right.",  # an error of a page
    ):
        assert words in " ".join(re.findall(r'"([^"\n]*)"', text)).replace("  ", " "), words


@pytest.fixture
def pseudo(installation: Installation, place: Place) -> Starlette:
    """The site in the pseudo language."""
    return create_app(installation, catalogues=PseudoCatalogues())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_page_says_a_word_of_its_own(pseudo: Starlette, place: Place) -> None:
    here = pseudo.state.installation
    intake = Intake(here.database, here.vault, here.jobs, here.clock)
    for title, body in (("", b"one"), ("Some title", b"")):
        claim = Claim("a\nb.mp4", "a\nb.mp4", "cli", "system:test", title=title or None, device_kind="body")
        with intake.begin(claim) as writer:
            writer.write(body)
            recording_id = writer.finish().recording_id
    here.log.settle()
    place.add("tech", *(set(Role) - GUESTS))
    stranger, visitor = Visitor(pseudo), Visitor(pseudo)
    pages = {"/sign-in": stranger.get("/sign-in"), "wrong": stranger.sign_in("chief", "wrong")}
    assert visitor.sign_in("tech").status_code == 303
    visitor.post("/filters", {"name": "Mine", "query": "text=a"})
    account_id = place.administrator.account_id
    for path in (
        "/recordings",
        f"/recordings/{recording_id}",
        f"/recordings/{recording_id}/history",
        "/recordings?text=nothing+fits",
        "/recordings?from=yesterday",
        "/recordings?said=recordings-changed",
        "/upload",
        "/activity",
        "/custody",
        "/accounts",
        "/accounts?text=zzz",
        "/accounts/new",
        f"/accounts/{account_id}",
        "/accounts/review",
        "/service-accounts",
        "/audit",
        "/roles",
        "/inbox",
        "/notices",
        "/account/notices",
        "/account/security",
        "/security",
        "/accounts/none",
        "/account",
        "/nothing/here",
    ):
        pages[path] = visitor.get(path)
    pages["/units"] = visitor.post("/units", {"unit": "North"})
    pages["forged"] = visitor.client.post("/units")
    for _number in range(5):
        blocked = stranger.sign_in("chief", "wrong")
    pages["blocked"] = blocked
    officer = Visitor(pseudo)
    place.add("officer", Role.OFFICER)
    officer.sign_in("officer")
    pages["refused"] = officer.get("/accounts")
    for path, answer in pages.items():
        assert "⟦" in answer.text, path
        assert 'lang="en-XA"' in answer.text, path
        assert list(foreign(answer.text)) == [], path


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_first_run_in_another_language(installation: Installation) -> None:
    visitor = Visitor(create_app(installation, catalogues=PseudoCatalogues()))
    assert list(foreign(visitor.get("/setup").text)) == []
    assert list(foreign(visitor.post("/setup", page="/setup").text)) == []


def test_errors_are_said_in_the_readers_language() -> None:
    decision = allowed([Role.OFFICER], Permission.RECORDINGS_EXPORT)
    refused = Refused(rule=decision.rule, reason=decision.reason, permission=Permission.RECORDINGS_EXPORT)
    errors = [
        refused,
        SignInBlocked(wait="", seconds=16),
        NameTaken(what="a unit", name="7"),
        NotFound(what="x", id="1"),
        DatabaseGone(reason="gone"),
    ]
    with speaking(Pseudo()):
        for error in errors:
            assert words_of(error).startswith("⟦")
        assert words_of(errors[1]).count("⟦") == 2
        assert words_of(refused).count("⟦") == 4
    assert words_of(errors[2]) == "There is already a unit called “7”. Choose another name."


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (16, "16 seconds"), (119, "119 seconds"), (120, "2 minutes"), (3600, "60 minutes")],
)
def test_waits_in_words(seconds: int, words: str) -> None:
    assert wait_words(seconds) == words


def test_the_browsers_languages_choose_the_catalogue(
    tmp_path: Path, write_mo: Callable[[Path, str, str], None]
) -> None:
    write_mo(tmp_path / "es" / "LC_MESSAGES" / "candor.mo", "Recordings", "Grabaciones")
    catalogues = Catalogues(tmp_path)
    assert catalogues.languages() == ("en", "es")
    for header, language in (
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("en-US,en;q=0.9,es;q=0.8", "en"),
        ("de, es;q=0.5", "es"),
        ("de", "en"),
        ("", "en"),
        (";;;q=,,", "en"),
        ("es;q=0", "en"),
    ):
        found, translations = catalogues.pick(header)
        assert found == language, header
        with speaking(translations):
            assert _("Recordings") == ("Grabaciones" if language == "es" else "Recordings")


@pytest.fixture
def write_mo() -> WriteMo:
    """Writes a compiled catalogue with one message."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo as write

    def make(file: Path, message: str, translated: str) -> None:
        file.parent.mkdir(parents=True)
        catalogue = Catalog(locale="es")
        catalogue.add(message, translated)
        with file.open("wb") as stream:
            write(stream, catalogue)
        with file.open("rb") as stream:
            assert gettext.GNUTranslations(stream).gettext(message) == translated

    return make


def test_fields_and_percent_signs() -> None:
    assert _("100 %%") == "100 %"
    assert _("%(a)s of 100 %%", a=7) == "7 of 100 %"
    assert ngettext("%(num)s %(what)s", "%(num)s %(what)ss", 2, what="day") == "2 days"
