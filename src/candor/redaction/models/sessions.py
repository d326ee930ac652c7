"""Sessions of onnxruntime: the one place where a model becomes something that runs.

On a machine with a GPU that onnxruntime can use (its CUDA provider is installed and answers), sessions run there, else
on the processor. Nothing else in the product knows which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, cast

import numpy.typing as npt

from candor.redaction.models.errors import ModelRefused

PROCESSOR: Final = "CPUExecutionProvider"
#: Providers that are asked for, the first that is there wins. The processor's is always there.
PROVIDERS: Final = ("CUDAExecutionProvider", PROCESSOR)

_ERRORS_ONLY = 3


class Port(Protocol):
    """An input or output of a model."""

    name: str
    shape: list[int | str | None]  # a number where it is fixed
    type: str  # "tensor(float)" …


class Session(Protocol):
    """What is used of an onnxruntime session."""

    def run(self, names: Sequence[str] | None, given: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """The outputs of those names, or all, for the inputs given."""

    def get_inputs(self) -> list[Port]:
        """Its inputs."""

    def get_outputs(self) -> list[Port]:
        """Its outputs."""

    def get_providers(self) -> list[str]:
        """What it runs on, the first first."""


def providers() -> list[str]:
    """The providers that sessions here are made with, the preferred first."""
    import onnxruntime

    there = onnxruntime.get_available_providers()
    return [one for one in PROVIDERS if one in there]


def on_gpu() -> bool:
    """Whether sessions are made for a GPU."""
    return providers()[0] != PROCESSOR


def open_session(model: bytes | Path, threads: int = 1, *, name: str = "given") -> Session:
    """A session of a model, from its bytes or its file. `threads`: how many a single run may use on the processor.

    Raises ModelRefused, which names `name`, when onnxruntime cannot make one of it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, threads)
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # others wait for this processor too
    given = model if isinstance(model, bytes) else str(model)
    try:
        made = onnxruntime.InferenceSession(given, options, providers=providers())
    except Exception as error:  # onnxruntime's own have no other class in common
        raise ModelRefused(name=name, reason=f"onnxruntime cannot load it ({first_line(error)})") from error
    return cast(Session, made)


def first_line(error: Exception) -> str:
    """The first line of an error of onnxruntime, no longer than a sentence: the rest is paths and addresses."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:240]
