"""What an input is: raw events, or an access log in one of its layouts. Told by the user, or by its first lines."""

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
    """``auto``: told by the first lines. ``combined``: also its relatives, with a host or a list of addresses."""

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
"""Of all that is no raw event. Whichever of a family's layouts a line has, it is read."""
ENOUGH = 200
"""Lines understood that tell what an input is."""
HEAD_LINES = 10_000
"""Lines among which they are looked for."""
_SURELY_EVENT = 2
"""Keys of a raw event with which a line is one, whatever else it has."""


@dataclass(frozen=True)
class Recognised:
    """What the input is read as. ``layout`` is the one that is printed: of an access log, or ``ndjson``."""

    layout: str
    families: tuple[Family, ...]
    """Empty for raw events."""

    def reader(self) -> LogReader:
        """For one pass over the access log."""
        return LogReader(self.families, self.layout)


@dataclass(frozen=True)
class NotUnderstood:
    """No line is what the format says; ``message`` is for the user."""

    message: str


class _Event(msgspec.Struct, frozen=True):
    schema: Any = None
    event_id: Any = None
    event_name: Any = None
    actor: Any = None
    times: Any = None


_decode = msgspec.json.Decoder(_Event).decode


def is_event(line: bytes) -> bool:
    """Whether the line is meant as a raw event, sound or not: an object with a key of its own."""
    return _own_keys(line) > 0


def _own_keys(line: bytes) -> int:
    if line.lstrip()[:1] != b"{":
        return 0
    try:
        found = _decode(line.decode())
    except (ValueError, RecursionError):
        return 0
    own = (found.schema, found.event_id, found.event_name, found.actor, found.times)
    return sum(each is not None for each in own)


def recognise(path: Path, wanted: Format = Format.AUTO) -> Recognised | NotUnderstood:
    """What ``path`` is to be read as. A file that cannot be read to its end is told by what there is."""
    found, lines, events = _head(path, FAMILIES)
    if not lines:
        return NotUnderstood(why_no_lines(path))
    looks = "raw events" if "ndjson" in found else f"an access log in the layout {next(iter(found), None)}"
    if wanted is Format.NDJSON:
        # Whatever the lines hold, they go as they are: but not those of a file that is plainly something else.
        if events or (not found and has_object(path, HEAD_LINES)):
            return Recognised("ndjson", ())
        return _not_as(path, wanted, looks if found else content_of(path))
    if not found:
        objects = "JSON objects that are no raw events (ndjson sends them as they are)"
        return _not_as(path, wanted, objects if has_object(path, HEAD_LINES) else content_of(path))
    if wanted is Format.AUTO:
        layout = next(iter(found))
        return Recognised(layout, () if layout == "ndjson" else FAMILIES)
    families = _FAMILIES[wanted]
    fitting = [layout for layout in _head(path, families)[0] if layout != "ndjson"]
    return Recognised(fitting[0], families) if fitting else _not_as(path, wanted, looks)


def _not_as(path: Path, wanted: Format, looks: str) -> NotUnderstood:
    kind = "raw events or an access log" if wanted is Format.AUTO else f"format {wanted}"
    return NotUnderstood(
        f"no line of {path.name} can be read as {kind}: it looks like {looks}. Formats: {', '.join(Format)}"
    )


def _head(path: Path, families: tuple[Family, ...]) -> tuple[dict[str, int], int, int]:
    """What the first lines are, the most frequent first; how many lines were looked at; how many may be raw events.

    An access log may have a key that is one of an event's, too: ``event_id``, say.
    """
    reader, seen, looked_at, events = LogReader(families), Counter[str](), 0, 0
    try:
        for number, line in islice(read_lines(path), HEAD_LINES):
            looked_at = number
            own_keys = _own_keys(line)
            events += own_keys > 0
            found = reader.parse(line) if own_keys < _SURELY_EVENT else None
            if isinstance(found, Request):
                seen[found.layout] += 1
            elif own_keys:
                seen["ndjson"] += 1
            if seen.total() >= ENOUGH:
                break
    except BrokenInputError:
        pass  # reading the whole says so
    return dict(seen.most_common()), looked_at, events
