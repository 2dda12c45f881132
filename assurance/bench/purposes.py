"""Cost of purposes: throughput with one, two and more of them, and microseconds of each step."""

from collections.abc import Callable
from dataclasses import dataclass
from os import urandom
from pathlib import Path

from assurance.bench import throughput
from assurance.bench.source_costs import cost_of
from assurance.end_to_end.run import ONE_PER_EVENT, OUTPUTS
from common.kafka.topic_reader import TopicReader
from contracts import topics
from contracts.events.enriched import EventFields
from contracts.purposes.load import REFERENCE, load_purposes
from core.flat_event import FlatEvent
from core.flatten import flatten
from core.privacy.envelopes import PAYLOAD, Envelopes
from core.privacy.key_ring import EpochKey
from core.privacy.payload_protection import protection, scrubbed
from core.privacy.pseudonyms import Pseudonymise, Pseudonyms, pseudonym
from core.projection import Projection
from deploy.paths import BUILD
from deploy.profiles import THROUGHPUT
from local_stack.stack import LocalStack
from producers.synthetic.generator import GeneratorSettings, generate

SETS = (
    ("analytics",),
    ("analytics", "personalization"),
    ("analytics", "personalization", "security"),
    ("analytics", "personalization", "security", "behaviour"),
)
_EPOCH = EpochKey("e1", 0, urandom(32))
_EVENTS = 2_000


@dataclass(frozen=True)
class PurposesCost:
    """``bytes_out_per_byte_in``: bytes of keys and values in all output topics, per byte in the raw topic."""

    names: tuple[str, ...]
    throughput: throughput.Throughput
    bytes_out_per_byte_in: float


def policy_of(names: tuple[str, ...], folder: Path) -> Path:
    """Writes the reference policy with only the named purposes. Returns its path."""
    head, *parts = REFERENCE.read_text().split("  - name: ")
    file = folder / f"purposes-{len(names)}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("  - name: ".join([head, *(part for part in parts if part.split()[0] in names)]))
    return file


def measure(events: int, *, limit_s: float) -> list[PurposesCost]:
    """With a warm cache, so that the cost of lookups does not blur the result."""
    found: list[PurposesCost] = []
    for names in SETS:
        ratios: list[float] = []

        def note_ratio(stack: LocalStack, into: list[float] = ratios) -> None:
            into.append(_ratio(stack))

        result = throughput.measure(
            f"purposes: {', '.join(names)}",
            events=events,
            checkpoint_interval_ms=THROUGHPUT.checkpoint_interval_ms,
            limit_s=limit_s,
            users=500,
            listings=1_000,
            changes={"job": {"purposes.path": str(policy_of(names, BUILD / "bench"))}},
            afterwards=note_ratio,
        )
        found.append(PurposesCost(names, result, round(ratios[0], 3)))
    return found


def _ratio(stack: LocalStack) -> float:
    """Bytes out per event over bytes in per event. Per event, because part of the backlog may not be processed."""
    went = {topic: _volume(stack, topic) for topic in OUTPUTS}
    raw_records, raw_bytes = _volume(stack, topics.RAW.name)
    outcomes = sum(records for topic, (records, _) in went.items() if topic in ONE_PER_EVENT)
    return sum(size for _, size in went.values()) / max(1, outcomes) / (raw_bytes / raw_records)


def _volume(stack: LocalStack, topic: str) -> tuple[int, int]:
    records = total = 0
    with TopicReader(stack.bootstrap_servers, [topic], isolation="read_uncommitted", find_end=True) as reader:
        while not reader.at_end:
            for message in reader.batch(0.2):
                records += 1
                total += len(message.key() or b"") + len(message.value() or b"")
    return records, total


def step_costs() -> list[tuple[str, float]]:
    """(step, microseconds on one core), on generated events."""
    records = [record.value for record in generate(GeneratorSettings(events=_EVENTS, users=500, listings=1_000))]
    prepared = {value: event for value in records if isinstance(event := flatten(value, 1, 2), FlatEvent)}
    by_text = {value.decode(): event.fields for value, event in prepared.items()}
    users = [f"u{number:07d}" for number in range(_EVENTS)]
    pseudonymise, own = Pseudonyms((_EPOCH,)).at(0), Pseudonyms((_EPOCH,)).at(0, urandom(32))
    envelopes = Envelopes({"k1": urandom(32)})
    sealed = protection("encrypt", envelopes)
    texts = list(by_text)
    costs = [
        ("flatten: decode, validate, flatten", cost_of(lambda text: flatten(text.encode(), 1, 2), texts)),
        ("pseudonym, worked out (one HMAC)", cost_of(lambda user: pseudonym(_EPOCH, "user_id", user), users)),
        ("pseudonym, remembered", cost_of(lambda user: pseudonymise("user_id", user), users)),
        ("pseudonym under a subject's own key (two HMACs)", cost_of(lambda user: own("user_id", user), users)),
        ("payload sealed", cost_of(lambda text: sealed(text.encode()), texts)),
        ("payload scrubbed", cost_of(lambda text: scrubbed(text.encode()), texts)),
        ("envelope alone, 1 kB", cost_of(lambda _: envelopes.seal(b"x" * 1024, PAYLOAD), users)),
    ]
    for number, purpose in enumerate(load_purposes(REFERENCE)):
        event_fields_json = Projection(purpose, number, envelopes).event_fields_json

        def project(text: str, write: Callable[[EventFields, Pseudonymise], bytes] = event_fields_json) -> bytes:
            return write(by_text[text], pseudonymise)

        costs.append((f"projection: {purpose.name}", cost_of(project, texts)))
    return costs
