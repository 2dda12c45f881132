"""The runtime that an archive is built for."""

from dataclasses import dataclass

PROVIDED = ("apache-flink", "apache-flink-libraries", "apache-beam", "pemja", "py4j", "numpy", "pandas", "pyarrow")
"""Distributions that the runtime itself has. A second copy in ``dep/`` would be imported instead of the runtime's."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """The interpreter that will import the vendored wheels."""

    python: str = "3.12"
    platform: str = "manylinux2014_x86_64"
    newer_platform: str = "manylinux_2_28_x86_64"
    """For what has no wheel of the first one any more: confluent-kafka. It needs glibc 2.28 or newer."""

    @property
    def abi(self) -> str:
        """As in a wheel's file name, ``cp312``."""
        return "cp" + self.python.replace(".", "")


FLINK_2_2 = Target()
"""The managed service's runtime FLINK-2_2."""
