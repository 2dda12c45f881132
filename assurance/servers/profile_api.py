"""An HTTP API of user profiles in the caller's event loop, with a mode for each kind of good and bad response."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from common.secret import decode_secret
from lookup_service.sources.http.api import HttpApi, HttpApiOptions

USERS: dict[str, dict[str, object]] = {
    "u1": {"account": {"segment": "regular", "verified": True}, "tags": [{"kind": "private"}]},
    "a/b?c=d&é #": {"account": {"segment": "odd"}},
    "empty": {"account": {}},
    "wrong": {"account": {"segment": ["not", "text"]}},
}
FIELDS = {"user_segment": "account.segment", "user_verified": "account.verified", "user_type": "tags.0.kind"}


class Api:
    """``/users/{key}`` answers from USERS, in the way that ``mode`` names."""

    def __init__(self) -> None:
        self.mode = "ok"
        self.url = ""
        self.bodies: dict[str, bytes] = {}
        """Key → body. These keys are answered with status 200 and this body."""
        self.requests: list[str] = []
        """Requested keys in the order of arrival, decoded."""
        self.headers: dict[str, str] = {}
        self.answer_headers: dict[str, str] = {}
        self.most_at_once = 0
        self._at_once = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        self.requests.append(key)
        self.headers = dict(request.headers)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return await self._answer(request, key)
        finally:
            self._at_once -= 1

    async def _answer(self, request: web.Request, key: str) -> web.StreamResponse:
        if self.mode == "slow":
            await asyncio.sleep(5)
        elif self.mode == "brief":
            await asyncio.sleep(0.02)
        elif self.mode == "redirect":
            raise web.HTTPFound(f"{self.url}/elsewhere")
        elif self.mode == "endless":
            response = web.StreamResponse()
            await response.prepare(request)
            while True:
                await response.write(b" " * 65_536)
        elif self.mode in BODIES:
            status, body = BODIES[self.mode]
            return web.Response(status=status, body=body, headers=self.answer_headers)
        elif self.mode == "by_key" and key.isdecimal():
            return web.Response(status=int(key), body=b"{}")
        elif self.mode == "hang_up":
            assert request.transport is not None
            request.transport.close()
        if key in self.bodies:
            return web.Response(body=self.bodies[key])
        user = USERS.get(key)
        return web.Response(status=404) if user is None else web.Response(body=msgspec.json.encode(user))


BODIES = {
    "not_json": (200, b"<html>maintenance</html>"),
    "not_utf8": (200, b'{"account":{"segment":"\xff"}}'),
    "deep": (200, b"[" * 100_000),
    "nothing": (200, b""),
    "an_array": (200, b'["account"]'),
    "server_error": (500, b"{}"),
    "forbidden": (403, b"{}"),
    "bad_request": (400, b"{}"),
    "unprocessable": (422, b"{}"),
    "too_long": (414, b"{}"),
    "gateway_timeout": (504, b"{}"),
    "too_many": (429, b"{}"),
}


@asynccontextmanager
async def api_server() -> AsyncIterator[Api]:
    api = Api()
    application = web.Application()
    application.router.add_get(r"/users/{key:[\s\S]*}", api.answer)
    application.router.add_get("/elsewhere", api.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    _, port = runner.addresses[0][:2]
    api.url = f"http://127.0.0.1:{port}"
    try:
        yield api
    finally:
        await runner.cleanup()


def source_of(api: Api, **changes: object) -> HttpApi:
    options: dict[str, object] = {
        "kind": "user",
        "name": "accounts",
        "url": f"{api.url}/users/{{key}}",
        "fields": FIELDS,
        "allow_private": True,
    }
    return HttpApi(msgspec.convert(options | changes, HttpApiOptions, dec_hook=decode_secret))
