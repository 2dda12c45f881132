"""The Java's own tests (``jvm/test``), by Maven: no part of making the jars, so that set-up does not wait for them."""

import shutil
import subprocess
from xml.etree import ElementTree

from local_stack.artifacts import require_tool
from local_stack.lock import exclusive
from local_stack.paths import JARS, LOCAL_POMS, PROJECT

REPORTS = JARS / "work" / "tests" / "surefire-reports"
_TIMEOUT_S = 600


def test_the_javas_own_tests_pass() -> None:
    maven = require_tool("mvn", "install Maven, for example the Debian package maven")
    with exclusive(JARS / "tests.lock"):
        shutil.rmtree(REPORTS, ignore_errors=True)
        done = subprocess.run(
            [maven, "-q", "-B", "-f", str(LOCAL_POMS / "connector" / "pom.xml"), "-P", "tests", "test"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        suites = [ElementTree.parse(report).getroot() for report in REPORTS.glob("TEST-*.xml")]  # noqa: S314 - our own
    written = {path.stem for path in (PROJECT / "jvm" / "test").rglob("*Test.java")}
    assert written
    assert {suite.attrib["name"].rpartition(".")[2] for suite in suites if int(suite.attrib["tests"]) > 0} == written
    assert all(suite.attrib[kind] == "0" for suite in suites for kind in ("failures", "errors", "skipped"))
