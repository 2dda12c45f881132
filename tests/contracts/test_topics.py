"""The table of topics is made from the purposes."""

from pathlib import Path

from contracts import topics
from contracts.fixed_topics import DAY_MS, enriched_name
from contracts.publishing.json_schemas import FOLDER, SUFFIX
from contracts.purposes.load import REFERENCE, load_purposes

FRAUD = """
  - name: temporary
    about: Checkouts, kept for a month.
    topic: clickstream.enriched.temporary.v2
    retention_days: 30
    events: [checkout]
    fields: {event_id: keep, event_name: keep, collector_tstamp: keep, price: keep}
"""


def test_a_purpose_more_in_the_policy_is_a_topic_more_in_the_table(tmp_path: Path) -> None:
    policy = tmp_path / "purposes.yaml"
    policy.write_text(REFERENCE.read_text() + FRAUD)
    table = topics.table(load_purposes(policy))
    new = topics.Topic(
        name="clickstream.enriched.temporary.v2",
        retention_ms=30 * DAY_MS,
        keyed_by="user_id",
        purpose="temporary",
        schema="enriched_temporary.v2",
        about="Checkouts, kept for a month.",
    )
    assert [topic for topic in table if topic not in topics.ALL] == [new]
    assert [topic for topic in table if topic != new] == list(topics.ALL)


def test_a_purpose_that_says_nothing_of_its_topic_has_the_usual_one(tmp_path: Path) -> None:
    policy = tmp_path / "purposes.yaml"
    lines = [line for line in FRAUD.splitlines() if "about" not in line and "retention_days" not in line]
    policy.write_text("\n".join(["purposes:", *lines]))
    [raw, fraud, *outcomes] = topics.table(load_purposes(policy))
    assert (raw, tuple(outcomes)) == (topics.RAW, topics.OUTCOMES)
    assert (fraud.retention_ms, fraud.about) == (7 * DAY_MS, "")


def test_every_topic_of_the_table_has_a_schema_that_is_published_and_says_what_it_is() -> None:
    for topic in topics.ALL:
        assert (FOLDER / f"{topic.schema}{SUFFIX}").exists()
        assert topic.about
    assert topics.ANALYTICS.name == enriched_name("analytics")
