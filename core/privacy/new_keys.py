"""``python -m core.privacy.new_keys --output FILE``: a new key ring with one epoch, unless the file exists.

An existing file stays as it is, so that pseudonyms stay the same. To rotate, add an epoch by hand.
"""

import argparse
import json
import os
import secrets
import sys
from base64 import b64encode
from pathlib import Path

from core.privacy.key_ring import KEY_BYTES

_OWNER_ALONE, _EVERYBODY = 0o600, 0o644


def ensure_keys(path: Path, *, readable: bool = False) -> Path:
    """The absolute path of a file with a key ring; only its owner may read it unless ``readable``."""
    path = path.resolve()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        mode = _EVERYBODY if readable else _OWNER_ALONE
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
            json.dump(_fresh(), file)
        part.replace(path)
    return path


def _fresh() -> dict[str, list[dict[str, object]]]:
    return {
        "pseudonyms": [{"id": "e1", "from_tstamp": 0, "key": _random_key()}],
        "envelopes": [{"id": "k1", "key": _random_key()}],
    }


def _random_key() -> str:
    return b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m core.privacy.new_keys", description=__doc__)
    parser.add_argument("--output", required=True, type=Path)
    parser.add_argument("--readable", action="store_true", help="for other users, too: a volume between containers")
    arguments = parser.parse_args()
    ensure_keys(arguments.output, readable=arguments.readable)
    return 0


if __name__ == "__main__":
    sys.exit(main())
