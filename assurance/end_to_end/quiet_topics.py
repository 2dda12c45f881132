"""Waits until a job that was sent its last event writes no more."""

import time
from collections.abc import Sequence

from common.kafka.topic_reader import end_offsets

_POLL_S = 0.25


def wait_until_quiet(bootstrap: str, topics: Sequence[str], quiet_s: float) -> None:
    """Until no record has come to the topics for ``quiet_s``.

    :raises common.kafka.topic_reader.TopicUnavailable: if a topic cannot be read.
    """
    ends, changed = end_offsets(bootstrap, topics), time.monotonic()
    while time.monotonic() - changed < quiet_s:
        time.sleep(_POLL_S)
        if (now := end_offsets(bootstrap, topics)) != ends:
            ends, changed = now, time.monotonic()
