"""An address with a place for the key, from which no key can reach another host or another path."""

from urllib.parse import quote, urlsplit

PLACE = "{key}"
_DOT_SEGMENTS = ("", ".", "..")
"""As a path's segment these would name another resource, percent-encoded or not."""


class UrlTemplate:
    def __init__(self, template: str) -> None:
        """Raises ValueError with what is wrong. The key's place is in the path or the query, as often as wanted."""
        try:
            parts = urlsplit(template)
            host = parts.hostname
            _ = parts.port
        except ValueError as error:
            raise ValueError("url: not an address") from error
        if parts.scheme not in ("http", "https") or not host or PLACE in parts.netloc:
            raise ValueError("url: must begin with http:// or https:// and a fixed host")
        if parts.username is not None or parts.fragment:
            raise ValueError("url: must have neither credentials (use headers) nor a fragment")
        rest = template.partition(parts.netloc)[2]
        if PLACE not in rest or set(rest.replace(PLACE, "")) & set("{}"):
            raise ValueError(f"url: must have {PLACE} in its path or query, and no other braces")
        if any(character.isspace() or not character.isprintable() for character in template):
            raise ValueError("url: must have no spaces")
        self.host = host
        self._pieces = template.split(PLACE)

    def url_for(self, key: str) -> str | None:
        """None for a key that cannot be asked for: empty, a dot segment, or not UTF-8."""
        if key in _DOT_SEGMENTS:
            return None
        try:
            return quote(key, safe="").join(self._pieces)
        except UnicodeEncodeError:
            return None
