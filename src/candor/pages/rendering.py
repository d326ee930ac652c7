"""Templates, and the addresses of static files: the same for every face."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from markupsafe import Markup

from candor import __version__
from candor.core.clock import iso
from candor.pages import formats, i18n

#: The look that all faces have.
STATIC = Path(__file__).resolve().parent / "static"


def environment(templates: Path, static_folders: Iterable[Path]) -> jinja2.Environment:
    """A template engine: everything escaped, everything undefined an error. `static_folders` are those of the face, the
    first that has a file counts; what all faces have comes last."""
    folders = (*static_folders, STATIC)
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.loopcontrols"],
        auto_reload=False,
    )
    made.policies["ext.i18n.trimmed"] = True
    # Raw lookups: the extension itself fills in the fields, and escapes them.
    made.install_gettext_callables(  # type: ignore[attr-defined]
        lambda message: i18n.present().gettext(message),
        lambda one, many, number: i18n.present().ngettext(one, many, number),
        newstyle=True,
    )
    made.filters.update(
        ago=formats.ago,
        bytes=formats.size,
        duration=formats.duration,
        grouped=formats.grouped,
        groups=formats.groups,
        iso=iso,
        local=formats.date_and_time,
        seconds=formats.seconds,
        with_zone=formats.with_zone,
    )
    made.globals.update(
        now=lambda: datetime.now(UTC),
        query=query,
        static=lambda name: static(name, folders),
        translated=i18n.gettext,
        version=__version__,
        when=when,
    )
    return made


def when(moment: datetime | None, zone: str, *, seconds: bool = True) -> Markup:
    """A `<time>` in the agency's zone, date and time apart, the zone and UTC in its title; a dash for none."""
    if moment is None:
        return Markup("–")
    date, time = formats.date_and_time(moment, zone, seconds=seconds).split()
    return Markup(
        '<time datetime="{}" title="{}" translate="no"><span class="date">{}</span> <span class="time">{}</span></time>'
    ).format(iso(moment), formats.with_zone(moment, zone), date, time)


def query(path: str, given: dict[str, Any], **changed: Any) -> str:
    """A link with a query string: `given` with some values changed; empty ones are left out."""
    kept = {name: value for name, value in {**given, **changed}.items() if value not in (None, "", (), [])}
    return f"{path}?{urlencode(kept, doseq=True)}" if kept else path


@cache
def static(name: str, folders: tuple[Path, ...]) -> str:
    """The address of a static file, with its hash, so that browsers keep it until it changes."""
    file = next((folder / name for folder in folders if (folder / name).is_file()), folders[0] / name)
    return f"/static/{name}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"
