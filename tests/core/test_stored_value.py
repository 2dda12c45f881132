"""The bytes in Redis are read by another program, maybe of another version: they are written down here."""

from core.stored_value import StoredState, decode_state, encode_state

NEWEST, WRITTEN = 1_700_000_000_000, 1_700_000_000_500


def test_a_state_is_two_numbers_and_the_packed_state() -> None:
    written = encode_state(StoredState(NEWEST, WRITTEN, b"\x00\x01packed"))
    assert written == bytes.fromhex("0000018bcfe568000000018bcfe569f4") + b"\x00\x01packed"
    assert decode_state(written) == StoredState(NEWEST, WRITTEN, b"\x00\x01packed")


def test_what_is_too_short_is_no_state() -> None:
    whole = encode_state(StoredState(NEWEST, WRITTEN, b"p"))
    assert all(decode_state(whole[:length]) is None for length in range(len(whole)))
