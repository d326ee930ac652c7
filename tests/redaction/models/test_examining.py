"""Files that are no models, or none that may run here, are refused before anything of them runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.redaction.models.exports import bright_spots, constant_model, packed, small_net

from candor.redaction.model import Kind
from candor.redaction.models.errors import ModelRefused
from candor.redaction.models.examining import examine
from candor.redaction.models.layouts import Layout
from candor.redaction.models.registering import Said, check_model


def _graph(node: onnx.NodeProto, weights: list[TensorProto] | None = None) -> onnx.GraphProto:
    return helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        weights or [],
    )


def _external() -> bytes:
    weight = numpy_helper.from_array(np.zeros(3, np.float32), "w")
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="../../../etc/hostname")
    return packed(_graph(helper.make_node("Add", ["x", "w"], ["y"]), [weight]))


def _external_in_a_branch() -> bytes:
    weight = helper.make_tensor("v", TensorProto.FLOAT, [1], [1.0])
    weight.ClearField("float_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="secret")
    inner = helper.make_node("Constant", [], ["z"], value=weight)
    branch = helper.make_graph([inner], "b", [], [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1])])
    return packed(_graph(helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)))


def _of_domain(domain: str, operator: str) -> bytes:
    model = onnx.load_model_from_string(packed(_graph(helper.make_node(operator, ["x"], ["y"], domain=domain))))
    model.opset_import.append(helper.make_opsetid(domain, 1))
    data: bytes = model.SerializeToString()
    return data


def _old() -> bytes:
    return packed(_graph(helper.make_node("Relu", ["x"], ["y"])), opset=5)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not an ONNX file"),
        (b"\x7fELF" + bytes(200), "not an ONNX file"),
        (b"\x08\x07\x12\x04abcd", "not an ONNX file"),
        (bright_spots()[:-400], "not an ONNX file"),
        (_external(), "reads other files"),
        (_external_in_a_branch(), "reads other files"),
        (_of_domain("my.company", "Magic"), r"operators that are not onnxruntime's \(my.company\)"),
        (_of_domain("ai.onnx.contrib", "PyOp"), "operators that are not"),
        (_of_domain("com.microsoft", "EPContext"), r"compiled code \(EPContext\)"),
        (_old(), "opset 5"),
    ],
)
def test_refused_by_looking(data: bytes, why: str) -> None:
    with pytest.raises(ModelRefused, match=why) as refused:
        examine(data, "given")
    assert "Nothing was changed" in str(refused.value)


def test_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("candor.redaction.models.examining.LARGEST_MODEL", 1 << 20)
    with pytest.raises(ModelRefused, match="larger than 1 MiB"):
        examine(bytes((1 << 20) + 1), "given")


def test_what_the_file_says_is_read() -> None:
    said = {"names": "{0: 'face', 1: 'plate'}", "imgsz": "[384, 640]"}
    found = examine(constant_model({"o": np.zeros((1, 6, 10), np.float32)}, metadata=said), "given")
    assert (found.labels, found.size) == (("face", "plate"), (640, 384))


@pytest.mark.parametrize(
    "names", ["__import__('os').system('false')", "{-1: 'a'}", "{999999999: 'a'}", "[" * 9999, "'x'", "{}", "[]"]
)
def test_names_that_are_no_names_are_left_aside(names: str) -> None:
    data = constant_model({"o": np.zeros((1, 6, 10), np.float32)}, metadata={"names": names, "imgsz": names})
    found = examine(data, "given")
    assert (found.labels, found.size) == (None, None)


def _boxes(many: int = 2, score: float = 0.0) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    return {"output0": np.full((1, 4 + many, 8400), score, np.float32)}


@pytest.mark.parametrize(
    ("data", "said", "why"),
    [
        (constant_model({"o": np.zeros((1, 1000), np.float32)}), Said(), "no layout that is read here"),
        (constant_model(_boxes(), batch=8), Said(), r"takes \[8, 3, 640, 640\]"),
        (small_net((4, 8, 1), listed=False), Said(), "not one picture of three colours"),
        (constant_model(_boxes(), size=(16, 16)), Said(), "16 x 16; 32 to 4096"),
        (constant_model(_boxes()), Said(size=(320, 320)), "640 x 640, and 320 x 320 was said"),
        (constant_model(_boxes()), Said(labels=["a", "b", "c"]), "2 classes, and 3 names"),
        (constant_model(_boxes()), Said(), r"not known what kind its labels are \(0, 1\)"),
        (constant_model(_boxes()), Said(labels=["a", "b"], kinds={"c": Kind.FACE}), "no label 'c'; it has a, b"),
        (constant_model(_boxes()), Said(labels=["a", "b"], kinds={"a": Kind.REGION}), "drawn by people"),
        (constant_model(_boxes(score=7)), Said(kind=Kind.FACE), "scores are not between 0 and 1"),
        (constant_model(_boxes()), Said(layout=Layout.YUNET), "does not run as that layout"),
        (constant_model(_boxes()), Said(kind=Kind.FACE, thresholds=(0.2, 0.4)), "thresholds"),
        (constant_model(_boxes()), Said(kind=Kind.FACE, thresholds=(1.5, 0.4)), "thresholds"),
    ],
)
def test_refused_by_trying(data: bytes, said: Said, why: str) -> None:
    with pytest.raises(ModelRefused, match=why):
        check_model(data, "given", said)


@pytest.mark.parametrize("name", ["", "  ", "a@b", "a/b", "x" * 61, "a\nb"])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(ModelRefused, match="its name"):
        check_model(bright_spots(), name, Said())


def test_a_file_of_half_precision_is_refused_with_what_to_do() -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT16, [1, 3, 64, 64])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT16, [1, 3, 64, 64])]
    with pytest.raises(ModelRefused, match="export it without half precision"):
        check_model(packed(helper.make_graph([node], "g", inputs, outputs)), "half", Said())


def test_nothing_beside_a_model_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that it names is there, in the working folder, and is refused all the same."""
    (tmp_path / "secret").write_bytes(bytes(4))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelRefused, match="reads other files"):
        check_model(_external_in_a_branch(), "given", Said(kind=Kind.FACE))
