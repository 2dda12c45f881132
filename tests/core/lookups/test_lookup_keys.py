"""Keys: absent, unusable or as they are asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.lookup_api.lookups import KINDS, Kind
from core.lookups.lookup_keys import ABSENT, UNUSABLE, NoKey, lookup_key


@pytest.mark.parametrize("kind", ["ip", "network"])
@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("81.2.69.142:51000", "81.2.69.142"),
        ("81.2.69.142, 10.0.0.1", "81.2.69.142"),
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:81.2.69.142", "81.2.69.142"),
        *((text, UNUSABLE) for text in ("somewhere", "81.2.69", "081.2.69.142", "999.1.1.1", "unknown", "\x00")),
        *((text, ABSENT) for text in ("", "  ", "-", " - ")),
    ],
)
def test_addresses(kind: Kind, text: str, key: str | NoKey) -> None:
    assert lookup_key(kind, text) == key


@pytest.mark.parametrize("kind", ["user", "listing"])
@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("u1", "u1"),
        (" u 1 ", " u 1 "),
        ("ü/1", "ü/1"),
        ("a\x00b", UNUSABLE),
        ("a\n", UNUSABLE),
        ("\ud800", UNUSABLE),
        ("", ABSENT),
        ("  ", ABSENT),
        ("-", "-"),
    ],
)
def test_ids(kind: Kind, text: str, key: str | NoKey) -> None:
    assert lookup_key(kind, text) == key


@given(st.sampled_from(KINDS), st.text(st.characters()))
def test_any_text_gives_a_key_that_is_its_own_key_or_a_status(kind: Kind, text: str) -> None:
    key = lookup_key(kind, text)
    assert key in (ABSENT, UNUSABLE) if isinstance(key, NoKey) else lookup_key(kind, key) == key
