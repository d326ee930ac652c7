"""The site's own files: what others made is what they published, colours can be read, icons exist."""

from __future__ import annotations

import hashlib
import re

import pytest

from candor.web.render import HERE, SHARED, STATIC, environment, static

TOKENS = (SHARED / "css" / "tokens.css").read_text()


def test_scripts_of_others_are_as_published() -> None:
    listed = dict(
        re.findall(r"^\| ([\w.-]+\.js) \|.*\| ([0-9a-f]{64}) \|$", (STATIC / "vendor/README.md").read_text(), re.M)
    )
    files = {file.name for file in (STATIC / "vendor").glob("*.js")}
    assert files == set(listed) != set()
    for name, digest in listed.items():
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest, name


def colours(theme: int) -> dict[str, str]:
    """Hex colours by token, light (0) or dark (1)."""
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", TOKENS)
    return {name: pair[theme] for name, *pair in found}


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_computed_right() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


GROUNDS = ("ground", "sunken", "surface", "raised", "hover", "chosen")
TEXT_ON = [(ink, ground) for ink in ("ink", "ink-soft", "ink-faint", "accent", "accent-strong") for ground in GROUNDS]
TEXT_ON += [("accent-ink", "accent"), ("accent-ink", "accent-strong")]
TEXT_ON += [(kind, f"{kind}-ground") for kind in ("ok", "warn", "bad", "note")]
TEXT_ON += [(kind, ground) for kind in ("ok", "warn", "bad") for ground in ("surface", "ground", "hover", "chosen")]
BOUNDS = [("line-strong", "surface"), ("line-strong", "ground"), ("focus", "ground"), ("focus", "surface")]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_ON, ids=lambda name: name)
def test_text_can_be_read(theme: int, ink: str, ground: str) -> None:
    values = colours(theme)
    assert contrast(values[ink], values[ground]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("line", "ground"), BOUNDS, ids=lambda name: name)
def test_bounds_of_fields_and_focus_can_be_seen(theme: int, line: str, ground: str) -> None:
    values = colours(theme)
    assert contrast(values[line], values[ground]) >= 3


def test_every_token_that_is_used_exists() -> None:
    known = set(re.findall(r"(--[\w-]+):", TOKENS))
    for file in [*STATIC.rglob("*.css"), *SHARED.rglob("*.css")]:
        text = file.read_text()
        used = set(re.findall(r"var\((--[\w-]+)", text)) - set(re.findall(r"(--[\w-]+):", text))
        assert used <= known, file.name


def test_every_icon_that_is_named_exists() -> None:
    known = set(re.findall(r'<symbol id="([\w-]+)"', (SHARED / "icons.svg").read_text()))
    named: set[str] = set()
    for file in (HERE / "templates").rglob("*.html"):
        named |= set(re.findall(r'\bicon\("([\w-]+)"', file.read_text()))
        named |= set(re.findall(r'parts\.empty\("([\w-]+)"', file.read_text()))
    assert named
    assert named <= known


def test_no_style_sheet_or_script_reaches_out() -> None:
    for file in [*STATIC.rglob("*.css"), *SHARED.rglob("*.css"), *(STATIC / "js").rglob("*.js")]:
        text = file.read_text()
        assert "http:" not in text, file.name
        assert "https:" not in text, file.name
        assert "@import" not in text, file.name
        assert not re.search(r"\beval\(|new Function\(|innerHTML|insertAdjacentHTML|document\.write", text), file.name


def test_addresses_carry_the_hash_of_the_file() -> None:
    digest = hashlib.sha256((SHARED / "css" / "base.css").read_bytes()).hexdigest()[:12]
    assert static("css/base.css") == f"/static/css/base.css?v={digest}"


def test_every_template_can_be_parsed() -> None:
    for file in (HERE / "templates").rglob("*.html"):
        environment().parse(file.read_text(), file.name)
