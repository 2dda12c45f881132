"""One broker, one Redis, one lookup service and one Flink cluster for all integration tests."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from assurance.end_to_end.options import ReplayOptions
from assurance.end_to_end.run import stack_options
from deploy.paths import STACK
from local_stack.stack import LocalStack
from tests.integration.pipeline_run import PipelineRun
from tests.integration.slow_proxy import SlowProxy


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "integration" in item.path.parts:
            item.add_marker(pytest.mark.integration)


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """Two task managers of one slot each: enough for parallelism 2, and for a job to move when one is killed."""
    options = replace(stack_options(ReplayOptions(parallelism=2, users=2_000, listings=5_000)), run_dir=STACK / "tests")
    if shutil.which("prometheus"):
        # Only if it is needed, because the reporter listens on every interface.
        options = replace(options, flink=replace(options.flink, prometheus=True))
    with LocalStack(options) as running:
        yield running


@pytest.fixture(scope="session")
def proxy(stack: LocalStack) -> Iterator[SlowProxy]:
    """A proxy in front of the lookup service, with which a test can make it slow."""
    with SlowProxy(int(stack.lookup_url.rsplit(":", 1)[1])) as running:
        yield running


Pipeline = Callable[..., PipelineRun]


@pytest.fixture
def pipeline(stack: LocalStack, proxy: SlowProxy, request: pytest.FixtureRequest) -> Iterator[Pipeline]:
    """Starts the job with changed properties, and cancels it after the test."""
    proxy.delay_s = 0
    with ExitStack() as started:

        def start(changes: dict[str, dict[str, str]] | None = None, *, parallelism: int = 1) -> PipelineRun:
            run = PipelineRun(stack, proxy, request.node.name.partition("[")[0], changes or {})
            started.callback(run.close)
            run.start(parallelism=parallelism)
            return run

        yield start
    proxy.delay_s = 0
