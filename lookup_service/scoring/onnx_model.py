"""A model in the ONNX format, run by onnxruntime with one thread.

A short run stays on the event loop: to hand it to a thread takes longer than the run. How many rows are short is
measured when the model is loaded.
"""

import asyncio
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

from contracts.lookup_api.inference import DataType
from core.scoring.model_file import OnnxModel
from lookup_service.scoring.runtime import (
    NOT_FINITE,
    Rows,
    RunFailure,
    Tensor,
    TensorSpec,
    UnusableModelError,
    scores_of,
)

INLINE_S = 0.0005
"""Longest run on the event loop, which delays every other request."""
_PROBE_ROWS, _PROBE_RUNS = 64, 5
_ERRORS_ONLY = 3
_TYPES: dict[str, DataType] = {"tensor(float)": "FP32", "tensor(double)": "FP64"}
_THREADS = 2
"""Of a model, for its long runs. A run that nobody waits for any more goes on, so models share none."""


class OnnxRuntime:
    """Thread-safe, as onnxruntime's sessions are."""

    def __init__(self, content: bytes, model: OnnxModel) -> None:
        """Takes from 10 ms to seconds, so it runs in a thread. Raises UnusableModelError."""
        try:
            import numpy as np  # noqa: PLC0415  # the extra scoring is only needed by whoever has a model
            import onnxruntime  # noqa: PLC0415
        except ImportError as error:
            raise UnusableModelError("the extra scoring is not installed") from error
        self._numpy: ModuleType = np
        self._model = model
        self._session = _session(onnxruntime, content)
        self.input = self._input()
        self.output = self._output()
        self.inline_rows = 0
        """Runs of up to so many rows stay on the event loop."""
        self._threads = ThreadPoolExecutor(_THREADS, "score")

    async def run(self, rows: Rows, timeout_s: float) -> Tensor | RunFailure:
        if len(rows) <= self.inline_rows:
            return self._run(rows)
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, rows)
        except TimeoutError:
            return RunFailure("late", "the model takes longer than the deadline")

    async def verify(self, row: Sequence[float]) -> RunFailure | None:
        return await asyncio.to_thread(self._verify, row)

    def _verify(self, row: Sequence[float]) -> RunFailure | None:
        for count in (1, 2):
            found = self._run([row] * count)
            scores = found if isinstance(found, RunFailure) else scores_of(found, self._model.output, count)
            if isinstance(scores, RunFailure):
                return RunFailure("refused", f"a test of {count} rows: {scores.reason}")
        self.inline_rows = self._measured(row)
        return None

    def _measured(self, row: Sequence[float]) -> int:
        """From the fastest runs: a slow moment of the machine is not the model's."""
        one = self._seconds([row])
        each = max((self._seconds([row] * _PROBE_ROWS) - one) / (_PROBE_ROWS - 1), 1e-8)
        return 0 if one > INLINE_S else 1 + int((INLINE_S - one) / each)

    def _seconds(self, rows: Rows) -> float:
        best = math.inf
        for _ in range(_PROBE_RUNS):
            started = time.perf_counter()
            self._run(rows)
            best = min(best, time.perf_counter() - started)
        return best

    def _run(self, rows: Rows) -> Tensor | RunFailure:
        kind = self._numpy.float32 if self.input.datatype == "FP32" else self._numpy.float64
        try:
            [found] = self._session.run([self.output.name], {self.input.name: self._numpy.array(rows, dtype=kind)})
        except Exception as error:  # onnxruntime's errors share no type; their texts may show values
            return RunFailure("refused", f"the model failed: {type(error).__name__}")
        if not self._numpy.isfinite(found).all():
            return RunFailure("refused", NOT_FINITE)
        return Tensor(self.output.datatype, tuple(found.shape), found.ravel().tolist())

    def _input(self) -> TensorSpec:
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise UnusableModelError(f"it has {len(inputs)} inputs; it must have one, [rows, inputs]")
        spec = _spec(inputs[0], "the input")
        wanted = len(self._model.inputs)
        if len(spec.shape) != 2 or spec.shape[1] not in (-1, wanted):
            raise UnusableModelError(f"the input has the shape {list(spec.shape)}, and model.yaml {wanted} inputs")
        return TensorSpec(spec.name, spec.datatype, (-1, wanted))

    def _output(self) -> TensorSpec:
        outputs = {each.name: each for each in self._session.get_outputs()}
        name = self._model.output.name
        if name not in outputs:
            raise UnusableModelError(f"there is no output {name}; there are {', '.join(outputs)}")
        return _spec(outputs[name], f"the output {name}")


def _session(onnxruntime: Any, content: bytes) -> Any:  # noqa: ANN401  # it has no types
    onnxruntime.set_default_logger_severity(_ERRORS_ONLY)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as above
        raise UnusableModelError(f"not a model that onnxruntime can load: {type(error).__name__}") from error


def _spec(tensor: Any, what: str) -> TensorSpec:  # noqa: ANN401  # onnxruntime's NodeArg
    datatype = _TYPES.get(tensor.type)
    if datatype is None:
        hint = "; export it without ZipMap" if tensor.type.startswith("seq(map(") else ""
        raise UnusableModelError(f"{what} is {tensor.type}, not a tensor of floats{hint}")
    shape = tuple(size if isinstance(size, int) else -1 for size in tensor.shape or ())
    if not shape or shape[0] != -1:
        raise UnusableModelError(f"{what} has the shape {list(shape)}; the number of rows must be open")
    return TensorSpec(tensor.name, datatype, shape)
