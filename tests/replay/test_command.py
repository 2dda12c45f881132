"""``python -m replay`` and ``make replay`` before anything is started."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
LINE = '192.0.2.7 - - [17/May/2015:10:05:01 +0000] "GET /a HTTP/1.1" 200 12 "-" "agent/1"\n'


@pytest.mark.parametrize(
    ("content", "log_format", "said"),
    [
        ("# A document\n\nof two lines\n", "auto", "text of another kind"),
        ("", "auto", "is empty"),
        (LINE, "ndjson", "an access log in the layout combined"),
        ('{"event_id":"e-0000001","event_name":"x"}\n', "combined", "raw events"),
    ],
)
def test_an_input_that_is_not_understood_is_refused_before_anything_starts(
    tmp_path: Path, content: str, log_format: str, said: str
) -> None:
    path = tmp_path / "my input.md"
    path.write_text(content)
    done = subprocess.run(
        [sys.executable, "-m", "replay", "--input", str(path), "--format", log_format],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert said in " ".join(done.stdout.split())
    assert "starting" not in done.stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("name", ["my log.log", 'it\'s (1) & more; "x".log', "plain.log"])
def test_make_hands_on_any_file_name(name: str) -> None:
    variables = [f"INPUT={name}", f"GEOIP_CITY=/a b/{name}", "VENV=nowhere"]
    done = subprocess.run(
        ["make", "--dry-run", "replay", *variables], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    (command,) = [line for line in done.stdout.splitlines() if " -m replay " in line]
    words = shlex.split(command)
    assert words[words.index("--input") + 1] == name
    assert words[words.index("--geoip-city") + 1] == f"/a b/{name}"
    assert words[words.index("--format") + 1] == "auto"
