"""Training sets: what was known at each anchor, from a lake's files and from JSON lines, and what is refused."""

from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from lake.config import LakeConfig
from lake.tables import events
from training.training_set import VERSION, app

T: Final = 1_780_272_000_000
MINUTE: Final = 60_000


def _event(at: int, name: str, **fields: object) -> dict[str, Any]:
    known = {"event_id": f"{name} {at}", "event_name": name, "domain_userid": "b1", "listing_id": "0017"}
    return {**known, "collector_tstamp": T + at, "derived_tstamp": T + at, "etl_tstamp": T + at} | fields


EVENTS: Final = (
    _event(0, "listing_view", category="a", price=10.5),
    _event(5 * MINUTE, "listing_view", category="b", price=20.0),
    _event(5 * MINUTE, "listing_view", category="b", price=20.0, etl_tstamp=T + 6 * MINUTE),  # twice
    _event(7 * MINUTE, "listing_view", category="c", price=999.0, user_agent_is_crawler=True),
    _event(9 * MINUTE, "like"),
    _event(50 * MINUTE, "listing_view", category="d", price=30.0),
)
SESSIONS: Final = (
    {"session_id": "s1", "version": 1, "kind": "start", "start_tstamp": T, "end_tstamp": T},
    {"session_id": "s1", "version": 2, "kind": "end", "start_tstamp": T, "end_tstamp": T + 9 * MINUTE},
    {"session_id": "s0", "version": 2, "kind": "superseded", "start_tstamp": T + MINUTE, "end_tstamp": T + MINUTE},
    {
        **{"session_id": "s2", "version": 1, "kind": "start"},
        **{"start_tstamp": T + 50 * MINUTE, "end_tstamp": T + 50 * MINUTE},
    },
)
ANCHORS: Final = (
    "browser,listing,session,tstamp,bought\n"
    f"b1,0017,s1,{T + 6 * MINUTE},yes\n"
    f"b1,0017,s2,{T + 51 * MINUTE},no\n"
    f"nobody,,,{T},no\n"
)


def _lines(path: Path, rows: tuple[dict[str, Any], ...]) -> Path:
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    return path


def _sessions() -> tuple[dict[str, Any], ...]:
    return tuple({"visitor_id": "b1", "visitor_kind": "browser", **each} for each in SESSIONS)


def made_lake(root: Path) -> Path:
    of_events = root / "purpose=behaviour" / "day=2026-06-01" / "hour=00"
    of_sessions = root / "sessions" / "day=2026-06-01" / "hour=00"
    for folder, rows in ((of_events, EVENTS), (of_sessions, _sessions())):
        folder.mkdir(parents=True)
        columns = dict.fromkeys(name for row in rows for name in row)
        pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in columns}), folder / "part-1")
    return root


def _run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    return done.exit_code, done.output


@pytest.fixture
def anchors(tmp_path: Path) -> Path:
    path = tmp_path / "anchors.csv"
    path.write_text(ANCHORS)
    return path


@pytest.mark.parametrize("source", ["lake", "files"])
def test_each_row_has_what_was_known_at_its_time(source: str, anchors: Path, tmp_path: Path) -> None:
    out = tmp_path / "set.parquet"
    if source == "lake":
        given: tuple[object, ...] = ("--lake", made_lake(tmp_path / "lake"))
    else:
        given = (
            "--events",
            _lines(tmp_path / "e.jsonl", EVENTS),
            "--sessions",
            _lines(tmp_path / "s.jsonl", _sessions()),
        )
    code, output = _run("--anchors", anchors, "--out", out, *given)
    assert code == 0, output
    table = pq.read_table(out)
    assert len(table.schema.metadata[VERSION]) == 12
    first, second, third = table.to_pylist()
    assert (first["browser"], first["listing"], first["bought"]) == ("b1", "0017", True)
    assert first["browser__listing_views__1h"] == 2
    assert first["browser__likes__1h"] == 0  # it came later
    assert first["browser__last_categories__lifetime"] == ["b", "a"]
    assert first["browser__mean_price__session"] == 15.25
    assert first["browser__since_last_event__lifetime"] == MINUTE
    assert first["session__depth__session"] == 2
    assert first["listing__views__1h"] == 2
    assert second["browser__listing_views__session"] == 1  # the second session
    assert second["browser__listing_views__1h"] == 3
    assert second["session__first_category__session"] == "d"
    assert second["listing__like_rate__24h"] == 1 / 3
    assert third["browser__listing_views__1h"] == 0
    assert third["browser__last_categories__lifetime"] is None
    assert third["listing__views__1h"] is None  # no listing was asked for


def test_only_the_named_values_and_lists_as_json_in_csv(anchors: Path, tmp_path: Path) -> None:
    out = tmp_path / "set.csv"
    names = "listing__views__1h,browser__last_categories__lifetime"
    code, output = _run("--anchors", anchors, "--out", out, "--lake", made_lake(tmp_path / "lake"), "--names", names)
    assert code == 0, output
    found = pa.csv.read_csv(out).to_pylist()
    assert list(found[0])[5:] == names.split(",")
    assert found[0]["browser__last_categories__lifetime"] == '["b","a"]'


