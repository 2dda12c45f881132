"""One visitor of a run: its features as they are served, and the listings that the model recommends to it."""

from base64 import b64decode
from collections.abc import Mapping

import httpx
import msgspec

from assurance.reconciliation.features.outputs import EntityKey, FeatureOutputs
from assurance.reconciliation.features.summary import Recommended, Visitor
from contracts.features.records import FeatureState
from contracts.lookup_api import scores
from contracts.lookup_api.features import PATH, FeatureRequest, FeatureResponse, FeatureValue
from contracts.lookup_api.scores import ScoreAnswer, ScoreRequest, ScoreRow
from core.features.model import FeatureSet, Value
from core.features.state import unpack
from core.features.values import values_at

MODEL = "listing_recommendation"
_CANDIDATES = 100
_SHOWN = 3
_OF_LISTING = ("listing__category__lifetime", "listing__brand__lifetime", "listing__price_band__lifetime")


def show_visitor(outputs: FeatureOutputs, features: FeatureSet, client: httpx.Client) -> Visitor | None:
    """The browser that has viewed most listings in its session; None: there is no browser with a view.

    :param client: of the lookup service.
    :raises httpx.HTTPError: if the service does not answer.
    """
    browsers = _ids(outputs.states, "browser", "browser__listing_views__session", features)
    if not browsers:
        return None
    at = outputs.newest_tstamp
    [found] = _read(client, "browser", browsers[:1], at)
    seen = found.get("browser__last_listings__lifetime")
    known = seen if isinstance(seen, list) else []
    listings = _ids(outputs.states, "listing", "listing__views__24h", features)
    candidates = [each for each in listings if each not in known][:_CANDIDATES]
    shown: dict[str, FeatureValue] = {name: value for name, value in found.items() if value not in (None, 0, [])}
    answer = _scores(client, browsers[0], candidates, at) if candidates else None
    if answer is None:
        return Visitor(features=shown)
    best = sorted(zip(answer.scores, candidates, strict=True), key=lambda each: (-each[0], each[1]))[:_SHOWN]
    of_listings = _read(client, "listing", [listing for _, listing in best], at, _OF_LISTING)
    return Visitor(
        features=shown,
        model=f"{answer.model} {answer.version}",
        recommended=[
            Recommended(listing_id=listing, score=round(score, 4), features=of_listing)
            for (score, listing), of_listing in zip(best, of_listings, strict=True)
        ],
    )


def _ids(states: Mapping[EntityKey, FeatureState], entity: str, by: str, features: FeatureSet) -> list[str]:
    """Of entities that have more than none of that value, the highest first."""
    counts = [
        (count, entity_id)
        for (kind, entity_id), state in states.items()
        if kind == entity and isinstance(count := _value(state, by, features), int) and count > 0
    ]
    return [entity_id for _, entity_id in sorted(counts, key=lambda each: (-each[0], each[1]))]


def _value(state: FeatureState, name: str, features: FeatureSet) -> Value:
    """Of the record's own time."""
    wanted = [features.by_value_name[name]]
    return values_at(unpack(b64decode(state.state)), wanted, state.newest_tstamp, features)[name]


def _read(
    client: httpx.Client, entity: str, ids: list[str], at: int, names: tuple[str, ...] | None = None
) -> list[dict[str, FeatureValue]]:
    body = FeatureRequest(ids=ids, names=None if names is None else list(names), at=at)
    answer = client.post(f"{PATH}/{entity}", content=msgspec.json.encode(body)).raise_for_status()
    found = msgspec.json.decode(answer.content, type=FeatureResponse)
    return [each.features or {} for each in found.results]


def _scores(client: httpx.Client, browser: str, listings: list[str], at: int) -> ScoreAnswer | None:
    """None: the service has no such model that it could use."""
    body = ScoreRequest(rows=[ScoreRow(browser=browser, listing=each) for each in listings], at=at)
    answer = client.post(f"{scores.PATH}/{MODEL}", content=msgspec.json.encode(body))
    if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.SERVICE_UNAVAILABLE):
        return None
    return msgspec.json.decode(answer.raise_for_status().content, type=ScoreAnswer)
