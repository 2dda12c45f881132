"""The interface of what runs a model, in this process or elsewhere, and the tensors that go in and come out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from contracts.lookup_api.inference import DataType
from core.scoring.model_file import Output

Rows: TypeAlias = Sequence[Sequence[float]]
"""Each of as many numbers as the model has inputs."""
_Kind: TypeAlias = Literal["late", "failed", "refused"]
NOT_FINITE = "it has a number that is not finite"


class UnusableModelError(Exception):
    """A model cannot be used. The message says why, in one line without a path or an address."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    name: str
    datatype: DataType
    shape: tuple[int, ...]
    """-1: any size; of the first dimension, the rows, always."""


@dataclass(frozen=True, slots=True)
class Tensor:
    datatype: DataType
    shape: tuple[int, ...]
    data: list[float]
    """In the order of rows; finite."""


@dataclass(frozen=True, slots=True)
class RunFailure:
    kind: _Kind
    """late: not in time; failed: it does not answer, or not now; refused: it answers, and not as it should."""
    reason: str
    """Shows no value of the request and no address."""


class ModelRuntime(Protocol):
    @property
    def input(self) -> TensorSpec:
        """[-1, inputs]"""

    @property
    def output(self) -> TensorSpec:
        """[-1] or [-1, columns]; columns may be -1."""

    async def run(self, rows: Rows, timeout_s: float) -> Tensor | RunFailure:
        """The output for these rows, at least one. A failure is a value, not an exception.

        :param timeout_s: how long the caller waits; the runtime gives up by itself.
        """

    async def verify(self, row: Sequence[float]) -> RunFailure | None:
        """Scores the row once, when the model is loaded. A failure of the kind ``refused`` is the model's fault."""


def flat_tensor(datatype: str, shape: Sequence[int], data: list[Any]) -> Tensor | str:
    """The tensor of numbers that a text said, flat or nested as the shape says; or what is wrong with it."""
    if datatype not in ("FP32", "FP64"):
        return "the datatype is neither FP32 nor FP64"
    numbers = data
    for _ in range(len(shape) - 1):
        if not numbers or not isinstance(numbers[0], list):
            break
        if not all(isinstance(part, list) for part in numbers):
            return "the data is nested unevenly"
        numbers = [number for part in numbers for number in part]
    if len(numbers) != math.prod(shape):
        return "the data is not as long as the shape says"
    if not all(type(number) in (int, float) for number in numbers):
        return "the data has something else than numbers"
    try:
        floats = [float(number) for number in numbers]
    except OverflowError:
        return NOT_FINITE
    if not all(map(math.isfinite, floats)):
        return NOT_FINITE
    return Tensor("FP32" if datatype == "FP32" else "FP64", tuple(shape), floats)


def scores_of(tensor: Tensor, output: Output, rows: int) -> list[float] | RunFailure:
    """One number for each row: the tensor itself, or one column of it."""
    if not tensor.shape or tensor.shape[0] != rows or len(tensor.shape) > 2:
        return RunFailure("refused", "the output is neither [rows] nor [rows, columns]")
    columns = tensor.shape[1] if len(tensor.shape) == 2 else 1
    if output.column >= columns:
        return RunFailure("refused", f"the output has {columns} columns, so none with the number {output.column}")
    return tensor.data[output.column :: columns]
