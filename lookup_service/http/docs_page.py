"""``/docs``: Swagger UI from an installed package, so that a browser loads everything from this service.

The page and the OpenAPI document need no API key, because they are the same for everyone and contain no data. Requests
tried on the page carry the key entered under "Authorize".
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
        swagger_ui_parameters={"validatorUrl": None},  # otherwise it sends the document to a public validator
    ).body
)
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; connect-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
)
router = APIRouter(include_in_schema=False)


@router.get(DOCS)
async def docs() -> Response:
    return Response(_PAGE, media_type="text/html", headers={"content-security-policy": _CONTENT_SECURITY_POLICY})


@router.get(OPENAPI)
async def openapi(request: Request) -> Response:
    """The OpenAPI document, encoded once."""
    state = request.app.state
    if not hasattr(state, "openapi"):
        state.openapi = msgspec.json.encode(request.app.openapi())
    return Response(state.openapi, media_type="application/json")


@router.get(DOCS + "/{name}")
async def asset(name: str) -> Response:
    """A file of ``ASSETS``, which need no API key; any other name is 404."""
    found = ASSETS.get(f"{DOCS}/{name}")
    if found is None:
        raise HTTPException(404)
    content, media_type = found
    return Response(content, media_type=media_type, headers={"cache-control": "public, max-age=86400"})
