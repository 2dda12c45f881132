"""The job in process mode has the same outcomes."""

from producers.synthetic.generator import GeneratorSettings, generate
from tests.integration.conftest import Pipeline


def test_the_same_job_in_process_mode(pipeline: Pipeline) -> None:
    run = pipeline({"job": {"execution.mode": "process"}, "lookup": {"deadline.ms": "5000"}})
    run.send(generate(GeneratorSettings(events=2_000, users=2_000, listings=5_000)))
    outcome = run.outcome(idle_s=40)
    assert outcome.balance.raw == 2_000
    assert outcome.balance.balanced, outcome.balance
    assert {event["geo_status"] for event in outcome.enriched} <= {"ok", "missing"}
    assert run.restarts == 0
