"""What conditions mean where values are absent, and which texts are refused, with the place."""

import pytest

from core.cel.compiled import compile_text, measured
from core.cel.environment import Environment, Function, Parameter, Type, Variable
from core.cel.errors import CelError
from core.cel.parser import MAX_DEPTH, MAX_TERMS, parse
from core.cel.tokens import MAX_CHARACTERS

_TYPES: dict[str, Type] = {"i": "int", "d": "double", "s": "string", "b": "bool", "user.age": "int"}
_ENVIRONMENT = Environment(
    about="the test",
    parameter="v",
    variables={name: Variable(kind, f"v[{name!r}]", True) for name, kind in _TYPES.items()},
    functions={
        "twice": Function((Parameter("int"),), "int", "_twice"),
        "is_short": Function((Parameter("string"),), "bool", "_is_short"),
        "one_of": Function((Parameter("string", frozenset({"x", "y"})),), "int", "len", required=0),
    },
    callables={"_twice": lambda number: 2 * number, "_is_short": lambda text: len(text) < 3},
)


def _holds(text: str, **values: object) -> bool:
    return compile_text(text, _ENVIRONMENT)(dict.fromkeys(_TYPES) | values)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i < 1", False),
        ("i >= 1", False),
        ("!(i < 1)", True),
        ("i + 1 == 1", False),
        ("i + 1 != 1", False),
        ("i == 1", False),
        ("i != 1", True),
        ("i == null", True),
        ("has(i)", False),
        ("!has(i) && !b", True),
        ("b", False),
        ("b == false", False),
        ("b ? false : true", True),
        ("s.contains('')", False),
        ("size(s) >= 0", False),
        ("s in ['a']", False),
        ("twice(i) == 0", False),
        ("is_short(s)", False),
        ("(b ? 1 : i) < 5", False),
        ("(has(i) ? i : 1) < 5", True),
        ("1 / (i == null ? 0 : 1) > 0", False),
        ("1.0 / 0.0 > 0.0", False),
        ("i < 1 || true", True),
    ],
)
def test_an_absent_value(text: str, expected: bool) -> None:
    assert _holds(text) is expected


@pytest.mark.parametrize(
    ("text", "number", "expected"),
    [
        ("i + 1 > 0", 2**63 - 2, True),
        ("i + 1 > 0", 2**63 - 1, False),
        ("i + 1 != 5", 2**63 - 1, False),
        ("i - 1 < 0", -(2**63) + 1, True),
        ("i - 1 < 0", -(2**63), False),
        ("-i > 0", -(2**63) + 1, True),
        ("-i > 0", -(2**63), False),
        ("i / -1 > 0", -(2**63), False),
        ("i * 2 > 0 || i > 0", 2**62, True),
        ("i * i / i > 0", 2**62, False),
        ("i * 9223372036854775807 * 9223372036854775807 > 0", 1, False),
        ("1 < i * i * i * i * i * i * i * i * i * i * i * i * i * i * i * i * i * i * i", 2**62, False),
        ("(i > 5 ? i * i : 1) > 0", 2**62, False),
        ("(i > 5 ? i * i : 1) > 0", 1, True),
    ],
)
def test_a_whole_number_of_more_than_64_bits_is_an_error_as_in_cel(text: str, number: int, expected: bool) -> None:
    assert _holds(text, i=number) is expected


def test_texts_and_numbers() -> None:
    assert _holds("s == 'it\\'s \\x41\\u00e9\\n\\101'", s="it's Aé\nA")
    assert _holds('s == "a\\"b" // what follows is a comment', s='a"b')
    assert _holds("size(s) == 2 && s.size() == 2", s="é€")
    assert _holds("i == 0x1F && d == 1.5e1", i=31, d=15.0)
    assert _holds("user.age > duration('1h30m') && twice(i) == -4", **{"user.age": 5_400_001, "i": -2})


