"""The functions without a cluster: what a bug costs, and what is sent where. Flink's state is a dictionary here."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from applications.account_security.config import Config, JobGroup, LogsConfig, RiskConfig, RulesConfig, SinkConfig
from applications.account_security.messages import decode_asked, decode_to_subject
from applications.account_security.operators import facets, judge, observe
from applications.account_security.operators.facets import Facets
from applications.account_security.operators.judge import Judge
from applications.account_security.operators.observe import Observe, ReadLabels
from applications.account_security.runtime import Runtime
from common.flink.fault_guard import MOST_IN_A_ROW, NotTheRecordsFaultError
from common.flink.property_groups import KafkaConfig
from contracts.fixed_topics import VERDICTS
from contracts.security.verdicts import Verdict
from core.packing import UnknownFormatError
from core.risk.observation import subject_key_of
from tests.applications import fake_flink
from tests.applications.account_security.rule_files import FILES
from tests.applications.account_security.security_events import NOW, encode, event

CONFIG = Config(
    job=JobGroup(mirrored_facets=4, mirrored_subjects=4),
    kafka=KafkaConfig(bootstrap_servers="127.0.0.1:9092"),
    rules=RulesConfig(changes="ignore", unknown_ms=0),
    logs=LogsConfig(),
    risk=RiskConfig(),
    sink=SinkConfig(),
)
_read = msgspec.json.Decoder(Verdict).decode


class Flink(fake_flink.Flink):
    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[tuple[str, int], bytes] = {}
        self.watermark = 2**63 - 1

    def get_map_state(self, _: object) -> "Waiting":
        return Waiting(self)

    def current_watermark(self) -> int:
        return self.watermark

    def register_event_time_timer(self, timestamp: int) -> None:
        self.timers.add((timestamp, self.key))


class Waiting:
    """The map state of the facets."""

    def __init__(self, flink: Flink) -> None:
        self._flink = flink

    def get(self, due: int) -> bytes | None:
        return self._flink.waiting.get((self._flink.key, due))

    def put(self, due: int, value: bytes) -> None:
        self._flink.waiting[self._flink.key, due] = value

    def remove(self, due: int) -> None:
        self._flink.waiting.pop((self._flink.key, due), None)


class Job:
    """The four functions, and the rows between them in the order in which they were sent."""

    def __init__(self) -> None:
        self.flinks = {name: Flink() for name in ("observe", "labels", "facets", "judge")}
        self.observe, self.labels = Observe(CONFIG, FILES), ReadLabels()
        self.facets, self.judge = Facets(CONFIG, FILES), Judge(CONFIG, FILES)
        for name, function in self._functions():
            function.open(self.flinks[name])

    def close(self) -> None:
        for _, function in self._functions():
            function.close()

    def send(self, *events: dict[str, Any]) -> list[Verdict]:
        return [verdict for each in events for verdict in self._event(encode(each))]

    def label(self, **fields: object) -> list[Verdict]:
        label = {"schema": "clickstream.label/1", "label_id": "l", "source": "test", "labelled_tstamp": NOW, **fields}
        return [
            v for row in self.labels.process_element(encode(label), self.flinks["labels"]) for v in self._judged(row)
        ]

    def count(self, function: str, name: str) -> int:
        operator: Any = getattr(self, function)
        (operator._metrics if function == "judge" else operator)._counters.flush()
        metrics = self.flinks[function].metrics
        return metrics.counts[name]

    def _functions(self) -> list[tuple[str, Any]]:
        return [("observe", self.observe), ("labels", self.labels), ("facets", self.facets), ("judge", self.judge)]

    def _event(self, value: bytes) -> list[Verdict]:
        found: list[Verdict] = []
        asked = []
        for sent in self.observe.process_element(value, self.flinks["observe"]):
            if isinstance(sent, tuple):
                asked.append(sent[1])
            else:
                found += self._judged(sent)
        for key, packed in asked:
            self.flinks["facets"].key = key
            assert decode_asked(packed).facet == key
            for row in self.facets.process_element(packed, self.flinks["facets"]):
                found += self._judged(row)
        return found

    def read_up_to(self, watermark: int) -> list[Verdict]:
        """What the source does for the facets: its partitions have been read up to this time."""
        flink, found = self.flinks["facets"], []
        flink.watermark = watermark
        for at, key in sorted(timer for timer in flink.timers if timer[0] <= watermark):
            flink.timers.remove((at, key))
            flink.key = key
            for row in self.facets.on_timer(at, flink):
                found += self._judged(row)
        return found

    def _judged(self, row: Sequence[Any]) -> list[Verdict]:
        self.flinks["judge"].key, packed = row
        decode_to_subject(packed)
        found = []
        for batch in self.judge.process_element(packed, self.flinks["judge"]):
            for topic, key, value, at in msgspec.msgpack.decode(batch):
                verdict = _read(value)
                assert (topic, key, at) == (VERDICTS.name, verdict.subject_id.encode(), verdict.decided_tstamp)
                found.append(verdict)
        return found


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - a fixture that ends
    for module in (facets, judge):
        monkeypatch.setattr(f"{module.__name__}.PackedStates", _states(module.PackedStates))
    made = Job()
    yield made
    made.close()


def _states(kind: Any) -> Any:  # noqa: ANN401 - PyFlink is not typed
    """Without the descriptor, which is Flink's own."""

    class States(kind):  # type: ignore[misc]
        def __init__(self, context: Flink, _: str, packed_as: object, *, mirrored: int, days: int) -> None:
            assert days == 100
            self._value, self._format = context.get_state(None), packed_as
            self._mirror = kind.__init__.__globals__["TwoGenerationCache"](mirrored)

    return States


