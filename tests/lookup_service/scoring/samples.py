"""Small models in the ONNX format: softmax(x · W + b), whose scores a test can work out by hand."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import yaml
from onnx import TensorProto, helper, numpy_helper

from lookup_service.features.declarations import read_feature_file
from tests.lookup_service.features.samples import written

MODEL = "recommendation"
WEIGHTS = (0.5, -1.0)
INPUTS: tuple[dict[str, object], ...] = (
    {"name": "views", "feature": "browser__views__24h", "fallback": 0},
    {"name": "likelihood", "request": "likelihood", "fallback": 3},
)
"""Of the features of tests.lookup_service.features.samples."""


def probability(*numbers: float, weights: Sequence[float] = WEIGHTS, bias: float = 0.0) -> float:
    """What the model of :func:`model_bytes` gives in its second column."""
    return 1 / (1 + math.exp(-(sum(a * b for a, b in zip(numbers, weights, strict=True)) + bias)))


def model_bytes(
    weights: Sequence[float] = WEIGHTS,
    *,
    bias: float = 0.0,
    datatype: int = TensorProto.FLOAT,
    rows: str | int = "rows",
    sines: int = 0,
) -> bytes:
    """:param sines: of sines, before the softmax; many take long."""
    kind = np.float32 if datatype == TensorProto.FLOAT else np.float64
    matrix = np.array([[0.0, weight] for weight in weights], dtype=kind)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["product"]), helper.make_node("Add", ["product", "b"], ["sum0"])]
    nodes += [helper.make_node("Sin", [f"sum{n}"], [f"sum{n + 1}"]) for n in range(sines)]
    nodes.append(helper.make_node("Softmax", [f"sum{sines}"], ["probabilities"], axis=1))
    graph = helper.make_graph(
        nodes,
        "sample",
        [helper.make_tensor_value_info("x", datatype, [rows, len(weights)])],
        [helper.make_tensor_value_info("probabilities", datatype, [rows, 2])],
        [
            numpy_helper.from_array(matrix, "w"),
            numpy_helper.from_array(np.array([0.0, bias], dtype=kind), "b"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def model_text(version: str = "1", *, name: str = MODEL, **changes: object) -> str:
    """``model.yaml``; None removes a key."""
    declared: dict[str, object] = {
        "name": name,
        "version": version,
        "runtime": "onnx",
        "inputs": list(INPUTS),
        "deadline_ms": 2000,
        "output": {"name": "probabilities", "column": 1},
    }
    return yaml.safe_dump({key: value for key, value in (declared | changes).items() if value is not None})


def put_model(
    folder: Path, version: str = "1", *, name: str = MODEL, content: bytes | None = None, **changes: object
) -> Path:
    """Writes a model's folder, or replaces its files."""
    model = folder / name
    model.mkdir(exist_ok=True)
    (model / "model.onnx").write_bytes(model_bytes() if content is None else content)
    (model / "model.yaml").write_text(model_text(version, name=name, **changes), encoding="utf-8")
    return model


def remote(runtime: str, **options: object) -> dict[str, object]:
    """Changes of :func:`model_text` that make the model one on another server."""
    return {"runtime": runtime, **options}


def features_version(folder: Path) -> str:
    """Of the features that the harness of these tests serves."""
    return read_feature_file(written(folder)).version
