"""Routing: the purposes that get an event, with and without its subject's consent. Pure, compiled from the policy."""

from collections.abc import Sequence

from core.projection import Projection


class Routing:
    """Two tables from an event's name to its projections. A name that no purpose lists goes to the purposes that get
    all events.
    """

    def __init__(self, projections: Sequence[Projection]) -> None:
        names = {name for each in projections for name in each.purpose.events or ()}
        free = [each for each in projections if each.purpose.consent == "not_needed"]
        self._all = {name: _takers(projections, name) for name in names}
        self._free = {name: _takers(free, name) for name in names}
        self._all_else = _takers(projections, None)
        self._free_else = _takers(free, None)

    def takers(self, event_name: str, *, opted_out: bool) -> tuple[Projection, ...]:
        if opted_out:
            return self._free.get(event_name, self._free_else)
        return self._all.get(event_name, self._all_else)


def _takers(projections: Sequence[Projection], name: str | None) -> tuple[Projection, ...]:
    return tuple(each for each in projections if each.purpose.takes(name))
