"""Runs in Feast's own environment, not in this project's: reads a question as JSON from standard input, asks the
service through Feast's client, and writes what the client understood as JSON.

The question has ``folder`` (of the repository, with a feature_store.yaml), ``schema`` (view → its features and their
types), ``join_keys`` (view → its join key) and ``asked``: lists of arguments of ``get_online_features``.
"""

import json
import sys
from datetime import timedelta

from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, PushSource, ValueType
from feast.infra.offline_stores.file_source import FileSource
from feast.infra.online_stores.remote import RemoteOnlineStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.type_map import feast_value_type_to_python_type
from feast.types import Array, Float64, Int64, String

TYPES = {"int": Int64, "double": Float64, "string": String, "string_list": Array(String)}


def main() -> None:
    question = json.load(sys.stdin)
    store = FeatureStore(repo_path=question["folder"])
    views = declare(store, question)
    answers = []
    for asked in question["asked"]:
        try:
            features = asked.get("features")
            if features is None:
                features = store.get_feature_service(asked["feature_service"])
            found = store.get_online_features(
                features=features,
                entity_rows=asked["entity_rows"],
                full_feature_names=asked.get("full_feature_names", False),
            )
        except Exception as error:  # told to the test, which knows what should happen
            answers.append({"error": f"{type(error).__name__}: {error}"})
            continue
        statuses = [[int(each) for each in vector.statuses] for vector in found.proto.results]
        answers.append(
            {
                "values": found.to_dict(),
                "statuses": dict(zip(found.proto.metadata.feature_names.val, statuses, strict=True)),
            }
        )
    rows = [read_older(store, views[view], key, ids, names) for view, key, ids, names in question["older"]]
    json.dump({"answers": answers, "older": rows}, sys.stdout)


def declare(store, question):
    views = {}
    for view, schema in question["schema"].items():
        entity = Entity(name=view, join_keys=[question["join_keys"][view]], value_type=ValueType.STRING)
        source = PushSource(
            name=f"{view}_push",
            batch_source=FileSource(name=f"{view}_file", path="none.parquet", timestamp_field="event_timestamp"),
        )
        views[view] = FeatureView(
            name=view,
            entities=[entity],
            ttl=timedelta(days=30),
            schema=[
                Field(name=question["join_keys"][view], dtype=String),
                *(Field(name=name, dtype=TYPES[kind]) for name, kind in schema.items()),
            ],
            source=source,
        )
        store.apply([entity, views[view], FeatureService(name=view, features=[views[view]])])
    return views


def read_older(store, view, key, ids, names):
    """As clients before 0.60 or so read: view by view, through the online store's own method."""
    keys = [EntityKey(join_keys=[key], entity_values=[Value(string_val=each)]) for each in ids]
    rows = RemoteOnlineStore().online_read(store.config, view, keys, names)
    return [
        [None if at is None else at.isoformat(), {name: feast_value_type_to_python_type(value) for name, value in found.items()}]
        for at, found in rows
    ]


if __name__ == "__main__":
    main()
