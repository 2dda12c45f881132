"""The set in which opt-outs were kept before they had a store: its members still count, wherever it is.

Nobody is removed by it: whoever opts in again does so in the store.
"""

from collections.abc import Iterable, Iterator
from typing import cast

from common.opt_outs.redis_client import Client

SET = "privacy:suppressed"
VERSION = "privacy:suppressed:version"
_PAGE = 10_000
_CHUNK = 1_000


class FormerSet:
    def __init__(self, client: Client) -> None:
        self._client = client

    def version(self) -> tuple[bytes | None, int]:
        """Another one when somebody was added."""
        named = cast("bytes | None", self._client.execute_command("GET", VERSION))
        return named, cast("int", self._client.execute_command("SCARD", SET))

    def members(self) -> Iterator[bytes]:
        cursor = 0
        while True:
            cursor, page = cast(
                "tuple[int, list[bytes]]", self._client.execute_command("SSCAN", SET, cursor, "COUNT", _PAGE)
            )
            yield from page
            if not cursor:
                return

    def remove(self, subjects: Iterable[str]) -> int:
        """How many were in it."""
        members = [subject.encode() for subject in subjects]
        return sum(
            cast("int", self._client.execute_command("SREM", SET, *members[start : start + _CHUNK]))
            for start in range(0, len(members), _CHUNK)
        )