@pytest.mark.parametrize("parts", [1, 2, 3, 5])
def test_the_parts_behind_each_other_are_the_whole(parts: int, anchors: Path, tmp_path: Path) -> None:
    lake = made_lake(tmp_path / "lake")
    assert _run("--anchors", anchors, "--out", tmp_path / "whole.parquet", "--lake", lake)[0] == 0
    found: list[pa.Table] = []
    for number in range(1, parts + 1):
        out = tmp_path / f"{number}.parquet"
        code, output = _run("--anchors", anchors, "--out", out, "--lake", lake, "--part", f"{number}/{parts}")
        assert code == 0, output
        found.append(pq.read_table(out))
    assert pa.concat_tables(found).equals(pq.read_table(tmp_path / "whole.parquet"))
    assert found[0].schema.metadata == pq.read_schema(tmp_path / "whole.parquet").metadata


@pytest.mark.parametrize("part", ["0/2", "3/2", "1", "1/0", "a/b", "-1/2", "1/2/3"])
def test_a_part_that_is_none_is_refused(part: str, anchors: Path, tmp_path: Path) -> None:
    code, output = _run("--anchors", anchors, "--out", tmp_path / "x.parquet", "--lake", tmp_path, "--part", part)
    assert (code, "such as 3/16" in output) == (2, True)


@pytest.mark.parametrize(
    ("text", "names", "reason"),
    [
        ("browser,at\nb1,1\n", "", "no column tstamp"),
        ("visitor,tstamp\nb1,1\n", "", "no column of an entity"),
        ("browser,tstamp\nb1,soon\n", "", "tstamp is VARCHAR"),
        ("browser,tstamp\nb1,\nb1,1\n", "", "row 1 has no tstamp"),
        ("browser,tstamp\nb1,1\n", "browser__nothing__1h", "no feature has the value"),
        ("browser,tstamp\nb1,1\n", "listing__views__1h", "needs a column listing"),
        ("account,tstamp\nu1,1\n", "", "no events of the purpose security"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, names: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "anchors.csv"
    path.write_text(text)
    code, output = _run(
        "--anchors", path, "--out", tmp_path / "o.csv", "--lake", made_lake(tmp_path / "lake"), "--names", names
    )
    assert code == 2
    assert reason in output and output.count("\n") == 1


def test_a_lake_that_is_not_there(anchors: Path, tmp_path: Path) -> None:
    code, output = _run("--anchors", anchors, "--out", tmp_path / "o.csv", "--lake", tmp_path / "none")
    assert (code, output.count("\n")) == (2, 1)


def test_session_values_need_sessions(anchors: Path, tmp_path: Path) -> None:
    lines = _lines(tmp_path / "e.jsonl", EVENTS)
    code, output = _run("--anchors", anchors, "--out", tmp_path / "o.csv", "--events", lines)
    assert code == 2 and "needs session records" in output


def test_a_lake_may_be_of_behaviour() -> None:
    lake = LakeConfig(path="file:///lake", purposes="behaviour", sessions=True)
    assert events(lake.purposes).topics == ("clickstream.enriched.behaviour.v1",)


@pytest.mark.parametrize(
    ("ids", "out", "reason"),
    [
        (pa.array([17.0, None]), "o.parquet", "browser is DOUBLE; ids are texts or whole numbers"),
        (pa.array([["b1"], ["b2"]]), "o.parquet", "browser is VARCHAR[]; ids are texts or whole numbers"),
        (pa.array(["b1", "b2"]), "o.csv", "Unsupported Type"),
    ],
)
def test_a_table_whose_columns_cannot_be_used(ids: pa.Array, out: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "anchors.parquet"
    pq.write_table(pa.table({"browser": ids, "tstamp": [T, T], "labels": [{"a": 1}] * 2}), path)
    code, output = _run("--anchors", path, "--out", tmp_path / out, "--lake", made_lake(tmp_path / "lake"))
    assert code == 2
    assert reason in output and output.count("\n") == 1


@pytest.mark.parametrize("ids", [pa.array([17, 18]), pa.array(["b1", "b1"]).dictionary_encode()])
def test_ids_may_be_whole_numbers_or_a_dictionary(ids: pa.Array, tmp_path: Path) -> None:
    path = tmp_path / "anchors.parquet"
    pq.write_table(pa.table({"browser": ids, "tstamp": [T, T]}), path)
    code, output = _run("--anchors", path, "--out", tmp_path / "o.parquet", "--lake", made_lake(tmp_path / "lake"))
    assert code == 0, output


def test_a_file_of_the_lake_that_is_damaged_is_said_in_one_line(anchors: Path, tmp_path: Path) -> None:
    lake = made_lake(tmp_path / "lake")
    part = lake / "purpose=behaviour" / "day=2026-06-01" / "hour=00" / "part-1"
    content = part.read_bytes()
    part.write_bytes(content[:4] + b"\xff" * 200 + content[204:])
    code, output = _run("--anchors", anchors, "--out", tmp_path / "o.parquet", "--lake", lake)
    assert (code, output.count("\n")) == (2, 1), output
