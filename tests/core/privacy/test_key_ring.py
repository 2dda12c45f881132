import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from core.privacy.key_ring import KeyRingError, read_key_ring
from core.privacy.key_source import load_key_ring
from tests.core.privacy.keys import KEYS, ring


def test_a_ring_shows_ids_and_no_keys() -> None:
    keys = read_key_ring(KEYS)
    assert [epoch.id for epoch in keys.epochs] == ["e1", "e2"]
    shown = repr(keys) + repr(keys.epochs)
    assert "e1" in shown
    assert repr(keys.epochs[0].key) not in shown


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pseudonyms": []}, "not as it should be"),
        ({"envelopes": []}, "not as it should be"),
        ({"more": 1}, "not as it should be"),
        ({"pseudonyms": [{"id": "e1", "from_tstamp": 5, "key": b64encode(b"x" * 32).decode()}]}, "begin with 0"),
        ({"envelopes": [{"id": "k1", "key": b64encode(b"x" * 31).decode()}]}, "'k1' is not 32 bytes"),
        ({"envelopes": [{"id": "k1", "key": "secret, not base64"}]}, "'k1' is not 32 bytes"),
    ],
)
def test_an_unusable_ring_is_refused_without_showing_it(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(KeyRingError, match=reason) as caught:
        read_key_ring(json.dumps(ring() | changes))
    assert "secret" not in str(caught.value)


def test_places_of_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(KEYS)
    monkeypatch.setenv("SOME_KEYS", KEYS.decode())
    expected = read_key_ring(KEYS)
    for source in (f"file:{file}", "env:SOME_KEYS", "python:tests.core.privacy.keys:from_a_store"):
        assert load_key_ring(source) == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("env:NO_SUCH_KEYS", "NO_SUCH_KEYS is not set"),
        ("file:/no/such/file", "No such file"),
        ("python:no.such.module:f", "there is no function"),
        ("vault:x", "begins with one of env:, file:, secretsmanager:, python:"),
    ],
)
def test_a_place_without_keys_is_named(source: str, reason: str) -> None:
    with pytest.raises(KeyRingError, match=reason):
        load_key_ring(source)
