"""Personal data is in no output: tested with canaries in every field, a stream and an access log.

A loosened policy shows that the scan finds leaks.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from common.kafka.topic_reader import read_whole
from contracts import topics
from contracts.purposes.load import REFERENCE
from core.truncation import network
from producers.record import Record
from producers.synthetic.generator import GeneratorSettings, generate
from tests.core.samples import raw
from tests.integration.access_log import access_log
from tests.integration.canaries import Canary, broken, canaries
from tests.integration.conftest import Pipeline
from tests.integration.pipeline_run import Outcome, PipelineRun
from tests.integration.privacy_scan import leaks, surfaces, words

NOON = 1_700_000_000_000
MINUTE = 60_000
LATENESS = {"source": {"allowed.lateness.ms": "60000", "out.of.orderness.ms": "1000", "idleness.ms": "200"}}
_MAIL = re.compile(rb"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+\.[A-Za-z.]+")


def _run_canaries(run: PipelineRun, planted: list[Canary]) -> Outcome:
    """Sends every canary on time and late, and some as broken records."""
    run.send(Record(canary.event, NOON + number) for number, canary in enumerate(planted))
    run.send(Record(bad, NOON) for canary in planted[::5] for bad in broken(canary.event))
    run.send(
        Record(raw({"event_id": f"after-{n:06d}", "actor": {}, "attributes": {}}), NOON + 10 * MINUTE)
        for n in range(40)
    )
    run.outcome()
    run.send(Record(canary.event, NOON) for canary in planted)
    return run.outcome()


def test_no_output_contains_a_canary(pipeline: Pipeline) -> None:
    run = pipeline(LATENESS)
    planted = list(canaries())
    outcome = _run_canaries(run, planted)
    assert outcome.balance.balanced, outcome.balance
    assert len(outcome.late) > 100
    assert len(outcome.failed) > 50
    assert len(outcome.enriched) > 100
    assert leaks([canary.text for canary in planted], surfaces(run)) == {}
    assert run.restarts == 0


@pytest.mark.parametrize("rejected", ["scrub"])
def test_scrubbed_payloads_contain_nothing(pipeline: Pipeline, rejected: str) -> None:
    run = pipeline({**LATENESS, "privacy": {"rejected.payload": rejected}})
    planted = list(canaries())[::3]
    outcome = _run_canaries(run, planted)
    assert outcome.late
    assert {frozenset(row["payload"]) for row in (*outcome.late, *outcome.failed, *outcome.suppressed)} == {
        frozenset({"sha256", "size"})
    }
    assert leaks([canary.text for canary in planted], surfaces(run)) == {}


LOOSENED = {
    "user_ipaddress: truncate": "user_ipaddress: keep",
    "user_id: pseudonymise": "user_id: keep",
    "useragent: drop": "useragent: keep",
    "page_url: truncate": "page_url: keep",
    "page_title: drop": "page_title: keep",
    "search_terms: drop": "search_terms: keep",
    "app_id: truncate": "app_id: keep",
}


def test_a_loosened_policy_is_detected(pipeline: Pipeline, tmp_path: Path) -> None:
    policy = tmp_path / "purposes.yaml"
    text = REFERENCE.read_text()
    for strict, loose in LOOSENED.items():
        assert strict in text
        text = text.replace(strict, loose, 1)
    policy.write_text(text)
    run = pipeline({**LATENESS, "job": {"purposes.path": str(policy)}})
    planted = list(canaries())
    run.send(Record(canary.event, NOON + number) for number, canary in enumerate(planted))
    run.outcome()
    leaked = leaks([canary.text for canary in planted], surfaces(run))
    assert leaked.keys() == {topics.ANALYTICS.name}
    for loose in LOOSENED.values():
        name = loose.partition(":")[0]
        texts = {canary.text for canary in planted if canary.place.rpartition(".")[2] == name}
        assert texts & leaked[topics.ANALYTICS.name], name


def test_no_output_contains_personal_data_of_a_generated_stream(pipeline: Pipeline) -> None:
    run = pipeline({"lookup": {"deadline.ms": "5000"}})
    run.send(generate(GeneratorSettings(events=5_000, users=2_000, listings=5_000)))
    outcome = run.outcome()
    assert outcome.balance.balanced, outcome.balance
    _assert_unseen(run, min_identifiers=1_000)


def test_no_output_contains_personal_data_of_an_access_log(pipeline: Pipeline) -> None:
    run = pipeline({"lookup": {"deadline.ms": "5000"}})
    run.send(access_log())
    outcome = run.outcome()
    assert outcome.balance.raw > 9_000
    assert outcome.balance.balanced, outcome.balance
    _assert_unseen(run, min_identifiers=1_000)


def _assert_unseen(run: PipelineRun, *, min_identifiers: int) -> None:
    identifiers, agents = _input_of(run)
    assert len(identifiers) > min_identifiers
    assert len(agents) > 20
    found = surfaces(run)
    seen = {name: hits for name, known in words(found).items() if (hits := known & identifiers)}
    assert seen == {}
    assert leaks(agents, found) == {}


def _input_of(run: PipelineRun) -> tuple[set[bytes], set[str]]:
    """IP addresses, ids and e-mail addresses of the raw topic, and its user agents of more than 20 characters."""
    identifiers: set[bytes] = set()
    agents: set[str] = set()
    servers, topic = run.stack.bootstrap_servers, topics.RAW.name
    for message in read_whole(servers, [topic], isolation="read_uncommitted", start=run.raw_start):
        value = message.value() or b""
        identifiers.update(_MAIL.findall(value))
        actor = _actor(value)
        for name in ("user_id", "domain_userid", "domain_sessionid", "user_ipaddress"):
            text = actor.get(name)
            # The first address of a network is unchanged by truncation, so it may be seen.
            if isinstance(text, str) and network(text) != text:
                identifiers.add(text.encode())
        agent = actor.get("useragent")
        if isinstance(agent, str) and len(agent) > 20:
            agents.add(agent)
    return identifiers, agents


def _actor(value: bytes) -> dict[str, Any]:
    try:
        actor = json.loads(value)["actor"]
    except (ValueError, KeyError, TypeError):
        return {}
    return actor if isinstance(actor, dict) else {}
