"""One Kafka record as a job's functions pass it to the sink."""

from typing import TypeAlias

OutputRecord: TypeAlias = tuple[str, bytes | None, bytes, int]
"""(topic, key, value, timestamp in ms since 1970 UTC)."""
ErasingRecord: TypeAlias = tuple[str, bytes, None, int]
"""A record without a value, which erases its key in a compacted topic."""
