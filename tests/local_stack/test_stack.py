"""The stack's own promises, tried on the small one: Redis and profiles off, Flink off, Kafka alone."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import redis

from common.opt_outs.redis_client import connect
from common.opt_outs.store import CHANGES
from deploy.build.errors import MissingToolError
from deploy.paths import PROJECT
from local_stack.errors import StackError
from local_stack.stack import LocalStack, StackOptions
from tests.local_stack.conftest import eventually, gone

pytestmark = pytest.mark.integration

_CODE = """
import sys, time
from pathlib import Path
from local_stack.stack import LocalStack, StackOptions
with LocalStack(StackOptions(run_dir=Path(sys.argv[1]), with_flink=False, with_lookup=False)) as stack:
    print('broker', stack.kafka.process.pid, flush=True)
    time.sleep(600)
"""


def test_sigterm_stops_everything_and_a_second_stack_is_refused_meanwhile(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _CODE, str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as launcher:
        try:
            assert launcher.stdout is not None
            broker = int(next(line for line in launcher.stdout if line.startswith("broker")).split()[1])
            with pytest.raises(StackError, match="another stack runs in"), LocalStack(StackOptions(run_dir=tmp_path)):
                pass
            assert not gone(broker)
            os.kill(launcher.pid, signal.SIGTERM)
            assert launcher.wait(30) == 128 + signal.SIGTERM
        finally:
            launcher.kill()
    assert eventually(lambda: gone(broker))


def test_the_connection_to_a_store_that_cannot_be_initialised_is_closed(tmp_path: Path) -> None:
    stack = LocalStack(StackOptions(run_dir=tmp_path))
    stack.optouts.start()
    try:
        with closing(connect(stack.optouts_url)) as ours:
            ours.execute_command("SET", CHANGES, "of another type")
        stack.optouts.stop()
        with pytest.raises(redis.ResponseError, match="WRONGTYPE") as _kept:  # and with it all that it refers to
            stack._start_optouts()
        with closing(connect(stack.optouts_url)) as ours:
            assert eventually(lambda: len(ours.execute_command("CLIENT LIST")) == 1)
    finally:
        stack.optouts.stop()


def test_a_failing_start_stops_what_had_started(tmp_path: Path) -> None:
    no_database = tmp_path / "nowhere.mmdb"
    stack = LocalStack(StackOptions(run_dir=tmp_path, with_flink=False, geoip_city_path=no_database))
    with pytest.raises(MissingToolError, match=r"nowhere\.mmdb"), stack:
        pass
    assert stack.processes
    assert not [process.name for process in stack.processes if process.alive]
