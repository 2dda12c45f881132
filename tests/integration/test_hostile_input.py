"""5,000 hostile records: each is on the failed topic with a reason that names the field, and the job never restarts."""

import json
import random
from collections.abc import Callable, Iterator

from core.privacy.envelopes import PAYLOAD
from producers.record import Record
from tests.core.samples import raw
from tests.integration.conftest import Pipeline

EVENTS = 5_000
Hostile = Callable[[random.Random, bytes], bytes]


def _truncated(rng: random.Random, valid: bytes) -> bytes:
    return valid[: rng.randrange(1, len(valid))]


def _wrong_type(rng: random.Random, valid: bytes) -> bytes:
    event = json.loads(valid)
    event[rng.choice(["schema", "event_id", "event_name", "platform", "actor", "context", "times", "attributes"])] = (
        rng.choice([None, True, 3.5, -1, [], "x x", [[]]])
    )
    return json.dumps(event).encode()


def _deep(rng: random.Random, valid: bytes) -> bytes:
    depth = rng.randrange(5_000, 20_000)
    opening, closing = rng.choice([("[", "]"), ('{"a":', "}")])
    body = opening * depth + ("0" if opening != "[" else "") + closing * depth
    return valid.replace(b"[1,2]", body.encode())[: 64 * 1024 - rng.randrange(0, 2)]


def _huge_number(rng: random.Random, valid: bytes) -> bytes:
    number = rng.choice(["9" * 400, "1e999", "-1", "4102444800000", "1.5"])
    return valid.replace(b"1700000000000", number.encode())


def _invalid_utf8(rng: random.Random, valid: bytes) -> bytes:
    at = valid.index(b"deep") + rng.randrange(4)
    return valid[:at] + rng.choice([b"\xff", b"\xc0\xaf", b"\xf5\x80\x80\x80"]) + valid[at + 1 :]


def _nul_bytes(rng: random.Random, valid: bytes) -> bytes:
    at = rng.randrange(len(valid))
    return rng.choice([b"\x00" * rng.randrange(1, 2_000), valid[:at] + b"\x00" + valid[at:]])


def _empty(rng: random.Random, valid: bytes) -> bytes:
    return rng.choice([b"", b" ", b"\n\n", b"null", b"{}", b"[]", b'""', b"0"])


def _one_mebibyte(rng: random.Random, valid: bytes) -> bytes:
    return valid.replace(b"marketplace-web", b"x" * 2**20)


KINDS: tuple[Hostile, ...] = (_truncated, _wrong_type, _deep, _huge_number, _invalid_utf8, _nul_bytes, _empty)


def _hostile() -> Iterator[bytes]:
    rng = random.Random(5)
    for number in range(EVENTS):
        valid = raw({"event_id": f"hostile-{number:06d}"})
        yield (_one_mebibyte if number % 500 == 0 else KINDS[number % len(KINDS)])(rng, valid)


def test_hostile_input(pipeline: Pipeline) -> None:
    run = pipeline()
    payloads = list(_hostile())
    run.send(Record(payload, 1_700_000_000_000 + number) for number, payload in enumerate(payloads))
    outcome = run.outcome()
    assert outcome.balance.balanced, outcome.balance
    assert (len(outcome.failed), len(outcome.enriched)) == (EVENTS, 0)
    envelopes = run.envelopes
    for row in outcome.failed:
        failure = row["failure"]
        assert failure["message"]
        assert failure["field"]
        content = envelopes.open(row["payload"]["envelope"], PAYLOAD)
        if failure["type"] == "schema" and content not in (b"null", b"[]", b'""', b"0"):
            assert failure["field"] != "$", row
    kinds = {row["failure"]["type"] for row in outcome.failed}
    assert kinds == {"size", "encoding", "json", "schema"}
    assert run.restarts == 0
