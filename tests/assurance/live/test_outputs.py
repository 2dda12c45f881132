"""The topics that the live view and the exporter follow: what the enrichment job writes, and nothing else."""

from assurance.live.outputs import OUTCOMES, PURPOSES
from contracts.fixed_topics import BEHAVIOUR
from deploy.jobs import ENRICHMENT


def test_they_are_what_the_enrichment_job_writes() -> None:
    assert list(OUTCOMES) == [topic.name for topic in ENRICHMENT.writes]
    assert not OUTCOMES.keys() & {topic.name for topic in BEHAVIOUR}, "an event of these has been counted already"


def test_each_is_counted_under_a_name_of_its_own() -> None:
    assert list(PURPOSES.values()) == ["analytics", "security", "personalization", "behaviour"]
    assert sorted({*OUTCOMES.values()} - {*PURPOSES.values()}) == ["failed", "late", "suppressed"]
    assert len({*OUTCOMES.values()}) == len(OUTCOMES)