def test_a_literal_cannot_become_code() -> None:
    assert _holds("s == '\\'+__import__(\\'os\\')+\\''", s="'+__import__('os')+'")


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("i < ", (1, 5), "a value is expected instead of the end"),
        ("b &&\n  i < 's'", (2, 5), "an int < a text is not possible"),
        ("b & b", (1, 3), "write && instead of &"),
        ("i = 1", (1, 3), "write == to compare"),
        ("1 < i < 3", (1, 7), "cannot be chained"),
        ("nobody == 1", (1, 1), "unknown name 'nobody' in the test"),
        ("user.name == 1", (1, 1), "unknown name 'user.name'"),
        ("s.matches('a+')", (1, 3), "take time without bound"),
        ("matches(s, 'a+')", (1, 1), "take time without bound"),
        ("eval('1')", (1, 1), "unknown function eval()"),
        ("s.upper() == 'A'", (1, 3), "unknown function .upper()"),
        ("i", (1, 1), "a bool is needed here, and this is an int"),
        ("i && b", (1, 1), "a bool is needed here, and this is an int"),
        ("!s", (1, 2), "a bool is needed here"),
        ("b < true", (1, 3), "a bool < a bool is not possible"),
        ("b == 1", (1, 3), "a bool == an int is not possible"),
        ("i < null", (1, 3), "an int < null is not possible"),
        ("i * 2.0 > 1.0", (1, 3), "write 2.0 instead of 2"),
        ("d % 2.0 == 0.0", (1, 3), "% is for whole numbers"),
        ("s + 'a' == 'b'", (1, 1), "+ needs a number"),
        ("i in ['a']", (1, 7), "an int is never in a list with a text"),
        ("i in [d]", (1, 7), "a list has constants only"),
        ("i in 3", (1, 6), "a list such as"),
        ("i in s", (1, 6), "there is no list 's'"),
        ("[1] == [1]", (1, 1), "a list is only possible after 'in'"),
        ("(b ? 1 : 1.0) > 0.0", (1, 4), "one result is an int, the other is a double"),
        ("duration('soon') > 1", (1, 1), "duration() needs a text such as"),
        ("duration(s) > 1", (1, 1), "duration() needs a text such as"),
        ("has(1)", (1, 1), "has() needs a name"),
        ("twice() == 1", (1, 1), "twice() takes 1 argument(s), not 0"),
        ("twice(s) == 1", (1, 7), "twice() needs an int, and this is a text"),
        ("one_of('z') == 1", (1, 8), "possible are x, y"),
        ("one_of(s) == 1", (1, 8), "must be written out"),
        ("'abc", (1, 1), "the text has no end"),
        ("s == '\\q'", (1, 6), "unknown escape"),
        ("s == '\\ud800'", (1, 6), "is no character"),
        ("i == 9223372036854775808", (1, 6), "does not fit into 64 bits"),
        ("d == 1e999", (1, 6), "too large"),
        ("i == 1u", (1, 6), "is no number"),
        ("b b", (1, 3), "an operator is expected"),
        ("b ? true", (1, 9), "':' is expected instead of the end"),
        ("for == 1", (1, 1), "reserved word"),
        ("i == 1 # no", (1, 8), "unexpected '#'"),
        ("", (1, 1), "a value is expected"),
    ],
)
def test_a_refused_text_is_told_with_its_place(text: str, place: tuple[int, int], reason: str) -> None:
    with pytest.raises(CelError) as caught:
        compile_text(text, _ENVIRONMENT)

    assert (caught.value.at, reason in caught.value.reason) == (place, True), str(caught.value)


@pytest.mark.parametrize(
    ("fits", "refused", "reason"),
    [
        ("b" + " " * (MAX_CHARACTERS - 1), "b" + " " * MAX_CHARACTERS, "longer than"),
        ("||".join(["b"] * MAX_TERMS), "||".join(["b"] * (MAX_TERMS + 1)), "more than"),
        ("(" * (MAX_DEPTH - 1) + "b" + ")" * (MAX_DEPTH - 1), "(" * MAX_DEPTH + "b" + ")" * MAX_DEPTH, "nested deeper"),
        ("!" * (MAX_DEPTH - 1) + "b", "!" * MAX_DEPTH + "b", "nested deeper"),
        ("+".join(["i"] * (MAX_DEPTH - 1)) + ">1", "+".join(["i"] * 200) + ">1", "nested deeper"),
    ],
)
def test_a_text_is_bounded(fits: str, refused: str, reason: str) -> None:
    compile_text(fits, _ENVIRONMENT)

    with pytest.raises(CelError, match=reason):
        compile_text(refused, _ENVIRONMENT)


def test_a_text_whose_python_would_be_huge_is_refused() -> None:
    """A choice in a comparison in a choice …: the condition occurs twice on each level."""
    text = "b"
    for _ in range(18):
        text = f"({text} ? i : i) < 5"

    with pytest.raises(CelError, match=r"too complex|nested"):
        compile_text(text, _ENVIRONMENT)


def test_what_the_first_comparison_measures() -> None:
    found = measured(parse("b && i + 1 > 25 && d < 3.0"), _ENVIRONMENT)

    assert found is not None
    assert found.threshold == 25
    assert found.measure({"i": 41}) == 42
    assert found.measure({"i": None}) is None
    assert measured(parse("user.age < duration('1d')"), _ENVIRONMENT).threshold == 86_400_000  # type: ignore[union-attr]
    assert measured(parse("i == 3 && b"), _ENVIRONMENT) is None
    assert measured(parse("i > 3 || i < 1"), _ENVIRONMENT) is None
