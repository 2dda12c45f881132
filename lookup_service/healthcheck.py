"""``python -m lookup_service.healthcheck``: exit code 0 if the service in this container is alive."""

import http.client
import os
import ssl
import sys

TIMEOUT_S = 2.0


def is_alive(port: int, *, tls: bool) -> bool:
    """Requests ``/healthz`` on loopback. The certificate is not verified, because its name cannot match loopback."""
    connection = (
        http.client.HTTPSConnection("127.0.0.1", port, timeout=TIMEOUT_S, context=ssl._create_unverified_context())  # noqa: S323
        if tls
        else http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    )
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    port = int(os.environ.get("LOOKUP_PORT") or 8080)
    return 0 if is_alive(port, tls=bool(os.environ.get("LOOKUP_TLS_CERTIFICATE_PATH"))) else 1


if __name__ == "__main__":
    sys.exit(main())
