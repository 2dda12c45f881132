"""Erasure of accounts. To erase an account is to destroy its key; a mark replaces it, so that no new key is made."""

from collections.abc import Sequence
from typing import cast

import redis

DESTROYED = b"destroyed"
_MARKS = (DESTROYED, DESTROYED.decode())
"""The mark as clients without and with decoding return it."""
_CHUNK = 1_000


def name_of(user_id: str) -> bytes:
    """The Redis key of an account's subject key."""
    return f"privacy:subject_key:{user_id}".encode("utf-8", "surrogatepass")


def destroy(client: "redis.Redis", *user_ids: str) -> int:
    """Erase accounts: from then on nobody can tell which pseudonyms were theirs, and they get no new ones.

    Returns how many were not erased before. Repeating it does no harm.
    """
    before = _together(client, [("GETSET", name_of(user_id), DESTROYED) for user_id in user_ids])
    return sum(each not in _MARKS for each in before)


def destroyed(client: "redis.Redis", *user_ids: str) -> int:
    """How many of the accounts are erased in the store."""
    found = _together(client, [("GET", name_of(user_id)) for user_id in user_ids])
    return sum(each in _MARKS for each in found)


def _together(client: "redis.Redis", commands: Sequence[tuple[str | bytes, ...]]) -> list[bytes | str | None]:
    """Sends commands in pipelines. Each command has one key, so that a Redis Cluster accepts them as well."""
    replies: list[bytes | str | None] = []
    for start in range(0, len(commands), _CHUNK):
        with client.pipeline(transaction=False) as together:
            for command in commands[start : start + _CHUNK]:
                together.execute_command(*command)  # type: ignore[no-untyped-call]
            replies += cast("list[bytes | str | None]", together.execute())
    return replies
