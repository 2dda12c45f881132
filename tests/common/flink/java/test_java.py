"""Runs the tests of the Java classes (``common/flink/java/test``) with Maven. Building the jars does not run them."""

import shutil
import subprocess
from xml.etree import ElementTree

import pytest

from deploy.build.jars import require_tool
from deploy.build.lock import exclusive
from deploy.jars import CONNECTOR, JARS
from deploy.paths import PROJECT

pytestmark = pytest.mark.servers

REPORTS = JARS / "work" / "tests" / "surefire-reports"
_TIMEOUT_S = 600


def test_the_java_tests_pass() -> None:
    maven = require_tool("mvn", "install Maven, for example the Debian package maven")
    with exclusive(JARS / "tests.lock"):
        shutil.rmtree(REPORTS, ignore_errors=True)
        done = subprocess.run(
            [maven, "-q", "-B", "-f", str(CONNECTOR.pom), "-P", "tests", "test"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        suites = [ElementTree.parse(report).getroot() for report in REPORTS.glob("TEST-*.xml")]  # noqa: S314 - our own
    written = {path.stem for path in (PROJECT / "common" / "flink" / "java" / "test").rglob("*Test.java")}
    assert written
    assert {suite.attrib["name"].rpartition(".")[2] for suite in suites if int(suite.attrib["tests"]) > 0} == written
    assert all(suite.attrib[kind] == "0" for suite in suites for kind in ("failures", "errors", "skipped"))
