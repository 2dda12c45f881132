"""The job starts again with another file of features, while entities of the former one wait for their records."""

import yaml

from applications.features.operators import keep
from common.flink.fault_guard import MOST_IN_A_ROW
from tests.applications.features.events import view
from tests.applications.features.test_operators import CONFIG, TEXT, Clock, Job, clock, job

__all__ = ["clock", "job"]


def _without(entity: str) -> str:
    document = yaml.safe_load(TEXT)
    document["entities"] = [each for each in document["entities"] if each["name"] != entity]
    document["features"] = [each for each in document["features"] if each["entity"] != entity]
    return yaml.safe_dump(document)


def test_entities_that_are_no_longer_declared_are_erased_and_stop_nothing(job: Job, clock: Clock) -> None:
    number = 2 * MOST_IN_A_ROW
    for _ in range(2):
        for each in range(number):
            job.see({**view(each, clock.now), "event_id": f"{clock.now}", "listing_id": f"l{each}"})
            clock.now += 1
    assert sum(key.startswith("features:listing:") for key in job.store.values) == number
    job.keep = keep.Keep(CONFIG, _without("listing"))
    job.keep.open(job.flinks["keep"])
    job.keep._store = job.store  # type: ignore[assignment]
    records = job.move(2_000)
    assert not [key for key in job.store.values if key.startswith("features:listing:")]
    assert sum(key.startswith("listing:") and value is None for key, value in records) == number
    assert not [key for key in job.flinks["keep"].values if key.startswith("listing:")]
    assert job.count("keep", "events_failed") == 0
