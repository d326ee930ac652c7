"""candor models: what finds faces, plates and whatever else is to be hidden."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import click

from candor.cli.common import (
    actor,
    as_account,
    as_json,
    bring_log_up_to_date,
    needs,
    opened,
    put_json,
    say,
    table,
)
from candor.core.clock import iso
from candor.people.rules import Permission
from candor.redaction.model import Kind
from candor.redaction.models.errors import ModelRefused
from candor.redaction.models.examining import LARGEST_MODEL
from candor.redaction.models.layouts import Fit, Layout
from candor.redaction.models.registering import (
    FOUND_KINDS,
    SEALED_AS,
    Registered,
    Said,
    add_model,
    check_model,
    registered,
    set_model,
)
from candor.redaction.models.registry import shipped
from candor.redaction.models.sessions import providers

_LARGEST_SIDECAR = 1 << 20
_KINDS = [kind.value for kind in FOUND_KINDS]


@click.group()
def command() -> None:
    """Models that find what is to be hidden: add, list, set."""


@command.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--licence", required=True, help="Under which licence it may be used; it goes on record.")
@click.option("--source", default="", help="Where it is from. Default: the name of the file.")
@click.option("--name", help="What it is called. Default: the file's name without its ending.")
@click.option("--kind", type=click.Choice(_KINDS), help="What everything is that it finds.")
@click.option("--label", "labels", multiple=True, metavar="LABEL=KIND", help="What one of its labels is; the rest, no.")
@click.option(
    "--layout", type=click.Choice([one.value for one in Layout]), help="How it is exported. Default: inferred."
)
@click.option("--size", metavar="WIDTHxHEIGHT", help="The pictures it takes, where its file leaves them open.")
@click.option("--threshold", metavar="BEGIN[,ON]", help="Scores that begin a track, and that go on with one.")
@click.option("--fit", type=click.Choice([one.value for one in Fit]), help="How pictures are fitted to its size.")
@as_account
@as_json
@needs(Permission.MODELS_MANAGE)
def add(
    file: Path,
    licence: str,
    source: str,
    name: str | None,
    kind: str | None,
    labels: tuple[str, ...],
    layout: str | None,
    size: str | None,
    threshold: str | None,
    fit: str | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Register the ONNX model FILE: it is looked at, run once, sealed, and used from then on.

    What FILE.json beside it says (names, size, layout, thresholds) counts where no option says otherwise. Register
    models from sources you trust only: what is registered runs with the rights of the service.
    """
    base = name or re.sub(r"[@/\s]+", "-", file.stem)
    said = _said(file, base, kind, labels, layout, size, threshold, fit)
    with opened() as installation:
        who = actor(installation, acting)
        who.require(Permission.MODELS_MANAGE)
        data = _bytes_of(file, base)
        checked = check_model(data, base, said)
        sealed = installation.vault.seal(SEALED_AS, io.BytesIO(data))
        with installation.database.write() as tx:
            about = source or file.name
            clock = installation.clock
            add_model(tx, installation.vault, who, checked, sealed, licence=licence, source=about, clock=clock)
        bring_log_up_to_date(installation)
    if json_out:
        found = {"name": checked.name, "sha256": checked.sha256.hex(), "layout": checked.facts.layout.value}
        put_json({**found, **checked.facts.to_json()})
        return
    kinds = sorted({f"{label} as {kind.value}" for label, kind in checked.facts.kinds.items()})
    click.echo(f"Registered {checked.name} ({checked.facts.layout.value}): it finds {', '.join(kinds)}.")


@command.command("list")
@as_account
@as_json
@needs(Permission.RECORDINGS_REDACT, Permission.MODELS_MANAGE)
def list_models(acting: str | None, json_out: bool) -> None:
    """List the models that are registered, and those that installed packages have."""
    with opened() as installation:
        who = actor(installation, acting)
        who.require_any(Permission.RECORDINGS_REDACT, Permission.MODELS_MANAGE)
        with installation.database.read() as tx:
            own = registered(tx)
    packaged = shipped()
    if json_out:
        put_json(
            {
                "registered": [_as_json(one) for one in own],
                "shipped": [
                    {"name": one.name, "kind": one.kind.value, "licence": one.licence, "installed": one.there}
                    for one in packaged
                ],
                "runs_on": providers(),
            }
        )
        return
    rows = [
        (one.name, _kinds(one), "on" if one.active else "off", one.licence, one.source, iso(one.added_at))
        for one in own
    ]
    rows += [
        (one.name, one.kind.value, "on" if one.there else "not installed", one.licence, one.source, "")
        for one in packaged
    ]
    table(("name", "finds", "", "licence", "source", "registered"), rows)
    say(f"Models run on {providers()[0].removesuffix('ExecutionProvider')}.")


