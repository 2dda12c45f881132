"""The key ring out of a server that speaks Secrets Manager's protocol."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.privacy.key_ring import KeyRingError
from core.privacy.key_source import load_key_ring
from tests.core.privacy.keys import KEYS

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:keys-AbCdEf"


class _SecretsManager(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        known = self.headers["x-amz-target"] == "secretsmanager.GetSecretValue" and asked == {"SecretId": ARN}
        found = {"ARN": ARN, "SecretString": KEYS.decode()} if known else {"__type": "ResourceNotFoundException"}
        body = json.dumps(found).encode()
        self.send_response(200 if known else 400)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not on the tests' output."""


@pytest.fixture
def secrets_manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _SecretsManager)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("secrets_manager")
def test_the_secret_holds_the_ring() -> None:
    assert [epoch.id for epoch in load_key_ring(f"secretsmanager:{ARN}").epochs] == ["e1", "e2"]


@pytest.mark.usefixtures("secrets_manager")
def test_a_secret_that_is_not_there_is_named_by_its_error() -> None:
    with pytest.raises(KeyRingError, match="ResourceNotFoundException"):
        load_key_ring(f"secretsmanager:{ARN}x")


@pytest.mark.parametrize("place", ["keys", "arn:aws:s3:::bucket"])
def test_not_the_arn_of_a_secret(place: str) -> None:
    with pytest.raises(KeyRingError, match="wants the ARN"):
        load_key_ring(f"secretsmanager:{place}")
