"""Switches tracing on if the environment names an OTLP endpoint."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.sampling import Sampler

    from common.telemetry.provider import Tracing

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def is_on() -> bool:
    """Requires a named endpoint. The OpenTelemetry specification would default to an endpoint on this machine."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or os.environ.get("OTEL_TRACES_EXPORTER") == "none":
        return False
    return any(os.environ.get(name) for name in ENDPOINTS)


def open_tracing(service: str, sampler: "Sampler | None" = None) -> "Tracing | None":
    """None if tracing is off. Without ``sampler`` the one of ``OTEL_TRACES_SAMPLER`` applies."""
    if not is_on():
        return None
    from common.telemetry.provider import Tracing  # noqa: PLC0415  # its imports take 0.25 s, so only when on

    return Tracing(service, sampler=sampler)
