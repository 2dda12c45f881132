"""The models of a folder: each of its folders is one, loaded at the start and again whenever its files change.

A changed folder is loaded once it has been the same for two looks, so that no half-copied version is. A version that
cannot be used is refused with the reason, and the one before stays in use. A folder that is gone takes its model with
it; where the folder of all models cannot be read, everything stays as it is.
"""

import asyncio
import math
import time
from collections.abc import Mapping
from pathlib import Path

import structlog

from contracts.lookup_api.scores import ModelsAnswer, ModelState
from core.features.model import FeatureSet
from core.scoring.model_file import ModelProblem, runtime_of
from lookup_service.score_metrics import ScoreMetrics
from lookup_service.scoring.folder_looks import Look, looks_of
from lookup_service.scoring.loading import LoadedModel, load_model
from lookup_service.scoring.remote import HttpClient

POLL_S = 5.0
AGAIN_S = 30.0
"""So long after a refusal that may pass the same files are tried again."""
log = structlog.get_logger(__name__)


class ModelsInUse:
    def __init__(self, folder: Path | None, features: FeatureSet | None, metrics: ScoreMetrics) -> None:
        """:param folder: None: there are no models."""
        self.models: Mapping[str, LoadedModel] = {}
        self.features_version = None if features is None else features.version
        self._folder = folder
        self._features = features
        self._metrics = metrics
        self._http = HttpClient()
        self._refused: dict[str, str] = {}
        self._seen: Mapping[str, Look] = {}
        """As of the latest look."""
        self._taken: dict[str, Look] = {}
        """Files that were loaded or refused."""
        self._again: dict[str, float] = {}
        """:func:`time.monotonic` from which a refused model is tried again."""

    async def open(self) -> None:
        """Loads what is there. Nothing of it stops the service: a model that cannot be used is refused."""
        self._seen = await self._look() or {}
        await self.refresh()

    async def close(self) -> None:
        await self._http.close()

    async def follow(self, poll_s: float = POLL_S) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(poll_s)
            try:
                await self.refresh()
            except Exception as error:  # a bug must not end the following of later versions
                log.error("models_not_read", error_type=type(error).__name__)

    async def refresh(self) -> None:
        """Looks at the folder, and loads the models that have changed since the look before the last one."""
        found = await self._look()
        if self._folder is None or found is None:
            return
        before, self._seen = self._seen, found
        for name in (self.models.keys() | self._refused.keys()) - found.keys():
            self._drop(name)
        for name, files in found.items():
            if files == before.get(name) and (files != self._taken.get(name) or self._is_due(name)):
                self._take(name, files, await self._load(self._folder / name, files))

    async def _load(self, folder: Path, files: Look) -> LoadedModel | ModelProblem:
        return ModelProblem(files) if isinstance(files, str) else await load_model(folder, self._features, self._http)

    def _is_due(self, name: str) -> bool:
        return time.monotonic() >= self._again.get(name, math.inf)

    def is_refused(self, name: str) -> bool:
        """Whether the newest version of the model cannot be used."""
        return name in self._refused

    def states(self) -> ModelsAnswer:
        names = sorted(self.models.keys() | self._refused.keys())
        return ModelsAnswer(self.features_version, [self._state(name) for name in names])

    def _take(self, name: str, files: Look, loaded: LoadedModel | ModelProblem) -> None:
        self._taken[name] = files
        self._again.pop(name, None)
        before = self.models.get(name)
        if isinstance(loaded, ModelProblem):
            if loaded.may_pass:
                self._again[name] = time.monotonic() + AGAIN_S
            if self._refused.get(name) != loaded.reason:
                log.warning("model_refused", model=name, reason=loaded.reason)
            self._refused[name] = loaded.reason
        else:
            self._refused.pop(name, None)
            self.models = {**self.models, name: loaded}
            log.info("model_in_use", model=name, version=loaded.file.version, load_s=round(loaded.load_s, 3))
        self._metrics.observe_model(
            name,
            before=None if before is None else before.file,
            now=None if (current := self.models.get(name)) is None else current.file,
            is_refused=name in self._refused,
        )

    def _drop(self, name: str) -> None:
        before = self.models.get(name)
        self.models = {other: model for other, model in self.models.items() if other != name}
        self._refused.pop(name, None)
        self._taken.pop(name, None)
        self._again.pop(name, None)
        log.info("model_gone", model=name)
        self._metrics.observe_model(name, before=None if before is None else before.file, now=None, is_refused=False)

    async def _look(self) -> Mapping[str, Look] | None:
        return {} if self._folder is None else await asyncio.to_thread(looks_of, self._folder)

    def _state(self, name: str) -> ModelState:
        model = self.models.get(name)
        if model is None:
            return ModelState(name=name, refused=self._refused[name])
        trained_with = model.file.features_version
        return ModelState(
            name=name,
            version=model.file.version,
            runtime=runtime_of(model.file),
            description=model.file.description,
            inputs=list(model.inputs.names),
            features=sorted(model.inputs.features),
            deadline_ms=model.file.deadline_ms,
            features_version=trained_with,
            fits_features=None if trained_with is None else trained_with == self.features_version,
            loaded_tstamp=model.loaded_tstamp,
            trained=model.file.trained,
            refused=self._refused.get(name),
        )
