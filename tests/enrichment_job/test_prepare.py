import json

import msgspec
import pytest

from enrichment_job.outcome import Prepared, Rejected
from enrichment_job.prepare import derived_tstamp, prepare

from .samples import raw

COLLECTOR = 1_700_000_001_000


def _prepared(payload: bytes) -> Prepared:
    event = prepare(payload, COLLECTOR, COLLECTOR + 7)
    assert not isinstance(event, Rejected)
    return event


def test_fields_are_flat_and_carry_every_time() -> None:
    fields = json.loads(msgspec.json.encode(_prepared(raw()).fields))
    assert not [name for name, value in fields.items() if isinstance(value, dict | list)]
    assert fields["collector_tstamp"] == COLLECTOR
    assert fields["etl_tstamp"] == COLLECTOR + 7
    assert fields["derived_tstamp"] == COLLECTOR - 250
    assert fields["dvce_created_tstamp"] == 1_700_000_000_000
    assert json.loads(fields["unstruct_event"])["extra"] == {"deep": [1, 2]}


@pytest.mark.parametrize(
    ("created", "sent", "expected"),
    [(1000, 1250, 9750), (1000, 1000, 10_000), (1000, None, 10_000), (2000, 1000, 10_000), (0, 50_000, 0)],
)
def test_derived_time_takes_the_device_clock_out(created: int, sent: int | None, expected: int) -> None:
    assert derived_tstamp(created, sent, 10_000) == expected
