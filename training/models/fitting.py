"""Classifiers of scikit-learn: fitted with one thread and fixed seeds, and written in the ONNX format."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from skl2onnx import to_onnx
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

Numbers = NDArray[np.float32]
SCORES: Final = "probabilities"
"""The output, [rows, 2]; the second column is the score."""
_OPSET: Final = {"": 18, "ai.onnx.ml": 3}
"""Of the file; older ones are read by more servers."""
_SEED: Final = 1


def _trees(trees: int, leaves: int) -> Callable[[], Any]:
    return lambda: HistGradientBoostingClassifier(
        learning_rate=0.1,
        max_iter=trees,
        max_leaf_nodes=leaves,
        min_samples_leaf=20,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=_SEED,
    )


CHOICES: Final[Mapping[str, Callable[[], Any]]] = MappingProxyType(
    {
        "logistic regression": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)),
        "gradient boosting, 60 trees of 8 leaves": _trees(60, 8),
        "gradient boosting, 100 trees of 12 leaves": _trees(100, 12),
    }
)
"""Which one is taken is decided by the validation part alone."""


@dataclass(frozen=True, slots=True)
class Fitted:
    choice: str
    onnx: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.onnx).hexdigest()

    @property
    def version(self) -> str:
        """Of the model: the same content has the same one."""
        return self.sha256[:12]


def fit(choice: str, rows: Numbers, labels: Sequence[bool], columns: int) -> Fitted:
    """:param columns: of a row; both labels must occur."""
    # Without a number, joblib starts a process that counts the machine's cores.
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")
    classifier = CHOICES[choice]()
    with threadpool_limits(limits=1):
        classifier.fit(rows, np.array(labels, dtype=np.int64))
    model = to_onnx(
        classifier,
        np.zeros((1, columns), dtype=np.float32),
        options={id(classifier): {"zipmap": False}},
        target_opset=_OPSET,
        name="model",
    )
    return Fitted(choice, model.SerializeToString())


class Scorer:
    """Runs a model as the lookup service does: onnxruntime with one thread."""

    def __init__(self, onnx: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def __call__(self, rows: Sequence[Sequence[float]] | Numbers) -> list[float]:
        """A score in [0, 1] for each row."""
        [scores] = self._session.run([SCORES], {self._input: np.asarray(rows, dtype=np.float32)})
        found: list[float] = scores[:, 1].tolist()
        return found
