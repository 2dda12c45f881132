"""A condition in SQL holds for the rows for which the function holds that the jobs evaluate."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.cel.compiled import compile_text
from core.cel.environment import Environment, NamedList, Type, Variable
from core.cel.errors import CelError
from training.offline.cel_sql import condition_sql

_TYPES: dict[str, Type] = {
    **{"i": "int", "j": "int", "d": "double", "e": "double", "s": "string"},
    **{"t": "string", "b": "bool", "c": "bool"},
}
_ENVIRONMENT = Environment(
    about="the test",
    parameter="v",
    variables={name: Variable(kind, f"v[{name!r}]", True) for name, kind in _TYPES.items()},
    functions={},
    lists={"numbers": NamedList("int", frozenset({1}))},
)
_COLUMNS = {"int": "BIGINT", "double": "DOUBLE", "string": "VARCHAR", "bool": "BOOLEAN"}
_TEXTS = st.text("abé🎉'\"\\\n x\0", max_size=3)
_INTS = st.integers(-9, 9) | st.sampled_from((2**63 - 1, -(2**63), 2**62, 2**32))
_DOUBLES = st.integers(-20, 20).map(lambda number: number / 4) | st.sampled_from((1e308, -1e308))
_VALUES = st.fixed_dictionaries(
    {
        **dict.fromkeys(("i", "j"), st.none() | _INTS),
        **dict.fromkeys(("d", "e"), st.none() | _DOUBLES),
        **dict.fromkeys(("s", "t"), st.none() | _TEXTS),
        **dict.fromkeys(("b", "c"), st.none() | st.booleans()),
    }
)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\0", "\\x00")
    return f"'{escaped}'"


_INT_LEAVES = st.sampled_from(("i", "j", "size(s)", "t.size()", "duration('1m')")) | _INTS.map(str)
_DOUBLE_LEAVES = st.sampled_from(("d", "e")) | _DOUBLES.map(repr)
_TEXT_LEAVES = st.sampled_from(("s", "t")) | _TEXTS.map(_quoted)


def _calculated(leaves: st.SearchStrategy[str], operators: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.recursive(
        leaves,
        lambda below: (
            st.builds("({} {} {})".format, below, st.sampled_from(operators), below)
            | st.builds("(-{})".format, below)
            | st.builds("(b ? {} : {})".format, below, below)
        ),
        max_leaves=4,
    )


_INT = _calculated(_INT_LEAVES, ("+", "-", "*", "/", "%"))
_DOUBLE = _calculated(_DOUBLE_LEAVES, ("+", "-", "*", "/"))
_TEXT = st.builds("(c ? {} : {})".format, _TEXT_LEAVES, _TEXT_LEAVES) | _TEXT_LEAVES
_RELATIONS = st.sampled_from(("==", "!=", "<", "<=", ">", ">="))
_EQUALITIES = st.sampled_from(("==", "!="))
_SMALL = st.sampled_from(("i % 100", "size(t)")) | st.integers(-9, 9).map(str)
_BOOL_LEAVES = st.one_of(
    st.sampled_from(("b", "c", "true", "false", "b == true", "c != false", "has(s)", "has(i) && i > 2", "d == null")),
    st.builds("{} {} null".format, _INT | _DOUBLE | _TEXT, _EQUALITIES),
    st.builds("{} {} {}".format, _INT, _RELATIONS, _INT),
    st.builds("{} {} {}".format, _DOUBLE, _RELATIONS, _DOUBLE),
    st.builds("{} {} {}".format, _SMALL, _RELATIONS, _DOUBLE),
    st.builds("{} {} {}".format, _TEXT, _RELATIONS, _TEXT),
    st.builds("{}.{}({})".format, _TEXT, st.sampled_from(("startsWith", "endsWith", "contains")), _TEXT),
    st.builds("{} in {}".format, _INT, st.lists(_INTS.map(str), max_size=4).map(lambda items: f"[{', '.join(items)}]")),
    st.builds(
        "{} in {}".format, _TEXT, st.lists(_TEXTS.map(_quoted), max_size=4).map(lambda items: f"[{', '.join(items)}]")
    ),
)
_CONDITIONS = st.recursive(
    _BOOL_LEAVES,
    lambda below: st.one_of(
        st.builds("({} && {})".format, below, below),
        st.builds("({} || {})".format, below, below),
        st.builds("!({})".format, below),
        st.builds("({} ? {} : {})".format, below, below, below),
        st.builds("({}) {} ({})".format, below, _EQUALITIES, below),
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        yield connection


def _in_sql(database: duckdb.DuckDBPyConnection, text: str, values: dict[str, Any]) -> object:
    row = ", ".join(f'${name}::{_COLUMNS[kind]} AS "{name}"' for name, kind in _TYPES.items())
    found = database.execute(f"SELECT {condition_sql(text, _ENVIRONMENT)} FROM (SELECT {row})", values).fetchone()
    assert found is not None
    return found[0]


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(_CONDITIONS, _VALUES)
@example("-7 / 2 == -3 && -7 % 2 == -1 && 7 / -2 == -3 && 7 % -2 == 1", {})
@example("i + 1 != 5 || i * i * i > 0", {"i": 2**63 - 1})
@example("-i > 0", {"i": -(2**63)})
@example("s == t && i == j && !(i != j)", {})
@example("i + 1 == j + 1 || i + 1 == null", {})
@example("(b ? i : j + 1) == null", {"b": True})
@example("(b ? i : j + 1) == null", {"b": False})
@example("d * 10.0 - e * 10.0 == d * 10.0 - e * 10.0", {"d": 1e308, "e": 1e308})
@example("d * 10.0 - e * 10.0 != 1.0", {"d": 1e308, "e": 1e308})
@example("d / 0.0 > 1.0 || i % 0 == 0", {"d": 1.0, "i": 1})
@example("!(b == c)", {"b": None, "c": False})
def test_it_holds_where_the_function_holds(
    database: duckdb.DuckDBPyConnection, text: str, values: dict[str, Any]
) -> None:
    known = dict.fromkeys(_TYPES) | values

    assert _in_sql(database, text, known) is compile_text(text, _ENVIRONMENT)(known), text


@pytest.mark.parametrize("text", ["i in numbers", "is_short(s)", "unknown == 1", "i + 1", "s.matches('a')"])
def test_what_sql_has_not_is_refused(text: str) -> None:
    with pytest.raises(CelError):
        condition_sql(text, _ENVIRONMENT)
