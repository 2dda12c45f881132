"""A URL with a placeholder for the key. No key can change the host or leave the path."""

from urllib.parse import quote, urlsplit

KEY_PLACEHOLDER = "{key}"
_DOT_SEGMENTS = ("", ".", "..")
"""As a path segment these would name another resource, percent-encoded or not."""


class UrlTemplate:
    def __init__(self, template: str) -> None:
        """The placeholder may occur several times, in the path or the query. Raises ValueError with the reason."""
        try:
            parts = urlsplit(template)
            host = parts.hostname
            _ = parts.port
        except ValueError as error:
            raise ValueError("url: not a URL") from error
        if parts.scheme not in ("http", "https") or not host or KEY_PLACEHOLDER in parts.netloc:
            raise ValueError("url: must begin with http:// or https:// and a fixed host")
        if parts.username is not None or parts.fragment:
            raise ValueError("url: must have neither credentials (use headers) nor a fragment")
        rest = template.partition(parts.netloc)[2]
        if KEY_PLACEHOLDER not in rest or set(rest.replace(KEY_PLACEHOLDER, "")) & set("{}"):
            raise ValueError(f"url: must have {KEY_PLACEHOLDER} in its path or query, and no other braces")
        if any(character.isspace() or not character.isprintable() for character in template):
            raise ValueError("url: must have no spaces")
        self.host = host
        self._pieces = template.split(KEY_PLACEHOLDER)

    def url_for(self, key: str) -> str | None:
        """None for a key that no URL can carry: empty, a dot segment, or not UTF-8."""
        if key in _DOT_SEGMENTS:
            return None
        try:
            return quote(key, safe="").join(self._pieces)
        except UnicodeEncodeError:
            return None
