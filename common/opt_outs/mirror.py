"""The mirror of the store of opt-outs in memory, one look at a time.

A look asks for what changed since the last one. Where the store is not the one that is known (flushed, replaced, set
back to an older state, short of entries) nobody is taken out of the mirror: what it knew stays, what is in the store is
added, and the store gets back what it lacks, so that a task that starts later finds it, too. Only an entry that follows
what is known, written by somebody who opted in again, takes a subject out.
"""

from collections.abc import Callable

from common.opt_outs.former import FormerSet
from common.opt_outs.store import IN, OUT, Look, NotInitialisedError, OptOutStore, Point
from common.opt_outs.subject_ids import subject_of

_PART = 5_000


class IncompleteError(Exception):
    """The store says itself that entries are missing, and nobody here knows which."""


class Mirror:
    """``subjects`` is always the same set: one thread changes it, any may ask whether somebody is in it."""

    def __init__(self, on_loss: Callable[[], None] = lambda: None) -> None:
        """``on_loss`` is called when the store is found to lack what it had."""
        self.subjects: set[str] = set()
        self.lacks = False
        """The store does not hold all that is known, as far as is known."""
        self._on_loss = on_loss
        self._known: Point | None = None
        self._surplus = 0
        self._former_version: tuple[bytes | None, int] = (None, 0)
        self._skipped = 0
        self._former_skipped = 0
        self._owed: list[str] | None = None

    @property
    def skipped(self) -> int:
        """Members of the store that no event can carry: not UTF-8, empty, too long, without a sign."""
        return self._skipped + self._former_skipped

    def look(self, store: OptOutStore, former: FormerSet) -> None:
        """
        :raises NotInitialisedError: where there is no store, and nothing is known.
        :raises IncompleteError: where entries are missing, and nothing is known.
        :raises redis.RedisError: where it cannot be asked, or takes back nothing: all that is known stays.
        """
        found = self._found(store)
        if self._known is None:
            if not found.is_whole:
                raise IncompleteError("the store of opt-outs says that it has lost entries")
            self._read_whole(store)
        elif found.continues(self._known):
            self._read_on(store, self._known.seq, found.now.seq)
        else:
            self._loss()
            store.owe(len(self.subjects))
            self._read_whole(store)
        self._known = found.now
        if (surplus := found.entries - found.total) > self._surplus:
            self._read_whole(store)
        self._surplus = surplus
        if not found.is_whole and not self.lacks:
            self._loss()
        if self.lacks:
            self._give_back(store)
        self._read_former(former)

    def _found(self, store: OptOutStore) -> Look:
        if self._known is None:
            return store.look()
        try:
            return store.look(self._known.seq)
        except NotInitialisedError:
            self._loss()
            store.init(len(self.subjects))
            return store.look(self._known.seq)

    def _loss(self) -> None:
        self._owed = None
        if not self.lacks:
            self.lacks = True
            self._on_loss()

    def _give_back(self, store: OptOutStore) -> None:
        """A part at each look, so that what is new is seen meanwhile. Until then the store is not whole, and no task
        starts with it.
        """
        if self._owed is None:
            self._owed = list(self.subjects)
        part = self._owed[-_PART:]
        store.opt_out(subject for subject in part if subject in self.subjects)
        del self._owed[-_PART:]
        if self._owed:
            return
        after = store.look()
        if not after.is_whole:
            store.recount(after.now.seq)
            after = store.look()
        self._owed = None
        self.lacks = not after.is_whole

    def _read_on(self, store: OptOutStore, after: int, until: int) -> None:
        if after == until:
            return
        for entry in store.changes(after, until):
            subject = subject_of(entry[1:])
            if subject is None or entry[:1] not in (OUT, IN):
                self._skipped += 1
            elif entry[:1] == OUT:
                self.subjects.add(subject)
            else:
                self.subjects.discard(subject)

    def _read_whole(self, store: OptOutStore) -> None:
        """Adds alone: an entry that takes somebody out may be older than what is known."""
        skipped = 0
        for entry in store.entries():
            subject = subject_of(entry[1:])
            if subject is None or entry[:1] not in (OUT, IN):
                skipped += 1
            elif entry[:1] == OUT:
                self.subjects.add(subject)
        self._skipped = skipped

    def _read_former(self, former: FormerSet) -> None:
        version = former.version()
        if version == self._former_version:
            return
        skipped = 0
        for member in former.members():
            subject = subject_of(member)
            if subject is None:
                skipped += 1
            else:
                self.subjects.add(subject)
        self._former_version, self._former_skipped = version, skipped
