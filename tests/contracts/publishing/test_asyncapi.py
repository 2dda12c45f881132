import json
import re
from typing import Any

import jsonschema

from contracts import topics
from contracts.fixed_topics import BEHAVIOUR_MESSAGES
from contracts.publishing.asyncapi import FILE, document, render


def test_the_published_document_is_what_the_definitions_say() -> None:
    assert FILE.read_bytes() == render()


def test_every_topic_but_the_internal_one_has_a_channel_an_operation_and_a_schema() -> None:
    found = document()
    published = [topic for topic in topics.ALL if topic != BEHAVIOUR_MESSAGES]
    assert {channel["address"] for channel in found["channels"].values()} == {topic.name for topic in published}
    assert len(found["operations"]) == len(published)
    for topic in published:
        assert topic.about
        assert topic.schema in found["components"]["schemas"]


def test_what_no_job_writes_is_received_and_all_else_is_sent() -> None:
    addresses = {f"#/channels/{name}": channel["address"] for name, channel in document()["channels"].items()}
    operations = document()["operations"].values()
    received = {addresses[each["channel"]["$ref"]] for each in operations if each["action"] == "receive"}
    assert received == {"clickstream.raw.v1", "clickstream.labels.v1", "clickstream.rules.v1"}
    assert {addresses[each["channel"]["$ref"]] for each in operations if each["action"] == "send"} == {
        topic.name for topic in topics.ALL if topic.name not in received and topic != BEHAVIOUR_MESSAGES
    }


def test_the_key_is_told_as_the_topic_has_it() -> None:
    messages = document()["components"]["messages"]
    told = {
        channel["address"]: messages[name].get("bindings", {}).get("kafka", {}).get("key", {}).get("description")
        for name, channel in document()["channels"].items()
    }
    assert told[topics.ANALYTICS.name] == "user_id as in the event, else domain_userid, else none"
    assert told[topics.BEHAVIOUR_EVENTS.name] == "domain_userid as in the event, else user_id, else none"
    assert told["clickstream.sessions.v1"] == "visitor_id as in the record"
    assert told["clickstream.verdicts.v1"] == told["clickstream.labels.v1"] == "subject_id as in the record"
    assert told["clickstream.rules.v1"] == "name as in the record"
    assert told[topics.LATE.name] is None


def test_every_reference_leads_somewhere() -> None:
    found = document()
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(found)):
        place: Any = found
        for part in reference.split("/"):
            place = place[part]
        assert place, reference


def test_its_schemas_are_schemas() -> None:
    found = document()
    for schema in found["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
