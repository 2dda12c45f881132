"""The keys that each client looked up lately, so that a restarted job can fill its cache before it takes events.

They are in this process's memory and nowhere else, because keys are addresses and ids of people. A client is given only
keys that it looked up itself: who may look up a key must not learn which keys others know.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from contracts.enrichments import LOOKUP_OF_KIND
from contracts.lookup_api.lookups import Kind, LookupKey
from contracts.lookup_api.recent import MAX_KEY_CHARACTERS
from core.lookups.lookup_keys import NoKey, lookup_key

KEYS_PER_SLICE = 256
"""Keys handled before the event loop runs other requests."""


@dataclass(slots=True)
class _Generations:
    """Of one client. The old generation is dropped as a whole, so that a key costs one dictionary entry and no time."""

    turns_at: float
    young: dict[LookupKey, None] = field(default_factory=dict)
    old: dict[LookupKey, None] = field(default_factory=dict)


class RecentKeys:
    """Keys of the kinds that enrichments look up. Times are seconds of ``clock``. For use on one event loop."""

    def __init__(self, max_keys: int, remembered_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """
        :param max_keys: most keys of a client, about 200 bytes each; 0: none are remembered.
        :param remembered_s: a key is forgotten between half of this time and all of it after it was last looked up.
        """
        self._half = max_keys // 2
        self._half_s = remembered_s / 2
        self._clock = clock
        self._clients: dict[str, _Generations] = {}

    def __len__(self) -> int:
        return sum(len(each.young) + len(each.old) for each in self._clients.values())

    def note(self, client: str, keys: Sequence[LookupKey]) -> None:
        """``client`` has looked the keys up. Costs less than 0.1 µs a key."""
        now = self._clock()
        generations = self._clients.get(client)
        if generations is None:
            generations = self._clients[client] = _Generations(now + self._half_s)
        if now >= generations.turns_at or len(generations.young) + len(keys) > self._half:
            self._turn(generations, now)
        young = generations.young
        for key in keys[: self._half]:
            if len(key.key) <= MAX_KEY_CHARACTERS and key.kind in LOOKUP_OF_KIND:
                young[key] = None

    def slices(self, client: str) -> Iterator[list[LookupKey]]:
        """The client's keys, each once, in lists of at most :data:`KEYS_PER_SLICE`; a list may be empty.

        Keys of both generations come first: the client looked them up again, so they are in steady use. Then come the
        others, the latest first. The caller lets the event loop run other requests between two lists.
        """
        self.drop_aged()
        generations = self._clients.get(client)
        if generations is None:
            return
        young, old = generations.young, generations.old
        for keys, other, in_both in ((young, old, True), (young, old, False), (old, young, False)):
            ordered = list(keys)
            ordered.reverse()
            for start in range(0, len(ordered), KEYS_PER_SLICE):
                # A key that was forgotten since the list was made is no longer in ``keys``.
                yield [
                    key for key in ordered[start : start + KEYS_PER_SLICE] if key in keys and (key in other) is in_both
                ]

    def forget(self, kind: Kind, text: str) -> None:
        """Forgets the key of every client, as it is written and in the form in which it is looked up."""
        canonical = lookup_key(kind, text)
        for each in {text, text if isinstance(canonical, NoKey) else canonical}:
            key = LookupKey(kind, each)
            for generations in self._clients.values():
                generations.young.pop(key, None)
                generations.old.pop(key, None)

    def drop_aged(self) -> None:
        """Forgets what is too old. To be called periodically, because there may be no requests that would do it."""
        now = self._clock()
        for client, generations in list(self._clients.items()):
            if now >= generations.turns_at:
                self._turn(generations, now)
                if not generations.old:
                    del self._clients[client]

    def _turn(self, generations: _Generations, now: float) -> None:
        """The young generation becomes the old one; where it is too old for that, both are dropped."""
        is_too_old = now >= generations.turns_at + self._half_s
        generations.old = {} if is_too_old else generations.young
        generations.young = {}
        generations.turns_at = now + self._half_s
