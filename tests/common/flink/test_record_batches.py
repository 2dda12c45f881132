"""The batches between Python and Java. The Java's side of the same layout is tested in ``common/flink/java/test``."""

from hypothesis import given
from hypothesis import strategies as st

from common.flink.output_record import OutputRecord
from common.flink.record_batches import make_batch, read_batch
from tests.common.flink.batches import input_batch, output_records

_TIMES = st.integers(-(2**63), 2**63 - 1)
_VALUES = st.none() | st.binary(max_size=1_000)
_RECORDS = st.tuples(st.text(min_size=1, max_size=249), st.none() | st.binary(), _VALUES, _TIMES)


@given(st.lists(st.tuples(_TIMES, st.binary(max_size=500))))
def test_every_record_of_a_batch_is_read_in_order(records: list[tuple[int, bytes]]) -> None:
    assert read_batch(input_batch(records)) == records


@given(st.lists(st.tuples(_RECORDS, st.dictionaries(st.text(), st.binary()))))
def test_every_record_is_written_whole(records: list[tuple[OutputRecord, dict[str, bytes]]]) -> None:
    written = [(*record, headers) if headers else record for record, headers in records]
    assert output_records(make_batch(written)) == written


def test_the_layout_in_bytes() -> None:
    """MessagePack's own types: what Java reads by its type must not be written as another one."""
    batch = make_batch([("ab", None, b"v", 1, {"h": b"xyz"}), ("a", b"k", b"", 2)])
    assert batch.hex(" ") == (
        "92 "  # two records
        "95 a2 61 62 c0 c4 01 76 01 81 a1 68 c4 03 78 79 7a "  # text, nil, bytes, number, map of bytes
        "94 a1 61 c4 01 6b c4 00 02"
    )
    assert make_batch([("a", b"k", None, 2)]).hex(" ") == "91 94 a1 61 c4 01 6b c0 02", "a tombstone: nil for a value"
    assert read_batch(bytes.fromhex("92 92 02 c4 01 61 92 ff c4 00")) == [(2, b"a"), (-1, b"")]
