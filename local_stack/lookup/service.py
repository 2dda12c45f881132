"""The lookup service, run as ``python -m lookup_service``, and its demonstration data."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from deploy.paths import PROJECT
from local_stack.errors import StackError
from local_stack.processes.orphans import PidRegistry
from local_stack.processes.ports import HOST, free_port, retry_on_conflict
from local_stack.processes.process import ManagedProcess
from producers.synthetic.attacks.networks import HOSTING, VPN

RANGES = {
    "hosting": (
        "66.249.64.0/19 crawlers",
        "65.52.0.0/14 cloud",
        "2a01:e0a::/36 cloud",
        *(f"{network.block} AS{network.number}" for network in HOSTING),
    ),
    "vpn": tuple(f"{network.block} AS{network.number}" for network in VPN),
    "reputation": ("5.0.0.0/12 scraping", "177.0.0.0/12 spam"),
}
"""Meaning → lines of its file."""
_READY_S = 60.0
_SEED_S = 300.0


class LookupService:
    """One worker. :meth:`restart` keeps the port, so its callers find it again."""

    def __init__(
        self,
        run_dir: Path,
        *,
        redis_url: str,
        profiles_path: Path,
        geoip_city_path: Path | None,
        geoip_asn_path: Path | None = None,
        registry: PidRegistry | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """``env``: more ``LOOKUP_*`` settings."""
        self._log_path = run_dir / "logs" / "lookup.log"
        self._sources_path = run_dir / "lookup_sources.toml"
        self._registry = registry
        self._port = 0
        self._sources = sources(profiles_path, geoip_city_path, _demonstration_ranges(run_dir), geoip_asn_path)
        self._env = {
            "LOOKUP_HOST": HOST,
            "LOOKUP_REDIS_URL": redis_url,
            "LOOKUP_SOURCES_PATH": str(self._sources_path.resolve()),
            "LOOKUP_FEATURES_PATH": str(PROJECT / "deploy" / "features.yaml"),
            **(env or {}),
        }
        self.process: ManagedProcess | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """Return when ``/readyz`` answers with success. Raises StackError."""
        if self._port:
            self._launch()
        else:
            retry_on_conflict(self._choose_port_and_launch)

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()

    def kill(self) -> None:
        """SIGKILL, so that tests see what its callers do without it."""
        if self.process is not None:
            self.process.kill_hard()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _choose_port_and_launch(self) -> None:
        self._port = free_port()
        self._launch()

    def _launch(self) -> None:
        self._sources_path.parent.mkdir(parents=True, exist_ok=True)
        self._sources_path.write_text(self._sources, encoding="utf-8")
        self.process = ManagedProcess(
            "lookup",
            [sys.executable, "-m", "lookup_service"],
            log_path=self._log_path,
            env={**self._env, "LOOKUP_PORT": str(self._port), "PYTHONPATH": str(PROJECT)},
            registry=self._registry,
        )
        self.process.start()
        with httpx.Client(base_url=self.url, timeout=2.0, trust_env=False) as client:
            self.process.wait_ready(lambda: _ready(client), _READY_S)


def _demonstration_ranges(run_dir: Path) -> dict[str, Path]:
    """Meaning → file: some address ranges of the generated stream, so that the network enrichment finds something."""
    run_dir.mkdir(parents=True, exist_ok=True)
    files = {}
    for meaning, lines in RANGES.items():
        files[meaning] = run_dir / f"{meaning}.txt"
        files[meaning].write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return files


def sources(
    profiles_path: Path, geoip_city_path: Path | None, ranges: Mapping[str, Path], geoip_asn_path: Path | None = None
) -> str:
    """The local stack's file of sources: rules, the demonstration profiles and ranges, and places and networks of
    addresses where there are databases of them.
    """
    entries = [{"type": name} for name in ("user_agent", "referrer", "campaign")]
    entries += [{"type": "sqlite", "kind": kind, "path": str(profiles_path.resolve())} for kind in ("user", "listing")]
    entries += [
        {"type": "address_ranges", "meaning": meaning, "name": meaning, "path": str(path.resolve())}
        for meaning, path in ranges.items()
    ]
    if geoip_city_path is not None:
        entries.append({"type": "geoip_city", "path": str(geoip_city_path.resolve())})
    if geoip_asn_path is not None:
        entries.append({"type": "mmdb_network", "asn_path": str(geoip_asn_path.resolve())})
    # The demonstration profiles never change, so their answers do not have to expire in the middle of a run.
    lasting = "\ncache = { ttl_s = 86400, negative_ttl_s = 86400 }"
    # Every JSON string is also a TOML string.
    tables = [
        "\n".join(f"{name} = {json.dumps(value)}" for name, value in entry.items())
        + lasting * (entry["type"] == "sqlite")
        for entry in entries
    ]
    return "\n\n".join(f"[[source]]\n{table}" for table in tables) + "\n"


def seed_profiles(profiles_path: Path, *, users: int, listings: int) -> None:
    """Fill a SQLite file with demonstration profiles. Raises StackError with what the seeding printed."""
    profiles_path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "lookup_service.seed", "--database", f"sqlite:///{profiles_path.resolve()}"]
    command += ["--users", str(users), "--listings", str(listings)]
    outcome = subprocess.run(
        command, cwd=PROJECT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SEED_S, check=False
    )
    if outcome.returncode != 0:
        raise StackError(f"seeding the profiles failed:\n{outcome.stdout}{outcome.stderr}")


def _ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False
