"""Types for what no log line, traceback or representation may show: keys, passwords, and addresses that hold them.

``reveal()`` is the only way to the text. Nothing encodes a secret: :mod:`msgspec` and :mod:`json` refuse it.
"""

import re
from typing import ClassVar, Final
from urllib.parse import urlsplit

HIDDEN = "***"
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?:[^/?#@]*@)?(?P<host>(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d+)?)(?:[/?#][^@]*)?",
    re.IGNORECASE | re.ASCII,
)


class Secret:
    """Immutable, hashable, and may be pickled, for configuration travels to the task managers."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text: Final = text

    def reveal(self) -> str:
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._text == self._text

    def __hash__(self) -> int:
        return hash((type(self), self._text))

    def __repr__(self) -> str:
        """The same for ``str()`` and in formatted text."""
        return f"{type(self).__name__}({self._shown() if self else ''})"

    def _shown(self) -> str:
        return HIDDEN


class SecretUrl(Secret):
    """A URL that may hold a password. Scheme, host and port of it are shown."""

    __slots__ = ()

    def _shown(self) -> str:
        return without_credentials(self._text)


class RedisUrl(SecretUrl):
    """As the Redis client takes it; empty where there is none."""

    __slots__ = ()
    schemes: ClassVar[tuple[str, ...]] = ("redis", "rediss")

    def __init__(self, text: str = "") -> None:
        """:raises ValueError: for another scheme, or where a character of the password that a URL does not allow makes
        the rest of the URL unreadable. The client's own message would show that part.
        """
        if text:
            scheme, found, rest = text.partition("://")
            if not found or not rest or scheme not in self.schemes:
                raise ValueError(f"Expected a URL that begins with one of {', '.join(self.schemes)}")
            try:
                _ = urlsplit(text).port
            except ValueError:
                raise ValueError(
                    "Expected a URL whose port is a number and whose password is percent-encoded"
                ) from None
        super().__init__(text)


def without_credentials(url: str) -> str:
    """Scheme, host and port; where a password may be in what looks like them, nothing of the URL."""
    found = _URL.fullmatch(url)
    return HIDDEN if found is None else found["scheme"] + found["host"]


def decode_secret(wanted: type, value: object) -> Secret:
    """A ``dec_hook`` of :mod:`msgspec` for the types above."""
    if issubclass(wanted, Secret) and isinstance(value, str):
        return wanted(value)
    raise ValueError("Expected `str`")
