"""What does not balance, by the record's name."""

from collections import Counter
from collections.abc import Iterable
from itertools import islice

LIMIT = 20
"""Most ids in a list; the counts are always whole."""


def _name(event_id: str | None, digest: bytes | None) -> str:
    if event_id is not None:
        return event_id
    return "(no identity)" if digest is None else f"sha256:{digest.hex()[:16]}"


class Discrepancies:
    """Missing, doubled and unexpected outcomes; counts below one are no fault and are ignored."""

    def __init__(self, known_ids: Iterable[str]) -> None:
        self._known = frozenset(known_ids)
        self.missing: Counter[str] = Counter()
        self.duplicates: Counter[str] = Counter()
        self.unexpected: Counter[str] = Counter()

    def lack(self, event_id: str | None, count: int, digest: bytes | None = None) -> None:
        """``count`` outcomes should be there and are not."""
        if count > 0:
            self.missing[_name(event_id, digest)] += count

    def excess(self, event_id: str | None, count: int, digest: bytes | None = None) -> None:
        """``count`` outcomes too many: doubles of a known record, or else strangers. A digest is a known one."""
        if digest is None and event_id not in self._known:
            self.stranger(event_id, count)
        elif count > 0:
            self.duplicates[_name(event_id, digest)] += count

    def stranger(self, event_id: str | None, count: int, digest: bytes | None = None) -> None:
        """``count`` outcomes of a record that never came in."""
        if count > 0:
            self.unexpected[_name(event_id, digest)] += count

    @staticmethod
    def first(faults: Counter[str]) -> list[str]:
        return list(islice(faults, LIMIT))
