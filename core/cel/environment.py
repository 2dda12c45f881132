"""What a condition may name: variables and functions with their types."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Type: TypeAlias = Literal["bool", "int", "double", "string", "null"]


@dataclass(frozen=True, slots=True)
class Variable:
    type: Type
    source: str
    """Python that reads it from the parameter."""
    can_be_absent: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    type: Type
    allowed: frozenset[str] | None = None
    """The argument must be one of these texts, written out. None: any value of the type."""


@dataclass(frozen=True, slots=True)
class Function:
    parameters: tuple[Parameter, ...]
    result: Type
    source: str
    """Python that is called."""
    required: int | None = None
    """Parameters that may not be left out; None: all."""


@dataclass(frozen=True, slots=True)
class NamedList:
    type: Literal["int", "string"]
    values: frozenset[int] | frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    about: str
    """For messages, such as ``a condition on the event``."""
    parameter: str
    """Of the compiled function; the variables' sources read from it."""
    variables: Mapping[str, Variable]
    functions: Mapping[str, Function]
    callables: Mapping[str, Callable[..., object]] = field(default_factory=dict)
    """Python functions that the functions' sources name."""
    lists: Mapping[str, NamedList] = field(default_factory=dict)
    """What may stand after ``in``."""
