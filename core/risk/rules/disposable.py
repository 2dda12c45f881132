"""E-mail domains that anybody can use for ten minutes, from the package ``disposable-email-domains``."""

from typing import Final

from disposable_email_domains import blocklist

_DOMAINS: Final = frozenset(blocklist)


def is_disposable(domain: str) -> bool:
    """Whether the domain, or one that it is below, is listed."""
    name = domain.lower().rstrip(".")
    while name not in _DOMAINS:
        _, dot, name = name.partition(".")
        if not dot:
            return False
    return True
