"""The parts that run a job under a steady load, and those of the stateful jobs."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from assurance.bench import account_security, checkpoints, cold_start, latency_pair, session_latency, sessions
from deploy.profiles import BEHAVIOUR_LOCAL, LATENCY


@dataclass(frozen=True)
class SteadyLoad:
    """The options that the parts share. Times are in seconds."""

    rates: Sequence[float]
    intervals_ms: Sequence[int]
    """Empty: each part's own."""
    warm_up_s: float
    seconds: float
    rounds: int
    outage_s: float
    full_jit: bool

    @property
    def interval_ms(self) -> int:
        return self.intervals_ms[0] if self.intervals_ms else LATENCY.checkpoint_interval_ms


def under_load(only: str, load: SteadyLoad, console: Console) -> dict[str, object]:
    """Runs the part that ``only`` names, or all of them for an empty name. Prints a table for each, and returns part →
    figures.
    """
    figures: dict[str, object] = {}
    if only in ("", "pair"):
        figures["pair"] = pairs = latency_pair.measure(
            load.rates,
            latency_pair.Schedule(load.interval_ms, load.warm_up_s, load.seconds),
            rounds=load.rounds,
            full_jit=load.full_jit,
        )
        console.print(latency_pair.table(pairs))
    if only in ("", "cold_start"):
        figures["cold_start"] = recoveries = cold_start.measure(
            rate=load.rates[0],
            interval_ms=load.interval_ms,
            measured_s=2 * load.seconds,
            outage_s=load.outage_s,
            full_jit=load.full_jit,
        )
        console.print(cold_start.table(recoveries))
    if only in ("", "checkpoints"):
        figures["checkpoints"] = loads = checkpoints.measure(
            load.intervals_ms or checkpoints.INTERVALS_MS,
            warm_up_s=load.warm_up_s,
            measured_s=load.seconds / 2,
            full_jit=load.full_jit,
        )
        console.print(checkpoints.table(loads))
    if only in ("", "sessions"):
        figures["sessions"] = costs = sessions.measure_all()
        for part in costs:
            console.print(sessions.table(part))
        figures["session_latency"] = late = session_latency.measure(
            load.rates[0],
            load.intervals_ms[0] if load.intervals_ms else BEHAVIOUR_LOCAL.checkpoint_interval_ms,
            load.warm_up_s,
            load.seconds,
        )
        console.print(session_latency.table(late))
    if only in ("", "account_security"):
        figures["account_security"] = costs_of_verdicts = account_security.measure_all(load.warm_up_s, load.seconds)
        console.print(account_security.table(costs_of_verdicts))
    return figures
