"""Runs the commands as a user does."""

import subprocess
import sys

LINE = '192.0.2.7 - - [17/May/2015:10:05:01 +0000] "GET /a HTTP/1.1" 200 12 "-" "agent/1"\n'
SMALL = ("--users", "20", "--listings", "20")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "producers", *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, check=False, timeout=60)


def summary(printed: str) -> dict[str, str]:
    last = printed.splitlines()[-1]
    assert last.startswith("done: "), printed
    return dict(part.split("=") for part in last.removeprefix("done: ").split())
