import json
import re
from typing import Any

import jsonschema

from contracts import topics
from contracts.publishing.asyncapi import FILE, document, render


def test_the_published_document_is_what_the_definitions_say() -> None:
    assert FILE.read_bytes() == render()


def test_every_topic_has_a_channel_an_operation_and_a_schema() -> None:
    found = document()
    assert {channel["address"] for channel in found["channels"].values()} == {topic.name for topic in topics.ALL}
    assert len(found["operations"]) == len(topics.ALL)
    for topic in topics.ALL:
        assert topic.about
        assert topic.schema in found["components"]["schemas"]


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
