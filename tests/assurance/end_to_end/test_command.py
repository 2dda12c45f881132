"""Arguments of ``python -m assurance.end_to_end`` and ``make replay``, checked before anything starts."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.paths import PROJECT

pytestmark = pytest.mark.servers

LINE = '192.0.2.7 - - [17/May/2015:10:05:01 +0000] "GET /a HTTP/1.1" 200 12 "-" "agent/1"\n'


@pytest.mark.parametrize(
    ("content", "log_format", "message"),
    [
        ("# A document\n\nof two lines\n", "auto", "text of another kind"),
        ("", "auto", "is empty"),
        (LINE, "ndjson", "an access log in the layout combined"),
        ('{"event_id":"e-0000001","event_name":"x"}\n', "combined", "raw events"),
    ],
)
def test_an_input_of_unknown_format_is_refused_before_anything_starts(
    tmp_path: Path, content: str, log_format: str, message: str
) -> None:
    path = tmp_path / "my input.md"
    path.write_text(content)
    done = subprocess.run(
        [sys.executable, "-m", "assurance.end_to_end", "--input", str(path), "--format", log_format],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert message in " ".join(done.stdout.split())
    assert "starting" not in done.stdout


def run(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assurance.end_to_end", *arguments],
        cwd=PROJECT,
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("option", ["--input", "--geoip-city"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.log", "does not exist"),
        ("~/missing.log", "does not exist"),
        ("~nobody-of-that-name/a", "does not exist"),
        ("~", "is a directory"),
    ],
)
def test_an_unreadable_file_is_an_invalid_argument(tmp_path: Path, option: str, name: str, message: str) -> None:
    done = run(option, name, home=tmp_path)
    assert done.returncode == 2
    assert f"Invalid value for '{option}'" in done.stderr
    assert message in " ".join(done.stderr.replace("│", " ").split())


def test_a_tilde_that_the_shell_did_not_expand_is_the_home_directory(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text("# A document\n")
    done = run("--input", "~/access.log", home=tmp_path)
    assert done.returncode == 2
    assert "no line of access.log can be read" in " ".join(done.stdout.split())


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("name", ["my log.log", 'it\'s (1) & more; "x".log', "plain.log"])
def test_make_passes_any_file_name(name: str) -> None:
    variables = [f"INPUT={name}", f"GEOIP_CITY=/a b/{name}", "VENV=nowhere"]
    done = subprocess.run(
        ["make", "--dry-run", "replay", *variables], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    (command,) = [line for line in done.stdout.splitlines() if " -m assurance.end_to_end " in line]
    words = shlex.split(command)
    assert words[words.index("--input") + 1] == name
    assert words[words.index("--geoip-city") + 1] == f"/a b/{name}"
    assert words[words.index("--format") + 1] == "auto"
