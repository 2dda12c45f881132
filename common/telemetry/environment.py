"""Tracing as the environment says: on where an OTLP endpoint is named, off otherwise."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.sampling import Sampler

    from common.telemetry.provider import Tracing

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def is_on() -> bool:
    """Stricter than the specification, whose default is an endpoint on this machine."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or os.environ.get("OTEL_TRACES_EXPORTER") == "none":
        return False
    return any(os.environ.get(name) for name in ENDPOINTS)


def open_tracing(service: str, sampler: "Sampler | None" = None) -> "Tracing | None":
    """None where it is off. Without ``sampler`` that of ``OTEL_TRACES_SAMPLER`` counts."""
    if not is_on():
        return None
    from common.telemetry.provider import Tracing  # noqa: PLC0415  # a quarter of a second of imports, for nothing when off

    return Tracing(service, sampler=sampler)
