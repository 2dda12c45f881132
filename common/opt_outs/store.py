"""The store of opt-outs: who has opted out or in again, in the order in which they did.

    {privacy:optouts}:store     hash: epoch (random, made with the store), seq, total, token
    {privacy:optouts}:changes   sorted set: +ID opted out, -ID in again; the score is the number of the change
    {privacy:optouts}:batches   stream: <seq> → token, the last of each batch; a reader proves by it that the history
                                it knows is this store's

One subject has one entry, so the changes are the whole set, and what follows a number is all that is new. A store
without the hash is not a store of opt-outs: nobody reads an empty one as "nobody has opted out". Scripts, so that a
batch is there whole or not at all; the braces keep all keys on one node of a cluster.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import msgspec

from common.opt_outs import scripts as opt_out_scripts
from common.opt_outs.redis_client import Client

STORE = "{privacy:optouts}:store"
CHANGES = "{privacy:optouts}:changes"
BATCHES = "{privacy:optouts}:batches"
OUT, IN = b"+", b"-"
_KEYS = (STORE, CHANGES, BATCHES)
_CHUNK = 1_000
"""Subjects in one script: a millisecond or two in which nobody else is served."""
_PAGE = 10_000


class NotInitialisedError(Exception):
    """There is no store of opt-outs: a new one wants to be initialised, a lost one to be restored."""


class Point(msgspec.Struct, frozen=True):
    """A place in a store's history."""

    epoch: bytes
    seq: int
    token: bytes


class Look(msgspec.Struct, frozen=True):
    now: Point
    total: int
    """Entries that were ever written."""
    entries: int
    """Entries that are there."""
    token_then: bytes
    """Of the batch that ended with the number asked for."""

    @property
    def is_whole(self) -> bool:
        return self.entries >= self.total

    def continues(self, known: Point) -> bool:
        """Whether what is known is the beginning of this store's history."""
        return self.now.epoch == known.epoch and self.token_then == known.token


class OptOutStore:
    """Every method raises redis.RedisError where the store cannot be asked."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def close(self) -> None:
        self._client.close()

    def init(self, owed: int = 0) -> bool:
        """Make it a store, unless it is one: not whole before ``owed`` subjects are in it, and :meth:`recount`."""
        return bool(self._eval(opt_out_scripts.INIT, secrets.token_hex(8), owed))

    def owe(self, subjects: int) -> None:
        """It lacks as many at most: from now on it is not whole."""
        self._eval(opt_out_scripts.OWE, subjects)

    def look(self, seq: int = 0) -> Look:
        """:raises NotInitialisedError:"""
        found = cast("list[bytes]", self._eval(opt_out_scripts.LOOK, seq))
        if not found:
            raise NotInitialisedError("this Redis holds no initialised store of opt-outs")
        epoch, newest, total, token, entries, token_then = found
        return Look(Point(epoch, int(newest), token), int(total), int(entries), token_then)

    def changes(self, after: int, until: int) -> Iterator[bytes]:
        """Entries in their order, the sign before the subject."""
        low: str | bytes = f"({after}"
        while True:
            page = cast(
                "list[bytes]",
                self._client.execute_command("ZRANGEBYSCORE", CHANGES, low, until, "WITHSCORES", "LIMIT", 0, _PAGE),
            )
            yield from page[::2]
            if len(page) < 2 * _PAGE:
                return
            low = b"(" + page[-1]

    def entries(self) -> Iterator[bytes]:
        """All of them, in no order; what changes meanwhile may be there twice, or as it was before."""
        cursor = 0
        while True:
            cursor, page = cast(
                "tuple[int, list[tuple[bytes, float]]]",
                self._client.execute_command("ZSCAN", CHANGES, cursor, "COUNT", _PAGE),
            )
            for entry, _ in page:
                yield entry
            if not cursor:
                return

    def opt_out(self, subjects: Iterable[str]) -> int:
        """How many had not opted out before. :raises NotInitialisedError:"""
        return self._change(OUT, subjects)

    def opt_in(self, subjects: Iterable[str]) -> int:
        """How many had not opted in by name before; it is written even for who is not known here, so that a member of
        the former set is heard of as well. :raises NotInitialisedError:
        """
        return self._change(IN, subjects)

    def held(self, subjects: Iterable[str]) -> int:
        """How many of them the store holds as opted out."""
        return sum(
            score is not None
            for chunk in _chunks(subjects)
            for score in cast(
                "list[float | None]",
                self._client.execute_command("ZMSCORE", CHANGES, *(OUT + subject.encode() for subject in chunk)),
            )
        )

    def recount(self, seq: int) -> None:
        """What is there is all there should be; nothing where the store has changed since ``seq``."""
        self._eval(opt_out_scripts.RECOUNT, seq)

    def _change(self, sign: bytes, subjects: Iterable[str]) -> int:
        changed = 0
        for chunk in _chunks(subjects):
            # Not a counter: a server that lost its data would count to the same number again.
            done = self._eval(
                opt_out_scripts.CHANGE, sign, secrets.token_hex(8), *(subject.encode() for subject in chunk)
            )
            if done < 0:
                raise NotInitialisedError("this Redis holds no initialised store of opt-outs")
            changed += done
        return changed

    def _eval(self, script: str, *arguments: str | bytes | int) -> int:
        return cast("int", self._client.eval(script, len(_KEYS), *_KEYS, *arguments))


def _chunks(subjects: Iterable[str]) -> Iterator[Sequence[str]]:
    chunk: list[str] = []
    for subject in subjects:
        chunk.append(subject)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
