"""The in-memory mirror of the store of opt-outs, updated by one refresh at a time.

A refresh reads the changes since the last one. If the store is not the known one (flushed, replaced, reset to an older
state, or with entries missing), no subject is removed from the mirror. Known opt-outs stay, those in the store are
added, and the mirror writes the missing ones back to the store, so that tasks that start later find them. A subject
leaves the mirror only by an opt-in that follows the known history.
"""

from collections.abc import Callable

from common.opt_outs.former import FormerSet
from common.opt_outs.store import IN, OUT, Look, NotInitialisedError, OptOutStore, Point
from common.opt_outs.subject_ids import subject_of

_RESTORE_BATCH = 5_000


class IncompleteError(Exception):
    """Entries are missing in the store, and this mirror does not know them."""


class Mirror:
    """``subjects`` is the same set object all the time. One thread changes it; any thread may test for membership."""

    def __init__(self, on_loss: Callable[[], None] = lambda: None) -> None:
        """``on_loss`` is called when a refresh finds that the store has lost entries."""
        self.subjects: set[str] = set()
        self.store_incomplete = False
        """Whether known entries are still missing in the store."""
        self._on_loss = on_loss
        self._known: Point | None = None
        self._surplus = 0
        self._former_version: tuple[bytes | None, int] = (None, 0)
        self._skipped = 0
        self._former_skipped = 0
        self._to_restore: list[str] | None = None

    @property
    def skipped(self) -> int:
        """Number of invalid members of the store: not UTF-8, empty, too long, or without a sign."""
        return self._skipped + self._former_skipped

    def refresh(self, store: OptOutStore, former: FormerSet) -> None:
        """Brings the mirror up to date. If it raises, all known subjects stay in the mirror.

        :raises NotInitialisedError: if there is no store and the mirror has never seen one.
        :raises IncompleteError: if entries are missing and the mirror has never seen them.
        :raises redis.RedisError: if Redis fails, or refuses the entries that the mirror writes back.
        """
        state = self._look(store)
        if self._known is None:
            if not state.is_complete:
                raise IncompleteError("entries are missing in the store of opt-outs")
            self._add_all(store)
        elif state.continues(self._known):
            self._apply_changes(store, self._known.seq, state.now.seq)
        else:
            self._note_loss()
            store.expect_more(len(self.subjects))
            self._add_all(store)
        self._known = state.now
        if (surplus := state.entries - state.total) > self._surplus:
            self._add_all(store)
        self._surplus = surplus
        if not state.is_complete and not self.store_incomplete:
            self._note_loss()
        if self.store_incomplete:
            self._restore(store)
        self._refresh_former(former)

    def _look(self, store: OptOutStore) -> Look:
        if self._known is None:
            return store.look()
        try:
            return store.look(self._known.seq)
        except NotInitialisedError:
            self._note_loss()
            store.init(len(self.subjects))
            return store.look(self._known.seq)

    def _note_loss(self) -> None:
        self._to_restore = None
        if not self.store_incomplete:
            self.store_incomplete = True
            self._on_loss()

    def _restore(self, store: OptOutStore) -> None:
        """Writes one batch of known subjects back to the store.

        Only one batch in each refresh, so that new changes are seen in the meantime. Until the last batch is written
        the store is marked as incomplete, and no task starts with it.
        """
        if self._to_restore is None:
            self._to_restore = list(self.subjects)
        batch = self._to_restore[-_RESTORE_BATCH:]
        store.opt_out(subject for subject in batch if subject in self.subjects)
        del self._to_restore[-_RESTORE_BATCH:]
        if self._to_restore:
            return
        state = store.look()
        if not state.is_complete:
            store.recount(state.now.seq)
            state = store.look()
        self._to_restore = None
        self.store_incomplete = not state.is_complete

    def _apply_changes(self, store: OptOutStore, after: int, until: int) -> None:
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

    def _add_all(self, store: OptOutStore) -> None:
        """Adds all opt-outs of the store. Ignores its opt-ins, because they may be older than the known opt-outs."""
        skipped = 0
        for entry in store.entries():
            subject = subject_of(entry[1:])
            if subject is None or entry[:1] not in (OUT, IN):
                skipped += 1
            elif entry[:1] == OUT:
                self.subjects.add(subject)
        self._skipped = skipped

    def _refresh_former(self, former: FormerSet) -> None:
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
