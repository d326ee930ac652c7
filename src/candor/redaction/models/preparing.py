"""Making an exported model fast, once on each machine: its graph cleaned, its numbers made eight bits wide.

What is made lies in a folder of the installation, in one file for each source and recipe, with its facts beside it. A
lock keeps processes from making it twice; what a killed one left is cleared away by the next; a file whose hash is not
the one in its facts is made anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from candor.core.files import make_folder, write_durably
from candor.redaction.models.sessions import first_line

__all__ = ["Prepared", "Recipe", "clean", "prepare"]

_OPSET: Final = 13
_MAKING: Final = "making-"
Blob = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """How a model is made fast. `name`: of its files. `words`: everything that the result depends on but the source.
    `calibration`: gives inputs (1, 3, rows, columns) to measure ranges with. `agrees`: given cleaned and quantised
    bytes, why the second is not to be used, or "" and figures for the facts."""

    name: str
    words: dict[str, Any]
    calibration: Callable[[], Iterator[Blob]]
    agrees: Callable[[bytes, bytes], tuple[str, dict[str, Any]]]

    @property
    def hash(self) -> str:
        """Eight hexadecimal digits of `words` and of the versions that make it."""
        import onnx
        import onnxruntime

        versions = {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__}
        said = {**self.words, **versions, "opset": _OPSET}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Prepared:
    """A model that is ready. `precision`: "int8", or "fp32" where that is better or all there is; `why` then says why.
    `source`: SHA-256 of the file it was made from, hexadecimal. `figures`: of the comparison of both."""

    data: bytes
    precision: str
    source: str
    why: str
    figures: dict[str, Any]


def prepare(source: bytes, folder: Path, recipe: Recipe) -> Prepared:
    """The model made fast, from the folder or made now; where nothing can be written there, cleaned in memory."""
    digest = hashlib.sha256(source).hexdigest()
    stem = f"{recipe.name}-{digest[:12]}-{recipe.hash}"
    try:
        make_folder(folder, 0o700)
        with _alone(folder):
            there = _read(folder, stem, digest)
            return there or _make(source, digest, folder, stem, recipe)
    except OSError as error:
        return Prepared(clean(source), "fp32", digest, f"{folder} cannot be written to ({error.strerror})", {})


def clean(source: bytes) -> bytes:
    """The same model of opset 13 whose weights are no longer inputs, so that onnxruntime can fold them, and whose
    pictures may have any size. For models of one picture input with four dimensions."""
    import onnx
    from onnx import version_converter

    model = onnx.load_model_from_string(source)
    weights = {one.name for one in model.graph.initializer}
    kept = [one for one in model.graph.input if one.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    used = {name for node in model.graph.node for name in node.input}
    worn = [one for one in model.graph.initializer if one.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(worn)
    del model.graph.value_info[:]
    for one in (*model.graph.input, *model.graph.output):
        for axis, dimension in enumerate(one.type.tensor_type.shape.dim):
            if axis != 1:
                dimension.dim_param = f"{one.name}.{axis}"
    model.ir_version = max(8, model.ir_version)
    if next(one.version for one in model.opset_import if one.domain in ("", "ai.onnx")) < _OPSET:
        model = version_converter.convert_version(model, _OPSET)
    data: bytes = model.SerializeToString()
    return data


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process makes anything here meanwhile; the system lets go when this one ends, however it ends."""
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read(folder: Path, stem: str, digest: str) -> Prepared | None:
    """What was made before; None where it is not there, or is not what its facts say."""
    try:
        facts = json.loads((folder / f"{stem}.json").read_bytes())
        data = (folder / f"{stem}.onnx").read_bytes()
    except (OSError, ValueError):
        return None
    if not isinstance(facts, dict) or facts.get("source") != digest:
        return None
    if hashlib.sha256(data).hexdigest() != facts.get("sha256"):
        return None
    return Prepared(data, str(facts["precision"]), digest, str(facts["why"]), dict(facts["figures"]))


def _make(source: bytes, digest: str, folder: Path, stem: str, recipe: Recipe) -> Prepared:
    for left in folder.glob(f"{_MAKING}*"):  # of somebody who was killed: nobody else holds the lock
        shutil.rmtree(left, ignore_errors=True)
    for half in folder.glob(".*.tmp"):
        half.unlink(missing_ok=True)
    cleaned = clean(source)
    room = folder / f"{_MAKING}{os.getpid()}"
    room.mkdir(mode=0o700)
    begun = time.monotonic()
    try:
        made = _quantised(cleaned, room, recipe)
        why, figures = recipe.agrees(cleaned, made)
    except Exception as error:  # of onnxruntime's tools, which raise what they please; the cleaned model does it too
        made, why, figures = b"", f"it could not be made eight bits wide ({first_line(error)})", {}
    finally:
        shutil.rmtree(room, ignore_errors=True)
    data = cleaned if why else made
    precision = "fp32" if why else "int8"
    facts = {
        "source": digest,
        "recipe": recipe.words,
        "precision": precision,
        "why": why,
        "figures": figures,
        "sha256": hashlib.sha256(data).hexdigest(),
        "seconds": round(time.monotonic() - begun, 1),
    }
    write_durably(folder / f"{stem}.onnx", data, mode=0o600)
    write_durably(folder / f"{stem}.json", json.dumps(facts, indent=1).encode(), mode=0o600)
    return Prepared(data, precision, digest, why, figures)


def _quantised(cleaned: bytes, room: Path, recipe: Recipe) -> bytes:
    """Static quantisation: weights by channel, activations by what calibration showed; as QuantizeLinear and
    DequantizeLinear around each operator, which every provider of onnxruntime reads."""
    import onnx
    import onnxruntime
    from onnxruntime import quantization

    folded, given, made = room / "folded.onnx", room / "given.onnx", room / "made.onnx"
    given.write_bytes(cleaned)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath, options.log_severity_level = str(folded), 3
    options.intra_op_num_threads = 1
    onnxruntime.InferenceSession(str(given), options, providers=["CPUExecutionProvider"])
    model = onnx.load(str(folded), load_external_data=False)
    onnx.helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})  # what was done just now
    onnx.save(model, str(folded))
    name = model.graph.input[0].name
    pictures = recipe.calibration()

    class Reader:  # taken for a CalibrationDataReader by what it has
        def get_next(self) -> dict[str, Blob] | None:
            picture = next(pictures, None)
            return None if picture is None else {name: picture}

    quantization.quantize_static(
        str(folded),
        str(made),
        Reader(),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
        calibration_providers=["CPUExecutionProvider"],
    )
    return made.read_bytes()
