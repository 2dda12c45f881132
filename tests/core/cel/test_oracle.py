"""Conditions give what another implementation of CEL gives, wherever that one gives a value.

Where it stops with an error, such as an absent value that is compared by ``<``, a condition here is false instead; the
two have no common ground there, except that ``&&`` and ``||`` absorb the error.
"""

import cel
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.cel.compiled import compile_text
from core.cel.environment import Environment, NamedList, Type, Variable

_TYPES: dict[str, Type] = {
    "i": "int",
    "j": "int",
    "d": "double",
    "s": "string",
    "t": "string",
    "b": "bool",
    "c": "bool",
}
_DOTTED: dict[str, Type] = {"user.i": "int", "user.b": "bool"}
_ENVIRONMENT = Environment(
    about="the test",
    parameter="v",
    variables={name: Variable(kind, f"v[{name!r}]", True) for name, kind in {**_TYPES, **_DOTTED}.items()},
    functions={},
    lists={"numbers": NamedList("int", frozenset({-3, 1, 2})), "letters": NamedList("string", frozenset({"a", "b\n"}))},
)
_TEXTS = st.text("abé'\"\\\n\t x", max_size=3)
_ASCII = st.text("ab'\"\\\n\t x", max_size=3)  # the other one's size() counts bytes
_INTS = st.integers(-9, 9)
_DOUBLES = st.integers(-20, 20).map(lambda number: number / 4)
_VALUES = st.fixed_dictionaries(
    {
        **dict.fromkeys(("i", "j", "user.i"), st.none() | _INTS),
        "d": st.none() | _DOUBLES,
        **dict.fromkeys(("s", "t"), st.none() | _ASCII),
        **dict.fromkeys(("b", "c", "user.b"), st.none() | st.booleans()),
    }
)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
    return f"'{escaped}'"


_INT_LEAVES = st.sampled_from(("i", "j", "user.i", "size(s)", "t.size()")) | _INTS.map(str)
_DOUBLE_LEAVES = st.just("d") | _DOUBLES.map(str)
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
_DOUBLE = _calculated(_DOUBLE_LEAVES, ("+", "-", "*"))  # CEL divides doubles by zero, a condition does not
_RELATIONS = st.sampled_from(("==", "!=", "<", "<=", ">", ">="))
_EQUALITIES = st.sampled_from(("==", "!="))
_INT_LIST = st.lists(_INTS.map(str), max_size=4).map(lambda items: f"[{', '.join(items)}]")
_TEXT_LIST = st.lists(_TEXTS.map(_quoted), max_size=4).map(lambda items: f"[{', '.join(items)}]")
_BOOL_LEAVES = st.one_of(
    st.sampled_from(("b", "c", "user.b", "true", "false", "b == true", "c != false", "s == null", "i != null")),
    st.builds("{} {} {}".format, _INT, _RELATIONS, _INT),
    st.builds("{} {} {}".format, _DOUBLE, _RELATIONS, _DOUBLE),
    st.builds("{} {} {}".format, _INT, _RELATIONS, _DOUBLE),
    st.builds("{} {} {}".format, _TEXT_LEAVES, _RELATIONS, _TEXT_LEAVES),
    st.builds("{}.{}({})".format, _TEXT_LEAVES, st.sampled_from(("startsWith", "endsWith", "contains")), _TEXT_LEAVES),
    st.builds("{} in {}".format, _INT_LEAVES, _INT_LIST),
    st.builds("{} in {}".format, _TEXT_LEAVES, _TEXT_LIST),
    st.builds("{} in numbers".format, _INT | _DOUBLE),
    st.builds("{} in letters".format, _TEXT_LEAVES),
)
_CONDITIONS = st.recursive(
    _BOOL_LEAVES,
    lambda below: st.one_of(
        st.builds("({} && {})".format, below, below),
        st.builds("({} || {})".format, below, below),
        st.builds("!({})".format, below),
        st.builds("({} ? {} : {})".format, below, below, below),
        st.builds("({}) {} ({})".format, below, _EQUALITIES, below),
        st.builds("{} && {} || {}".format, below, below, below),
    ),
    max_leaves=8,
)


def _oracle(text: str, values: dict[str, object]) -> object:
    """Its answer, None for an error."""
    named: dict[str, object] = {name: value for name, value in values.items() if "." not in name}
    named["user"] = {name[5:]: value for name, value in values.items() if name.startswith("user.")}
    named |= {name: list(each.values) for name, each in _ENVIRONMENT.lists.items()}
    try:
        return cel.evaluate(text, named)
    except (ValueError, TypeError, RuntimeError, ZeroDivisionError, OverflowError):
        return None


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(_CONDITIONS, _VALUES)
@example("-7 / 2 == -3 && -7 % 2 == -1 && 7 / -2 == -3 && 7 % -2 == 1", {})
@example("1 == 1.0 && 1 < 1.5 && 2 in [1, 2]", {})
@example("b && i < 3 || !c ? s != t : d >= 1.25", {"b": True, "i": 2, "c": None, "s": "a", "t": "b", "d": None})
@example("i < 3 || true", {"i": None})
@example("i + 1 > 0", {"i": 2**63 - 2})
@example("-i > 0 && i - 1 < 0 && i * -1 > 0 && i / -1 > 0", {"i": -(2**63) + 1})
@example("i + 1 > 0 || true", {"i": 2**63 - 1})
@example("!(i * i > 0 && false)", {"i": 2**62})
@example("!(i < 3 && false)", {"i": None})
def test_it_is_what_another_implementation_gives(text: str, values: dict[str, object]) -> None:
    known = dict.fromkeys((*_TYPES, *_DOTTED)) | values
    expected = _oracle(text, known)

    answer = compile_text(text, _ENVIRONMENT)(known)

    assert isinstance(answer, bool)
    if isinstance(expected, bool):
        assert answer is expected, text


def test_the_other_implementation_answers_most_of_what_is_asked() -> None:
    """Else the test above would compare nothing."""
    known = {"i": 1, "j": -2, "d": 0.5, "s": "a", "t": "b", "b": True, "c": False, "user.i": 3, "user.b": True}
    asked = (
        "user.i > i && user.b",
        "size(s) == 1",
        "s.contains('a') ? j < d : c",
        "i in [1, 2] && s in ['a'] && i in numbers",
    )

    assert [_oracle(text, known) for text in asked] == [True, True, True, True]
    assert _oracle("i < 3", {"i": None, "user.i": 1}) is None
