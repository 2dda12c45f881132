"""What the archive is made for, and what goes into it."""

from dataclasses import dataclass

PACKAGES = ("contracts", "telemetry", "enrichments", "enrichment_job")
"""The project's packages that the job imports. Another package is one entry here."""

EXTRAS = ("job-runtime",)
"""The extras of ``pyproject.toml`` that are vendored, beside what the project always needs."""

ENTRY = "main.py"
POLICY = "purposes.yaml"
"""Found there by the property ``job: purposes.path``."""
JAR = "lib/clickstream-enrichment.jar"
DEPENDENCIES = "dep"
"""The folder that reaches task managers, as the run option ``pyFiles``."""

RUN_OPTIONS = {"python": ENTRY, "jarfile": JAR, "pyFiles": f"{DEPENDENCIES}/"}
"""The managed service's property group ``kinesis.analytics.flink.run.options`` for this archive."""

PROVIDED = ("apache-flink", "apache-flink-libraries", "apache-beam", "pemja", "py4j", "numpy", "pandas", "pyarrow")
"""Distributions of the runtime itself: a second copy in ``dep/`` would come before them."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """The interpreter that will import the vendored wheels."""

    python: str = "3.12"
    platform: str = "manylinux2014_x86_64"

    @property
    def abi(self) -> str:
        """As in a wheel's file name, ``cp312``."""
        return "cp" + self.python.replace(".", "")


FLINK_2_2 = Target()
"""The managed service's runtime FLINK-2_2."""
