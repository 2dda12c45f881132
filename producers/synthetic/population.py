"""The ids of the marketplace's accounts and listings, and how often each occurs in events."""

USERS = 20_000
LISTINGS = 50_000

_HEAD = 10
"""The shift of the Zipf-Mandelbrot law: without it the first of 20,000 people would cause a tenth of all traffic."""


def user_id(n: int) -> str:
    """Id of the ``n``-th account, ``n`` from 1."""
    return f"u{n:07d}"


def listing_id(n: int) -> str:
    """Id of the ``n``-th listing, ``n`` from 1."""
    return f"l{n:08d}"


class Zipf:
    """Ranks 1 to ``count``; rank ``k`` occurs approximately in proportion to ``1 / (k + 10)``.

    The sum over the ranks is approximated by an integral, whose inverse is a single power. A search in a table of all
    ranks would take several times as long.
    """

    def __init__(self, count: int) -> None:
        self._start = _HEAD + 0.5
        self._ratio = (self._start + count) / self._start
        self._count = count

    def rank(self, draw: float) -> int:
        """The rank for ``draw``, a uniform random number in [0, 1)."""
        return min(int(self._start * (self._ratio**draw - 1.0)) + 1, self._count)
