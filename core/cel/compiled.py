"""Compiles a condition to a Python function, once, when its rule is loaded.

The source is made by :mod:`core.cel.translate` alone: names of the environment, constants and operators. It runs
without builtins.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from core.cel import translate
from core.cel.environment import Environment
from core.cel.errors import CelError
from core.cel.parser import parse
from core.cel.tree import Comparison, Constant, Junction, Node


def _quotient(left: int, right: int) -> int:
    """CEL rounds towards zero, Python downwards."""
    found = abs(left) // abs(right)
    return found if (left < 0) == (right < 0) else -found


def _remainder(left: int, right: int) -> int:
    """With the sign of the left one, as in CEL."""
    found = abs(left) % abs(right)
    return -found if left < 0 else found


_CALLABLES: Final[Mapping[str, Callable[..., object]]] = MappingProxyType(
    {translate.QUOTIENT: _quotient, translate.REMAINDER: _remainder, "len": len}
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What the first comparison with a number compares: for the reason's words."""

    measure: Callable[[Any], float | None]
    """None where the value is absent."""
    threshold: float


def compile_condition(node: Node, environment: Environment) -> Callable[..., bool]:
    """The function takes what the environment's parameter says.

    :raises CelError: for a name or a type that does not fit, with its place.
    """
    found: Callable[..., bool] = _function(node, environment, translate.condition(node, environment))
    return found


def compile_text(text: str, environment: Environment) -> Callable[..., bool]:
    """:raises CelError: also for a text that is no condition."""
    return compile_condition(parse(text), environment)


def measured(node: Node, environment: Environment) -> Measured | None:
    """Of ``count() >= 25 && …``: the count and 25. None where no comparison with a number has to hold."""
    if isinstance(node, Junction) and node.operator == "&&":
        return next((each for each in (measured(part, environment) for part in node.operands) if each), None)
    if not isinstance(node, Comparison) or node.operator in {"==", "!="}:
        return None
    limit = node.right
    if not isinstance(limit, Constant):
        limit_term = translate.translate(limit, environment)
        if not limit_term.source.isdecimal():
            return None
        threshold = float(limit_term.source)
    elif isinstance(limit.value, int | float) and not isinstance(limit.value, bool):
        threshold = float(limit.value)
    else:
        return None
    term = translate.translate(node.left, environment)
    needed = " and ".join(term.needed)
    source = f"({term.source} if {needed} else None)" if needed else term.source
    return Measured(_function(node, environment, source), threshold)


def _function(node: Node, environment: Environment, source: str) -> Callable[..., Any]:
    names: dict[str, object] = {"__builtins__": {}, **_CALLABLES, **environment.callables}
    names |= {translate.list_source(name): each.values for name, each in environment.lists.items()}
    try:
        code = compile(f"lambda {environment.parameter}: {source}", "<rule>", "eval")
        found: Callable[..., Any] = eval(code, names)  # noqa: S307  # made of checked parts only
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise CelError(node.at, "the condition is too complex") from error
    return found
