"""What a run counts as one event."""

from assurance.end_to_end.run import ENRICHED, EXPECTED, ONE_PER_EVENT, OUTPUTS, for_replay
from contracts import topics


def test_an_event_is_counted_once_though_several_purposes_take_all_events() -> None:
    assert len(EXPECTED.every_event) > 1
    [counted] = ONE_PER_EVENT & {*ENRICHED}
    assert counted in EXPECTED.every_event
    assert ONE_PER_EVENT - {counted} == {topic.name for topic in topics.OUTCOMES}
    assert {*OUTPUTS} >= ONE_PER_EVENT


def test_no_topic_of_a_replay_deletes_records_by_their_age() -> None:
    assert {for_replay(topic).retention_ms for topic in topics.ALL} == {-1}
