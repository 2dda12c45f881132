"""Finds a function's subtask number. In thread mode it reads Flink 2's TaskInfo, which PyFlink 2.2 does not wrap."""

from typing import Any, NamedTuple

from pyflink.datastream import RuntimeContext


class Subtask(NamedTuple):
    number: int
    parallelism: int
    max_parallelism: int


def subtask_of(context: RuntimeContext) -> Subtask:
    """Works in both execution modes."""
    java: Any = getattr(context, "_runtime_context", None)
    if java is None or not hasattr(java, "getTaskInfo"):
        return Subtask(
            context.get_index_of_this_subtask(),
            context.get_number_of_parallel_subtasks(),
            context.get_max_number_of_parallel_subtasks(),
        )
    # PyFlink 2.2's embedded context calls RuntimeContext.getIndexOfThisSubtask, which Flink 2 has removed.
    info = java.getTaskInfo()
    return Subtask(
        info.getIndexOfThisSubtask(), info.getNumberOfParallelSubtasks(), info.getMaxNumberOfParallelSubtasks()
    )