@command.command("set")
@click.argument("name")
@click.option("--on/--off", "active", default=None, help="Whether it is used.")
@click.option("--threshold", metavar="BEGIN[,ON]", help="Scores that begin a track, and that go on with one.")
@as_account
@as_json
@needs(Permission.MODELS_MANAGE)
def set_(name: str, active: bool | None, threshold: str | None, acting: str | None, json_out: bool) -> None:
    """Switch the registered model NAME on or off, or set its thresholds. What it found before stays."""
    if active is None and threshold is None:
        raise click.UsageError("Say --on, --off or --threshold.")
    thresholds = None if threshold is None else _thresholds(threshold)
    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.write() as tx:
            changed = set_model(tx, who, name, active=active, thresholds=thresholds, clock=installation.clock)
        bring_log_up_to_date(installation)
    if json_out:
        put_json({"name": name, "changed": changed})
    else:
        click.echo("The model is set." if changed else "The model was so already.")


def _bytes_of(file: Path, base: str) -> bytes:
    if file.stat().st_size > LARGEST_MODEL:
        raise ModelRefused(name=base, reason=f"it is larger than {LARGEST_MODEL >> 20} MiB")
    return file.read_bytes()


def _said(
    file: Path,
    base: str,
    kind: str | None,
    labels: tuple[str, ...],
    layout: str | None,
    size: str | None,
    threshold: str | None,
    fit: str | None,
) -> Said:
    """What options and the file beside the model say; the options count more."""
    beside = _beside(file, base)
    kinds: dict[str, Kind] = {}
    for one in labels:
        label, found, value = one.rpartition("=")
        if not found or value not in _KINDS:
            raise click.UsageError(f"--label {one}: give LABEL=KIND, with one of {', '.join(_KINDS)}.")
        kinds[label] = Kind(value)
    try:
        names = beside.get("names")
        wide_high = beside.get("size")
        both = beside.get("thresholds")
        return Said(
            layout=Layout(layout or beside["layout"]) if layout or "layout" in beside else None,
            size=_size(size) if size else (int(wide_high[0]), int(wide_high[1])) if wide_high else None,
            labels=_names(names) if names is not None else None,
            kinds=kinds or {str(label): Kind(value) for label, value in beside.get("kinds", {}).items()},
            kind=None if kind is None else Kind(kind),
            thresholds=_thresholds(threshold) if threshold else (float(both[0]), float(both[1])) if both else None,
            fit=Fit(fit or beside["fit"]) if fit or "fit" in beside else None,
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        reason = f"{file.name}.json beside it cannot be read ({error})"
        raise ModelRefused(name=base, reason=reason) from error


def _beside(file: Path, base: str) -> dict[str, Any]:
    """The JSON file beside a model: FILE.json, or the same name with another ending."""
    for path in (file.with_name(file.name + ".json"), file.with_suffix(".json")):
        if path.is_file():
            if path.stat().st_size > _LARGEST_SIDECAR:
                raise ModelRefused(name=base, reason=f"{path.name} beside it is larger than 1 MiB")
            try:
                value = json.loads(path.read_text("utf-8"))
            except (ValueError, RecursionError) as error:
                raise ModelRefused(name=base, reason=f"{path.name} beside it is not JSON") from error
            if not isinstance(value, dict):
                raise ModelRefused(name=base, reason=f"{path.name} beside it is not a JSON object")
            return value
    return {}


def _names(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [str(value[str(number)]) for number in range(len(value))]
    return [str(one) for one in value]


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,4})x(\d{2,4})", text)
    if found is None:
        raise click.UsageError(f"--size {text}: give WIDTHxHEIGHT, such as 640x384.")
    return int(found[1]), int(found[2])


def _thresholds(text: str) -> tuple[float, float]:
    try:
        begin, *rest = (float(part) for part in text.split(","))
    except ValueError as error:
        raise click.UsageError(f"--threshold {text}: give one score or two, such as 0.3,0.15.") from error
    if len(rest) > 1:
        raise click.UsageError(f"--threshold {text}: give one score or two, such as 0.3,0.15.")
    return begin, rest[0] if rest else begin / 2


def _kinds(one: Registered) -> str:
    return ", ".join(sorted({kind.value for kind in one.facts.kinds.values()}))


def _as_json(one: Registered) -> dict[str, Any]:
    return {
        "name": one.name,
        "sha256": one.sha256.hex(),
        "size": one.size,
        "layout": one.facts.layout.value,
        "facts": one.facts.to_json(),
        "licence": one.licence,
        "source": one.source,
        "active": one.active,
        "added_by": one.added_by,
        "added_at": iso(one.added_at),
    }
