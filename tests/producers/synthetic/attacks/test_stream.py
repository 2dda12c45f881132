"""The stream with scenarios: reproducible, in order, and with a line of truth for each account event."""

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.events.raw import Attributes, RawEvent
from core.risk.observe import subject_of
from core.risk.security_event import FLOWS, SecurityEvent
from producers.record import Record
from producers.synthetic.attacks.catalogue import ATTACKS, INNOCENTS, VARIED_ATTACKS, VARIED_INNOCENTS, kinds
from producers.synthetic.attacks.history import DAY_MS
from producers.synthetic.attacks.plan import AttackSettings
from producers.synthetic.attacks.stream import generate_with_attacks, plan
from producers.synthetic.attacks.truth import Labelled, TruthLine, told
from producers.synthetic.defect_rates import DefectRates
from producers.synthetic.generator import GeneratorSettings
from producers.synthetic.marketplace import Marketplace, build_marketplace
from tests.producers.conftest import START_MS

SETTINGS = GeneratorSettings(
    start_ms=START_MS,
    events=10_000,
    event_rate=0.5,
    active_visits=20,
    users=3_000,
    listings=500,
    seed=11,
    defect_rates=DefectRates(duplicate=0.02, late=0.01),
)
END_MS = START_MS + 20_000_000
ATTACKS_AND_PAST = AttackSettings(scenarios=len(kinds()), history_days=10.0, history_accounts=20)


@pytest.fixture(scope="module")
def people() -> Marketplace:
    return build_marketplace(SETTINGS.seed, SETTINGS.users, SETTINGS.listings)


@pytest.fixture(scope="module")
def labelled(people: Marketplace) -> list[Labelled]:
    return list(generate_with_attacks(SETTINGS, ATTACKS_AND_PAST, people))


@pytest.fixture(scope="module")
def lines(labelled: list[Labelled], tmp_path_factory: pytest.TempPathFactory) -> list[TruthLine]:
    path = tmp_path_factory.mktemp("truth") / "truth.jsonl"
    assert list(told(labelled, path)) == [record for record, _ in labelled]
    return [msgspec.json.decode(line, type=TruthLine) for line in path.read_bytes().splitlines()]


def read_flat(event: dict[str, Any]) -> SecurityEvent:
    flat = {**event["actor"], **event["attributes"], **event, "collector_tstamp": 0}
    return msgspec.convert(flat, SecurityEvent)


def account_events(labelled: list[Labelled]) -> list[tuple[Record, dict[str, Any]]]:
    sound = [(each, msgspec.json.decode(each.value)) for each, _ in labelled if each.kind in ("event", "late")]
    return [(record, event) for record, event in sound if event["event_name"] in FLOWS]


def test_same_seed_same_stream(labelled: list[Labelled]) -> None:
    assert list(generate_with_attacks(SETTINGS, ATTACKS_AND_PAST)) == labelled
    other = generate_with_attacks(replace(SETTINGS, seed=12), ATTACKS_AND_PAST)
    assert next(iter(other)) != labelled[0]


def test_every_account_event_has_one_line(labelled: list[Labelled], lines: list[TruthLine]) -> None:
    assert [line.event_id for line in lines] == [event["event_id"] for _, event in account_events(labelled)]
    assert len({line.event_id for line in lines}) == len(lines)


def test_the_lines_tell_role_and_subject(labelled: list[Labelled], lines: list[TruthLine]) -> None:
    for (_, event), line in zip(account_events(labelled), lines, strict=True):
        assert line.subject == ":".join(subject_of(read_flat(event))).partition(":")[2]
        assert (line.role == "attempt") == (event["attributes"].get("auth_outcome") == "failure")
        assert (line.role == "change") == (FLOWS[event["event_name"]] == "account_change")
        assert line.is_attack == (line.intensity is not None)


def test_every_kind_occurs_once(lines: list[TruthLine]) -> None:
    scenarios = defaultdict(set)
    for line in lines:
        if line.scenario is not None:
            scenarios[line.scenario].add((line.kind, line.intensity, line.is_attack))
    found = Counter(kind for (kind,) in scenarios.values())
    intensities = ("above", "below")
    assert found == Counter(
        [(kind, intensity, True) for kind in ATTACKS for intensity in intensities]
        + [(kind, "above", True) for kind in VARIED_ATTACKS]
        + [(kind, None, False) for kind in (*INNOCENTS, *VARIED_INNOCENTS)]
    )


