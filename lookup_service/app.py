"""The ASGI application. It opens files and connections in its lifespan, not on construction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from common.telemetry.environment import open_tracing
from contracts import VERSION
from lookup_service import memory
from lookup_service.endpoints.lookup import LookupEndpoint
from lookup_service.endpoints.routes import router
from lookup_service.http import docs_page, framework_errors, logs
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
    """FastAPI behind :class:`AdmissionMiddleware`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(title="Lookup service", version=VERSION, lifespan=self._open_services, openapi_url=None)
        self._settings = settings
        self._keys = read_api_keys(settings)
        self._admission: ASGIApp | None = None
        """Set while the services are open."""
        self.include_router(router)
        self.include_router(docs_page.router)
        framework_errors.add_handlers(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._admission is not None:
            await self._admission(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = complete(super().openapi())
        return self.openapi_schema

    @asynccontextmanager
    async def _open_services(self, _app: FastAPI) -> AsyncIterator[None]:
        tracing = open_tracing(SERVICE)
        metrics = Metrics() if tracing is None else TracedMetrics()
        async with open_services(self._settings, metrics) as services:
            self.state.services = services
            lookup = LookupEndpoint(
                services.resolver,
                services.recent,
                metrics,
                default_deadline_ms=self._settings.default_deadline_ms,
            )
            admission = AdmissionMiddleware(
                self._settings, self._keys, metrics, lookup=lookup, framework=super().__call__
            )
            self._admission = admission if tracing is None else Traces(admission, tracing.tracer)
            yield
        if tracing is not None:
            tracing.close()


def create_app(settings: Settings) -> FastAPI:
    """An application for any ASGI server that runs the lifespan. Raises SettingsError."""
    return LookupApp(settings)


def create_worker() -> FastAPI:
    """The application of one of several worker processes. Reads the settings from the environment."""
    settings = load_settings()
    HeaderTimeoutProtocol.configure(settings)
    memory.return_large_blocks()
    logs.configure(settings.log_level)
    return create_app(settings)
