"""The contract of ``POST /v1/score/{model}`` and ``GET /v1/models``. Times are milliseconds since 1970 UTC.

A row names the entities whose features the model gets, and the numbers that only the caller has.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.lookup_api.features import EntityId
from contracts.value_types import EpochMillis, whole_text

PATH = "/v1/score"
MODELS_PATH = "/v1/models"
MAX_ROWS = 1000
"""Most rows in one request; more is answered with 413."""
MAX_INPUTS = 1000

Status = Literal["ok", "degraded", "fallback"]
"""ok: every input is known. degraded: for some inputs the model's declared fallback stands, see ``fallbacks``.
fallback: the model gave no scores in time, so they are the fallback score that it declares."""
Runtime = Literal["onnx", "open_inference", "sagemaker"]


class ScoreRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ids of entities by their kind. One that is absent has no features: the model's fallbacks stand for them."""

    browser: EntityId | None = None
    session: EntityId | None = None
    user: EntityId | None = None
    listing: EntityId | None = None
    seller: EntityId | None = None
    account: EntityId | None = None
    inputs: Annotated[dict[str, float | bool], Meta(max_length=MAX_INPUTS)] = {}
    """The caller's numbers by name. One that the model does not take is ignored."""


class ScoreRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rows: Annotated[list[ScoreRow], Meta(max_length=MAX_ROWS)]
    at: EpochMillis | None = None
    """The instant of which the features are; default: now."""
    request_id: Annotated[str, Meta(max_length=64), whole_text("[A-Za-z0-9._-]+")] | None = None
    """In the answer and the score log; default: a new one."""


class ScoreAnswer(msgspec.Struct, frozen=True, kw_only=True):
    request_id: str
    model: str
    version: str
    features_version: str | None
    """Of the declared features that were read; null: the service has none."""
    status: Status
    scores: list[float]
    """One for each row, in order."""
    fallbacks: list[list[str]]
    """For each row, the names of the inputs that are not known."""


class ModelState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A model's folder: the version in use, or why there is none."""

    name: str
    version: str | None = None
    """Absent: no version of it could be used yet."""
    runtime: Runtime | None = None
    description: str = ""
    inputs: list[str] = []
    features: list[str] = []
    """Value names of the features that it reads."""
    deadline_ms: int | None = None
    features_version: str | None = None
    """Of the features that it was trained with, where it says so."""
    fits_features: bool | None = None
    """Whether that is the version in use."""
    loaded_tstamp: int | None = None
    trained: dict[str, object] = {}
    refused: str | None = None
    """Why the newest version in the folder is not in use."""


class ModelsAnswer(msgspec.Struct, frozen=True):
    features_version: str | None
    models: list[ModelState]
