"""Reads values of the lookup service, as of a given instant."""

from collections.abc import Sequence
from itertools import groupby

import httpx
import msgspec

from contracts.lookup_api.features import PATH, FeatureRequest, FeatureResponse, FeatureResult
from contracts.lookup_api.lookups import API_KEY_HEADER, MAX_KEYS
from core.features.model import EntityName
from training.comparison import Answer, Served
from training.offline.compute import Anchor
from training.problems import TrainingError

_TIMEOUT_S = 10.0


class LookupService:
    """Blocks until each answer is there."""

    def __init__(self, url: str, api_key: str = "") -> None:
        """:param api_key: one that has the scope ``features``; empty: the service asks for none."""
        headers = {API_KEY_HEADER: api_key} if api_key else {}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT_S)

    def read(self, entity: EntityName, anchors: Sequence[Anchor]) -> list[Answer]:
        """:raises TrainingError: the service cannot be asked, or cannot answer."""
        found: list[Answer] = []
        for at, group in groupby(anchors, lambda anchor: anchor.at):
            ids = [anchor.entity_id for anchor in group]
            for first in range(0, len(ids), MAX_KEYS):
                found += map(_answer, self._asked(entity, ids[first : first + MAX_KEYS], at))
        return found

    def close(self) -> None:
        self._client.close()

    def _asked(self, entity: EntityName, ids: list[str], at: int) -> list[FeatureResult]:
        body = msgspec.json.encode(FeatureRequest(ids=ids, at=at))
        try:
            response = self._client.post(f"{PATH}/{entity}", content=body, headers={"content-type": "application/json"})
            response.raise_for_status()
            return msgspec.json.decode(response.content, type=FeatureResponse).results
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            raise TrainingError(f"lookup service: {entity}: {str(error).partition(chr(10))[0]}") from error


def _answer(result: FeatureResult) -> Answer:
    """What is older than its time to live is nothing; what has an event after the instant has no values."""
    match result.status:
        case "ok" | "invalid" if result.updated_tstamp is not None:
            return Served(result.updated_tstamp, result.features or {})
        case "missing" | "stale":
            return None
        case status:
            raise TrainingError(f"lookup service: the status of an answer is {status}")
