"""One visitor of a run: its features as they are served, and the listings that the model recommends to it."""

from base64 import b64decode
from collections.abc import Mapping

import httpx
import msgspec

from assurance.reconciliation.features.outputs import EntityKey, FeatureOutputs
from assurance.reconciliation.features.summary import Recommended, Visitor
from contracts.features.records import FeatureState
from contracts.lookup_api import scores
from contracts.lookup_api.features import FeatureValue
from contracts.lookup_api.scores import ScoreAnswer, ScoreRequest, ScoreRow
from core.features.model import EntityName, FeatureSet, Value
from core.features.state import unpack
from core.features.values import values_at
from training.offline.compute import Anchor
from training.served_values import LookupService

MODEL = "listing_recommendation"
_CANDIDATES = 100
_SHOWN = 3
_OF_LISTING = ("listing__category__lifetime", "listing__brand__lifetime", "listing__price_band__lifetime")


def show_visitor(
    outputs: FeatureOutputs, features: FeatureSet, service: LookupService, client: httpx.Client
) -> Visitor | None:
    """The browser that has viewed most listings in its session; None: there is no browser with a view.

    :param client: of the lookup service, for the model's scores.
    :raises training.problems.TrainingError: if the service cannot be asked for features.
    :raises httpx.HTTPError: or for scores.
    """
    browsers = _ids(outputs.states, "browser", "browser__listing_views__session", features)
    if not browsers:
        return None
    at = outputs.newest_tstamp
    [found] = _served(service, "browser", browsers[:1], at)
    seen = found.get("browser__last_listings__lifetime")
    known = seen if isinstance(seen, list) else []
    listings = _ids(outputs.states, "listing", "listing__views__24h", features)
    candidates = [each for each in listings if each not in known][:_CANDIDATES]
    shown: dict[str, FeatureValue] = {name: value for name, value in found.items() if value not in (None, 0, [])}
    answer = _scores(client, browsers[0], candidates, at) if candidates else None
    if answer is None:
        return Visitor(features=shown)
    best = sorted(zip(answer.scores, candidates, strict=True), key=lambda each: (-each[0], each[1]))[:_SHOWN]
    of_listings = _served(service, "listing", [listing for _, listing in best], at)
    return Visitor(
        features=shown,
        model=f"{answer.model} {answer.version}",
        recommended=[
            Recommended(
                listing_id=listing, score=round(score, 4), features={name: of_listing.get(name) for name in _OF_LISTING}
            )
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


def _served(service: LookupService, entity: EntityName, ids: list[str], at: int) -> list[Mapping[str, Value]]:
    answers = service.read(entity, [Anchor(each, at) for each in ids])
    return [{} if answer is None else answer.values for answer in answers]


def _scores(client: httpx.Client, browser: str, listings: list[str], at: int) -> ScoreAnswer | None:
    """None: the service has no such model that it could use."""
    body = ScoreRequest(rows=[ScoreRow(browser=browser, listing=each) for each in listings], at=at)
    answer = client.post(f"{scores.PATH}/{MODEL}", content=msgspec.json.encode(body))
    if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.SERVICE_UNAVAILABLE):
        return None
    return msgspec.json.decode(answer.raise_for_status().content, type=ScoreAnswer)
