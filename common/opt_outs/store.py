"""The store of opt-outs in Redis: which subjects have opted out, or in again, in the order of these changes.

    {privacy:optouts}:store     hash: epoch (random, created with the store), seq, total, token
    {privacy:optouts}:changes   sorted set: +ID opted out, -ID opted in again; the score is the number of the change
    {privacy:optouts}:batches   stream: number of a batch's last change → the batch's token; with it a reader checks
                                that the history that it knows is the history of this store

Each subject has one entry, so the changes are the complete set, and the changes after a number are all news since then.
Without the hash there is no store: an empty Redis is never read as "nobody has opted out". Lua scripts make each batch
atomic. The braces in the names keep all keys on one node of a cluster.
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
"""Subjects in one script call, which blocks the server for one or two milliseconds."""
_PAGE = 10_000


class NotInitialisedError(Exception):
    """There is no store of opt-outs. Initialise a new one, or restore a lost one."""


class Point(msgspec.Struct, frozen=True):
    """A position in a store's history."""

    epoch: bytes
    seq: int
    token: bytes


class Look(msgspec.Struct, frozen=True):
    """The store's state, read in one atomic step."""

    now: Point
    total: int
    """Number of entries that the store should have."""
    entries: int
    """Number of entries that it has."""
    token_then: bytes
    """Token of the batch that ended with the requested number; empty if there is none."""

    @property
    def is_complete(self) -> bool:
        """Whether no entry is missing."""
        return self.entries >= self.total

    def continues(self, known: Point) -> bool:
        """Whether ``known`` is a position in this store's history."""
        return self.now.epoch == known.epoch and self.token_then == known.token


class OptOutStore:
    """Every method raises redis.RedisError if Redis fails."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def close(self) -> None:
        self._client.close()

    def init(self, missing: int = 0) -> bool:
        """Creates the store and returns True, unless it exists.

        With ``missing`` the store is incomplete until that many subjects are added, or until :meth:`recount`.
        """
        return bool(self._eval(opt_out_scripts.INIT, secrets.token_hex(8), missing))

    def expect_more(self, subjects: int) -> None:
        """Marks the store as incomplete: up to this many subjects are missing."""
        self._eval(opt_out_scripts.EXPECT_MORE, subjects)

    def look(self, seq: int = 0) -> Look:
        """The present state, with the token of the batch that ended with change ``seq``.

        :raises NotInitialisedError: if there is no store.
        """
        found = cast("list[bytes]", self._eval(opt_out_scripts.LOOK, seq))
        if not found:
            raise NotInitialisedError("this Redis holds no initialised store of opt-outs")
        epoch, newest, total, token, entries, token_then = found
        return Look(Point(epoch, int(newest), token), int(total), int(entries), token_then)

    def changes(self, after: int, until: int) -> Iterator[bytes]:
        """The entries numbered ``after`` < number <= ``until`` in their order, each a sign and a subject."""
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
        """All entries, in no order. One that changes meanwhile may appear twice, or in its former state."""
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
        """Opts the subjects out. Returns how many had not opted out before.

        :raises NotInitialisedError: if there is no store.
        """
        return self._change(OUT, subjects)

    def opt_in(self, subjects: Iterable[str]) -> int:
        """Opts the subjects in again. Returns for how many this wrote a new entry.

        An opt-in is written even for a subject without an entry, because it may be a member of the former set.

        :raises NotInitialisedError: if there is no store.
        """
        return self._change(IN, subjects)

    def held(self, subjects: Iterable[str]) -> int:
        """Returns how many of the subjects the store holds as opted out."""
        return sum(
            score is not None
            for chunk in _chunks(subjects)
            for score in cast(
                "list[float | None]",
                self._client.execute_command("ZMSCORE", CHANGES, *(OUT + subject.encode() for subject in chunk)),
            )
        )

    def recount(self, seq: int) -> None:
        """Marks the store as complete with its present entries; no-op if it has changed since ``seq``."""
        self._eval(opt_out_scripts.RECOUNT, seq)

    def _change(self, sign: bytes, subjects: Iterable[str]) -> int:
        changed = 0
        for chunk in _chunks(subjects):
            # A random token, not a counter: a server that has lost data would reach the same number again.
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
