"""The operator's own list of crawlers, which comes before the packaged one. Pure except for reading the file.

A line says ``allow`` (a person) or ``deny`` (a crawler), what is compared, and with what::

    allow agent    ^MarketApp/
    deny  agent    acme-monitor      # a regular expression, found anywhere, in any case
    deny  network  198.51.100.0/24
    allow app      market-app-ios    # the event's app_id

The first line that fits counts; where none does, the packaged list decides. A comment begins with ``#`` at the
beginning of a line or after a blank.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path

from common.addresses import read_address
from common.memoize import remembered
from core.derived.web.text import well_formed

_MANY = 4_096
"""Results that are remembered for each kind of line."""
_COMMENT = re.compile(r"(?:^|\s)#.*")
_NONE = 2**31
"""Greater than the number of any line: no line fits."""


class CrawlerRulesError(ValueError):
    """The list cannot be used; the message names the file and the line."""


class CrawlerRules:
    """The lines by kind, each with its number: the first that fits counts, whatever its kind."""

    def __init__(
        self,
        is_crawler: Mapping[int, bool],
        agents: Sequence[tuple[int, re.Pattern[str]]],
        networks: Sequence[tuple[int, IPv4Network | IPv6Network]],
        apps: Mapping[str, int],
    ) -> None:
        self._is_crawler, self._apps = is_crawler, apps
        # Agents and addresses repeat, so results are remembered. A kind without lines costs nothing.
        self._agent = remembered(_MANY)(partial(_first_agent, agents)) if agents else None
        self._network = remembered(_MANY, longest=64)(partial(_first_network, networks)) if networks else None

    def __bool__(self) -> bool:
        return bool(self._is_crawler)

    def verdict(self, user_agent: str, address: str | None = None, app_id: str | None = None) -> bool | None:
        """Whether it is a crawler; None where no line fits. An address or application that is None fits no line."""
        first = _NONE if self._agent is None else self._agent(user_agent)
        if self._network is not None and address is not None:
            first = min(first, self._network(address))
        if app_id is not None:
            first = min(first, self._apps.get(app_id, _NONE))
        return self._is_crawler.get(first)


NO_RULES = CrawlerRules({}, (), (), {})


def read_crawler_lines(path: Path) -> tuple[str, ...]:
    """The file's lines, checked. Raises CrawlerRulesError, also where the file cannot be read."""
    try:
        lines = tuple(path.read_text("utf-8-sig").splitlines())
        parse_crawler_rules(lines)
    except CrawlerRulesError as error:
        raise CrawlerRulesError(f"{path}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CrawlerRulesError(f"{path}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from error
    return lines


def parse_crawler_rules(lines: Iterable[str]) -> CrawlerRules:
    """Raises CrawlerRulesError for the first line that cannot be read."""
    is_crawler: dict[int, bool] = {}
    agents, networks, apps = [], [], dict[str, int]()
    for number, line in enumerate(lines, 1):
        words = _COMMENT.sub("", line).split(None, 2)
        if not words:
            continue
        if len(words) < 3 or words[0] not in ("allow", "deny"):
            raise CrawlerRulesError(f"line {number}: not `allow` or `deny`, what is looked at, what it must be")
        is_crawler[number] = words[0] == "deny"
        text = words[2].strip()
        if words[1] == "agent":
            agents.append((number, _pattern(number, text)))
        elif words[1] == "network":
            networks.append((number, _network(number, text)))
        elif words[1] == "app":
            apps.setdefault(text, number)
        else:
            raise CrawlerRulesError(f"line {number}: must be about `agent`, `network` or `app`")
    return CrawlerRules(is_crawler, agents, networks, apps)


def _pattern(number: int, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise CrawlerRulesError(f"line {number}: not a regular expression: {error.msg}") from error


def _network(number: int, text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise CrawlerRulesError(f"line {number}: not a network in CIDR notation, or with host bits set") from error


def _first_agent(agents: Sequence[tuple[int, re.Pattern[str]]], user_agent: str) -> int:
    text = well_formed(user_agent)
    return next((number for number, pattern in agents if pattern.search(text)), _NONE)


def _first_network(networks: Sequence[tuple[int, IPv4Network | IPv6Network]], text: str) -> int:
    canonical = read_address(text)
    if canonical is None:
        return _NONE
    address: IPv4Address | IPv6Address = ip_address(canonical)
    return next((number for number, network in networks if address in network), _NONE)
