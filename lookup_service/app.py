"""The application. Nothing is opened before it starts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from lookup_service.openapi import components
from lookup_service.routes import router
from lookup_service.services import open_services
from lookup_service.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """An application for any ASGI server that runs the lifespan."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(settings) as services:
            app.state.services = services
            yield

    app = FastAPI(title="Lookup service", version="1.0.0", lifespan=lifespan)
    app.include_router(router)
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        schema = generated()
        schema.setdefault("components", {}).setdefault("schemas", {}).update(components())
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
    return app
