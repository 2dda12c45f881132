"""Amazon SageMaker's runtime as a small server in the caller's event loop: it checks the signature of a request as AWS
does, and answers as a container with a model.
"""

import asyncio
import hmac
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"  # of AWS's documentation
REGION = "eu-west-1"
_SIGNATURE = re.compile(r"AWS4-HMAC-SHA256 Credential=(?P<key>\w+)/\d{8}/(?P<region>[\w-]+)/sagemaker/aws4_request, ")
Score = Callable[[list[float]], list[float]]
"""A row of inputs → its scores."""


class SageMaker:
    """``POST /endpoints/{name}/invocations`` with a signature, ``POST /invocations`` of a container without one."""

    def __init__(self, score: Score) -> None:
        self.score = score
        self.mode = "csv_lines"
        self.url = ""
        self.endpoints: list[str] = []
        """Names, of requests whose signature is right."""
        self.content_types: list[str] = []

    async def endpoint(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if not _is_signed(request, body):
            return web.json_response({"message": "The request signature we calculated does not match"}, status=403)
        self.endpoints.append(request.match_info["name"])
        return await self._answer(request, body)

    async def container(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, await request.read())

    async def _answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        self.content_types.append(request.content_type)
        if self.mode == "slow":
            await asyncio.sleep(3)
        if self.mode.isdecimal():
            return web.json_response({"message": "no"}, status=int(self.mode))
        if request.content_type == "text/csv":
            rows = [[float(number) for number in line.split(",")] for line in body.decode().splitlines()]
        else:
            rows = msgspec.json.decode(body)["instances"]
        scores = [self.score(row) for row in rows]
        text = BODIES[self.mode](scores)
        return web.Response(body=text, content_type="application/json" if text[:1] in (b"{", b"[") else "text/csv")


BODIES: dict[str, Callable[[list[list[float]]], bytes]] = {
    "csv_lines": lambda scores: "".join(",".join(map(repr, row)) + "\n" for row in scores).encode(),
    "csv_one_line": lambda scores: ",".join(repr(row[0]) for row in scores).encode(),
    "json_lists": lambda scores: msgspec.json.encode({"predictions": scores}),
    "json_numbers": lambda scores: msgspec.json.encode({"predictions": [row[0] for row in scores]}),
    "json_objects": lambda scores: msgspec.json.encode({"predictions": [{"score": row[0]} for row in scores]}),
    "json_bare": msgspec.json.encode,
    "one_too_few": lambda scores: msgspec.json.encode({"predictions": scores[1:]}),
    "uneven": lambda scores: msgspec.json.encode({"predictions": [[], *scores[1:]]}),
    "texts": lambda scores: msgspec.json.encode({"predictions": ["high" for _ in scores]}),
    "other_key": lambda scores: msgspec.json.encode({"outputs": scores}),
    "nan": lambda scores: b"nan\n" * len(scores),
    "html": lambda _: b"<html>maintenance</html>",
    "nothing": lambda _: b"",
}
"""By mode: what the container makes of the scores."""


def _is_signed(request: web.Request, body: bytes) -> bool:
    """Signs the request anew, with the headers that it says are signed, and compares."""
    given = request.headers.get("authorization", "")
    found = _SIGNATURE.match(given)
    if found is None or (found["key"], found["region"]) != (ACCESS_KEY, REGION):
        return False
    signed = re.search(r"SignedHeaders=([\w;-]+), ", given)
    names = set() if signed is None else set(signed[1].split(";"))
    headers = {name: value for name, value in request.headers.items() if name.lower() in names - {"host"}}
    again = AWSRequest("POST", f"http://{request.host}{request.rel_url.path}", data=body, headers=headers)
    again.context["timestamp"] = request.headers["x-amz-date"]
    auth = SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "sagemaker", REGION)
    expected = auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again)
    return hmac.compare_digest(expected, given.rpartition("Signature=")[2])


@asynccontextmanager
async def sagemaker_server(score: Score) -> AsyncIterator[SageMaker]:
    server = SageMaker(score)
    application = web.Application()
    application.router.add_post("/endpoints/{name}/invocations", server.endpoint)
    application.router.add_post("/invocations", server.container)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _, port = runner.addresses[0][:2]
    server.url = f"http://127.0.0.1:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()
