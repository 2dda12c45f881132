"""An evaluation as Markdown, for a note or a pull request. Pure."""

from collections.abc import Iterable, Sequence

from assurance.backtest.generated import Measured
from assurance.reconciliation.security.evaluation import Evaluation, KindResult

_TOTALS = (
    *("seed", "precision", "precision final", "recall", "recall final", "recall below", "recall events"),
    *("innocents", "innocents final", "innocent stories", "take-overs stopped", "without verdict"),
)
_KINDS = ("kind", "intensity", "scenarios", "noticed", "events", "acted on", "acted on finally")


def as_markdown(measured: Measured) -> str:
    totals = [_total(str(seed), found) for seed, found in measured.by_seed]
    totals.append(_total("all", measured.together))
    kinds = measured.together.kinds
    return "\n\n".join(
        (
            _table(_TOTALS, totals),
            _table(_KINDS, [_kind(each) for each in kinds if each.is_attack]),
            _table(("innocents", *_KINDS[1:]), [_kind(each) for each in kinds if not each.is_attack]),
        )
    )


def _total(name: str, found: Evaluation) -> list[str]:
    shares = (
        *(found.precision, found.precision_final, found.recall, found.recall_final, found.recall_below),
        *(found.recall_events, found.innocent_challenge_rate, found.innocent_challenge_rate_final),
        found.innocent_story_challenge_rate,
    )
    shown = ["-" if share is None else f"{share:.2%}" for share in shares]
    return [name, *shown, f"{found.take_overs_stopped} of {found.take_overs}", f"{found.unjudged:,}"]


def _kind(found: KindResult) -> list[str]:
    numbers = (found.scenarios, found.detected, found.events, found.acted_on, found.acted_on_finally)
    return [f"`{found.kind}`", found.intensity or "", *(f"{number:,}" for number in numbers)]


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] + ["---:"] * (len(columns) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
