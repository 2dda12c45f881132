"""The former set: a plain Redis set that held the opt-outs before :mod:`common.opt_outs.store` existed.

Its members still count as opted out. A member that disappears stays opted out: only an opt-in in the store counts.
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
        """(version key, number of members): changes when a member is added."""
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
        """Removes the subjects. Returns how many of them were members."""
        members = [subject.encode() for subject in subjects]
        return sum(
            cast("int", self._client.execute_command("SREM", SET, *members[start : start + _CHUNK]))
            for start in range(0, len(members), _CHUNK)
        )
