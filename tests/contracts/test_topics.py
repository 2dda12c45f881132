"""The table of topics is made from the purposes."""

from pathlib import Path

from contracts import topics
from contracts.fixed_topics import (
    ACCOUNT_SECURITY,
    BEHAVIOUR,
    BEHAVIOUR_MESSAGES,
    DAY_MS,
    FEATURES,
    INPUTS,
    LABELS,
    RULES,
    enriched_name,
)
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
    [raw, fraud, *others] = topics.table(load_purposes(policy))
    every_policy_has = (*topics.OUTCOMES, *BEHAVIOUR, *ACCOUNT_SECURITY, FEATURES, LABELS, RULES)
    assert (raw, tuple(others)) == (topics.RAW, every_policy_has)
    assert (fraud.retention_ms, fraud.about, fraud.keyed_by) == (7 * DAY_MS, "", "user_id")


def test_a_topic_is_keyed_by_the_first_identifier_of_its_purpose(tmp_path: Path) -> None:
    policy = tmp_path / "purposes.yaml"
    policy.write_text(f"purposes:{FRAUD}    key: [domain_sessionid, user_id]\n")
    [_, fraud, *_] = topics.table(load_purposes(policy))
    assert fraud.keyed_by == "domain_sessionid"
    assert topics.BEHAVIOUR_EVENTS.keyed_by == "domain_userid"


def test_what_the_jobs_read_from_others_is_in_the_table_and_stays_what_it_is() -> None:
    assert {*INPUTS} <= {*topics.ALL}
    assert {topic.guarantee for topic in INPUTS} == {"at least once"}
    assert not {*INPUTS} & {*topics.ENRICHED, *topics.OUTCOMES, *BEHAVIOUR, *ACCOUNT_SECURITY}


def test_every_topic_but_the_internal_one_has_a_schema_that_is_published_and_says_what_it_is() -> None:
    assert [topic for topic in topics.ALL if not topic.schema] == [BEHAVIOUR_MESSAGES]
    for topic in topics.ALL:
        assert topic == BEHAVIOUR_MESSAGES or (FOLDER / f"{topic.schema}{SUFFIX}").exists()
        assert topic.about
    assert topics.ANALYTICS.name == enriched_name("analytics")
