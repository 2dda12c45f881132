"""What the log shows of an exception: its type and place, not its message."""

import subprocess
import sys

import msgspec

from tests.lookup_service.lookup_harness import environment

SCRIPT = """
import logging
import structlog
from lookup_service import logs

logs.configure("info")
try:
    raise ValueError("secret 81.2.69.142")
except ValueError:
    structlog.get_logger("a").exception("ours")
    logging.getLogger("uvicorn.error").exception("theirs")
"""


def test_exceptions_show_no_message() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment(), capture_output=True, text=True, timeout=30, check=True
    )
    entries = [msgspec.json.decode(line, type=dict[str, object]) for line in ended.stdout.splitlines()]
    assert [entry["event"] for entry in entries] == ["ours", "theirs"]
    for entry in entries:
        assert (entry["level"], entry["exception"], entry["at"]) == ("error", "ValueError", ["<module>:8"])
    assert "secret" not in ended.stdout + ended.stderr
