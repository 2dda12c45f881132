"""The document of the topics: its table equals the code's, the output conforms to its schemas, its examples run."""

import json
import re
import subprocess
import sys
import time

import jsonschema
import msgspec

from contracts import topics
from contracts.publishing.json_schemas import FOLDER, SUFFIX
from contracts.purposes.load import REFERENCE, load_purposes
from contracts.purposes.typed_views import purpose_type
from deploy.jobs import ENRICHMENT
from deploy.paths import PROJECT
from producers.synthetic.generator import GeneratorSettings, generate
from tests.core.samples import raw
from tests.integration.conftest import Pipeline

DOCUMENT = (PROJECT / "docs" / "reference" / "topics.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)


def test_the_table_equals_the_topics_in_the_code() -> None:
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in DOCUMENT.splitlines()]
    found = {row[0]: (row[2], row[4], row[5]) for row in rows if row and row[0].startswith("clickstream.")}
    assert found == {topic.name: (topic.schema or "internal", _kept(topic), topic.guarantee) for topic in topics.ALL}


def _kept(topic: topics.Topic) -> str:
    return "for ever, the newest of each key" if topic.is_compacted else f"{topic.retention_ms // topics.DAY_MS} days"


def test_the_jobs_output_conforms_to_the_schemas(pipeline: Pipeline) -> None:
    run = pipeline({"lookup": {"deadline.ms": "5000"}})
    run.send(generate(GeneratorSettings(events=3_000, users=2_000, listings=5_000, seed=9)))
    outcome = run.outcome()
    purposes = {purpose.topic: purpose for purpose in load_purposes(REFERENCE)}
    strict = {topic: purpose_type(purpose) for topic, purpose in purposes.items()}
    for topic in ENRICHMENT.writes:
        schema = json.loads((FOLDER / f"{topic.schema}{SUFFIX}").read_text())
        validator = jsonschema.Draft202012Validator(schema)
        known = set(next(iter(schema["$defs"].values()))["properties"]) if topic.name in strict else None
        records = outcome.records[topic.name]
        assert records, topic.name
        for key, value in records:
            validator.validate(value)
            if known is not None:
                assert value.keys() <= known
                msgspec.convert(value, strict[topic.name])
                ids = [value[name] for name in purposes[topic.name].key if name in value]
                assert (None if key is None else key.decode()) == (ids[0] if ids else None)


def _ids(example: str, servers: str, wanted: int) -> list[str]:
    """The first ``wanted`` lines of the example's output."""
    code = example.replace("localhost:9092", servers).replace('"group.id": "', f'"group.id": "{time.time_ns()}-')
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline().strip() for _ in range(wanted)]
        finally:
            process.kill()
    return lines


def test_the_examples_run(pipeline: Pipeline) -> None:
    run = pipeline()
    run.send_values(*(raw({"event_id": f"example-{n % 4:04d}", "attributes": {}}) for n in range(8)))
    outcome = run.outcome()
    assert len(outcome.enriched) == 8
    servers = run.stack.bootstrap_servers
    committed, uncommitted = EXAMPLES
    assert len(EXAMPLES) == 2
    everything = run.committed_ids(topics.ANALYTICS.name)
    found = _ids(committed, servers, len(everything))
    assert sorted(found) == sorted(everything)
    distinct = _ids(uncommitted, servers, len(set(everything)))
    assert len(set(distinct)) == len(distinct)
    assert set(everything) <= set(distinct)
