"""API keys: one per client, each with scopes, compared in constant time."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from contracts.lookup_api.lookups import API_KEY_HEADER
from lookup_service.settings import Settings, SettingsError

Scope = Literal["lookup", "enrich", "features", "risk", "score", "metrics", "admin"]
SCOPES: frozenset[Scope] = frozenset(get_args(Scope))
READ_SCOPES: frozenset[Scope] = SCOPES - {"admin"}
"""Scopes of a key whose entry names none: everything that only reads."""
HEADER = API_KEY_HEADER.encode()
_BEARER = b"bearer "
_FORM = "must be name:key or name:key:scope+scope, a name once, a key of at least 16 characters without a colon"


@dataclass(frozen=True)
class Client:
    name: str
    scopes: frozenset[Scope]


class ApiKeys:
    def __init__(self, keys: Mapping[str, Client]) -> None:
        """``keys``: API key → client."""
        self._clients = [(_digest(key.encode()), client) for key, client in keys.items()]

    def client(self, headers: Mapping[bytes, bytes]) -> Client | None:
        """The client whose key the request carries, as ``x-api-key`` or as a bearer token; None without a valid key."""
        presented = headers.get(HEADER)
        if presented is None:
            authorization = headers.get(b"authorization", b"")
            presented = authorization[7:] if authorization[:7].lower() == _BEARER else b""
        digest = _digest(presented)
        found = None
        for expected, client in self._clients:  # always compares all keys, so that the time reveals nothing
            if hmac.compare_digest(expected, digest):
                found = client
        return found


def read_api_keys(settings: Settings) -> ApiKeys | None:
    """None if no keys are configured. Raises SettingsError, whose message shows no key."""
    if settings.api_keys is None and settings.api_keys_path is None:
        return None
    lines = settings.api_keys.get_secret_value().split(",") if settings.api_keys is not None else []
    if settings.api_keys_path is not None:
        try:
            lines += settings.api_keys_path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"LOOKUP_API_KEYS_PATH: {type(error).__name__}") from error
    return ApiKeys(_parse(filter(None, map(str.strip, lines))))


def _parse(lines: Iterable[str]) -> dict[str, Client]:
    keys: dict[str, Client] = {}
    names: set[str] = set()
    for number, line in enumerate(lines, 1):
        name, _, rest = line.partition(":")
        key, has_scopes, scopes = rest.partition(":")
        if not name or len(key) < 16 or name in names or key in keys:
            raise SettingsError(f"API key {number}: {_FORM}")
        keys[key] = Client(name, _scopes(number, scopes) if has_scopes else READ_SCOPES)
        names.add(name)
    if not keys:
        raise SettingsError("LOOKUP_API_KEYS_PATH: no keys in it")
    return keys


def _scopes(number: int, text: str) -> frozenset[Scope]:
    named = text.split("+")
    scopes = frozenset(scope for scope in SCOPES if scope in named)
    if len(scopes) != len(named):
        raise SettingsError(f"API key {number}: the scopes are {', '.join(get_args(Scope))}, each once")
    return scopes


def _digest(key: bytes) -> bytes:
    """Digests have equal length, so comparing them does not reveal the length of a key."""
    return hashlib.sha256(key).digest()
