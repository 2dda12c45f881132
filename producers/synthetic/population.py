"""Who and what there is: the ids of the marketplace's accounts and listings, and how often each is met."""

USERS = 20_000
LISTINGS = 50_000

_HEAD = 10
"""Zipf-Mandelbrot's shift: without it the first of 20,000 persons would make a tenth of all traffic."""


def user_id(n: int) -> str:
    """Id of the ``n``-th account, ``n`` from 1."""
    return f"u{n:07d}"


def listing_id(n: int) -> str:
    """Id of the ``n``-th listing, ``n`` from 1."""
    return f"l{n:08d}"


class Zipf:
    """Ranks 1 to ``count``; rank ``k`` is met in proportion to ``1 / (k + 10)``, very nearly.

    The sum over the ranks is taken as an integral, whose inverse is one power: a search in a table of all
    ranks would take several times as long.
    """

    def __init__(self, count: int) -> None:
        self._start = _HEAD + 0.5
        self._ratio = (self._start + count) / self._start
        self._count = count

    def rank(self, draw: float) -> int:
        """The rank at ``draw``, which is uniform in [0, 1)."""
        return min(int(self._start * (self._ratio**draw - 1.0)) + 1, self._count)
