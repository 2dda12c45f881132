"""The ordinary stream with the scenarios' events between, by time of arrival."""

from collections.abc import Iterator

from producers.synthetic.attacks.plan import AttackSettings, Plan, make_plan
from producers.synthetic.attacks.truth import ORDINARY, Labelled
from producers.synthetic.generator import GeneratorSettings, Seen, generate
from producers.synthetic.marketplace import Marketplace, build_marketplace


def plan(settings: GeneratorSettings, attacks: AttackSettings, marketplace: Marketplace | None = None) -> Plan:
    """Raises ValueError if the stream has no start or no end, or the marketplace has too few people."""
    if settings.start_ms is None or settings.events is None:
        raise ValueError("attacks and a past need a stream with a start and an end")
    marketplace = marketplace or build_marketplace(settings.seed, settings.users, settings.listings)
    end_ms = settings.start_ms + int(1000 * settings.events / settings.event_rate)
    return make_plan(attacks, marketplace, settings.seed, settings.start_ms, end_ms, settings.defect_rates)


def generate_with(planned: Plan, settings: GeneratorSettings, seen: Seen | None = None) -> Iterator[Labelled]:
    """The stream of ``settings``, and the planned records, each with the truth about it."""
    if settings.start_ms is None:
        raise ValueError("a plan needs a stream with a start")
    waiting = iter(planned.records)
    due = next(waiting, None)
    for number, record in enumerate(generate(settings, planned.marketplace, seen)):
        now_ms = settings.start_ms + number * 1000.0 / settings.event_rate
        while due is not None and due.arrival_ms <= now_ms:
            yield due.record, due.label
            due = next(waiting, None)
        yield record, ORDINARY
    while due is not None:
        yield due.record, due.label
        due = next(waiting, None)


def generate_with_attacks(
    settings: GeneratorSettings, attacks: AttackSettings, marketplace: Marketplace | None = None
) -> Iterator[Labelled]:
    """Plans and generates. Raises ValueError as :func:`plan`."""
    yield from generate_with(plan(settings, attacks, marketplace), settings)
