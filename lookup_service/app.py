"""The application. Nothing is opened before it starts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from common.telemetry.environment import open_tracing
from contracts import VERSION
from lookup_service.endpoints.lookup import LookupEndpoint
from lookup_service.endpoints.routes import router
from lookup_service.http import docs_page, logs, memory
from lookup_service.http import framework_errors as problems
from lookup_service.http.admission import AdmissionMiddleware
from lookup_service.http.api_keys import read_api_keys
from lookup_service.http.connections import HeaderTimeoutProtocol
from lookup_service.http.openapi import complete
from lookup_service.http.traces import TracedMetrics, Traces
from lookup_service.metrics import Metrics
from lookup_service.services import open_services
from lookup_service.settings import Settings, load_settings

SERVICE = "clickstream-lookup"


class LookupApp(FastAPI):
    """FastAPI behind the gate."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(title="Lookup service", version=VERSION, lifespan=self._opened, openapi_url=None)
        self._settings = settings
        self._keys = read_api_keys(settings)
        self._gate: ASGIApp | None = None
        self.include_router(router)
        self.include_router(docs_page.router)
        problems.add_handlers(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._gate is not None:
            await self._gate(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = complete(super().openapi())
        return self.openapi_schema

    @asynccontextmanager
    async def _opened(self, _app: FastAPI) -> AsyncIterator[None]:
        tracing = open_tracing(SERVICE)
        metrics = Metrics() if tracing is None else TracedMetrics()
        async with open_services(self._settings, metrics) as services:
            self.state.services = services
            lookup = LookupEndpoint(services.resolver, metrics, default_deadline_ms=self._settings.default_deadline_ms)
            gate = AdmissionMiddleware(self._settings, self._keys, metrics, lookup=lookup, rest=super().__call__)
            self._gate = gate if tracing is None else Traces(gate, tracing.tracer)
            yield
        if tracing is not None:
            tracing.close()


def create_app(settings: Settings) -> FastAPI:
    """An application for any ASGI server that runs the lifespan. Raises SettingsError."""
    return LookupApp(settings)


def create_worker() -> FastAPI:
    """The application of one of several worker processes, which gets its settings from the environment."""
    settings = load_settings()
    HeaderTimeoutProtocol.limit(settings)
    memory.give_back_large_blocks()
    logs.configure(settings.log_level)
    return create_app(settings)
