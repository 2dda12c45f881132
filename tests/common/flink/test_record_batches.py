"""The batches between Python and Java. The Java's side of the same layout is tested in ``common/flink/java/test``."""

from hypothesis import given
from hypothesis import strategies as st

from common.flink.output_record import OutputRecord
from common.flink.record_batches import append_record, packed_headers, read_batch
from tests.common.flink.batches import input_batch, output_records

_TIMES = st.integers(-(2**63), 2**63 - 1)
_RECORDS = st.tuples(st.text(min_size=1, max_size=249), st.none() | st.binary(), st.binary(max_size=1_000), _TIMES)


@given(st.lists(st.tuples(_TIMES, st.binary(max_size=500))))
def test_every_record_of_a_batch_is_read_in_order(records: list[tuple[int, bytes]]) -> None:
    assert list(read_batch(input_batch(records))) == records


@given(st.lists(st.tuples(_RECORDS, st.dictionaries(st.text(), st.binary()))))
def test_every_record_is_written_whole(records: list[tuple[OutputRecord, dict[str, bytes]]]) -> None:
    parts: list[bytes] = []
    for record, headers in records:
        append_record(parts, record, packed_headers(headers))
    assert output_records(b"".join(parts)) == [(*record, headers) if headers else record for record, headers in records]


def test_the_layout_in_bytes() -> None:
    """The same bytes are in the Java's documents."""
    parts: list[bytes] = []
    append_record(parts, ("ab", None, b"v", 1), packed_headers({"h": b"xyz"}))
    append_record(parts, ("a", b"k", b"", 2))
    assert b"".join(parts).hex(" ", 1) == (
        "00 00 00 21 00 00 00 00 00 00 00 01 00 02 ff ff ff ff 00 00 00 0c 61 62 "
        "00 00 00 01 00 00 00 03 68 78 79 7a 76 "
        "00 00 00 14 00 00 00 00 00 00 00 02 00 01 00 00 00 01 00 00 00 00 61 6b"
    )
    assert list(read_batch(bytes.fromhex("00000001 0000000000000002 61 00000000 ffffffffffffffff"))) == [
        (2, b"a"),
        (-1, b""),
    ]
