import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from deploy.paths import PROJECT
from local_stack.errors import NotReadyError, ProcessExitedError
from local_stack.processes.memory import INTERVAL_S
from tests.local_stack.conftest import MakeProcess, eventually, gone, python

SLEEP = python("import time; print('up'); time.sleep(600)")
STUBBORN = python("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(600)")
PARENT = python(
    "import subprocess, sys, time;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "print('child', child.pid); time.sleep(600)"
)


def _says(path: Path, text: str) -> bool:
    return path.exists() and text in path.read_text()


def test_ready_when_the_probe_says_so(make_process: MakeProcess) -> None:
    process = make_process(SLEEP)
    process.start()
    process.wait_ready(lambda: _says(process.log_path, "up"), 10)
    assert process.alive
    assert process.exit_code is None


def test_an_early_exit_shows_code_and_last_twenty_lines(make_process: MakeProcess) -> None:
    process = make_process(python("[print('line', n) for n in range(50)]; raise SystemExit(7)"))
    process.start()
    with pytest.raises(ProcessExitedError) as caught:
        process.wait_ready(lambda: False, 10)
    message = str(caught.value)
    assert "exit code 7" in message
    assert re.findall(r"line (\d+)$", message, re.MULTILINE) == [str(number) for number in range(30, 50)]


def test_a_command_that_does_not_exist_is_named(make_process: MakeProcess) -> None:
    process = make_process(["no-such-program-anywhere"])
    process.start()
    with pytest.raises(ProcessExitedError, match=r"FileNotFoundError"):
        process.wait_ready(lambda: False, 10)


def test_never_ready_is_an_error_with_the_log(make_process: MakeProcess) -> None:
    process = make_process(SLEEP)
    process.start()
    assert eventually(lambda: _says(process.log_path, "up"))
    with pytest.raises(NotReadyError, match=r"(?s)not ready after 0\.2 s.*up"):
        process.wait_ready(lambda: False, 0.2)


def test_stop_lets_the_process_end_in_order(make_process: MakeProcess) -> None:
    process = make_process(SLEEP)
    process.start()
    assert eventually(lambda: _says(process.log_path, "up"))
    process.stop()
    assert process.exit_code == -signal.SIGTERM


def test_stop_kills_what_ignores_sigterm(make_process: MakeProcess) -> None:
    process = make_process(STUBBORN, grace_s=0.3)
    process.start()
    assert eventually(lambda: _says(process.log_path, "up"))
    process.stop()
    assert process.exit_code == -signal.SIGKILL


@pytest.mark.parametrize("end", ["stop", "kill_hard"])
def test_what_the_process_started_goes_with_it(make_process: MakeProcess, end: str) -> None:
    process = make_process(PARENT)
    process.start()
    assert eventually(lambda: _says(process.log_path, "child"))
    child = int(process.log_path.read_text().split()[1])
    getattr(process, end)()
    assert eventually(lambda: gone(child))


def test_stop_before_start_and_twice_is_harmless(make_process: MakeProcess) -> None:
    process = make_process(SLEEP)
    process.stop()
    process.start()
    process.stop()
    process.stop()
    assert not process.alive


def test_memory_is_that_of_the_whole_group(make_process: MakeProcess) -> None:
    hungry = "block = bytearray(60_000_000); import time; print('child up', flush=True); time.sleep(600)"
    process = make_process(
        python(f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {hungry!r}]); time.sleep(600)")
    )
    process.start()
    assert eventually(lambda: _says(process.log_path, "child up"))
    assert eventually(lambda: process.peak_rss_bytes > 60_000_000, timeout_s=5 * INTERVAL_S)
    process.stop()
    assert process.peak_rss_bytes > 60_000_000


def test_a_process_outlives_the_thread_that_started_it(make_process: MakeProcess) -> None:
    process = make_process(SLEEP)
    thread = threading.Thread(target=process.start)
    thread.start()
    thread.join()
    assert eventually(lambda: _says(process.log_path, "up"))
    # The kernel's parent-death signal would come at the thread's end, so it would be here by now.
    time.sleep(0.2)
    assert process.alive


@pytest.mark.servers
def test_a_killed_launcher_leaves_no_child(tmp_path: Path) -> None:
    launcher = subprocess.Popen(
        python(
            "import sys, time; from pathlib import Path; from local_stack.processes.process import ManagedProcess;"
            f"process = ManagedProcess('orphan', {SLEEP!r}, log_path=Path({str(tmp_path / 'orphan.log')!r}));"
            "process.start(); print(process.pid, flush=True); time.sleep(600)"
        ),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with launcher:
        try:
            assert launcher.stdout is not None
            child = int(launcher.stdout.readline())
            assert eventually(lambda: _says(tmp_path / "orphan.log", "up"))
        finally:
            launcher.kill()
    assert eventually(lambda: gone(child))
