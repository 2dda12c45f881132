import pytest

from common.flink.durations import duration


@pytest.mark.parametrize(
    ("millis", "text"),
    [(0, "0 ms"), (50, "50 ms"), (1_000, "1 s"), (1_500, "1500 ms"), (60_000, "1 min"), (90_000, "90 s")],
)
def test_durations_are_written_as_flink_writes_them_back(millis: int, text: str) -> None:
    assert duration(millis) == text
