"""Reading the project's Markdown: sections, tables, code blocks, links, as far as these pages use them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"

_CODE = re.compile(r"`([^`]+)`")


@dataclass
class Section:
    """A heading and what stands under it, up to the next heading."""

    title: str
    lines: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[list[str]]:
        """The rows of its tables, without heads: cells as written."""
        head = True
        for line in self.lines:
            if not line.startswith("|"):
                head = True
            elif set(line) <= set("|-: "):
                head = False
            elif not head:
                yield [cell.strip() for cell in line.strip().strip("|").split("|")]

    def blocks(self, language: str) -> Iterator[str]:
        """Its fenced code blocks in a language."""
        yield from re.findall(rf"^```{language}\n(.*?)^```$", "\n".join(self.lines), re.MULTILINE | re.DOTALL)


def sections(path: Path) -> dict[str, Section]:
    """The sections of a page by their titles; none may stand twice."""
    found = {"": Section("")}
    present = found[""]
    fenced = False
    for line in path.read_text("utf-8").splitlines():
        fenced ^= line.startswith("```")
        heading = re.match(r"#{1,6} (.+)", line) if not fenced else None
        if heading is None:
            present.lines.append(line)
            continue
        assert heading[1] not in found, f"{path.name} has two sections {heading[1]!r}"
        present = found[heading[1]] = Section(heading[1])
    return found


def rows(path: Path) -> list[list[str]]:
    """The rows of all tables of a page."""
    return [row for section in sections(path).values() for row in section.rows()]


def codes(cell: str) -> list[str]:
    """What stands between backticks in a cell."""
    return _CODE.findall(cell)


def all_pages() -> list[Path]:
    """Every page of the project."""
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def name_of(path: Path) -> str:
    """A page's name in messages and test ids."""
    return path.relative_to(ROOT).as_posix()


def prose_and_code(path: Path) -> tuple[str, list[str]]:
    """A page without its code, and the lines of its code blocks (fenced or indented by four)."""
    prose, code, fenced = [], [], False
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            code.append(line.strip())
        else:
            prose.append(line)
    return "\n".join(prose), code


def anchors(path: Path) -> set[str]:
    """What `#…` may name in a page: its headings, spelled as GitHub spells them."""
    found = set()
    for title in sections(path):
        kept = re.sub(r"[^\w\- ]", "", title.replace("`", "").lower())
        found.add(kept.replace(" ", "-"))
    return found
