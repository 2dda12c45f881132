"""Mutants: raw events with random defects in their structure and in their bytes. Equal seeds give equal mutants."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

Event = dict[str, Any]
CANARY = "canary-81.2.69.142"
"""Part of the odd values, so that it shows up if a value leaks into a message."""

_LITERALS = (
    *(b"1e400", b"-1e400", b"-0.0", b"-0", b"1E3", b"1.536e3", b"0.5", b"1e-400", b"9007199254740993", b"1e15"),
    *(b"NaN", b"Infinity", b"01", b"+1", b".5", b"1.", b"0x10", b"'x'", b"undefined", b"", b"tru", b"{", b"]"),
    *(b"9" * 25, b"9" * 400, b"9" * 5000, b"1." + b"3" * 400, b"15.0000000000000001", b"1700000000000.0"),
    *(rb'"\ud83d"', rb'"a\ude00b"', rb'"\ud83d\ud83d\ude00"', rb'"\\ud83d"', rb'"\\\ud83d"', rb'"\uD83D\u0041"'),
    *(rb'"\ud83d\ude00"', rb'"\u0000"', rb'"\x"', rb'"\u12"', b'"\xff"', b'"\xed\xa0\xbd"', b'"\xf0\x9f"', b'"\x01"'),
    *(rb'{"\ud83d":1}', b'{"a":1,"a":2}', b'{"a":[{"b":"\\ud83d"}]}', b"[" * 60 + b"]" * 60, b"[" * 30_000),
    *(b"[" * 25_000 + b"]" * 25_000, b'{"a":' * 9_000 + b"1" + b"}" * 9_000),
)
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 9, 99, 999, 404, 2**31, 2**53, 2**63, 2**64, 10**15, 1536.0, 1536.8, -5, -0.5, 1e12),
    *(1.1e12, 4_102_444_799_999, 4_102_444_800_000, 5000, 0.1, 1e300, -1e300, [], {}, [1], [[]], {"a": None}, [None]),
    *("", " ", "1536", "1536.8", " 12.50 ", "-5", "1e3", "1e400", "12,50", "eur", "EUR", "EUR\n", "euro", "eß", "true"),
    *("false", "no", "yes", "\x00", "\n", "null", "a" * 64, "a" * 65, "a" * 128, "a" * 129, "a" * 513, "ü" * 2049),
    *("a" * 8193, "a" * 70_000, "81.2.69.142:51000", "81.2.69.142, 10.0.0.1", "[2a02:c7d:1::1]:443", CANARY, "\u2028"),
    *(
        ", ".join(["2a02:c7d:1::1"] * 9),
        "😀" * 65,
        "listing_view\n",
        "abcdefgh\n",
        "clickstream.raw/1\n",
        {CANARY: CANARY},
    ),
    *(
        "success",
        "FAILURE",
        "Passed ",
        "mail.example.org",
        "ann@example.org",
        "a." * 130 + "example",
        "0123456789ABCDEF",
    ),
    *([CANARY], "\ufffd", "\ufffe", "\u0661\u0665", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"),
)
_KNOWN = (
    *(
        "user_id",
        "user_ipaddress",
        "useragent",
        "page_url",
        "page_title",
        "dvce_screenwidth",
        "consent",
        "price",
        "currency",
    ),
    *("quantity", "http_status", "http_bytes", "http_method", "listing_id", "order_id", "search_terms", "traceparent"),
    *("app_version", "br_lang", "attributes", "context", "actor", "times", "schema", "x", CANARY, ""),
    *("auth_outcome", "auth_mfa", "email_domain", "device_id", "listing_text_hash", "listing_price_ratio"),
)
_CONTEXT: Event = {"consent": True, "dvce_screenwidth": 1536, "dvce_screenheight": 864, "page_title": "Fahrrad"}
_ATTRIBUTES: Event = {
    **{
        "listing_id": "l1",
        "order_id": "o1",
        "category": "bikes",
        "search_terms": "rad",
        "price": -12.5,
        "currency": "EUR",
    },
    **{"quantity": 2, "http_method": "GET", "http_status": 404, "http_bytes": 1234, "comment": "Fahrrad 😀"},
    **{"auth_outcome": "failure", "auth_mfa": "none", "email_domain": "example.org", "device_id": "v1"},
    **{"client_hint_mobile": False, "listing_text_hash": "0123456789abcdef", "listing_price_ratio": 0.8},
}


def mutant(value: bytes, rng: Random) -> bytes:
    """The event with up to three structural changes and up to two changed byte ranges; one in 20 is unchanged."""
    if rng.random() < 0.05:
        return value
    event: Event = json.loads(value)
    literals: list[bytes] = []
    if rng.random() < 0.5:
        event["context"] = {**_CONTEXT, **event["context"]}
        event["attributes"] = {**_ATTRIBUTES, **event["attributes"]}
    for _ in range(rng.randint(0, 3)):
        _STRUCTURAL[rng.randrange(len(_STRUCTURAL))](event, rng, literals)
    text = json.dumps(event, ensure_ascii=rng.random() < 0.5, separators=(",", ":")).encode("utf-8", "surrogatepass")
    for number, literal in enumerate(literals):
        text = text.replace(_mark(number).encode().join((b'"', b'"')), literal, 1)
    for _ in range(rng.choice((0, 0, 0, 0, 0, 0, 0, 1, 1, 2))):
        text = _BYTEWISE[rng.randrange(len(_BYTEWISE))](text, rng)
    return text


def _mark(number: int) -> str:
    return f"literal {number}"


def _level(event: Event, rng: Random) -> Event:
    levels = [each for each in event.values() if isinstance(each, dict)]
    if not levels or rng.random() < 0.1:
        return event
    return levels[rng.randrange(len(levels))]


def _a_name(level: Event, rng: Random) -> str:
    names = list(level)
    return names[rng.randrange(len(names))] if names else _KNOWN[rng.randrange(len(_KNOWN))]


def _odd(rng: Random, literals: list[bytes]) -> object:
    if rng.random() < 0.4:
        literals.append(_LITERALS[rng.randrange(len(_LITERALS))])
        return _mark(len(literals) - 1)
    return _VALUES[rng.randrange(len(_VALUES))]


def _replace(event: Event, rng: Random, literals: list[bytes]) -> None:
    level = _level(event, rng)
    level[_a_name(level, rng)] = _odd(rng, literals)


def _add(event: Event, rng: Random, literals: list[bytes]) -> None:
    _level(event, rng)[_KNOWN[rng.randrange(len(_KNOWN))]] = _odd(rng, literals)


def _remove(event: Event, rng: Random, _literals: list[bytes]) -> None:
    level = _level(event, rng)
    level.pop(_a_name(level, rng), None)


def _rename(event: Event, rng: Random, _literals: list[bytes]) -> None:
    level = _level(event, rng)
    value = level.pop(_a_name(level, rng), None)
    level[rng.choice(("\ud83d", "EVENT_ID", "price ", "pr\u0456ce", _KNOWN[rng.randrange(len(_KNOWN))]))] = value


def _twist(event: Event, rng: Random, literals: list[bytes]) -> None:
    """Replaces a value by another form of it."""
    level = _level(event, rng)
    name = _a_name(level, rng)
    value = level.get(name)
    if isinstance(value, str):
        cut = rng.randrange(len(value) + 1)
        level[name] = rng.choice(
            (value + "\n", value.upper(), value * 40, value[:cut] + "\ud83d" + value[cut:], [value], value[:cut])
        )
    elif isinstance(value, int | float):
        literals.append(str(value).encode() + b".0")
        level[name] = rng.choice(
            (str(value), -value, value + 0.5, float(value), value * 1000, _mark(len(literals) - 1))
        )
    else:
        level[name] = [value]


def _swap(event: Event, rng: Random, _literals: list[bytes]) -> None:
    one, other = _level(event, rng), _level(event, rng)
    a, b = _a_name(one, rng), _a_name(other, rng)
    if not isinstance(one.get(a), dict) and not isinstance(other.get(b), dict):
        one[a], other[b] = other.get(b), one.get(a)


def _flip(text: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(text) or 1)
    return text[:at] + bytes([rng.randrange(256)]) + text[at + 1 :]


def _cut_out(text: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(text) or 1)
    return text[:at] + text[at + rng.randint(1, 20) :]


def _repeat(text: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(text) or 1)
    return text[:at] + text[at : at + rng.randint(1, 40)] + text[at:]


def _truncate(text: bytes, rng: Random) -> bytes:
    return text[: rng.randrange(len(text) or 1)]


def _blank(text: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(text) or 1)
    return text[:at] + rng.choice((b" ", b"\n", b"\t", b"\r", b"\xc2\xa0", b"\x00")) + text[at:]


def _encode(text: bytes, rng: Random) -> bytes:
    if rng.random() < 0.5:
        return b"\xef\xbb\xbf" + text
    return text.decode("utf-8", "replace").encode(rng.choice(("utf-16", "latin-1", "utf-7", "cp1252")), "replace")


def _name_twice(text: bytes, rng: Random) -> bytes:
    name = b'"%b":' % _KNOWN[rng.randrange(len(_KNOWN))].encode()
    odd = json.dumps(_VALUES[rng.randrange(len(_VALUES))]).encode()
    return text.replace(name, name + odd + b"," + name, 1)


_STRUCTURAL: tuple[Callable[[Event, Random, list[bytes]], None], ...] = (
    *(_replace, _replace, _replace, _add, _add, _twist, _twist, _remove, _rename, _swap),
)
_BYTEWISE: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(_flip, _cut_out, _repeat, _truncate, _blank, _encode, _name_twice, _name_twice),
)
