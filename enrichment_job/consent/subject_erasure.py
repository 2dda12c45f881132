"""To erase an account is to destroy its key: where it was, a mark is left, so that no new one is made."""

from collections.abc import Sequence
from typing import cast

import redis

DESTROYED = b"destroyed"
_MARKS = (DESTROYED, DESTROYED.decode())
"""As clients with and without decoding read it."""
_CHUNK = 1_000


def name_of(user_id: str) -> bytes:
    return f"privacy:subject_key:{user_id}".encode("utf-8", "surrogatepass")


def destroy(client: "redis.Redis", *user_ids: str) -> int:
    """Erase accounts: from then on nobody can tell which pseudonyms were theirs, and they get no new ones.

    How many were not erased before; to do it again does no harm.
    """
    before = _together(client, [("GETSET", name_of(user_id), DESTROYED) for user_id in user_ids])
    return sum(each not in _MARKS for each in before)


def destroyed(client: "redis.Redis", *user_ids: str) -> int:
    """How many of them the store holds as erased."""
    found = _together(client, [("GET", name_of(user_id)) for user_id in user_ids])
    return sum(each in _MARKS for each in found)


def _together(client: "redis.Redis", commands: Sequence[tuple[str | bytes, ...]]) -> list[bytes | str | None]:
    """One key a command, so that a cluster takes them as well."""
    answers: list[bytes | str | None] = []
    for start in range(0, len(commands), _CHUNK):
        with client.pipeline(transaction=False) as together:
            for command in commands[start : start + _CHUNK]:
                together.execute_command(*command)  # type: ignore[no-untyped-call]
            answers += cast("list[bytes | str | None]", together.execute())
    return answers
