"""Options of a run: where the events come from, how fast they are sent, how the stack is set up."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from deploy.paths import BUILD
from deploy.profiles import LATENCY
from producers.access_log.formats import Format
from producers.synthetic.population import LISTINGS, USERS

OUTPUT = BUILD / "replay"
_HISTORY_DAYS = 20
"""Of the attacked accounts and of others: what is unusual for an account shows only when its habits are known."""


@dataclass(frozen=True, kw_only=True)
class ReplayOptions:
    """``input`` None: a generated stream of ``events`` events. ``rate``: events per second, 0 for full speed."""

    input: Path | None = None
    input_format: Format = Format.AUTO
    events: int = 50_000
    rate: float = 0
    speed: float = 0
    """With an input: replay it this many times as fast as it was written; 0: ignore its pace."""
    shift_to_now: bool = False
    seed: int = 1
    checkpoint_interval_ms: int = LATENCY.checkpoint_interval_ms
    parallelism: int = 1
    partitions: int = 2
    execution_mode: Literal["thread", "process"] = "thread"
    users: int = USERS
    listings: int = LISTINGS
    geoip_city_path: Path | None = None
    output: Path = OUTPUT
    full_jit: bool = LATENCY.full_jit
    """Let Flink's JVMs use the C2 compiler: slower for half a minute, then faster."""
    warm_up_s: float = 0
    """Events sent in the first ``warm_up_s`` seconds are not part of the measured latency."""
    idle_s: float = 15
    """Give up waiting for outcomes after this many seconds without a new one."""
    started_ns: int = 0
    """When the user started the command, ns since 1970 UTC. If set, the time to the first event includes the set-up."""
    with_applications: bool = False
    """Run the stateful jobs as well, each with task managers of its own."""
    attacks: int = 0
    """Scenarios of attackers and of innocents who look like them, in a generated stream."""
    job: dict[str, dict[str, str]] = field(default_factory=dict)
    """Changes to the job's properties: group → key → text."""

    @property
    def has_attacks(self) -> bool:
        return self.input is None and self.attacks > 0

    @property
    def truth(self) -> Path:
        """What each security event of the generated stream really is; no part of the pipeline reads it."""
        return self.output / "truth.jsonl"

    def producer_arguments(self, bootstrap_servers: str, send_log: Path) -> list[str]:
        """Arguments of ``python -m producers`` that produce this input."""
        common = ["--bootstrap-servers", bootstrap_servers, "--send-log", str(send_log), "--seed", str(self.seed)]
        if self.rate:
            common += ["--rate", str(self.rate)]
        if self.input is None:
            sizes = ["--events", str(self.events), "--users", str(self.users), "--listings", str(self.listings)]
            attacks = ["--attacks", str(self.attacks), "--history-days", str(_HISTORY_DAYS), "--truth", str(self.truth)]
            return ["generate", *sizes, *(attacks if self.attacks else ()), *common]
        if self.speed:
            common += ["--speed", str(self.speed)]
        if self.shift_to_now:
            common.append("--shift-to-now")
        return ["replay", str(self.input), "--format", self.input_format, *common]
