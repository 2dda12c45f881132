"""The bare loop writes what the job would write, for every purpose."""

import time
from collections import Counter
from pathlib import Path

import msgspec

from assurance.bench.bare_enricher import BareEnricher
from contracts import topics
from core.privacy.new_keys import ensure_keys
from producers.synthetic.generator import GeneratorSettings, generate


def test_every_purpose_and_every_other_outcome_is_written(tmp_path: Path) -> None:
    enricher = BareEnricher(f"file:{ensure_keys(tmp_path / 'keys.json')}")
    now = time.time_ns() // 1_000_000
    written: Counter[str] = Counter()
    for record in generate(GeneratorSettings(events=2_000, users=50, listings=100)):
        records = enricher.records(record.value, now, now)
        assert records  # under the reference policy no event is without a record
        for topic, key, value, at in records:
            written[topic] += 1
            fields = msgspec.json.decode(value)
            assert at == fields["collector_tstamp"] == now
            if topic == topics.ANALYTICS.name and fields.get("user_id"):
                assert key == fields["user_id"].encode()
                assert fields["user_id"].startswith("e1.")  # a pseudonym of the ring's epoch
    assert set(written) == {topic.name for topic in (*topics.ENRICHED, topics.FAILED, topics.SUPPRESSED)}
