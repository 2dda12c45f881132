"""The row of a job in the table of :mod:`deploy.jobs`: which fields it has, and what each is for."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from contracts.topics import Topic
from deploy.jars import Jar
from deploy.paths import PROJECT
from deploy.profiles import Profile

ENTRY = "main.py"
"""Of every archive."""
DEPENDENCIES = "dep"
"""The archive's folder that reaches task managers, as the run option ``pyFiles``."""

Resource = Literal[
    "kafka",  # the brokers' addresses
    "lookup_url",
    "lookup_api_key",
    "opt_outs_url",
    "privacy_keys",  # where the key ring is, never the keys
    "policy",  # the file of purposes
    "site_hosts",  # the site's own hosts
    "rules",  # the folder of the rules of account security
    "features",  # the file of features
    "cache_url",  # the Redis that the lookup service answers from
    "store",  # URI of a directory, or of a bucket that the job has for itself
    "purposes",  # comma-separated: those whose enriched topics it reads
]
"""What a place where jobs run offers them: a local stack, or the CDK's stacks."""
AlarmPart = Literal[
    "flink",  # what any job can have
    "features",  # the store of features
    "outcomes",  # the shares of late and failed events
    "sessions",  # the share of events that are too late for a session
    "lookup",
    "opt_outs",
    "kafka",
    "input",  # no raw events arrive
]
"""Groups of alarms and graphs in ``deploy/cdk/``."""


class PropertyKey(NamedTuple):
    """One property: its group and its key in the property file."""

    group: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Container:
    """The job's own Flink cluster in Docker Compose."""

    prefix: str
    """Of its services ``jobmanager``, ``taskmanager`` and ``job``."""
    properties: Path
    """The property file that its submission gets."""
    profile: Profile
    flink: Mapping[str, str] = field(default_factory=dict)
    """Flink settings in which its cluster differs from ``deploy/flink/conf/config.yaml``."""

    @property
    def jobmanager(self) -> str:
        """Host name of its JobManager."""
        return f"{self.prefix}jobmanager"


@dataclass(frozen=True, kw_only=True)
class CloudNames:
    """Identifiers in the CDK's templates. A changed one makes CloudFormation replace what is deployed."""

    stack: str
    """Of the stack, and of the bucket of a job that has one."""
    description: str
    group: str
    """Of the security group."""
    group_description: str
    log_stream: str
    alarm_prefix: str
    """Before the names of its alarms."""

    @classmethod
    def of(cls, name: str, what: str) -> "CloudNames":
        """The names of a job called ``name``; ``what`` describes it, such as "the lake"."""
        stack = name.title().replace("_", "")
        return cls(
            stack=stack,
            description=f"Clickstream enrichment: {what}",
            group=f"{stack}Group",
            group_description=f"The Flink application of {what}",
            log_stream=name,
            alarm_prefix=f"{name}-",
        )


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """One job. Paths of its files are absolute, below the checkout."""

    name: str
    """On command lines, of its folder in the image and of its application."""
    entry: str
    """The module whose function ``main`` submits the job."""
    config: str
    """``module:function`` that reads and checks a property file. Imported only by :meth:`check`, so that building and
    deploying a job need none of its libraries."""
    reference: Path
    """The property file with every key and its default."""

    packages: tuple[str, ...]
    """Import names of the project's packages that go into the archive."""
    extras: tuple[str, ...] = ()
    """The extras of ``pyproject.toml`` that are vendored, beside what the project always needs."""
    files: tuple[str, ...] = ()
    """Paths in the project; put beside the entry, for the job would not start without them."""
    folders: tuple[str, ...] = ()
    """The same for whole folders, which keep their last name."""
    jar: Jar
    """Of the archive."""
    local_jar: Jar | None = None
    """What it needs on a local cluster beside that cluster's own connector."""

    resources: Mapping[Resource, PropertyKey]
    """Resource → the property that takes it. What a place does not offer stays as the reference file has it."""
    group_id: PropertyKey
    """The consumer group."""
    transactions: PropertyKey | None = None
    """The prefix of its sink's transactional ids; None: it writes no topic."""
    reads: tuple[Topic, ...]
    writes: tuple[Topic, ...] = ()
    restores: tuple[Topic, ...] = ()
    """Topics that it writes and that a thread of it reads again, after a restart."""

    parallelism: int | None = None
    """On the managed service; None: what :mod:`deploy.sizing` computes for the load."""
    local_profile: Profile | None = None
    """On a local cluster; None: as the cluster has it."""
    production_profile: Profile
    container: Container
    cloud: CloudNames
    alarms: tuple[AlarmPart, ...] = ()
    """Without any it has no dashboard either."""
    scales_by_lag: bool = False
    """Whether its stack changes the parallelism by the lag."""

    @property
    def title(self) -> str:
        """Of its archive and its jar."""
        return f"clickstream-{self.name}"

    @property
    def jar_path(self) -> str:
        """The jar's place in the archive."""
        return f"lib/{self.title}.jar"

    @property
    def run_options(self) -> dict[str, str]:
        """The managed service's property group ``kinesis.analytics.flink.run.options`` for the archive."""
        return {"python": ENTRY, "jarfile": self.jar_path, "pyFiles": f"{DEPENDENCIES}/"}

    @property
    def entry_file(self) -> Path:
        return PROJECT / Path(*self.entry.split(".")).with_suffix(".py")

    def located(self, offered: Mapping[Resource, str]) -> dict[str, dict[str, str]]:
        """What a place offers, as the job's property groups; what the job has no property for is left out."""
        groups: dict[str, dict[str, str]] = {}
        for resource, text in offered.items():
            if resource in self.resources:
                group, key = self.resources[resource]
                groups.setdefault(group, {})[key] = text
        return groups

    def check(self, properties: Path) -> None:
        """:raises common.flink.property_groups.ConfigError: the job would refuse this property file."""
        module, _, function = self.config.partition(":")
        getattr(importlib.import_module(module), function)(properties)
