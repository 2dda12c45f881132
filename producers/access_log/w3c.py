"""W3C extended logs, which declare their fields: those of IIS, and CloudFront's standard logs."""

import re
from urllib.parse import unquote

from common.addresses import read_address
from producers.access_log import times, values
from producers.access_log.client import client_address, is_absent
from producers.access_log.request import REMARK, LineParser, Parsed, Remark, Request, Unparsable

NAME = "w3c"
CLOUDFRONT = "cloudfront"
_DIRECTIVE = re.compile(
    r"#(?P<name>fields|date|version|software|start-date|end-date|remark|gmt-offset):\s*(?P<value>.*)",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)
_QUOTED = re.compile(r'"((?:[^"]|"")*+)"|(\S+)', re.ASCII)
NO_FIELDS = Unparsable("no #Fields: before it")
WRONG_FIELD_COUNT = Unparsable("not as many values as #Fields: has names")
_MAX_FIELDS = 200
_PROXIED = ("x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip", "originalip")
_FORWARDED = (*_PROXIED, *(f"cs({name})" for name in _PROXIED))


def parser() -> LineParser:
    """For one log, from its beginning; ``#Fields:`` may change within it."""
    return _W3CLog().parse


class _W3CLog:
    def __init__(self) -> None:
        self._fields: list[str] = []
        self._date = ""

    def parse(self, line: str) -> Parsed:
        directive = _DIRECTIVE.fullmatch(line)
        if directive is not None:
            return self._remember(directive["name"].lower(), directive["value"])
        if not self._fields:
            return NO_FIELDS
        row = _values(line, len(self._fields))
        if len(row) != len(self._fields):
            return WRONG_FIELD_COUNT
        return self._request({name: value for name, value in zip(self._fields, row, strict=True) if value != "-"})

    def _remember(self, name: str, value: str) -> Remark | Unparsable:
        if name == "fields":
            self._fields = value.lower().split()[:_MAX_FIELDS]
        elif name == "date":
            self._date = value[:10]
        return REMARK

    def _request(self, row: dict[str, str]) -> Request | Unparsable:
        time_ms = times.iso_ms(f"{row.get('date', self._date)} {row.get('time', '')}")
        if time_ms is None:
            return Unparsable("no valid time")
        cloudfront = "x-edge-location" in self._fields
        decode = _percent_decoded if cloudfront else _blanks_restored
        client = row.get("c-ip", "-")
        forwarded = decode(", ".join(row[name] for name in _FORWARDED if name in row))
        if read_address(client) is None and not is_absent(client):
            return Unparsable("no address where the client should be")
        stem, query = row.get("cs-uri-stem") or row.get("cs-uri"), row.get("cs-uri-query")
        if stem is None and "cs-method" not in row:
            return Unparsable("no request")
        path = stem if stem is None or query is None else f"{stem}?{query.removeprefix('?')}"
        site, path = (values.split_target(path) if path else None) or (_site(row), path)
        agent, referrer = row.get("cs(user-agent)"), row.get("cs(referer)")
        return Request(
            layout=CLOUDFRONT if cloudfront else NAME,
            time_ms=time_ms,
            address=client_address(client, forwarded=forwarded),
            request=None,
            method=row.get("cs-method"),
            path=path,
            protocol=row.get("cs-protocol-version") or row.get("cs-version"),
            host=site.host,
            scheme=site.scheme,
            status=values.number(row.get("sc-status", "-")),
            bytes=values.number(row.get("sc-bytes", "-")),
            referrer=referrer if referrer is None or cloudfront else _blanks_restored(referrer),
            useragent=agent if agent is None else decode(agent),
        )


def _site(row: dict[str, str]) -> values.Site:
    host = row.get("x-host-header") or row.get("cs-host") or row.get("cs(host)")
    return values.site(host, values.scheme(row.get("cs-protocol")) or values.scheme_of_port(row.get("s-port")))


def _values(line: str, expected: int) -> list[str]:
    if "\t" in line:
        return [value or "-" for value in line.rstrip("\n").split("\t")]
    plain = line.split()
    if '"' not in line:
        return plain
    # If splitting at blanks gives the right count, quotes do not enclose blanks but belong to the URL: IIS does not
    # escape them.
    words = plain if len(plain) == expected else [found[0] for found in _QUOTED.finditer(line)]
    return [_unquoted(word) for word in words]


def _unquoted(word: str) -> str:
    found = _QUOTED.fullmatch(word)
    return word if found is None or found[1] is None else found[1].replace('""', '"') or "-"


def _blanks_restored(text: str) -> str:
    """IIS writes both a blank and a plus as ``+``. Of two adjacent ones, the first is a blank, the second a plus."""
    return re.sub(r"\+(\+?)", r" \1", text)


def _percent_decoded(text: str) -> str:
    """CloudFront encodes once, its older logs twice: then the first decoding still has ``%20`` and no blank."""
    once = unquote(text)
    return unquote(once) if "%20" in once and " " not in once else once
