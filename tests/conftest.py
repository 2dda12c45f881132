"""For all tests, and which of them ``make test-fast`` leaves out."""

import subprocess
from collections.abc import Generator

import pytest
from hypothesis import settings

STARTED = frozenset(
    {"broker", "executable", "kafka", "make_process", "redis_url", "shared_postgresql", "sleeper", "stacks"}
)
"""Fixtures that start a server or another process. What uses one of them, through others too, is marked ``servers``."""

settings.register_profile("fast", max_examples=20)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and not STARTED.isdisjoint(item.fixturenames):
            item.add_marker("servers")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """In a run without the tests that start processes, one that does so without the mark fails."""
    with pytest.MonkeyPatch.context() as patch:
        if "not servers" in item.config.option.markexpr:
            patch.setattr(subprocess, "Popen", _Refusing)
        return (yield)


class _Refusing(subprocess.Popen[bytes]):
    """A class as the original is, since modules that are imported meanwhile name it in annotations."""

    def __init__(self, *_: object, **__: object) -> None:
        raise AssertionError("this test starts a process: mark it servers")


@pytest.fixture
def anyio_backend() -> str:
    """Everything here runs on asyncio."""
    return "asyncio"
