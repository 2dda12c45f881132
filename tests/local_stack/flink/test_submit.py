from pathlib import Path

from local_stack.flink.submit import Submission, error_line, run_arguments

_WRAPPER = """\
2026-01-01T00:00:00,000 ERROR PythonDriver - Run python process failed
java.lang.RuntimeException: Python process exits with code: 1
\tat org.apache.flink.client.python.PythonDriver.main(PythonDriver.java:130)
org.apache.flink.client.program.ProgramAbortException: java.lang.RuntimeException: Python process exits with code: 1
Caused by: java.lang.RuntimeException: Python process exits with code: 1
\t... 14 more
"""


def test_a_python_error_is_shown_as_python_says_it() -> None:
    output = 'Traceback (most recent call last):\n  File "main.py", line 9, in <module>\nValueError: no such purpose\n'
    assert error_line(output + _WRAPPER) == "ValueError: no such purpose"


def test_an_error_without_a_message_counts() -> None:
    output = 'Traceback (most recent call last):\n  File "main.py", line 9, in <module>\njob.errors.ConfigError\n'
    assert error_line(output + _WRAPPER) == "job.errors.ConfigError"


def test_the_last_traceback_of_a_chain_is_the_one() -> None:
    first = "Traceback (most recent call last):\n  x\nKeyError: 'a'\n\nThe above exception was the direct cause\n\n"
    assert error_line(first + "Traceback (most recent call last):\n  y\nValueError: b\n" + _WRAPPER) == "ValueError: b"


def test_an_error_from_java_keeps_its_reason_and_innermost_cause() -> None:
    output = (
        "Traceback (most recent call last):\n"
        '  File "main.py", line 21, in <module>\n'
        "py4j.protocol.Py4JJavaError: An error occurred while calling o3.execute.\n"
        ": org.apache.flink.util.FlinkException: Failed to execute job.\n"
        "\tat org.apache.flink.Somewhere.run(Somewhere.java:1)\n"
        "Caused by: java.net.ConnectException: Connection refused\n"
        "\tat java.base/sun.nio.ch.Net.pollConnect(Net.java:1)\n"
    )
    assert error_line(output + _WRAPPER).splitlines() == [
        "py4j.protocol.Py4JJavaError: An error occurred while calling o3.execute.",
        ": org.apache.flink.util.FlinkException: Failed to execute job.",
        "java.net.ConnectException: Connection refused",
    ]


def test_a_job_that_ends_with_its_own_words_is_quoted() -> None:
    assert error_line("configuration: kafka: missing key\n" + _WRAPPER) == "configuration: kafka: missing key"


def test_no_reason_at_all() -> None:
    assert error_line("") == "the client gave no reason"


def test_arguments_of_a_plain_and_of_a_restored_job() -> None:
    plain = Submission(entry=Path("/job/main.py"), arguments=["--x"])
    assert run_arguments(plain, jobmanager="127.0.0.1:1") == [
        *("run", "--detached", "--jobmanager", "127.0.0.1:1"),
        *("--python", "/job/main.py", "--x"),
    ]
    restored = Submission(entry=Path("/job/main.py"), parallelism=2, savepoint="file:/sp", allow_non_restored=True)
    assert run_arguments(restored, jobmanager="127.0.0.1:1") == [
        *("run", "--detached", "--jobmanager", "127.0.0.1:1", "--parallelism", "2"),
        *("--fromSavepoint", "file:/sp", "--allowNonRestoredState", "--python", "/job/main.py"),
    ]


def test_settings_of_one_job_come_before_its_program() -> None:
    submission = Submission(entry=Path("/job/main.py"), settings={"execution.checkpointing.interval": "10 s"})
    arguments = run_arguments(submission, jobmanager="127.0.0.1:1")
    assert arguments[-3:] == ["-Dexecution.checkpointing.interval=10 s", "--python", "/job/main.py"]
