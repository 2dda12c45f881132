import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment_job.lookups.wire import read_results

GOOD = b'{"status":"ok","value":{"user_segment":"a"}}'


@pytest.mark.parametrize(
    "bad",
    [
        b'{"status":"fine"}',
        b"{}",
        b"5",
        b"null",
        b'{"status":"ok","value":NaN}',
        b'{"status":"ok","value":{"listing_price":-Infinity}}',
        b'{"status":"\xff"}',
        b'{"status":"ok","age_ms":1e400}',
        b'{"status":"ok","source":5}',
    ],
)
def test_what_is_wrong_with_one_result_is_that_ones_error(bad: bytes) -> None:
    found = read_results(b'{"results":[%b,%b,%b]}' % (GOOD, bad, GOOD))
    assert found is not None
    assert [result.status for result in found] == ["ok", "error", "ok"]
    assert json.loads(bytes(found[2].value)) == {"user_segment": "a"}  # type: ignore[arg-type]


def test_numbers_are_not_changed_on_the_way() -> None:
    huge = b"1" + b"0" * 5000
    found = read_results(b'{"results":[{"status":"ok","value":{"a":1e400,"b":%b}},{"status":"ok","value":NaN}]}' % huge)
    assert found is not None
    assert bytes(found[0].value) == b'{"a":1e400,"b":%b}' % huge  # type: ignore[arg-type]
    assert found[1].status == "error"


@given(
    st.binary() | st.recursive(st.none() | st.text(), lambda inner: st.dictionaries(st.text(), inner)).map(json.dumps)
)
def test_anything_is_results_or_none(response: bytes | str) -> None:
    found = read_results(response if isinstance(response, bytes) else response.encode())
    assert found is None or isinstance(found, list)


def test_an_endless_nesting_is_none() -> None:
    assert read_results(b'{"results":[' + b"[" * 100_000) is None
