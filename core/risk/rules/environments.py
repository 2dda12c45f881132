"""What the conditions of rules may name: the event's fields, the account's habits, or the functions of a window."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from core.cel.environment import Environment, Function, NamedList, Parameter, Type, Variable
from core.cel.struct_variables import TYPES, struct_variables
from core.risk.habits import HABITS
from core.risk.observation import VALUE_FIELDS
from core.risk.rules.disposable import is_disposable
from core.risk.security_event import SecurityEvent

HABIT_TYPES: Final[Mapping[str, Type]] = MappingProxyType({name: TYPES[habit.type] for name, habit in HABITS.items()})
"""Names of the account's habits. Any may be absent (None)."""


EVENT: Final = Environment(
    about="a condition on the event",
    parameter="_e",
    variables=MappingProxyType(struct_variables(SecurityEvent, "_e")),
    functions={"is_disposable": Function((Parameter("string"),), "bool", "_is_disposable")},
    callables={"_is_disposable": is_disposable},
)
"""Evaluated with a :class:`SecurityEvent`."""


def event_environment(rules: Iterable[str], lists: Mapping[str, NamedList]) -> Environment:
    """Evaluated with a :class:`SecurityEvent` and the names of the event rules that hold for it.

    :param rules: names of the rules that a condition may name.
    """
    others = {name: Variable("bool", f"({name!r} in _m)") for name in rules}
    return Environment(
        about=EVENT.about,
        parameter="_e, _m",
        variables={**others, **EVENT.variables},
        functions=EVENT.functions,
        callables=EVENT.callables,
        lists=lists,
    )


def habit_environment(rules: Iterable[str], lists: Mapping[str, NamedList]) -> Environment:
    """Evaluated with a mapping of habits and of the rules' names. A rule that the mapping lacks does not hold.

    :param rules: names of the rules that a condition may name.
    """
    habits = {name: Variable(kind, f"_h[{name!r}]", can_be_absent=True) for name, kind in HABIT_TYPES.items()}
    others = {name: Variable("bool", f"_h.get({name!r}, False)") for name in rules}
    return Environment(
        about="a condition on the account's habits",
        parameter="_h",
        variables={**others, **habits},
        functions={},
        lists=lists,
    )


def window_environment(rules: frozenset[str]) -> Environment:
    """Evaluated with a :class:`core.risk.rules.rule_set.Window`.

    :param rules: names of the rules that the correlation counts or has as context.
    """
    field, rule = Parameter("string", frozenset(VALUE_FIELDS)), Parameter("string", rules)
    functions = {
        "count": Function((rule,), "int", "_w.count", required=0),
        "distinct": Function((field, rule), "int", "_w.distinct", required=1),
        "most": Function((field, rule), "int", "_w.most", required=1),
        "share": Function((field, Parameter("int"), Parameter("int"), rule), "double", "_w.share", required=3),
        "present": Function((field, rule), "double", "_w.present", required=1),
        "lasting": Function((), "int", "_w.lasting"),
    }
    return Environment(about="a correlation's condition", parameter="_w", variables={}, functions=functions)


def is_habit(name: str) -> bool:
    """Whether a condition that has this name is one on habits, leaving the names of rules aside."""
    return "." in name or name in {"likelihood", "flow"}
