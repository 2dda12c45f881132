"""An OTLP/HTTP endpoint in this process: it decodes spans as a collector does, or hangs."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue


@dataclass(frozen=True)
class SeenSpan:
    """Ids are hexadecimal; ``links`` are (trace id, span id)."""

    service: str
    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    links: frozenset[tuple[str, str]]
    attributes: Mapping[str, str | int]
    is_error: bool
    seconds: float


class OtlpServer(ThreadingHTTPServer):
    """``hangs``: accepts requests and answers none of them until it is closed."""

    daemon_threads = True

    def __init__(self, *, hangs: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[SeenSpan] = []
        self.requests = 0
        self.raw = b""
        self.release = threading.Event()
        if not hangs:
            self.release.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def of(self, trace_id: str) -> list[SeenSpan]:
        return [span for span in self.spans if span.trace_id == trace_id]


class _Handler(BaseHTTPRequestHandler):
    server: OtlpServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests += 1
        assert self.path == "/v1/traces"
        self.server.release.wait(60)
        self.server.raw += body
        self.server.spans += _decode(body)
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """No-op: the server writes no log."""


def _decode(body: bytes) -> Iterator[SeenSpan]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = _plain(next(each.value for each in resource.resource.attributes if each.key == "service.name"))
        for span in (span for scope in resource.scope_spans for span in scope.spans):
            yield SeenSpan(
                service=str(service),
                name=span.name,
                kind=span.kind,
                trace_id=span.trace_id.hex(),
                span_id=span.span_id.hex(),
                parent_id=span.parent_span_id.hex(),
                links=frozenset((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
                attributes={each.key: _plain(each.value) for each in span.attributes},
                is_error=span.status.code == 2,
                seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
            )


def _plain(value: AnyValue) -> str | int:
    found: str | int = getattr(value, str(value.WhichOneof("value")))
    return found


@contextmanager
def otlp_server(*, hangs: bool = False) -> Iterator[OtlpServer]:
    server = OtlpServer(hangs=hangs)
    thread = threading.Thread(target=server.serve_forever, name="otlp")
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
