"""A rule that is too slow, or whose evaluation fails, is not evaluated any more by this process.

The time is the thread's own, so that a busy machine does not switch rules off. The first evaluations are timed, and
every 64th from then on: the clock costs more than most rules. One long evaluation is not enough, since Python may have
collected garbage meanwhile: the median of the last samples decides, or two long ones in a row.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from statistics import median_low
from time import thread_time_ns
from typing import Any, Final

FIRST: Final = 16
EVERY: Final = 64
"""The first evaluations are timed, then one of so many."""


def is_timed(turn: int) -> bool:
    """:param turn: from 1."""
    return turn <= FIRST or turn % EVERY == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    median_us: float = 200
    """Of the last samples."""
    longest_ms: float = 50
    """For one evaluation. Two longer ones in a row are too many."""
    samples: int = 16
    failures: int = 10
    """Evaluations that raised an exception, since the start."""


class Quarantine:
    """Watches the rules of one rule set."""

    def __init__(self, budget: Budget, when_stopped: Callable[[str], None] = lambda _: None) -> None:
        self.stopped: dict[str, str] = {}
        """Rule → why it is not evaluated any more."""
        self._budget = budget
        self._when_stopped = when_stopped
        self._watches: dict[str, _Watch] = {}

    def timed(self, rule: str, function: Callable[[Any], bool]) -> Callable[[Any], bool]:
        """The function, watched: False once the rule is stopped, and where the function fails."""
        watch, stopped = self.watch(rule), self.stopped
        calls = 0

        def watched(argument: Any) -> bool:  # noqa: ANN401 - what the rule's kind is evaluated with
            nonlocal calls
            if rule in stopped:
                return False
            calls += 1
            if not is_timed(calls):
                try:
                    return function(argument)
                except Exception as error:
                    watch.failed(error)
                    return False
            return watch.measure(function, argument)

        return watched

    def measuring(self, rule: str, function: Callable[[Any], float | None]) -> Callable[[Any], float | None]:
        """The function, watched: None where it fails, and for what is no finite number. It calculates a part of what
        the rule's condition has just calculated, so that its time is no sample.
        """
        watch = self.watch(rule)

        def measured(argument: Any) -> float | None:  # noqa: ANN401 - as for timed
            try:
                found = function(argument)
                number = None if found is None else float(found)
            except Exception as error:
                watch.failed(error)
                return None
            return number if number is not None and isfinite(number) else None

        return measured

    def watch(self, rule: str) -> "_Watch":
        """The rule's one watch."""
        if rule not in self._watches:
            self._watches[rule] = _Watch(self._budget, lambda reason: self._stop(rule, reason))
        return self._watches[rule]

    def _stop(self, rule: str, reason: str) -> None:
        if rule not in self.stopped:
            self.stopped[rule] = reason
            self._when_stopped(rule)


class _Watch:
    __slots__ = ("_budget", "_failures", "_last_was_long", "_samples", "_stop")

    def __init__(self, budget: Budget, stop: Callable[[str], None]) -> None:
        self._budget = budget
        self._stop = stop
        self._samples: deque[int] = deque(maxlen=budget.samples)
        self._last_was_long = False
        self._failures = 0

    def measure(self, function: Callable[..., bool], *arguments: object) -> bool:
        """The function's answer; it counts as a sample."""
        started = thread_time_ns()
        try:
            answer = function(*arguments)
        except Exception as error:
            self.failed(error)
            answer = False
        self._took(thread_time_ns() - started)
        return answer

    def failed(self, error: Exception) -> None:
        self._failures += 1
        if self._failures >= self._budget.failures:
            self._stop(f"failed {self._failures} times, at last with {type(error).__name__}")

    def _took(self, nanoseconds: int) -> None:
        is_long = nanoseconds > self._budget.longest_ms * 1e6
        if is_long and self._last_was_long:
            self._stop(f"two evaluations in a row took longer than {self._budget.longest_ms:g} ms")
        self._last_was_long = is_long
        self._samples.append(nanoseconds)
        if len(self._samples) == self._budget.samples and (usual := median_low(self._samples) / 1000) > (
            self._budget.median_us
        ):
            self._stop(f"an evaluation took {usual:.0f} µs (limit {self._budget.median_us:g} µs)")
