"""A mirror that a test refreshes."""

from common.opt_outs.former import FormerSet
from common.opt_outs.mirror import Mirror
from common.opt_outs.redis_client import Client
from common.opt_outs.store import OptOutStore


class RecordingMirror:
    """A mirror of the store behind ``client`` that counts the losses it reports."""

    def __init__(self, client: Client) -> None:
        self.losses = 0
        self._store, self._former = OptOutStore(client), FormerSet(client)
        self._mirror = Mirror(self._count_loss)

    def refresh(self) -> set[str]:
        """The subjects after a refresh."""
        self._mirror.refresh(self._store, self._former)
        return self.subjects

    @property
    def subjects(self) -> set[str]:
        return self._mirror.subjects

    @property
    def skipped(self) -> int:
        return self._mirror.skipped

    def store_incomplete(self) -> bool:
        return self._mirror.store_incomplete

    def _count_loss(self) -> None:
        self.losses += 1
