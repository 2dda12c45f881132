"""Whose opt-out is seen, in valid events and in records that are none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.consent import BROWSER_OPTED_OUT, REFUSED, USER_OPTED_OUT, OptOut, opt_out, readable_opt_out
from tests.core.samples import raw

SUBJECTS = frozenset({"u-out", "d-out", "käufer", "12345"})


@pytest.mark.parametrize(
    ("consent", "user", "browser", "expected"),
    [
        (False, "u-in", "d-in", REFUSED),
        (None, "u-in", "d-in", None),
        (True, "u-out", "d-in", USER_OPTED_OUT),
        (True, None, "d-out", BROWSER_OPTED_OUT),
        (None, None, None, None),
    ],
)
def test_flag_account_and_browser(
    consent: bool | None, user: str | None, browser: str | None, expected: OptOut | None
) -> None:
    assert opt_out(consent, user, browser, SUBJECTS) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        # Broken elsewhere.
        (raw({"context.consent": False, "attributes.currency": "eur"}), REFUSED),
        (raw({"actor.user_id": "u-out", "attributes.price": "much"}), USER_OPTED_OUT),
        (raw({"actor.domain_userid": "d-out", "platform": 7}), BROWSER_OPTED_OUT),
        (raw({"platform": 7}), None),
        # A flag that is neither true nor null means no.
        (raw({"context.consent": "false"}), REFUSED),
        (raw({"context.consent": 0}), REFUSED),
        (raw({"context.consent": "no"}), REFUSED),
        (raw({"context.consent": []}), REFUSED),
        (raw({"context.consent": 1, "platform": 7}), REFUSED),
        (raw({"context.consent": 1.0, "platform": 7}), REFUSED),
        (raw({"context.consent": "true", "platform": 7}), None),
        # Ids as senders write them.
        (raw({"actor.user_id": 12345}), USER_OPTED_OUT),
        (raw({"actor.user_id": 12345.0}), USER_OPTED_OUT),
        (raw({"actor.user_id": ["u-out"]}), USER_OPTED_OUT),
        (raw({"actor.user_id": True}), None),
        (raw({"actor.user_id": 12345})[:-30], USER_OPTED_OUT),
        # Of two flags, any refusal counts.
        (raw({"platform": 7}).replace(b'"consent":true', b'"consent":false,"consent":true'), REFUSED),
        # Encoded twice and cut off, three times, in Python's notation, with an escaped name, in Latin-1.
        (json.dumps({"data": raw({"context.consent": False}).decode(), "x": 1}).encode()[:-6], REFUSED),
        (json.dumps({"data": raw({"actor.user_id": "u-out"}).decode(), "x": 1}).encode()[:-6], USER_OPTED_OUT),
        (json.dumps({"data": raw({"context.consent": False}).decode(), "x": "y" * 70_000}).encode(), REFUSED),
        (json.dumps(json.dumps(raw({"context.consent": False}).decode())).encode(), REFUSED),
        (b"{'consent': False, 'user_id': 'u-in'}", REFUSED),
        (b"{'consent': True, 'user_id': 'u-out'}", USER_OPTED_OUT),
        (b"{consent: false}", REFUSED),
        (raw({"context.consent": False}).replace(b"consent", b"cons\\u0065nt")[:-30], REFUSED),
        (raw({"actor.user_id": "k\u00e4ufer"}).decode("unicode_escape").encode("latin-1"), USER_OPTED_OUT),
        (raw({"actor.user_id": "käufer"}).decode("unicode_escape").encode("utf-16")[:-60], USER_OPTED_OUT),
        (raw({"context.consent": None, "platform": 7}), None),
        # Truncated, over the limit, in another encoding, no JSON, encoded twice, in another place.
        (raw({"context.consent": False})[:-30], REFUSED),
        (raw({"actor.user_id": "u-out"})[:-30], USER_OPTED_OUT),
        (raw({"actor.user_id": "käufer"})[:-30], USER_OPTED_OUT),
        (raw({"context.consent": False, "context.page_title": "x" * 70_000}), REFUSED),
        (raw({"context.consent": False}).decode().encode("utf-16"), REFUSED),
        (raw({"actor.user_id": "u-out"}).decode().encode("utf-16-be"), USER_OPTED_OUT),
        (raw({"context.consent": False}).replace(b"X11", b"X11\xff"), REFUSED),
        (raw({"actor.user_id": "u-out"}).replace(b"X11", b"X11\xff"), USER_OPTED_OUT),
        (raw({"context.consent": False}) + b",,", REFUSED),
        (json.dumps(raw({"context.consent": False}).decode()).encode(), REFUSED),
        (b'[{"consent":false}]', REFUSED),
        (b'{"consent":false}', REFUSED),
        (raw({"context": '{"consent":false}'}), REFUSED),
        # Attributes tell what an event is about: another account there is no subject.
        (raw({"attributes.user_id": "u-out", "platform": 7}), None),
        (b'{"context":{"consent":tr', None),
        (b'{"context":{"consent":fa', REFUSED),
        (b"", None),
        (b"\xff\xfe", None),
        (b"[" * 10_000, None),
    ],
)
def test_what_can_be_read_of_a_record_that_is_no_event(record: bytes, expected: OptOut | None) -> None:
    assert readable_opt_out(record, SUBJECTS) == expected


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(record: bytes) -> None:
    assert readable_opt_out(record, SUBJECTS) in (None, REFUSED, USER_OPTED_OUT, BROWSER_OPTED_OUT)


@given(st.data())
def test_a_refusal_is_seen_wherever_the_record_was_damaged_behind_it(data: st.DataObject) -> None:
    record = raw({"context.consent": False})
    end = record.index(b'"consent":false') + len(b'"consent":false')
    cut = data.draw(st.integers(end, len(record)))
    assert readable_opt_out(record[:cut] + data.draw(st.binary(max_size=8)), ()) == REFUSED
