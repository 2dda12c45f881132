"""Keys that spoil a question about many are found; all others are answered."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lookup_service.sources.isolation as isolation_module
from lookup_service.sources.isolation import MOST_QUESTIONS, Isolation

pytestmark = pytest.mark.anyio


class SpoiltError(Exception):
    pass


@given(size=st.integers(0, 1000), spoilt=st.sets(st.integers(0, 999), max_size=40))
async def test_up_to_forty_spoilt_keys_are_alone_with_their_fault(size: int, spoilt: set[int]) -> None:
    keys = [f"k{n}" for n in range(size)]
    bad = {f"k{n}" for n in spoilt if n < size}
    questions = []

    async def ask(some: Sequence[str]) -> Mapping[str, str]:
        questions.append(some)
        if bad & set(some):
            raise SpoiltError
        return {key: key.upper() for key in some if key != "k7"}  # one has no record

    answers, found, unasked = await Isolation(10).ask(keys, ask, (SpoiltError,))
    assert (set(found), unasked) == (bad, [])
    assert answers == {key: key.upper() for key in keys if key not in bad and key != "k7"}
    assert len(questions) <= MOST_QUESTIONS
    assert len(questions) == (1 if keys else 0) or bad


async def test_where_all_fails_it_is_not_asked_for_ever_and_no_key_is_blamed_that_was_not_alone() -> None:
    questions: list[Sequence[str]] = []

    async def ask(some: Sequence[str]) -> Mapping[str, str]:
        questions.append(some)
        raise SpoiltError

    keys = [f"k{n}" for n in range(1000)]
    isolation = Isolation(10)
    answers, spoilt, unasked = await isolation.ask(keys, ask, (SpoiltError,))
    assert answers == {}
    assert sorted(spoilt + unasked) == sorted(keys)
    assert set(spoilt) == {some[0] for some in questions if len(some) == 1}
    assert len(questions) == MOST_QUESTIONS
    questions.clear()
    await isolation.ask(keys, ask, (SpoiltError,))
    assert sorted(questions[0]) == sorted(keys)  # nothing was answered: it is hardly the keys


async def test_a_spoilt_key_is_left_out_of_the_next_batch_for_a_while() -> None:
    now = 0.0
    bad = {"k3", "k700"}
    questions: list[Sequence[str]] = []

    async def ask(some: Sequence[str]) -> Mapping[str, str]:
        questions.append(some)
        if bad & set(some):
            raise SpoiltError
        return dict.fromkeys(some, "")

    keys = [f"k{n}" for n in range(1000)]
    isolation = Isolation(10, clock=lambda: now)
    await isolation.ask(keys, ask, (SpoiltError,))
    questions.clear()
    now = 9.0
    answers, spoilt, _ = await isolation.ask(keys, ask, (SpoiltError,))
    assert (len(questions), len(answers), set(spoilt)) == (1, 998, bad)
    bad.clear()
    assert (await isolation.ask(["k3"], ask, (SpoiltError,))).answers == {"k3": ""}  # alone it harms nobody
    now = 11.0
    assert len((await isolation.ask(keys, ask, (SpoiltError,))).answers) == 1000


async def test_slow_questions_end_in_time_and_each_batch_finds_some_of_the_spoilt_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(isolation_module, "MOST_S", 0.2)
    keys = [f"k{n}" for n in range(256)]
    bad = {"k9", "k100", "k200", "k255"}

    async def ask(some: Sequence[str]) -> Mapping[str, str]:
        await asyncio.sleep(0.005)
        if bad & set(some):
            raise SpoiltError
        return dict.fromkeys(some, "")

    isolation = Isolation(1_000)
    left: list[int] = []
    spoilt: list[str] = []
    for _ in range(20):
        answers, spoilt, unasked = await isolation.ask(keys, ask, (SpoiltError,))
        assert set(spoilt) <= bad
        assert len(answers) + len(spoilt) + len(unasked) == 256
        left.append(len(unasked))
    assert left[0] > 0
    assert (set(spoilt), left[-1]) == (bad, 0)


async def test_a_source_that_computes_gives_others_a_turn_between_two_questions() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def ask(_: Sequence[str]) -> Mapping[str, str]:
        raise SpoiltError

    task = asyncio.create_task(others())
    await Isolation(10).ask([f"k{n}" for n in range(128)], ask, (SpoiltError,))
    task.cancel()
    assert turns > 100


async def test_other_faults_go_through() -> None:
    async def ask(_: Sequence[str]) -> Mapping[str, str]:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await Isolation(10).ask(["a", "b"], ask, (SpoiltError,))
