"""Settings from the environment, prefix ``LOOKUP_``; anything unknown, missing or malformed is an error."""

import os
from typing import Literal

from pydantic import Field, FilePath, RedisDsn, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "LOOKUP_"


class SettingsError(Exception):
    """The environment does not describe a service; the message is one line and shows no values."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    redis_url: RedisDsn
    redis_timeout_ms: int = Field(default=200, ge=1, le=10_000)
    """Longest wait for the profiles of one batch, connecting included."""

    geoip_city_path: FilePath | None = None
    """A City database in MaxMind's format; without it every ip key is answered with ``error``."""
    ip_cache_entries: int = Field(default=100_000, ge=0, le=10_000_000)
    """Most addresses kept; one takes about 500 bytes. 0: none."""
    ip_cache_ttl_s: float = Field(default=600, gt=0)
    """After this an address is read again; a replaced database file is noticed as often."""

    default_deadline_ms: int = Field(default=1000, ge=1, le=60_000)
    """For requests without the deadline header."""
    check_timeout_ms: int = Field(default=500, ge=1, le=10_000)
    """Longest wait for one dependency in ``/readyz`` and ``/metrics``."""


def load_settings() -> Settings:
    """Read the environment; raises :class:`SettingsError` that names every variable at fault."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    given = {name for name in os.environ if name.upper().startswith(PREFIX)}
    problems = [f"{name}: unknown setting" for name in sorted(given) if name.upper() not in known]
    try:
        settings = Settings()  # type: ignore[call-arg]  # what is not given here comes from the environment
    except ValidationError as error:
        problems += [
            f"{PREFIX}{str(detail['loc'][0]).upper()}: {detail['msg']}"
            for detail in error.errors(include_url=False, include_input=False)
        ]
    else:
        if not problems:
            return settings
    raise SettingsError("; ".join(problems))