def test_what_the_victims_do_is_no_attack(labelled: list[Labelled], lines: list[TruthLine]) -> None:
    guilty = {line.event_id for line in lines if line.is_attack and line.kind == "session_hijack"}
    events = {event["event_id"]: event for _, event in account_events(labelled)}
    assert not any(events[each]["event_name"] == "sign_in" for each in guilty)


def test_no_event_has_the_truth(labelled: list[Labelled]) -> None:
    words = [kind.name.encode() for kind in kinds()] + [b"is_attack", b"intensity", b"scenario", b"history"]
    for record, _ in labelled:
        assert not any(word in record.value for word in words)


def test_events_meet_the_contract(labelled: list[Labelled]) -> None:
    for record, _ in labelled:
        if record.kind in ("event", "late", "duplicate") and len(record.value) < 64_000:
            event = msgspec.json.decode(record.value, type=RawEvent)
            msgspec.json.decode(event.attributes, type=Attributes)


def test_the_records_come_by_time_and_end_with_the_stream(labelled: list[Labelled]) -> None:
    in_time = [record.timestamp_ms for record, label in labelled if record.kind in ("event", "duplicate")]
    assert all(later - earlier > -4_100 for earlier, later in pairwise(in_time))
    assert max(in_time) <= END_MS


def test_attacks_are_repeated_and_late_too(labelled: list[Labelled]) -> None:
    found = Counter(record.kind for record, label in labelled if label.kind != "ordinary")
    assert found["duplicate"] > 10
    assert found["late"] > 0
    assert not found.keys() - {"event", "late", "duplicate"}


def test_the_past_is_before_everything_else_and_long_enough(labelled: list[Labelled], people: Marketplace) -> None:
    past = [record for record, label in labelled if label.kind == "history" and record.kind == "event"]
    times = [record.timestamp_ms for record in past]
    assert max(times) <= min(record.timestamp_ms for record, label in labelled if label.kind != "history")
    assert 9 * DAY_MS < max(times) - min(times) < 10.1 * DAY_MS
    successes = Counter(
        event["actor"]["user_id"]
        for event in (msgspec.json.decode(record.value) for record in past)
        if event["attributes"]["auth_outcome"] == "success"
    )
    assert min(successes.values()) >= 10
    assert {person.user_id.decode() for person in people.people[:20]} < successes.keys()


def test_a_person_of_a_scenario_lives_in_one_place(labelled: list[Labelled], lines: list[TruthLine]) -> None:
    travellers = {line.subject for line in lines if line.kind in ("vpn_user", "family_device")}
    ordinary = defaultdict(set)
    for record, label in labelled:
        if label.kind in ("ordinary", "history") and record.kind == "event":
            actor = msgspec.json.decode(record.value)["actor"]
            if actor.get("user_id") in travellers:
                ordinary[actor["user_id"]].add(actor["user_ipaddress"].rpartition(".")[0])
    assert len(ordinary) == 4
    assert {len(blocks) for blocks in ordinary.values()} == {1}


def test_a_short_stream_has_whole_scenarios(people: Marketplace) -> None:
    short = replace(SETTINGS, events=1_000, event_rate=1_000.0)
    planned = plan(short, replace(ATTACKS_AND_PAST, history_days=0.0), people)
    times = defaultdict(list)
    for each in planned.records:
        if each.label.scenario is not None:
            times[each.label.scenario].append(each.record.timestamp_ms)
    assert len(times) == len(kinds())
    assert all(START_MS <= max(each) <= START_MS + 1_000 for each in times.values())


def test_without_scenarios_the_stream_is_the_ordinary_one(people: Marketplace) -> None:
    ordinary = list(generate_with_attacks(replace(SETTINGS, events=500), AttackSettings(), people))
    assert {label.kind for _, label in ordinary} == {"ordinary"}
    assert len(ordinary) == 500


def test_too_few_people_or_no_end_are_refused() -> None:
    with pytest.raises(ValueError, match="100 accounts are too few"):
        plan(replace(SETTINGS, users=100), ATTACKS_AND_PAST)
    with pytest.raises(ValueError, match="an end"):
        plan(replace(SETTINGS, events=None), ATTACKS_AND_PAST)


def test_the_truth_is_optional(labelled: list[Labelled], tmp_path: Path) -> None:
    assert list(told(labelled[:100], None)) == [record for record, _ in labelled[:100]]
    assert not list(tmp_path.iterdir())
