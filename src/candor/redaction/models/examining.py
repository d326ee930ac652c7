"""Looking at a model's file before anything of it runs.

What is trusted: whoever may register models (Permission.MODELS_MANAGE) chooses what is parsed and run here, with the
rights of the service, so a model has to come from somewhere they trust. onnx and onnxruntime read its bytes, bounded in
size, in this process. What can be refused by looking is refused: a model that names files beside itself, operators that
are not onnxruntime's own, and containers of compiled code.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from candor.redaction.models.errors import ModelRefused

if TYPE_CHECKING:
    import onnx

__all__ = ["LARGEST_MODEL", "Examined", "examine"]

LARGEST_MODEL: Final = 512 << 20
"""Bytes of a model's file at most."""

_KNOWN_OPERATORS: Final = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc"})
_COMPILED: Final = frozenset({"EPContext", "PyOp", "PythonOp"})  # hold, or name files with, compiled code
_OLDEST, _NEWEST_OPSET = 7, 26
_LONGEST_NAMES: Final = 200_000
_MOST_LABELS: Final = 5_000


@dataclass(frozen=True)
class Examined:
    """What the file itself says: `labels` and `size` (width, height) where its metadata have them."""

    labels: tuple[str, ...] | None
    size: tuple[int, int] | None
    nodes: int


def examine(data: bytes, name: str) -> Examined:
    """Look at a model's bytes. Raises ModelRefused, which names `name`."""
    import onnx

    if len(data) > LARGEST_MODEL:
        raise ModelRefused(name=name, reason=f"it is larger than {LARGEST_MODEL >> 20} MiB")
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # of protobuf, which tells broken bytes from others by no class that it promises
        raise ModelRefused(name=name, reason="it is not an ONNX file") from error
    if not model.graph.node or not model.graph.output:
        raise ModelRefused(name=name, reason="it is not an ONNX file, or there is nothing in it")
    _check_operators(model, name)
    count = 0
    for graph in _graphs(model):
        for node in graph.node:
            count += 1
            _check_node(node, name)
        for tensor in (*graph.initializer, *(part for one in graph.sparse_initializer for part in (one.values,))):
            _check_tensor(tensor, name)
    for function in model.functions:
        for node in function.node:
            _check_node(node, name)
    said = {prop.key: prop.value for prop in model.metadata_props}
    return Examined(_labels(said.get("names")), _size(said.get("imgsz")), count)


def _check_operators(model: onnx.ModelProto, name: str) -> None:
    local = {function.domain for function in model.functions}
    for one in model.opset_import:
        if one.domain not in _KNOWN_OPERATORS | local:
            raise ModelRefused(name=name, reason=f"it needs operators that are not onnxruntime's ({one.domain})")
        if one.domain in ("", "ai.onnx") and not _OLDEST <= one.version <= _NEWEST_OPSET:
            reason = f"it is of opset {one.version}; {_OLDEST} to {_NEWEST_OPSET} can be used"
            raise ModelRefused(name=name, reason=f"{reason}. Export it again")


def _check_node(node: onnx.NodeProto, name: str) -> None:
    if node.op_type in _COMPILED:
        raise ModelRefused(name=name, reason=f"it brings compiled code ({node.op_type})")
    for attribute in node.attribute:
        for tensor in (attribute.t, *attribute.tensors, attribute.sparse_tensor.values):
            _check_tensor(tensor, name)


def _check_tensor(tensor: onnx.TensorProto, name: str) -> None:
    if tensor.data_location == tensor.EXTERNAL or tensor.external_data:
        raise ModelRefused(name=name, reason="it reads other files; export it as one file, without external data")


def _graphs(model: onnx.ModelProto) -> Iterator[onnx.GraphProto]:
    """The model's graph and all graphs within nodes, of functions too."""
    waiting = [model.graph]
    for function in model.functions:
        waiting += _within(function.node)
    while waiting:
        graph = waiting.pop()
        yield graph
        waiting += _within(graph.node)


def _within(nodes: Any) -> list[onnx.GraphProto]:
    found = []
    for node in nodes:
        for attribute in node.attribute:
            found += [attribute.g, *attribute.graphs] if attribute.HasField("g") else list(attribute.graphs)
    return found


def _labels(text: str | None) -> tuple[str, ...] | None:
    """Class names as Ultralytics writes them: {0: 'person', 1: …} or a list."""
    value = _literal(text)
    if isinstance(value, dict):
        if not all(isinstance(key, int) and 0 <= key < _MOST_LABELS for key in value):
            return None
        value = [value.get(number, str(number)) for number in range(max(value, default=-1) + 1)]
    if isinstance(value, list) and value and len(value) <= _MOST_LABELS:
        return tuple(str(one)[:100] for one in value)
    return None


def _size(text: str | None) -> tuple[int, int] | None:
    """Ultralytics writes [height, width]."""
    value = _literal(text)
    if isinstance(value, int):
        value = [value, value]
    if isinstance(value, list) and len(value) == 2 and all(isinstance(one, int) and 32 <= one <= 4096 for one in value):
        return value[1], value[0]
    return None


def _literal(text: str | None) -> Any:
    if text is None or len(text) > _LONGEST_NAMES:
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
