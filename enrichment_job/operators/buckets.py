"""Buckets: the keys under which parked events wait in Flink's keyed state.

The parked side output is not exchanged over the network: it is re-interpreted as keyed, and every subtask may
then only use keys whose key group is its own. Flink's rule: key group = murmur(hash(key)) mod maximum
parallelism, owner = key group * parallelism // maximum parallelism (``KeyGroupRangeAssignment``).
"""

from collections.abc import Sequence

PER_SUBTASK = 64
"""Buckets a subtask uses in turn: more than the lookup batches under way at a time, so that each empties at once."""

CANDIDATES = 1_024
"""Keys whose hashes are shipped with the job: 8 or more for each subtask up to a parallelism of about 100."""


def own_buckets(hashes: Sequence[int], subtask: int, parallelism: int, max_parallelism: int) -> list[int]:
    """The first keys that belong to this subtask.

    :param hashes: Flink's murmur hash of each candidate key, the key being the index.
    :raises ValueError: if there is none, which more candidates would mend.
    """
    own: list[int] = []
    for key, hashed in enumerate(hashes):
        if (hashed % max_parallelism) * parallelism // max_parallelism == subtask:
            own.append(key)
            if len(own) == PER_SUBTASK:
                break
    if not own:
        raise ValueError(f"no bucket for subtask {subtask} of {parallelism}, maximum parallelism {max_parallelism}")
    return own
