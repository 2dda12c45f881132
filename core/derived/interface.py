"""What :mod:`core.registry` finds in the module of a derived enrichment.

``compute(...)``
    The enrichment as a pure function. Its parameters are the row's inputs, by the name of each field; ``settings``
    is one more, by keyword, where the module needs it. It returns the struct with the row's fields, or a
    :data:`Reason`. No value of an input makes it raise.
``memo(settings)``
    Optional: which results are remembered, and how many.
``prepare()``
    Optional: called once at the start, for what would take long during the first event.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from core.derived.web.crawler_rules import NO_RULES, CrawlerRules

Reason: TypeAlias = Literal["missing", "invalid"]
"""Why there is nothing to say, as the enrichment's status: what it needs is not there, or cannot be used."""


@dataclass(frozen=True)
class Settings:
    """What an operator has set for derived enrichments."""

    internal_hosts: frozenset[str] = frozenset()
    """The site's own hosts, in small letters; their subdomains are internal, too."""
    crawlers: CrawlerRules = NO_RULES


class MemoByText(NamedTuple):
    """Results are remembered by the first input, a text, and depend on nothing else: the fastest memo."""

    most: int
    longest: int
    """Characters of a text that is remembered. Longer ones are rare, or made to fill the memory."""


class MemoByKey(NamedTuple):
    """Results are remembered by what ``key`` makes of the inputs: equal keys must mean equal results."""

    most: int
    key: Callable[..., Hashable | None]
    """Gets what ``compute`` gets. None: this result is not remembered."""


Memo: TypeAlias = MemoByText | MemoByKey
