import socket

import pytest

from local_stack.errors import ProcessExitedError
from local_stack.processes.ports import HOST, free_port, retry_on_conflict


def test_ports_are_free_and_never_handed_out_twice() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    for port in ports:
        with socket.create_server((HOST, port)):
            pass


def test_ports_lie_below_those_of_outgoing_connections() -> None:
    assert all(1024 < free_port() < 32768 for _ in range(50))


def test_a_taken_port_is_tried_again_with_another() -> None:
    tried: list[int] = []

    def start() -> int:
        tried.append(free_port())
        if len(tried) == 1:
            raise ProcessExitedError("kafka ended", log="java.net.BindException: Address already in use\nmuch more")
        return tried[-1]

    assert retry_on_conflict(start) == tried[1]
    assert len(tried) == 2


def test_another_failure_is_not_tried_again() -> None:
    calls: list[int] = []

    def start() -> None:
        calls.append(1)
        raise ProcessExitedError("kafka ended: OutOfMemoryError", log="OutOfMemoryError")

    with pytest.raises(ProcessExitedError, match="OutOfMemoryError"):
        retry_on_conflict(start)
    assert len(calls) == 1
