"""When the scenarios happen: their events, and those of the past, as records in the order of arrival."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from random import Random
from typing import NamedTuple

from producers.record import Record
from producers.synthetic.attacks.acts import Act, render
from producers.synthetic.attacks.cast import Cast
from producers.synthetic.attacks.catalogue import Kind, mixed
from producers.synthetic.attacks.history import DAY_MS, history
from producers.synthetic.attacks.script import Script
from producers.synthetic.attacks.truth import HISTORY, ORDINARY, Label
from producers.synthetic.defect_rates import DefectRates
from producers.synthetic.generator import LATE_MS
from producers.synthetic.marketplace import Marketplace

_AGAIN_MS = 2_000
"""A duplicate arrives within this time."""


@dataclass(frozen=True, kw_only=True)
class AttackSettings:
    """All zero: no scenarios and no past."""

    scenarios: int = 0
    history_days: float = 0.0
    """0: the accounts have no past."""
    history_sign_ins: int = 15
    """For each account with a past."""
    history_accounts: int = 300
    """The most active accounts of ordinary visits, which have a past beside those of the scenarios."""


class Planned(NamedTuple):
    arrival_ms: int
    record: Record
    label: Label


@dataclass(frozen=True, kw_only=True)
class Plan:
    marketplace: Marketplace
    """For the ordinary visits: the people of the scenarios live where these need them."""
    records: list[Planned]
    """By time of arrival."""


def make_plan(  # noqa: PLR0917
    settings: AttackSettings, marketplace: Marketplace, seed: int, start_ms: int, end_ms: int, rates: DefectRates
) -> Plan:
    """Scenarios that end between ``start_ms`` and ``end_ms``, ms since 1970 UTC. One that is longer begins before the
    start. The past ends where the first scenario begins, or at the start.

    Raises ValueError if the marketplace has too few people.
    """
    rng = Random(f"attacks {seed}")
    cast = Cast(marketplace, rng)
    planned: list[Planned] = []
    first_ms = start_ms
    for number, kind in enumerate(islice(mixed(rng), settings.scenarios)):
        acts = _acts(kind, cast, marketplace, rng)
        begin_ms = _begin_ms(max(act.offset_ms for act in acts), start_ms, end_ms, rng)
        first_ms = min(first_ms, begin_ms)
        label = Label(kind.name, f"s{number:04d}-{kind.name}", kind.intensity, kind.intensity is not None)
        planned += _arrivals(acts, label, begin_ms, end_ms, rates, rng)
    ordinary = marketplace.people[: settings.history_accounts] if settings.history_days else []
    if settings.history_days:
        days, people = settings.history_days, {person.user_id: person for person in (*ordinary, *cast.people)}
        acts = history(people.values(), cast, marketplace, days, settings.history_sign_ins, rng)
        begin_ms = first_ms - int(days * DAY_MS)
        planned += _arrivals(acts, HISTORY, begin_ms, first_ms, rates, rng)
    return Plan(marketplace=cast.marketplace(), records=sorted(planned, key=attrgetter("arrival_ms")))


def _acts(kind: Kind, cast: Cast, marketplace: Marketplace, rng: Random) -> list[Act]:
    script = Script(cast, marketplace, rng, above=kind.intensity == "above")
    kind.write(script)
    return script.acts


def _begin_ms(length_ms: int, start_ms: int, end_ms: int, rng: Random) -> int:
    """Within the stream, if the scenario fits into it; else such that it ends within the stream."""
    span_ms = end_ms - start_ms
    if span_ms >= length_ms:
        return start_ms + int(rng.random() * (span_ms - length_ms))
    return end_ms - length_ms - int(rng.random() * span_ms)


def _arrivals(  # noqa: PLR0917
    acts: Iterable[Act], label: Label, begin_ms: int, end_ms: int, rates: DefectRates, rng: Random
) -> Iterator[Planned]:
    """A late record keeps its time and arrives two hours after it, if the stream is so long."""
    for act in acts:
        at_ms = begin_ms + act.offset_ms
        value = render(act, at_ms, rng)
        label_of_act = ORDINARY if act.is_innocent else label
        draw = rng.random()
        if draw < rates.late and at_ms + LATE_MS <= end_ms:
            yield Planned(at_ms + LATE_MS, Record(value, at_ms, "late"), label_of_act)
            continue
        yield Planned(at_ms, Record(value, at_ms), label_of_act)
        again_ms = at_ms + 1 + int(rng.random() * _AGAIN_MS)
        if rates.late <= draw < rates.late + rates.duplicate and again_ms <= end_ms:
            yield Planned(again_ms, Record(value, again_ms, "duplicate"), label_of_act)
