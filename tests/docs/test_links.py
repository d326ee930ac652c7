"""What the pages point at is there: files, headings, commands with their options, tests."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from urllib.parse import unquote

import pytest
from tests.docs.pages import DOCS, ROOT, all_pages, anchors, name_of, prose_and_code
from tests.docs.test_reference import COMMANDS, _options

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
#: Words of `./run` that are not Candor's commands.
RUN_WORDS = {"test", "test-long", "test-services", "soak", "check", "lock", "bench", "help"}


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    prose, _ = prose_and_code(page)
    for target in _LINK.findall(prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target} leads nowhere"
        assert file.is_relative_to(ROOT), f"{target} leads out of the project"
        if anchor:
            assert anchor in anchors(file), f"{target}: no such heading"


def test_every_page_can_be_reached_from_the_readme() -> None:
    found, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in found:
            continue
        found.add(page)
        if page.is_dir():
            waiting += page.glob("*.md")
            continue
        for target in _LINK.findall(prose_and_code(page)[0]):
            path = (page.parent / unquote(target).partition("#")[0]).resolve()
            if path.is_dir() or path.suffix == ".md":
                waiting.append(path)
    assert set(DOCS.rglob("*.md")) <= found


def _calls() -> list[tuple[str, str]]:
    found = []
    for page in all_pages():
        for line in prose_and_code(page)[1]:
            found += [(name_of(page), call) for call in re.findall(r"(?:\./run|\bcandor) [a-z][^|&;#]*", line)]
    return found


@pytest.mark.parametrize(("page", "call"), _calls())
def test_commands_in_the_pages_exist(page: str, call: str) -> None:
    call = re.split(r"\s{2,}", call)[0]  # two spaces: from here on it is an explanation
    words = shlex.split(call.replace("./run", "candor", 1).replace("…", ""), comments=True)
    if call.startswith("./run") and words[1] in RUN_WORDS:
        return
    name = next((name for name in (" ".join(words[:n]) for n in (4, 3)) if name in COMMANDS), " ".join(words[:2]))
    assert name in COMMANDS, f"{page}: there is no {name}"
    options = set(_options(name)) | {"--help"}
    given = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert given <= options, f"{page}: {name} has no {given - options}"


def _named_tests() -> list[tuple[str, str]]:
    named = re.compile(r"`(tests/[\w/.\-]+)(?:::([\w]+))?`")
    return [
        (name_of(page), "::".join(filter(None, found)))
        for page in all_pages()
        for found in named.findall(page.read_text())
    ]


@pytest.mark.parametrize(("page", "named"), _named_tests())
def test_tests_that_the_pages_name_exist(page: str, named: str) -> None:
    path, _, function = named.partition("::")
    assert (ROOT / path).exists(), f"{page} names {path}"
    if function:
        assert re.search(rf"^ *(?:async )?def {function}\(", (ROOT / path).read_text(), re.MULTILINE), page


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_numbered_lists_count(page: Path) -> None:
    """Other pages and people refer to guarantees and limits by their numbers."""
    before = 0
    for line in page.read_text("utf-8").splitlines():
        found = re.match(r"(\d+)\. ", line)
        if found:
            assert int(found[1]) in (1, before + 1), line
            before = int(found[1])
