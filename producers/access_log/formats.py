"""The format of an input: raw events, or an access log in one of several layouts. Set by the user or detected."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from producers.access_log.input_lines import BrokenInputError, read_lines
from producers.access_log.reader import ALB, FAMILIES, JSON, NCSA, W3C, Family, LogReader
from producers.access_log.request import Request
from producers.access_log.unknown_input import content_of, has_object, why_no_lines


class Format(StrEnum):
    """``auto``: detected from the first lines. ``combined``: also its variants with a host or a list of addresses."""

    AUTO = "auto"
    NDJSON = "ndjson"
    COMBINED = "combined"
    COMMON = "common"
    VHOST_COMBINED = "vhost_combined"
    JSON = "json"
    W3C = "w3c"
    ALB = "alb"
    CLOUDFRONT = "cloudfront"


_FAMILIES: Mapping[Format, tuple[Family, ...]] = MappingProxyType(
    {
        Format.AUTO: FAMILIES,
        Format.COMBINED: (NCSA,),
        Format.COMMON: (NCSA,),
        Format.VHOST_COMBINED: (NCSA,),
        Format.JSON: (JSON,),
        Format.W3C: (W3C,),
        Format.CLOUDFRONT: (W3C,),
        Format.ALB: (ALB,),
    }
)
"""For every format except raw events. A line may have any of the family's layouts."""
SAMPLE_LINES = 200
"""Parsed lines that are enough to detect the format."""
HEAD_LINES = 10_000
"""Lines that are searched for them."""
_MIN_EVENT_KEYS = 2
"""A line with this many of a raw event's keys is a raw event, even if it could be an access log line."""


@dataclass(frozen=True)
class Recognised:
    """The recognised format. ``layout`` is the printed name: a layout of access logs, or ``ndjson``."""

    layout: str
    families: tuple[Family, ...]
    """Empty for raw events."""

    def reader(self) -> LogReader:
        """A reader for one pass over the access log."""
        return LogReader(self.families, self.layout)


@dataclass(frozen=True)
class NotUnderstood:
    """No line fits the format; ``message`` is for the user."""

    message: str


class _Event(msgspec.Struct, frozen=True):
    schema: Any = None
    event_id: Any = None
    event_name: Any = None
    actor: Any = None
    times: Any = None


_decode = msgspec.json.Decoder(_Event).decode


def is_event(line: bytes) -> bool:
    """Whether the line is meant as a raw event, valid or not: an object with a key of a raw event."""
    return _event_keys(line) > 0


def _event_keys(line: bytes) -> int:
    """Number of a raw event's keys in the line."""
    if line.lstrip()[:1] != b"{":
        return 0
    try:
        found = _decode(line.decode())
    except (ValueError, RecursionError):
        return 0
    values = (found.schema, found.event_id, found.event_name, found.actor, found.times)
    return sum(value is not None for value in values)


def recognise(path: Path, wanted: Format = Format.AUTO) -> Recognised | NotUnderstood:
    """The format of ``path``. A damaged file is recognised by its readable part."""
    found, lines, events = _head(path, FAMILIES)
    if not lines:
        return NotUnderstood(why_no_lines(path))
    detected = "raw events" if "ndjson" in found else f"an access log in the layout {next(iter(found), None)}"
    if wanted is Format.NDJSON:
        # Lines are sent unchanged, valid or not, unless the file is recognisably something else.
        if events or (not found and has_object(path, HEAD_LINES)):
            return Recognised("ndjson", ())
        return _not_understood(path, wanted, detected if found else content_of(path))
    if not found:
        objects = "JSON objects that are no raw events (ndjson sends them as they are)"
        return _not_understood(path, wanted, objects if has_object(path, HEAD_LINES) else content_of(path))
    if wanted is Format.AUTO:
        layout = next(iter(found))
        return Recognised(layout, () if layout == "ndjson" else FAMILIES)
    families = _FAMILIES[wanted]
    fitting = [layout for layout in _head(path, families)[0] if layout != "ndjson"]
    return Recognised(fitting[0], families) if fitting else _not_understood(path, wanted, detected)


def _not_understood(path: Path, wanted: Format, content: str) -> NotUnderstood:
    kind = "raw events or an access log" if wanted is Format.AUTO else f"format {wanted}"
    return NotUnderstood(
        f"no line of {path.name} can be read as {kind}: it looks like {content}. Formats: {', '.join(Format)}"
    )


def _head(path: Path, families: tuple[Family, ...]) -> tuple[dict[str, int], int, int]:
    """Layouts of the first lines, most frequent first; number of lines read; number of lines that may be raw events.

    A JSON access log may have a key that raw events have too, such as ``event_id``.
    """
    reader, layouts, lines, events = LogReader(families), Counter[str](), 0, 0
    try:
        for number, line in islice(read_lines(path), HEAD_LINES):
            lines = number
            event_keys = _event_keys(line)
            events += event_keys > 0
            found = reader.parse(line) if event_keys < _MIN_EVENT_KEYS else None
            if isinstance(found, Request):
                layouts[found.layout] += 1
            elif event_keys:
                layouts["ndjson"] += 1
            if layouts.total() >= SAMPLE_LINES:
                break
    except BrokenInputError:
        pass  # reported when the whole file is read
    return dict(layouts.most_common()), lines, events
