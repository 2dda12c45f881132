"""One thing for a process, until its last user leaves."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from common.shared import Shared


class Thing:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_the_last_user_closes_it() -> None:
    shared: Shared[Thing] = Shared()
    first = shared.acquire("a", Thing)
    assert shared.acquire("a", Thing) is first
    assert shared.acquire("b", Thing) is not first
    shared.release("a")
    assert first.closed == 0
    shared.release("a")
    assert first.closed == 1
    assert shared.acquire("a", Thing) is not first


def test_many_threads_make_it_once() -> None:
    shared: Shared[Thing] = Shared()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: shared.acquire("a", Thing), range(64)))
    assert {id(each) for each in found} == {id(found[0])}


def test_what_could_not_be_made_is_made_by_the_next_user() -> None:
    shared: Shared[Thing] = Shared()

    def fails() -> Thing:
        raise RuntimeError("not now")

    with pytest.raises(RuntimeError):
        shared.acquire("a", fails)
    assert shared.acquire("a", Thing).closed == 0
