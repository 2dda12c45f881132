"""What a run counts as one event."""

from pathlib import Path

from typer.testing import CliRunner

from assurance.end_to_end.options import ReplayOptions
from assurance.end_to_end.run import ENRICHED, EXPECTED, ONE_PER_EVENT, OUTPUTS, for_replay
from assurance.reconciliation.security.truth import read_truth
from contracts import topics
from producers.__main__ import app


def test_an_event_is_counted_once_though_several_purposes_take_all_events() -> None:
    assert len(EXPECTED.every_event) > 1
    [counted] = ONE_PER_EVENT & {*ENRICHED}
    assert counted in EXPECTED.every_event
    assert ONE_PER_EVENT - {counted} == {topic.name for topic in topics.OUTCOMES}
    assert {*OUTPUTS} >= ONE_PER_EVENT


def test_no_topic_of_a_replay_deletes_records_by_their_age() -> None:
    assert {for_replay(topic).retention_ms for topic in topics.ALL} == {-1}


def test_a_generated_stream_has_attacks_and_its_truth_is_beside_it(tmp_path: Path) -> None:
    options = ReplayOptions(events=200, attacks=3, users=1_000, listings=100, output=tmp_path)
    words = options.producer_arguments("unused:1", tmp_path / "sends.bin")
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "events.ndjson")])
    assert done.exit_code == 0, done.output
    truth = read_truth(options.truth)
    assert len({each.scenario for each in truth.values()} - {None}) == 3
    assert any(each.is_attack for each in truth.values())
    assert any(each.kind == "history" for each in truth.values())


def test_a_log_has_no_attacks(tmp_path: Path) -> None:
    options = ReplayOptions(input=tmp_path / "access.log", attacks=3)
    assert "--attacks" not in options.producer_arguments("unused:1", tmp_path / "sends.bin")
