"""Requests and answers of the Open Inference Protocol v2 for the models that are served by it."""

from typing import Final

from contracts.lookup_api.inference import (
    MAX_ROWS,
    InferenceRequest,
    InferenceResponse,
    ModelMetadata,
    ResponseTensor,
    TensorMetadata,
)
from core.scoring.model_file import runtime_of
from lookup_service.scoring.loading import LoadedModel
from lookup_service.scoring.runtime import Tensor, TensorSpec, flat_tensor

_PLATFORMS: Final = {"onnx": "onnxruntime_onnx", "open_inference": "open_inference", "sagemaker": "sagemaker"}


def metadata_of(model: LoadedModel) -> ModelMetadata:
    return ModelMetadata(
        name=model.file.name,
        versions=[model.file.version],
        platform=_PLATFORMS[runtime_of(model.file)],
        inputs=[_metadata(model.runtime.input)],
        outputs=[_metadata(model.runtime.output)],
    )


def rows_of(request: InferenceRequest, model: LoadedModel) -> list[list[float]] | str:
    """The rows of the request's one tensor, or what is wrong with it. Any float fits: it is converted."""
    wanted, output = model.runtime.input, model.runtime.output.name
    if [each.name for each in request.inputs] != [wanted.name]:
        return f"the inputs must be one tensor, {wanted.name}"
    if request.outputs and [each.name for each in request.outputs] != [output]:
        return f"the only output is {output}"
    tensor = request.inputs[0]
    columns = wanted.shape[1]
    if len(tensor.shape) != 2 or tensor.shape[1] != columns:
        return f"the shape of {wanted.name} must be [rows, {columns}]"
    rows = tensor.shape[0]
    if not 1 <= rows <= MAX_ROWS:
        return f"{wanted.name} must have 1 to {MAX_ROWS} rows"
    found = flat_tensor(tensor.datatype, tensor.shape, tensor.data)
    if isinstance(found, str):
        return f"{wanted.name}: {found}"
    return [found.data[start : start + columns] for start in range(0, rows * columns, columns)]


def answer_of(request: InferenceRequest, model: LoadedModel, tensor: Tensor) -> InferenceResponse:
    output = ResponseTensor(
        name=model.runtime.output.name, shape=list(tensor.shape), datatype=tensor.datatype, data=tensor.data
    )
    return InferenceResponse(
        model_name=model.file.name, model_version=model.file.version, id=request.id, outputs=[output]
    )


def _metadata(spec: TensorSpec) -> TensorMetadata:
    return TensorMetadata(name=spec.name, datatype=spec.datatype, shape=list(spec.shape))
