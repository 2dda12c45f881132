"""From the folder of one model to a model that can score, or to the reason why not."""

import asyncio
import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from core.features.model import FeatureSet
from core.scoring.fitting import misfits
from core.scoring.inputs import ModelInputs
from core.scoring.model_file import AnyModel, ModelProblem, OnnxModel, OpenInferenceModel, SageMakerModel, read_model
from lookup_service.clock import now_ms
from lookup_service.features.declarations import Chosen, UnknownNames, choose
from lookup_service.scoring.aws_signing import aws_signer
from lookup_service.scoring.onnx_model import OnnxRuntime
from lookup_service.scoring.open_inference import OpenInferenceRuntime
from lookup_service.scoring.remote import HttpClient
from lookup_service.scoring.runtime import ModelRuntime, RunFailure, UnusableModelError
from lookup_service.scoring.sagemaker import SageMakerRuntime

MODEL_FILE: Final = "model.yaml"
MOST_BYTES: Final = 512 * 1024 * 1024
"""Of a model's file."""
NO_FEATURES: Final = "it reads features, and the service has none: LOOKUP_FEATURES_PATH"


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """A version of a model that has scored a test row."""

    file: AnyModel
    inputs: ModelInputs
    runtime: ModelRuntime
    chosen: Chosen
    """The features that it reads, by entity."""
    loaded_tstamp: int = field(default_factory=now_ms)
    load_s: float = 0.0
    """How long it took."""


async def load_model(folder: Path, features: FeatureSet | None, http: HttpClient) -> LoadedModel | ModelProblem:
    """Reads files and compiles in a thread. A server that does not answer the test row is no reason to refuse its
    model: it may start later. One that answers with something else is.
    """
    started = time.perf_counter()
    try:
        found = await asyncio.to_thread(_read, folder, features, http)
        if isinstance(found, ModelProblem):
            return found
        file, runtime = found
        inputs = ModelInputs(file.inputs)
        failure = await runtime.verify(inputs.row({}, {}).numbers)
    except UnusableModelError as error:
        return ModelProblem(str(error))
    except Exception as error:  # a bug, or a file that makes a library raise anything, concerns this model only
        return ModelProblem(type(error).__name__)
    if isinstance(failure, RunFailure) and failure.kind == "refused":
        return ModelProblem(failure.reason, may_pass=_is_elsewhere(file))
    chosen = {} if features is None else choose(features, sorted(inputs.features))
    if isinstance(chosen, UnknownNames):  # misfits() has told each of them already
        return ModelProblem(f"there is no feature {chosen.words}")
    return LoadedModel(file=file, inputs=inputs, runtime=runtime, chosen=chosen, load_s=time.perf_counter() - started)


def _read(folder: Path, features: FeatureSet | None, http: HttpClient) -> tuple[AnyModel, ModelRuntime] | ModelProblem:
    """Raises UnusableModelError."""
    text = _content(folder / MODEL_FILE, MODEL_FILE)
    try:
        file = read_model(text.decode())
    except UnicodeDecodeError:
        return ModelProblem(f"{MODEL_FILE}: not UTF-8")
    if isinstance(file, ModelProblem):
        return ModelProblem(f"{MODEL_FILE}: {file}")
    if file.name != folder.name:
        return ModelProblem(f"{MODEL_FILE}: the name is not the folder's")
    if features is None:
        problems: tuple[object, ...] = (NO_FEATURES,) if ModelInputs(file.inputs).features else ()
    else:
        problems = misfits(file, features)
    if problems:
        return ModelProblem("; ".join(map(str, problems)))
    try:
        return file, _runtime(folder, file, http)
    except UnusableModelError as error:
        return ModelProblem(str(error), may_pass=_is_elsewhere(file))


def _is_elsewhere(file: AnyModel) -> bool:
    """What such a model is refused for, its server or its key, may become right without a change of its folder."""
    return not isinstance(file, OnnxModel)


def _runtime(folder: Path, file: AnyModel, http: HttpClient) -> ModelRuntime:
    if isinstance(file, OnnxModel):
        content = _content(folder / file.file, file.file)
        if file.sha256 is not None and hashlib.sha256(content).hexdigest() != file.sha256:
            raise UnusableModelError(f"{file.file} is not the file whose sha256 {MODEL_FILE} has")
        return OnnxRuntime(content, file)
    if isinstance(file, SageMakerModel):
        return SageMakerRuntime(http, file, aws_signer(file.region))
    return OpenInferenceRuntime(http, file, _key(file))


def _key(file: OpenInferenceModel) -> str | None:
    if file.key_path is None:
        return None
    key = _content(Path(file.key_path), "key_path").strip()
    if not key.isascii() or not key.decode("ascii").isprintable() or not key:
        raise UnusableModelError("key_path: no key that a header can carry")
    return key.decode("ascii")


def _content(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnusableModelError(f"{what}: {error.strerror or type(error).__name__}") from error
    if len(content) > MOST_BYTES:
        raise UnusableModelError(f"{what}: larger than {MOST_BYTES} bytes")
    return content
