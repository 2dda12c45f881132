"""Parts of JSON objects, from which the templates put events together."""

from collections.abc import Mapping

import msgspec


def json_members(value: Mapping[str, object]) -> bytes:
    """The members of a JSON object, without its braces."""
    return msgspec.json.encode(value)[1:-1]
