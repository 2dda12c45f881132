"""The job starts again with another file of features, while entities of the former one wait for their records."""

import yaml

from applications.features.operators import extract, keep
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
    job.keep._store = job.store
    records = job.move(2_000)
    assert not [key for key in job.store.values if key.startswith("features:listing:")]
    assert sum(key.startswith("listing:") and value is None for key, value in records) == number
    assert not [key for key in job.flinks["keep"].values if key.startswith("listing:")]
    assert job.count("keep", "events_failed") == 0


def test_a_feature_that_is_kept_in_another_way_begins_anew_though_its_version_stayed(job: Job, clock: Clock) -> None:
    job.see(view(1, clock.now))
    document = yaml.safe_load(TEXT)
    for each in document["features"]:
        if each["entity"] == "listing" and each["name"] in {"views", "price"}:
            each["value"] = "price" if each["name"] == "views" else "category"
            each["aggregation"] = "mean" if each["name"] == "views" else "last"
        if each["entity"] == "listing" and each["aggregation"] == "ratio":
            each |= {"of": "likes", "to": "likes"}
    text = yaml.safe_dump(document)
    job.keep, job.behaviour = keep.Keep(CONFIG, text), extract.Extract("behaviour", text, 300_000)
    job.keep.open(job.flinks["keep"])
    job.behaviour.open(job.flinks["behaviour"])
    job.keep._store = job.store
    clock.now += 1_000
    (record,) = [found for key, found in job.see(view(2, clock.now, price=30)) if key == "listing:l1"]
    assert job.count("keep", "events_failed") == 0
    assert record is not None
    assert (record.values["listing__views__1h"], record.values["listing__price__lifetime"]) == (30, "shoes")
