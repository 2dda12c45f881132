"""Settings from environment variables with the prefix ``LOOKUP_``; an unknown, missing or malformed one is an error.

The sources are configured in the file ``LOOKUP_SOURCES_PATH``: see :mod:`lookup_service.sources.sources_file`.
"""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, FilePath, RedisDsn, Secret, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.secret import without_credentials
from contracts.lookup_api.recent import DEFAULT_RESULTS, MAX_RESULTS
from lookup_service import memory

PREFIX = "LOOKUP_"


class SettingsError(Exception):
    """The environment has invalid settings. The message is one line and shows no values."""


class RedisUrl(Secret[RedisDsn]):
    """Scheme, host and port of it are shown."""

    def _display(self) -> str:
        return without_credentials(str(self.get_secret_value()))


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    """Worker processes; each has its own cache in memory."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    sources_path: FilePath
    """The sources file."""
    redis_url: RedisUrl
    """For the results cached for all processes. It may be down."""
    redis_timeout_ms: int = Field(default=200, ge=1, le=10_000)
    """Longest wait for Redis, connecting included."""

    risk_redis_url: RedisUrl | None = None
    """Where the job account_security writes its state, for ``POST /v1/risk``; default: ``redis_url``."""
    rules_path: Path | None = None
    """Rule files, or one of them, for as long as that job has not written its rules to Redis."""

    features_path: Path | None = None
    """The file of features that the jobs have; without it no features are served."""
    features_redis_url: RedisUrl | None = None
    """Where the jobs write the states of features; default: ``redis_url``."""

    api_keys: SecretStr | None = None
    """``name:key:scope+scope,name:key``; a request must carry one of the keys."""
    api_keys_path: FilePath | None = None
    """A file with one such entry per line, read at the start. Without any key the host must be a loopback address."""
    tls_certificate_path: FilePath | None = None
    tls_key_path: FilePath | None = None

    recent_keys: int = Field(default=DEFAULT_RESULTS, ge=0, le=MAX_RESULTS)
    """Most keys of a client that each process remembers for ``GET /v1/lookup/recent``, 200 bytes each; 0: none."""
    recent_s: int = Field(default=1200, ge=2, le=86_400)
    """For how long at most. Half of it should be no less than how long a job caches a result (``cache.ttl.ms``): only
    then does the job ask for a popular key again."""

    default_deadline_ms: int = Field(default=1000, ge=1, le=60_000)
    """For requests without the deadline header."""
    check_timeout_ms: int = Field(default=500, ge=1, le=10_000)
    """Longest wait for one dependency in ``/readyz`` and ``/metrics``."""
    max_concurrency: int = Field(default=256, ge=1, le=100_000)
    """Most requests in progress in one process; further ones get status 429."""
    max_connections: int = Field(default=512, ge=1, le=100_000)
    """Per process; when they are all in use, idle ones are closed for new ones."""
    max_headers: int = Field(default=100, ge=10, le=10_000)
    max_header_bytes: int = Field(default=32 * 1024, ge=1024, le=1024 * 1024)
    """Request line and headers together; a larger request gets status 431."""
    max_body_bytes: int = Field(default=4 * 1024 * 1024, ge=1024)
    max_body_memory_bytes: int | None = Field(default=None, ge=2048)
    """Most bytes of request bodies that one process holds at once; default: a share of the available memory."""
    body_timeout_ms: int = Field(default=5000, ge=1, le=600_000)
    """Time limit for receiving a request, headers and body together."""

    @model_validator(mode="after")
    def _is_protected(self) -> Self:
        if (self.tls_certificate_path is None) != (self.tls_key_path is None):
            raise ValueError("LOOKUP_TLS_CERTIFICATE_PATH and LOOKUP_TLS_KEY_PATH go together")
        if self.api_keys is None and self.api_keys_path is None and not _is_loopback(self.host):
            raise ValueError("LOOKUP_API_KEYS or LOOKUP_API_KEYS_PATH is needed where LOOKUP_HOST is not loopback")
        if self.max_body_memory_bytes is not None and self.max_body_memory_bytes < 2 * self.max_body_bytes:
            raise ValueError("LOOKUP_MAX_BODY_MEMORY_BYTES must be at least twice LOOKUP_MAX_BODY_BYTES")
        return self

    @property
    def body_memory_bytes(self) -> int:
        if self.max_body_memory_bytes is not None:
            return self.max_body_memory_bytes
        return memory.body_memory_bytes(
            limit=memory.limit_bytes(), workers=self.workers, max_body_bytes=self.max_body_bytes
        )


def load_settings() -> Settings:
    """Reads the environment. Raises :class:`SettingsError` that names every invalid variable."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    given = {name for name in os.environ if name.upper().startswith(PREFIX)}
    problems = [f"{name}: unknown setting" for name in sorted(given) if name.upper() not in known]
    try:
        settings = Settings()  # type: ignore[call-arg]  # the fields come from the environment
    except ValidationError as error:
        problems += [
            f"{PREFIX}{str(detail['loc'][0]).upper()}: {detail['msg']}"
            if detail["loc"]
            else detail["msg"].removeprefix("Value error, ")
            for detail in error.errors(include_url=False, include_input=False)
        ]
    else:
        if not problems:
            return settings
    raise SettingsError("; ".join(problems))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
