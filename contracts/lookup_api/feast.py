"""Feast's protocol for reading features, ``POST /get-online-features``, as its feature server 0.67 speaks it.

A feature view is an entity; its features are the values' names without the entity: ``browser:listing_views__1h``.
"""

from typing import Annotated, Literal

import msgspec

from contracts.lookup_api.features import MAX_ID_CHARACTERS, MAX_NAME_CHARACTERS, MAX_NAMES, FeatureValue
from contracts.lookup_api.lookups import MAX_KEYS

PATH = "/get-online-features"
FULL = "full"
"""The feature service with all features of the entities that a request has ids of. There is one for each entity too."""
FeastStatus = Literal["INVALID", "PRESENT", "NULL_VALUE", "NOT_FOUND", "OUTSIDE_MAX_AGE"]
"""INVALID: the state cannot be read. NULL_VALUE: it has no such value. NOT_FOUND: there is no state of the id.
OUTSIDE_MAX_AGE: its newest event is longer ago than the entity's time to live. Only PRESENT has a value."""

Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME_CHARACTERS)]
_INT64 = msgspec.Meta(ge=-(2**63), le=2**63 - 1)
EntityKey = Annotated[str, msgspec.Meta(max_length=MAX_ID_CHARACTERS)] | Annotated[int, _INT64] | None
"""A number is read as its digits. What is null or empty is NOT_FOUND."""


class OnlineFeaturesRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Other members are ignored, as Feast does."""

    entities: dict[Name, Annotated[list[EntityKey], msgspec.Meta(max_length=MAX_KEYS)]]
    """Join key → one id for each row. All lists are of equal length. Keys that no feature needs are ignored.

    The join key of an entity is its name, or the field that its declaration names, such as ``domain_userid``; of a
    session ``session_id``.
    """
    features: Annotated[list[Name], msgspec.Meta(max_length=MAX_NAMES)] | None = None
    """``browser:listing_views__1h``."""
    feature_service: Name | None = None
    """Takes precedence over ``features``."""
    full_feature_names: bool = False
    """``browser__listing_views__1h`` in place of ``listing_views__1h``."""


class OnlineFeaturesMetadata(msgspec.Struct, frozen=True):
    feature_names: list[str]
    """First the join keys, then the features as they were asked for."""


class FeatureVector(msgspec.Struct, frozen=True):
    """One feature; each list has an item for each row."""

    values: list[FeatureValue]
    statuses: list[FeastStatus]
    event_timestamps: list[str]
    """Of the newest event of the row's entity, RFC 3339; 1970 where there is none, and of join keys."""


class OnlineFeaturesResponse(msgspec.Struct, frozen=True):
    results: list[FeatureVector]
    """In the order of ``metadata.feature_names``."""
    metadata: OnlineFeaturesMetadata
