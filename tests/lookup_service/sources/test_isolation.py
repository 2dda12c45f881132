"""Keys that spoil a question about many are found; all others are answered."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup_service.sources import isolation
from lookup_service.sources.isolation import MOST_QUESTIONS, isolated

pytestmark = pytest.mark.anyio


class SpoiltError(Exception):
    pass


@given(size=st.integers(0, 1000), spoilt=st.sets(st.integers(0, 999), max_size=3))
async def test_up_to_three_spoilt_keys_are_alone_with_their_fault(size: int, spoilt: set[int]) -> None:
    keys = [f"k{n}" for n in range(size)]
    bad = {f"k{n}" for n in spoilt if n < size}
    questions = []

    async def ask(some: Sequence[str]) -> Mapping[str, str]:
        questions.append(some)
        if bad & set(some):
            raise SpoiltError
        return {key: key.upper() for key in some if key != "k7"}  # one has no record

    answers, found = await isolated(keys, ask, (SpoiltError,))
    assert set(found) == bad
    assert answers == {key: key.upper() for key in keys if key not in bad and key != "k7"}
    assert len(questions) <= MOST_QUESTIONS
    assert len(questions) == (1 if keys else 0) or bad


@pytest.mark.parametrize("every", [2, 5, 20])
@pytest.mark.parametrize("are_together", [True, False])
async def test_many_spoilt_keys_take_no_others_answer(
    monkeypatch: pytest.MonkeyPatch, every: int, *, are_together: bool
) -> None:
    monkeypatch.setattr(isolation, "MOST_S", 60.0)  # whatever the machine is busy with
    keys = [f"k{n}" for n in range(500)]
    bad = set(keys[: 500 // every] if are_together else keys[::every])

    async def ask(some: Sequence[str]) -> Mapping[str, str]:
        if bad & set(some):
            raise SpoiltError
        return {key: key.upper() for key in some}

    answers, found = await isolated(keys, ask, (SpoiltError,))
    assert set(found) == bad
    assert answers.keys() == set(keys) - bad


async def test_where_all_fails_it_is_not_asked_for_ever() -> None:
    questions = 0

    async def ask(_: Sequence[str]) -> Mapping[str, str]:
        nonlocal questions
        questions += 1
        raise SpoiltError

    keys = [f"k{n}" for n in range(1000)]
    answers, spoilt = await isolated(keys, ask, (SpoiltError,))
    assert (answers, sorted(spoilt)) == ({}, sorted(keys))
    assert questions == MOST_QUESTIONS


async def test_other_faults_go_through() -> None:
    async def ask(_: Sequence[str]) -> Mapping[str, str]:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await isolated(["a", "b"], ask, (SpoiltError,))
