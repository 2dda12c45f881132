"""Who may ask: one key per client, compared in constant time."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping

from contracts.lookup import API_KEY_HEADER
from lookup_service.settings import Settings, SettingsError

HEADER = API_KEY_HEADER.encode()
_BEARER = b"bearer "


class ApiKeys:
    def __init__(self, keys: Mapping[str, str]) -> None:
        """``keys``: client's name → its key."""
        self._digests = [(name, _digest(key.encode())) for name, key in keys.items()]

    def client(self, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Name of the client whose key the request carries, as ``x-api-key`` or as a bearer token."""
        presented = b""
        for header, value in headers:
            if header == HEADER:
                presented = value
            elif header == b"authorization" and value[:7].lower() == _BEARER:
                presented = value[7:]
        digest = _digest(presented)
        found = None
        for name, expected in self._digests:  # all of them: how long it takes tells nothing
            if hmac.compare_digest(expected, digest):
                found = name
        return found


def read_api_keys(settings: Settings) -> ApiKeys | None:
    """None where none are configured. Raises SettingsError, which shows no key."""
    if settings.api_keys is None and settings.api_keys_path is None:
        return None
    lines = settings.api_keys.get_secret_value().split(",") if settings.api_keys is not None else []
    if settings.api_keys_path is not None:
        try:
            lines += settings.api_keys_path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"LOOKUP_API_KEYS_PATH: {type(error).__name__}") from error
    keys: dict[str, str] = {}
    for number, line in enumerate(filter(None, map(str.strip, lines)), 1):
        name, _, key = line.partition(":")
        if not name or len(key) < 16 or name in keys:
            raise SettingsError(f"API key {number}: must be name:key, a name once, a key of at least 16 characters")
        keys[name] = key
    if not keys:
        raise SettingsError("LOOKUP_API_KEYS_PATH: no keys in it")
    return ApiKeys(keys)


def _digest(key: bytes) -> bytes:
    """Of equal length, whatever is presented."""
    return hashlib.sha256(key).digest()
