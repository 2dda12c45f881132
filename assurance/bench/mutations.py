"""``python -m assurance.bench.mutations [--events N]``: checks invariants of the job's parsing on mutated events.

Every record has exactly one outcome and raises no exception. Before any repair, the strict decoder accepts exactly what
the published schema accepts. An enriched event conforms to its published schema. Messages and field errors contain no
values.
"""

import json
import multiprocessing
import re
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Annotated, Any, get_args

import jsonschema_rs
import msgspec
import typer

from assurance.bench.mutants import CANARY, mutant
from contracts.enrichments import ENRICHMENTS
from contracts.events.enriched import EventFields, Oddity
from contracts.events.raw import MAX_BYTES, Actor, Attributes, Context, DeviceTimes, RawEvent
from contracts.publishing.json_schemas import FOLDER, SUFFIX
from core.decode import VALID_ODDITIES, readable_event_id
from core.flat_event import BadRow, FlatEvent
from core.flatten import flatten
from producers.synthetic.generator import GeneratorSettings, generate

COLLECTOR = 1_700_000_000_000
_BASES = 2_000
_PART = 5_000
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_MOST_DIGITS = 4_000
_encode = msgspec.json.Encoder().encode
_STATUSES = {each.status_field: "missing" for each in ENRICHMENTS}
_PLACES = frozenset(
    {
        "$",
        *(name for name in RawEvent.__struct_fields__),
        *(f"actor.{name}" for name in Actor.__struct_fields__),
        *(f"context.{name}" for name in Context.__struct_fields__),
        *(f"times.{name}" for name in DeviceTimes.__struct_fields__),
        *(f"attributes.{name}" for name in Attributes.__struct_fields__),
    }
)


class Broken(AssertionError):
    """A record that violates an invariant."""


def run(seed: int, events: int) -> Counter[str]:
    """Checks ``events`` mutants of the seed and counts their outcomes. Raises Broken at the first violation."""
    rng = Random(f"mutants {seed}")
    bases = _bases()
    return Counter(outcome for _ in range(events) for outcome in check(mutant(bases[rng.randrange(_BASES)], rng)))


def check(raw: bytes) -> Iterator[str]:
    """Yields the record's outcome, and each odd field with its reason."""
    try:
        outcome = flatten(raw, COLLECTOR, COLLECTOR + 5)
        readable_event_id(raw)
    except Exception as error:
        raise Broken(f"{error!r} from {raw!r}") from error
    if isinstance(outcome, FlatEvent):
        errors = outcome.fields.field_errors or []
        _must(all(e.field in _PLACES and e.reason in get_args(Oddity) for e in errors), "a value among the errors", raw)
        _must(outcome.fields.field_errors != [], "an empty list of errors", raw)
        _must(_conforms(outcome.fields), "not an enriched event", raw)
        _must(outcome.fields.derived_tstamp <= COLLECTOR, "derived from the future", raw)
        is_valid = all(error.reason in VALID_ODDITIES for error in errors)
        yield "valid" if is_valid else "repaired"
        yield from (f"{error.field} {error.reason}" for error in errors)
    else:
        _must(isinstance(outcome, BadRow), "no outcome", raw)
        _must(CANARY not in outcome.message + outcome.field, "a value in a message", raw)
        is_valid = False
        yield f"rejected {outcome.type}"
    _must(is_valid == accepted(raw), f"decode and schema differ, {outcome!r}", raw)


def accepted(raw: bytes) -> bool:
    """Whether the published schema accepts the record. Records that are too large or not JSON in UTF-8 are refused."""
    if not 0 < len(raw) <= MAX_BYTES:
        return False
    try:
        document = json.loads(raw.decode(), parse_constant=_refuse, parse_int=_integer)
        if _SURROGATE.search(raw):
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return _validator("raw_event.v1").is_valid(document)


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _integer(digits: str) -> int:
    # Python parses no longer integers, and a longer one is out of range for the schema all the same.
    return int(digits[:_MOST_DIGITS])


def _conforms(fields: EventFields) -> bool:
    event: dict[str, Any] = json.loads(_encode(fields))
    attributes = json.loads(event["unstruct_event"], parse_int=_integer)
    return isinstance(attributes, dict) and _validator("enriched_event.v1").is_valid(event | _STATUSES)


def _must(holds: bool, what: str, raw: bytes) -> None:
    if not holds:
        raise Broken(f"{what}: {raw[:4000]!r}")


@cache
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads((FOLDER / f"{name}{SUFFIX}").read_bytes()))


@cache
def _bases() -> list[bytes]:
    settings = GeneratorSettings(start_ms=COLLECTOR - 60_000, users=200, listings=200)
    sound = (record.value for record in generate(settings) if record.kind == "event")
    return [next(sound) for _ in range(_BASES)]


def _part(number: int) -> Counter[str]:
    return run(number, _PART)


def main(
    events: Annotated[int, typer.Option(help="Number of mutants, rounded up to 5,000.")] = 1_000_000,
    first: Annotated[int, typer.Option(help="The first seed.")] = 0,
    processes: Annotated[int, typer.Option(help="Number of worker processes.")] = 2,
) -> None:
    """Ends with exit code 1 and shows the record at the first violation."""
    began, found = time.monotonic(), Counter[str]()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for part in pool.imap_unordered(_part, range(first, first + -(-events // _PART))):
            found += part
    took = time.monotonic() - began
    total = sum(count for name, count in found.items() if name.split()[0] in ("valid", "repaired", "rejected"))
    for name, count in found.most_common():
        print(f"{count:>9,}  {name}")
    print(f"{total:,} mutated events in {took:.0f} s, {total / took:,.0f}/s: everything held")


if __name__ == "__main__":
    typer.run(main)
