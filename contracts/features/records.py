"""The record of the topic of features: an entity's state as it is now. The newest one of a key replaces the others."""

import msgspec


class FeatureState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Absolute: whoever has the newest record of a key needs no older one. Times in ms since 1970 UTC."""

    entity: str
    """browser, session, user, listing, seller or account."""
    entity_id: str
    newest_tstamp: int
    """Of the newest event in it."""
    written_tstamp: int
    """When the job made it, by its clock. Of two records with equal ``newest_tstamp`` the later one counts."""
    features_version: str
    """Digest of the file of features that the job has."""
    values: dict[str, int | float | str | bool | list[str] | None] = {}
    """``browser__listing_views__1h`` → its value at ``newest_tstamp``, where the job is told so (``publish.values``).
    Windows run on without a new record: whoever needs the value of now asks the lookup service."""
    state: str
    """The packed state in base64: what Redis has, and what a store is built from."""
