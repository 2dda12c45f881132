"""Keys for trying things out: random, made once for a run directory, readable by its owner alone."""

import json
import os
import secrets
from base64 import b64encode
from pathlib import Path

from enrichment_job.privacy.key_ring import KEY_BYTES


def ensure_keys(path: Path) -> Path:
    """The absolute path of a file with a key ring; an existing one stays, so that pseudonyms stay the same."""
    path = path.resolve()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        ring = {
            "pseudonyms": [{"id": "e1", "from_tstamp": 0, "key": _random_key()}],
            "envelopes": [{"id": "k1", "key": _random_key()}],
        }
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(ring, file)
    return path


def _random_key() -> str:
    return b64encode(secrets.token_bytes(KEY_BYTES)).decode()
