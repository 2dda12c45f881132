"""What one environment tells the stacks. Sizes come from :mod:`deploy.sizing`, jobs from :mod:`deploy.jobs`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from common.flink.property_groups import Groups
from contracts import VERSION
from deploy.job_spec import JobSpec
from deploy.jobs import JOBS
from deploy.sizing import BILLION_A_DAY, Size, size


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One environment. Nothing in it is secret."""

    environment: str = "production"
    account: str | None = None
    """None: the stacks can go to any account and region."""
    region: str | None = None
    size: Size = field(default_factory=lambda: size(BILLION_A_DAY))
    vpc_cidr: str = "10.40.0.0/16"
    domain: str = "clickstream.internal"
    """Private DNS zone. The lookup service is ``lookup.`` in it, and its certificate must be for that name."""
    jobs: Mapping[str, JobSpec] = field(default_factory=lambda: JOBS)
    """By name. To change one of them, here its profile: ``{**JOBS, "lake": replace(LAKE, production_profile=...)}``."""
    job_properties: Mapping[str, Groups] = field(default_factory=dict)
    """Changes to a job's property groups: its name → group → key → text."""
    opt_outs_node: str = "db.t4g.medium"
    """Of the store of opt-outs, which are kept in memory."""
    lookup_secrets: Mapping[str, str] = field(default_factory=dict)
    """What ``${NAME}`` in the lookup service's file of sources stands for: name → ARN of a secret."""
    image_tag: str = VERSION
    """Of the lookup service's image in the foundation's repository."""

    def parallelism(self, job: JobSpec) -> int:
        """How many tasks of each stage the job starts with."""
        return self.size.parallelism if job.parallelism is None else job.parallelism

    def largest_parallelism(self, job: JobSpec) -> int:
        """Where scaling out by lag ends, and so the most that is billed: more tasks than partitions find no work."""
        return max(self.parallelism(job), self.size.partitions)

    @property
    def lookup_host(self) -> str:
        return f"lookup.{self.domain}"

    def named(self, what: str) -> str:
        return f"clickstream-{self.environment}-{what}"