def _failures(users: int, first: int = 0) -> list[dict[str, Any]]:
    return [event(first + n, NOW + first + n, f"u{n}", auth_outcome="failure") for n in range(users)]


def test_an_attack_gives_earlier_events_another_verdict(job: Job) -> None:
    verdicts = job.send(*_failures(12))
    assert len({each.event_id for each in verdicts if each.verdict_version == 1}) == 12
    last = {each.event_id: each for each in verdicts}
    assert {each.decision for each in last.values()} == {"challenge"}
    assert not job.send(*_failures(12)), "the same events once more"


def test_what_is_no_event_is_counted_and_has_no_verdict(job: Job) -> None:
    for value in (b"", b"{", b"[]", b'{"event_id":7}', b"\xff"):
        assert not job._event(value)
    assert not job.send(event(1, NOW, "u", event_name="page_view"))
    assert job.count("observe", "events_unreadable") == 5
    assert job.count("observe", "events_without_flow") == 1


def test_an_event_ahead_of_the_clock_has_a_verdict_and_counts_for_no_other(job: Job) -> None:
    year_ms = 365 * 86_400_000
    ahead = time.time_ns() // 1_000_000 + year_ms
    (verdict,) = job.send(event(1, ahead, "u0", auth_outcome="failure"))
    assert (verdict.decision, verdict.level, [each.code for each in verdict.reasons]) == (
        *("allow", "unknown"),
        ["time_ahead"],
    )
    assert job.count("observe", "events_ahead") == 1
    last = {each.event_id: each for each in job.send(*_failures(12, first=100))}
    assert {each.decision for each in last.values()} == {"challenge"}, "the address's log is as it was"


