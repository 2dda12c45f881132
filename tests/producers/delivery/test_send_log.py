"""The send log can be read, also after a process was killed while writing it."""

import hashlib
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from producers.delivery.send_log import SendLog, payload_digest, read_send_log

entries = st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.integers(0, 2**64 - 1)), max_size=30)


def test_digest_is_the_first_half_of_the_sha256() -> None:
    assert payload_digest(b"payload") == hashlib.sha256(b"payload").digest()[:16]


@given(entries, entries, st.integers(0, 23))
def test_round_trip_over_two_runs_and_an_incomplete_last_entry(
    first: list[tuple[bytes, int]], second: list[tuple[bytes, int]], torn: int
) -> None:
    expected = defaultdict(list)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "send.log"
        for run in (first, second):
            with SendLog(path) as log:
                for value, sent_ns in run:
                    log.add(payload_digest(value), sent_ns)
                    expected[payload_digest(value)].append(sent_ns)
            with path.open("ab") as file:
                file.write(b"x" * torn)
        assert read_send_log(path) == expected
        assert path.stat().st_size == 24 * (len(first) + len(second)) + torn
