import hashlib

import pytest

from contracts.events.raw import MAX_BYTES
from core.privacy.envelopes import PAYLOAD, EnvelopeError, Envelopes
from core.privacy.key_ring import read_key_ring
from core.privacy.payload_protection import protection, scrubbed
from tests.core.privacy.keys import KEYS

KEY_RING = read_key_ring(KEYS).envelopes
ENVELOPES = Envelopes(KEY_RING)


def test_what_was_sealed_can_be_opened_and_never_looks_the_same() -> None:
    first, second = (ENVELOPES.seal(b"ann@example.org", b"useragent") for _ in range(2))
    assert first != second
    assert first.startswith("k2.")
    assert ENVELOPES.open(first, b"useragent") == b"ann@example.org"


def test_envelopes_of_an_older_key_still_open() -> None:
    old = Envelopes({"k1": KEY_RING["k1"]}).seal(b"x", PAYLOAD)
    assert ENVELOPES.open(old, PAYLOAD) == b"x"


@pytest.mark.parametrize("change", ["context", "key", "content", "nothing"])
def test_what_was_changed_does_not_open(change: str) -> None:
    sealed = ENVELOPES.seal(b"ann@example.org", b"useragent")
    changed = {
        "context": sealed,
        "key": "k1" + sealed[2:],
        "content": sealed[:10] + ("A" if sealed[10] != "A" else "B") + sealed[11:],
        "nothing": "k9.",
    }[change]
    with pytest.raises(EnvelopeError) as caught:
        ENVELOPES.open(changed, b"user_id" if change == "context" else b"useragent")
    assert "ann" not in str(caught.value)


def test_a_sealed_payload_keeps_identity_and_content() -> None:
    raw = b"\xff ann@example.org"
    payload = protection("encrypt", ENVELOPES)(raw)
    assert (payload.sha256, payload.size, payload.truncated) == (hashlib.sha256(raw).hexdigest(), len(raw), False)
    assert payload.envelope is not None
    assert ENVELOPES.open(payload.envelope, PAYLOAD) == raw


def test_an_oversized_payload_is_cut_and_says_so() -> None:
    raw = b"x" * (MAX_BYTES * 3)
    payload = protection("encrypt", ENVELOPES)(raw)
    assert payload.truncated
    assert payload.size == len(raw)
    assert payload.sha256 == hashlib.sha256(raw).hexdigest()
    assert ENVELOPES.open(str(payload.envelope), PAYLOAD) == raw[:MAX_BYTES]


def test_scrubbed_is_identity_alone() -> None:
    assert protection("scrub", ENVELOPES)(b"ann") == scrubbed(b"ann")
    assert scrubbed(b"ann").envelope is None
