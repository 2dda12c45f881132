"""One Kafka record as a job's functions pass it to the sink."""

from typing import TypeAlias

OutputRecord: TypeAlias = tuple[str, bytes | None, bytes | None, int]
"""(topic, key, value, timestamp in ms since 1970 UTC). Without a value it erases the key in a compacted topic."""
