"""Small models as exporters write them, made for tests: each puts out the same boxes whatever it sees, but for one."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[Any]


def constant_model(
    outputs: Mapping[str, Array],
    *,
    size: tuple[int, int] = (640, 640),
    metadata: Mapping[str, str] | None = None,
    second_input: bool = False,
    batch: int | str = 1,
) -> bytes:
    """A model that puts out these values, whatever picture of `size` (width, height) it is given."""
    nodes, weights, said = [], [], []
    mean = helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0)
    zero = helper.make_node("Mul", ["mean", "nothing"], ["zero"])
    nodes += [mean, zero]
    weights.append(numpy_helper.from_array(np.array(0, np.float32), "nothing"))
    for name, value in outputs.items():
        weights.append(numpy_helper.from_array(value, f"{name}.value"))
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        if value.dtype == np.float32:
            nodes.append(helper.make_node("Add", [f"{name}.value", "zero"], [name]))
        else:
            nodes.append(helper.make_node("Identity", [f"{name}.value"], [name]))
        said.append(helper.make_tensor_value_info(name, kind, value.shape))
    inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, 3, size[1], size[0]])]
    if second_input:
        inputs.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2]))
    return packed(helper.make_graph(nodes, "made", inputs, said, weights), metadata)


def packed(graph: onnx.GraphProto, metadata: Mapping[str, str] | None = None, opset: int = 13) -> bytes:
    """A model of a graph, as bytes."""
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    if metadata:
        helper.set_model_props(model, dict(metadata))
    data: bytes = model.SerializeToString()
    return data


def bright_spots(side: float = 24.0) -> bytes:
    """A CenterFace that works on pictures of any size: what is bright is a face of `side` pixels."""
    weights = {
        "grey": np.full((1, 3, 1, 1), 1 / 765, np.float32),
        "nothing": np.array(0, np.float32),
        "two": np.zeros((2, 1, 1, 1), np.float32),
        "ten": np.zeros((10, 1, 1, 1), np.float32),
        "extent": np.full((1, 2, 1, 1), np.log(side / 4), np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["input.1", "grey"], ["light"], kernel_shape=[1, 1]),
        helper.make_node("AveragePool", ["light"], ["537"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Conv", ["537", "two"], ["539"], kernel_shape=[1, 1]),
        helper.make_node("Add", ["539", "extent"], ["538"]),
        helper.make_node("Conv", ["537", "ten"], ["540"], kernel_shape=[1, 1]),
    ]
    shapes = {"537": 1, "538": 2, "539": 2, "540": 10}
    graph = helper.make_graph(
        nodes,
        "spots",
        [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [1, 3, "high", "wide"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, many, "h", "w"]) for name, many in shapes.items()],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return packed(graph)


def small_net(channels: Sequence[int] = (3, 8, 8, 1), *, listed: bool = True) -> bytes:
    """A few convolutions with fixed weights. `listed`: the weights stand among the inputs too, as old exporters do, and
    the input's size is fixed."""
    rng = np.random.default_rng(5)
    nodes, weights, at = [], [], "picture"
    for place, (before, after) in enumerate(itertools.pairwise(channels)):
        weights.append(
            numpy_helper.from_array(rng.normal(0, 0.3, (after, before, 3, 3)).astype(np.float32), f"w{place}")
        )
        nodes.append(helper.make_node("Conv", [at, f"w{place}"], [f"c{place}"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [f"c{place}"], [f"r{place}"]))
        at = f"r{place}"
    weights.append(numpy_helper.from_array(np.zeros(3, np.float32), "unused"))
    inputs = [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [10, channels[0], 32, 32])]
    if listed:
        inputs += [helper.make_tensor_value_info(one.name, one.data_type, list(one.dims)) for one in weights]
    outputs = [helper.make_tensor_value_info(at, TensorProto.FLOAT, [10, channels[-1], 32, 32])]
    return packed(helper.make_graph(nodes, "net", inputs, outputs, weights), opset=11)
