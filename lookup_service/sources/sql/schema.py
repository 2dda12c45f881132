"""The tables of users and listings: one schema for PostgreSQL and SQLite, with the contract's fields as columns."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from contracts.lookup_api.lookups import ListingProfile, UserProfile

ProfileKind = Literal["user", "listing"]
TABLES: Mapping[ProfileKind, str] = MappingProxyType({"user": "users", "listing": "listings"})
PROFILES: Mapping[ProfileKind, type[UserProfile | ListingProfile]] = MappingProxyType(
    {"user": UserProfile, "listing": ListingProfile}
)
COLUMNS: Mapping[ProfileKind, tuple[str, ...]] = MappingProxyType(
    {kind: profile.__struct_fields__ for kind, profile in PROFILES.items()}
)

# SQLite accepts bigint and double precision as names for its 64-bit integers and floats.
SCHEMA = (
    """CREATE TABLE IF NOT EXISTS users (
    id text PRIMARY KEY,
    user_registered_tstamp bigint,
    user_segment text,
    user_type text CHECK (user_type IN ('private', 'professional')),
    user_verified boolean
)""",
    """CREATE TABLE IF NOT EXISTS listings (
    id text PRIMARY KEY,
    listing_category text,
    listing_price double precision,
    listing_currency text,
    listing_seller_id text,
    listing_created_tstamp bigint
)""",
)
"""Times are ms since 1970 UTC. The seller is not a foreign key: an account can be deleted before its listings."""


class BadRowError(Exception):
    """The contract does not allow the values of the row."""


def columns_of(kind: ProfileKind) -> str:
    """``id`` and the contract's fields, for a SELECT or an INSERT."""
    return ", ".join(("id", *COLUMNS[kind]))


def profile_of(kind: ProfileKind, row: Sequence[Any]) -> UserProfile | ListingProfile:
    """The profile in a row's columns after the id. SQLite's integers are accepted as booleans. Raises BadRowError."""
    try:
        fields = {name: _text(value) for name, value in zip(COLUMNS[kind], row, strict=True) if value is not None}
        return msgspec.convert(fields, PROFILES[kind], strict=False)
    except (ValueError, TypeError, OverflowError) as error:  # msgspec's and text decoding errors are ValueErrors
        raise BadRowError from error


def _text(value: object) -> object:
    """SQLite does not enforce an encoding, so its text arrives undecoded."""
    return value.decode() if isinstance(value, bytes) else value


def row_of(kind: ProfileKind, key: str, profile: UserProfile | ListingProfile) -> tuple[Any, ...]:
    return (key, *(getattr(profile, name) for name in COLUMNS[kind]))
