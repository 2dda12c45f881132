"""A key ring for tests: two epochs of pseudonyms, two keys of envelopes."""

import json
from base64 import b64encode
from typing import Any

ROTATION = 1_700_000_500_000
"""Event time at which the second epoch begins."""


def _key(letter: bytes) -> str:
    return b64encode(letter * 32).decode()


def ring() -> dict[str, Any]:
    return {
        "pseudonyms": [
            {"id": "e1", "from_tstamp": 0, "key": _key(b"a")},
            {"id": "e2", "from_tstamp": ROTATION, "key": _key(b"b")},
        ],
        "envelopes": [{"id": "k1", "key": _key(b"c")}, {"id": "k2", "key": _key(b"d")}],
    }


KEYS = json.dumps(ring()).encode()


def from_a_store() -> bytes:
    """Stands where a client of a secrets store would."""
    return KEYS
