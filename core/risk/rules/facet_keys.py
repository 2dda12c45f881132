"""Keys of the facets: the values that accounts share."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from core.risk.observation import PLACE, Observation, ValueField

Facet = Literal["address", "network", "device", "email_domain", "client", "text", "image", "site"]
"""site: everything at once. It only counts successful sign-ins, for the likelihood."""
SITE: Final = "site:"
FACET_OF: Final[Mapping[ValueField, Facet]] = MappingProxyType(
    {
        "user_ipaddress": "address",
        "as_number": "network",
        "device_id": "device",
        "email_domain": "email_domain",
        "client": "client",
        "listing_text_hash": "text",
        "listing_image_hash": "image",
    }
)
"""First field of a group → the facet whose log finds it."""
SUBJECT_FIELDS: Final[frozenset[ValueField]] = frozenset({"user_id", "domain_userid"})
"""A group that begins with one of them is found by the subject's log."""
SIGN_IN_FACETS: Final[tuple[Facet, ...]] = ("address", "network", "client", "device")
"""Where successful sign-ins are counted for the likelihood, beside the site."""
_FIELD: Final[Mapping[Facet, ValueField]] = MappingProxyType({facet: field for field, facet in FACET_OF.items()})
_BANDS: Final = 4
_BAND_BITS: Final = 16
"""Two hashes of 64 bits that differ in up to three bits have at least one of four equal bands: each near-duplicate has
one with its model. So of a ring's texts, which differ from each other by up to :data:`SIMILAR_BITS`, at least a quarter
meet in one facet. Bands for all pairs of such texts would be so short that unrelated listings fill the logs."""


def facet_keys(facet: Facet, observed: Observation) -> tuple[str, ...]:
    """Empty where the event has no such value."""
    if facet == "site":
        return (SITE,)
    value = observed.values[PLACE[_FIELD[facet]]]
    if value is None:
        return ()
    if facet == "network":
        return (f"network:{value}",)
    if facet in {"text", "image"}:
        mask = (1 << _BAND_BITS) - 1
        return tuple(f"{facet}{band}:{value >> _BAND_BITS * band & mask:04x}" for band in range(_BANDS))
    return (f"{facet}:{value:016x}",)


def facet_of_key(key: str) -> Facet:
    """The facet of a key that :func:`facet_keys` has made."""
    name = key.partition(":")[0]
    for facet in ("text", "image"):
        if name[:-1] == facet:
            return facet
    for known in (*SIGN_IN_FACETS, "email_domain", "site"):
        if name == known:
            return known
    raise ValueError(f"no key of a facet: {key!r}")
