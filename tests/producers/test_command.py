"""What both commands have in common: wrong options, and a signal during a run."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.producers.command_run import LINE, SMALL, command, run

pytestmark = pytest.mark.servers


@pytest.mark.parametrize(
    "arguments",
    [
        ("generate", "--events", "0"),
        ("generate", "--late", "0.7", "--duplicate", "0.7"),
        ("generate", "--start-time", "yesterday"),
        ("generate", "--events", "0", "--rate", "1", "--attacks", "1"),
        ("generate", "--events", "0", "--rate", "1", "--history-days", "1"),
        ("generate", "--attacks", "40", "--users", "20", "--out", "-"),
        ("generate", "--start-time", "1960-01-01"),
        ("generate", "--start-time", "99999999999999999999"),
        ("replay", "no-such-file"),
        ("replay", __file__, "--rate", "1", "--speed", "1"),
    ],
)
def test_wrong_options_are_explained(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("what", ["generate", "replay"])
def test_an_interrupted_run_says_so_and_ends_with_the_signal_s_exit_code(
    tmp_path: Path, number: signal.Signals, code: int, what: str
) -> None:
    path, out = tmp_path / "access.log", tmp_path / "out"
    path.write_text(LINE * 20_000)
    source = [str(path)] if what == "replay" else ["--events", "20000", *SMALL]
    arguments = command(what, *source, "--rate", "500", "--out", str(out))
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            lines = iter(process.stderr.readline, "")
            assert any(line.startswith("progress: sent=") for line in lines)
            process.send_signal(number)
            printed = process.stderr.read()
            assert process.wait(timeout=30) == code
        finally:
            if process.poll() is None:
                process.kill()
    assert f"interrupted by {number.name}" in printed
    last = printed.splitlines()[-1]
    assert last.startswith("interrupted: sent=")
    assert len(out.read_bytes().splitlines()) == int(last.split()[1].removeprefix("sent="))
