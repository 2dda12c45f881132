"""The visitor of a request. An access log has no browser id: log analysers take address and user agent for one."""

import hmac
import secrets

from producers.access_log.request import Request

MIN_SALT_CHARACTERS = 16
"""Of a chosen salt. A shorter one could be found by trying all of them."""
_PREFIX = "log-"
_DIGEST_BYTES = 16


def random_salt() -> bytes:
    """A salt for one run. Nobody knows it afterwards, so nobody can find an id's address by trying all addresses."""
    return secrets.token_bytes(32)


def visitor_id(request: Request, salt: bytes) -> str | None:
    """The id in the log if it has one, otherwise a keyed digest; None without an address.

    The same salt gives the same ids, in any process.
    """
    if request.visitor is not None:
        return request.visitor
    if request.address is None:
        return None
    text = f"{request.address}\0{request.useragent or ''}"
    return _PREFIX + hmac.digest(salt, text.encode(), "sha256")[:_DIGEST_BYTES].hex()
