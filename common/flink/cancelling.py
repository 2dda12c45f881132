"""Whether a task is to end, for a function that waits for something else."""

import importlib
from functools import cache
from typing import Any


def is_task_cancelled() -> bool:
    """Flink interrupts the thread of a task that it cancels. Python does not see that: this asks Java.

    In thread mode, by the task's own thread. Elsewhere it is false.
    """
    thread = _java_thread()
    return bool(thread.currentThread().isInterrupted()) if thread is not None else False


@cache
def _java_thread() -> Any:  # noqa: ANN401 - a class of Java
    try:
        return importlib.import_module("pemja").findClass("java.lang.Thread")
    except (ImportError, AttributeError):  # no Java around this interpreter
        return None
