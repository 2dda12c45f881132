import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.memoize import remembered
from tests.memory import kept


def test_short_texts_are_computed_once_and_long_ones_each_time() -> None:
    computed: list[str] = []

    @remembered(2, longest=3)
    def length(text: str) -> int:
        computed.append(text)
        return len(text)

    assert [length(text) for text in ("abc", "abc", "abcd", "abcd", "ab", "a", "abc")] == [3, 3, 4, 4, 2, 1, 3]
    assert computed == ["abc", "abcd", "abcd", "ab", "a", "abc"]


@given(st.lists(st.text(max_size=6)))
def test_a_cached_result_equals_the_computed_one(texts: list[str]) -> None:
    upper = remembered(3, longest=4)(str.upper)
    assert [upper(text) for text in texts] == [text.upper() for text in texts]


@pytest.mark.slow
def test_long_texts_are_not_cached() -> None:
    texts = 200
    assert kept(remembered(1_000)(str.upper), (f"{number:08d}" * 1_000 for number in range(texts))) < texts * 1_000
