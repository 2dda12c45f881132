"""What the stacks are told; sizes come from :mod:`deploy.sizing`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts import VERSION
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
    """Private DNS zone; the lookup service is ``lookup.`` in it, and its certificate must be for that name."""
    job_name: str = "clickstream-enrichment"
    checkpoint_interval_ms: int = 1_000
    """Price and meaning in docs/operations/runbook.md: what a read_committed consumer waits for."""
    lake_name: str = "clickstream-lake"
    lake_purposes: tuple[str, ...] = ("analytics", "security", "personalization")
    lake_parallelism: int = 4
    lake_checkpoint_interval_ms: int = 300_000
    """The lake's files end with its checkpoints (docs/operations/lake.md)."""
    job_properties: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Changes to the job's property groups, group → key → text."""
    opt_outs_node: str = "db.t4g.medium"
    """Of the store of opt-outs, which are kept in memory."""
    lookup_secrets: Mapping[str, str] = field(default_factory=dict)
    """What ``${NAME}`` in the lookup service's file of sources stands for: name → ARN of a secret."""
    image_tag: str = VERSION
    """Of the lookup service's image in the foundation's repository."""

    @property
    def largest_parallelism(self) -> int:
        """Where scaling out by lag ends, and so the most that is billed: more tasks than partitions find no work."""
        return max(self.size.parallelism, self.size.partitions)

    @property
    def lookup_host(self) -> str:
        return f"lookup.{self.domain}"

    def named(self, what: str) -> str:
        return f"clickstream-{self.environment}-{what}"
