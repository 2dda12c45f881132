"""The functions without a cluster: what a bug costs, and what is sent where. Flink's state is a dictionary here."""

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
from core.risk.facets.state import UnknownFormatError
from tests.applications.account_security.rule_files import FILES
from tests.applications.account_security.security_events import NOW, encode, event
from tests.enrichment_job.operators.fake_flink import MetricGroup

CONFIG = Config(
    job=JobGroup(mirrored_facets=4, mirrored_subjects=4),
    kafka=KafkaConfig(bootstrap_servers="127.0.0.1:9092"),
    rules=RulesConfig(changes="ignore", unknown_ms=0),
    logs=LogsConfig(),
    risk=RiskConfig(),
    sink=SinkConfig(),
)
_read = msgspec.json.Decoder(Verdict).decode


class Flink:
    """Runtime context, state and context of the call, of one subtask."""

    def __init__(self) -> None:
        self.key, self.metrics = "", MetricGroup()
        self.values: dict[str, bytes] = {}

    def get_metrics_group(self) -> MetricGroup:
        return self.metrics

    def get_state(self, _: object) -> "Flink":
        return self

    def value(self) -> bytes | None:
        return self.values.get(self.key)

    def update(self, value: bytes) -> None:
        self.values[self.key] = value

    def clear(self) -> None:
        self.values.pop(self.key, None)

    def get_current_key(self) -> str:
        return self.key


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
    job.observe._counters.flush()
    assert job.count("observe", "events_unreadable") == 5
    assert job.count("observe", "events_without_flow") == 1


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
        (verdict,) = job.send(event(1, NOW, "u", auth_outcome="failure"))
        assert [each.code for each in verdict.reasons] == ["internal"]


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
    assert "user:u" in job.flinks["judge"].values
    assert not job.label(finding="erase", subject_kind="user", subject_id="u")
    assert "user:u" not in job.flinks["judge"].values


def test_a_wrong_rule_file_is_no_runtime(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"a\.yml:1"):
        Runtime(CONFIG, {**FILES, "a.yml": "name: 7"})
