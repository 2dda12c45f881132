"""``/docs``: Swagger UI from an installed package, so that a browser asks nobody but this service.

Page and description are open, as they are the same for all and hold no data; the requests that one tries there carry
the key that one gives under "Authorize".
"""

from pathlib import Path

import fastapi_offline
import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html

DOCS, OPENAPI = "/docs", "/openapi.json"
_FOLDER = Path(fastapi_offline.__file__).parent / "static"
_JS, _CSS, _ICON = f"{DOCS}/swagger-ui-bundle.js", f"{DOCS}/swagger-ui.css", f"{DOCS}/favicon.png"
_MEDIA_TYPES = {_JS: "text/javascript", _CSS: "text/css", _ICON: "image/png"}
ASSETS = {path: ((_FOLDER / path.removeprefix(f"{DOCS}/")).read_bytes(), kind) for path, kind in _MEDIA_TYPES.items()}
_PAGE = bytes(
    get_swagger_ui_html(
        openapi_url=OPENAPI,
        title="Lookup service",
        swagger_js_url=_JS,
        swagger_css_url=_CSS,
        swagger_favicon_url=_ICON,
        swagger_ui_parameters={"validatorUrl": None},  # else it sends the description to a public service
    ).body
)
_ONLY_FROM_HERE = (
    "default-src 'none'; connect-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
)
router = APIRouter(include_in_schema=False)


@router.get(DOCS)
async def docs() -> Response:
    return Response(_PAGE, media_type="text/html", headers={"content-security-policy": _ONLY_FROM_HERE})


@router.get(OPENAPI)
async def openapi(request: Request) -> Response:
    """Encoded once."""
    state = request.app.state
    if not hasattr(state, "openapi"):
        state.openapi = msgspec.json.encode(request.app.openapi())
    return Response(state.openapi, media_type="application/json")


@router.get(DOCS + "/{name}")
async def asset(name: str) -> Response:
    """Of ``ASSETS``: the gate lets others through only with a key."""
    found = ASSETS.get(f"{DOCS}/{name}")
    if found is None:
        raise HTTPException(404)
    content, media_type = found
    return Response(content, media_type=media_type, headers={"cache-control": "public, max-age=86400"})
