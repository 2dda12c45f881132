"""The contract of ``GET /v1/lookup/recent``: results of the keys that the caller looked up lately.

The answer is one :class:`RecentResult` a line (NDJSON), keys in steady use first. It ends by the caller's deadline, and
may end before it has all results. It has current results only: neither stale ones nor failures of a source.
"""

from typing import Annotated

import msgspec

from contracts.lookup_api import lookups
from contracts.lookup_api.lookups import Kind, LookupResult

PATH = f"{lookups.PATH}/recent"
MEDIA_TYPE = "application/x-ndjson"
LIMIT = "limit"
"""The query parameter with the most results that the caller wants."""
MAX_RESULTS = 1_000_000
"""Largest limit."""
DEFAULT_RESULTS = 100_000
MAX_KEY_CHARACTERS = 128
"""A longer key is not remembered. Ids have at most as many characters, addresses fewer."""


class RecentResult(msgspec.Struct, frozen=True):
    kind: Kind
    key: Annotated[str, msgspec.Meta(max_length=MAX_KEY_CHARACTERS)]
    result: LookupResult
