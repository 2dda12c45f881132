"""W3C extended logs, which name their fields themselves: those of IIS, and CloudFront's standard logs."""

import re
from urllib.parse import unquote

from common.addresses import read_address
from producers.access_logs import times, values
from producers.access_logs.client import client_address, is_absent
from producers.access_logs.request import REMARK, LineParser, Parsed, Remark, Request, Unparsable

NAME = "w3c"
CLOUDFRONT = "cloudfront"
_DIRECTIVE = re.compile(
    r"#(?P<name>fields|date|version|software|start-date|end-date|remark|gmt-offset):\s*(?P<value>.*)",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)
_QUOTED = re.compile(r'"((?:[^"]|"")*+)"|(\S+)', re.ASCII)
_NO_FIELDS = Unparsable("no #Fields: before it")
_OTHER_FIELDS = Unparsable("not as many values as #Fields: has names")
_MOST_FIELDS = 200


def parser() -> LineParser:
    """For one log, from its beginning: ``#Fields:`` may change on the way."""
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
            return _NO_FIELDS
        row = _values(line)
        if len(row) != len(self._fields):
            return _OTHER_FIELDS
        return self._request({name: value for name, value in zip(self._fields, row, strict=True) if value != "-"})

    def _remember(self, name: str, value: str) -> Remark | Unparsable:
        if name == "fields":
            self._fields = value.lower().split()[:_MOST_FIELDS]
        elif name == "date":
            self._date = value[:10]
        return REMARK

    def _request(self, row: dict[str, str]) -> Request | Unparsable:
        time_ms = times.iso_ms(f"{row.get('date', self._date)} {row.get('time', '')}")
        if time_ms is None:
            return Unparsable("no valid time")
        client, forwarded = row.get("c-ip", "-"), row.get("x-forwarded-for") or row.get("cs(x-forwarded-for)")
        if read_address(client) is None and not is_absent(client):
            return Unparsable("no address where the client should be")
        cloudfront = "x-edge-location" in self._fields
        stem, query = row.get("cs-uri-stem") or row.get("cs-uri"), row.get("cs-uri-query")
        if stem is None and "cs-method" not in row:
            return Unparsable("no request")
        site = _site(row)
        decode = _percent_decoded if cloudfront else _blanks_restored
        agent, referrer = row.get("cs(user-agent)"), row.get("cs(referer)")
        return Request(
            layout=CLOUDFRONT if cloudfront else NAME,
            time_ms=time_ms,
            address=client_address(client, forwarded=forwarded),
            request=None,
            method=row.get("cs-method"),
            path=stem if stem is None or query is None else f"{stem}?{query.removeprefix('?')}",
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
    scheme = row.get("cs-protocol", "").lower()
    known = {"http": "http", "https": "https", "ws": "http", "wss": "https"}.get(scheme)
    return values.site(host, known or values.scheme_of_port(row.get("s-port")))


def _values(line: str) -> list[str]:
    if "\t" in line:
        return [value or "-" for value in line.rstrip("\n").split("\t")]
    if '"' not in line:
        return line.split()
    return [quoted.replace('""', '"') or plain or "-" for quoted, plain in _QUOTED.findall(line)]


def _blanks_restored(text: str) -> str:
    """IIS writes a blank as ``+``, and a plus as ``+`` too; where two follow each other the second is one."""
    return re.sub(r"\+(\+?)", r" \1", text)


def _percent_decoded(text: str) -> str:
    """CloudFront encodes once; its older logs twice, which shows in the first decoding's result."""
    once = unquote(text)
    return unquote(once) if "%20" in once and " " not in once else once