def test_a_bug_while_observing_costs_one_event_its_judgement(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise ValueError("secret")

    with monkeypatch.context() as patched:
        patched.setattr(observe, "observe", bug)
        (verdict,) = job.send(event(1, NOW, "u"))
        assert (verdict.decision, verdict.level, [each.code for each in verdict.reasons]) == (
            *("allow", "unknown"),
            ["internal"],
        )
        assert job.send(event(1, NOW, "u")) == [verdict], "equal content, equal id"
        with pytest.raises(NotTheRecordsFaultError) as raised:
            job.send(*(event(n, NOW, "u") for n in range(MOST_IN_A_ROW + 1)))
        assert "secret" not in str(raised.value)
    (verdict,) = job.send(event(2, NOW, "u"))
    assert not verdict.reasons


def test_a_bug_in_a_facet_leaves_the_verdict_to_the_rest(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise ValueError

    before = job.send(*_failures(7))
    assert not any(each.reasons for each in before)
    with monkeypatch.context() as patched:
        patched.setattr(facets, "add", bug)
        (verdict,) = job.send(event(100, NOW + 100, "u", auth_outcome="failure"))
        assert not verdict.reasons
    assert any(each.decision == "challenge" for each in job.send(*_failures(2, first=200)))


def test_a_bug_in_the_judge_is_said_in_the_verdict(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise ValueError

    with monkeypatch.context() as patched:
        patched.setattr(judge, "take_part", bug)
        (first,) = job.send(event(1, NOW, "u", auth_outcome="failure"))
        assert [each.code for each in first.reasons] == ["internal"]
    assert job.count("judge", "events_failed") > 0
    # The state has noted it: when the event is judged after all, that is the second version.
    told = job.label(
        finding="confirmed_fraud", subject_kind="user", subject_id="u", event_id=first.event_id, label_id="l1"
    )
    assert [(each.verdict_version, each.supersedes, each.decision) for each in told] == [(2, first.verdict_id, "deny")]


def test_what_facets_say_after_a_bug_in_the_judge_counts(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise ValueError

    attack = _failures(12)
    with monkeypatch.context() as patched:
        patched.setattr(judge, "open_event", bug)
        first = {each.event_id: each for each in job.send(*attack[:6]) if each.verdict_version == 1}
    assert {each.reasons[0].code for each in first.values()} == {"internal"}
    last = {each.event_id: each for each in job.send(*attack[6:])}
    for each in attack[:6]:
        assert last[each["event_id"]].decision == "challenge"
        assert last[each["event_id"]].verdict_version > 1


def test_a_state_that_fails_itself_leaves_the_event_its_verdict(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise ValueError

    with monkeypatch.context() as patched:
        patched.setattr(judge, "note_internal", bug)
        patched.setattr(judge, "open_event", bug)
        patched.setattr(judge, "take_part", bug)
        verdicts = job.send(event(1, NOW, "u", auth_outcome="failure"))
    assert verdicts
    assert all(each == verdicts[0] for each in verdicts)
    assert verdicts[0].reasons[0].code == "internal"


def test_old_events_of_two_partitions_are_put_in_order(job: Job) -> None:
    attack = _failures(300)
    in_order = {each.event_id: each.decision for each in job.send(*attack)}
    assert set(in_order.values()) == {"challenge"}
    other = Job()
    try:
        other.flinks["facets"].watermark = 0
        assert not other.send(*attack[1::2], *attack[::2]), "they wait"
        assert other.count("facets", "facet_events_waited") > 0
        half = {each.event_id: each.decision for each in other.read_up_to(NOW + 150)}
        assert {*half} <= {each["event_id"] for each in attack[:151]}
        last = half | {each.event_id: each.decision for each in other.read_up_to(NOW + 10_000)}
        assert last == in_order
        assert not any(other.flinks["facets"].waiting.values())
    finally:
        other.close()


def test_live_events_do_not_wait(job: Job) -> None:
    job.flinks["facets"].watermark = 0
    now = time.time_ns() // 1_000_000
    assert job.send(event(1, now, "u", auth_outcome="failure"))
    assert job.send(event(2, now + 60_000, "u", auth_outcome="failure"))
    assert not job.send(event(3, now - 60_000, "u", auth_outcome="failure"))


def test_a_state_of_a_newer_version_stops_the_job(job: Job) -> None:
    job.send(event(1, NOW, "u", auth_outcome="failure"))
    flink = job.flinks["facets"]
    flink.values = {key: b"\xff\xff" + value[2:] for key, value in flink.values.items()}
    job.facets._states._mirror.clear()
    with pytest.raises(UnknownFormatError):
        job.send(event(2, NOW, "u", auth_outcome="failure"))


def test_labels_are_checked_counted_and_erase(job: Job) -> None:
    sent = [event(n, NOW + n, "u", auth_outcome="failure") for n in range(6)]
    job.send(*sent)
    told = job.label(
        finding="confirmed_fraud", subject_kind="user", subject_id="u", event_id=sent[0]["event_id"], label_id="l1"
    )
    assert {each.event_id: each.decision for each in told}[sent[0]["event_id"]] == "deny"
    assert not job.label(finding="false_positive", subject_kind="user", subject_id="u")
    assert not job.labels.process_element(b"{", job.flinks["labels"])
    assert job.count("labels", "labels_without_subject") == job.count("labels", "labels_unreadable") == 1
    key = subject_key_of("user", "u")
    assert sent[0]["event_id"].encode() in job.flinks["judge"].values[key]
    assert not job.label(finding="erase", subject_kind="user", subject_id="u")
    assert sent[0]["event_id"].encode() not in job.flinks["judge"].values[key]
    assert len(job.flinks["judge"].values[key]) < 200
    (again,) = job.send(sent[0])
    assert (again.decision, again.reasons) == ("allow", []), "an event from before has a verdict, and is not kept"
    assert sent[0]["event_id"].encode() not in job.flinks["judge"].values[key]


def test_a_wrong_rule_file_is_no_runtime(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"a\.yml:1"):
        Runtime(CONFIG, {**FILES, "a.yml": "name: 7"})
