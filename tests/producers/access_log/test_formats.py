"""Recognition of an input's format."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.access_log.formats import SAMPLE_LINES, Format, NotUnderstood, Recognised, recognise
from producers.access_log.replay import ReadReport, ReplaySettings, replay
from tests.producers.access_log.test_alb import LINE as ALB
from tests.producers.access_log.test_json_lines import NGINX
from tests.producers.access_log.test_w3c import CLOUDFRONT, CLOUDFRONT_FIELDS, IIS, IIS_FIELDS
from tests.producers.replayed import LINE, written

COMBINED = LINE % 1
VHOST = b"shop.example:443 " + COMBINED
COMMON = COMBINED.removesuffix(b' "-" "agent/1"')
EVENT = b'{"schema":"clickstream.raw/1","event_id":"e-0000001"}'
JSON = json.dumps(NGINX).encode()

LOGS = {
    "ndjson": [EVENT],
    "common": [COMMON],
    "combined": [COMBINED],
    "vhost_combined": [VHOST],
    "json": [JSON],
    "w3c": [IIS_FIELDS.encode(), IIS.encode()],
    "cloudfront": [b"#Version: 1.0", CLOUDFRONT_FIELDS.encode(), CLOUDFRONT.encode()],
    "alb": [ALB.encode()],
}


def layout_of(path: Path, wanted: Format = Format.AUTO) -> str | None:
    found = recognise(path, wanted)
    return found.layout if isinstance(found, Recognised) else None


@pytest.mark.parametrize("layout", LOGS)
def test_every_layout_is_recognised_and_its_own_name_is_a_format(tmp_path: Path, layout: str) -> None:
    path = written(tmp_path / "in", *LOGS[layout])
    assert layout_of(path) == layout
    assert layout_of(path, Format(layout)) == layout


@pytest.mark.parametrize("layout", LOGS)
def test_a_wrong_format_is_rejected_with_the_detected_layout(tmp_path: Path, layout: str) -> None:
    path = written(tmp_path / "in", *LOGS[layout])
    relatives = [{"common", "combined", "vhost_combined"}, {"w3c", "cloudfront"}, {layout}]
    readable = next(each for each in relatives if layout in each) | {"auto"}
    for wanted in Format:
        found = recognise(path, wanted)
        assert isinstance(found, Recognised) == (wanted in readable), wanted
        if isinstance(found, NotUnderstood):
            assert ("raw events" if layout == "ndjson" else f"the layout {layout}") in found.message
            assert "192.0.2.7" not in found.message


@pytest.mark.parametrize("name", ["schema", "event_id", "event_name", "actor", "times"])
def test_an_access_log_may_have_a_key_with_the_name_of_an_event_s_key(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / "in", json.dumps(NGINX | {name: "e-0000001"}).encode())
    assert layout_of(path) == layout_of(path, Format.JSON) == "json"
    assert layout_of(path, Format.NDJSON) == "ndjson"


@pytest.mark.parametrize("name", ["schema", "event_id", "event_name", "actor", "times"])
def test_an_object_with_one_event_key_is_an_event_unless_it_is_a_request(tmp_path: Path, name: str) -> None:
    assert layout_of(written(tmp_path / "in", json.dumps({name: "e-0000001"}).encode())) == "ndjson"


def test_an_event_that_also_has_the_keys_of_a_request_is_an_event(tmp_path: Path) -> None:
    path = written(tmp_path / "in", json.dumps(NGINX | {"event_id": "e-0000001", "times": {}}).encode())
    assert layout_of(path) == layout_of(path, Format.NDJSON) == "ndjson"
    assert layout_of(path, Format.JSON) is None


def test_the_most_frequent_layout_is_recognised(tmp_path: Path) -> None:
    assert layout_of(written(tmp_path / "a", b"garbage", COMMON, COMBINED, COMBINED, EVENT)) == "combined"
    assert layout_of(written(tmp_path / "b", COMBINED, EVENT, EVENT)) == "ndjson"


def test_requests_are_found_after_thousands_of_other_lines(tmp_path: Path) -> None:
    path = written(tmp_path / "in", *[b"garbage"] * 9_000, VHOST)
    assert layout_of(path) == "vhost_combined"


def test_lines_in_another_layout_are_read_too_except_truncated_ones(tmp_path: Path) -> None:
    path = written(
        tmp_path / "in", *[COMBINED] * SAMPLE_LINES, VHOST, COMMON, JSON, IIS_FIELDS.encode(), IIS.encode(), b"x"
    )
    report = ReadReport()
    sent = list(replay(ReplaySettings(path=path), report))
    assert len(sent) == SAMPLE_LINES + 3
    assert report.layouts == {"combined": SAMPLE_LINES, "vhost_combined": 1, "json": 1, "w3c": 1}
    assert report.listed == [
        (SAMPLE_LINES + 2, "truncated before referrer and agent"),
        (SAMPLE_LINES + 6, "not as many values as #Fields: has names"),
    ]


@given(st.binary(max_size=200), st.sampled_from(Format), st.booleans())
def test_any_file_is_recognised_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, wanted: Format, packed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(gzip.compress(content)[: len(content) + 12] if packed else content)
    assert isinstance(recognise(path, wanted), Recognised | NotUnderstood)
    list(replay(ReplaySettings(path=path, format=wanted), ReadReport()))
