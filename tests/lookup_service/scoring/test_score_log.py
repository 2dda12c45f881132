"""The score log: what a line has, that it never delays a score, and that files are bounded."""

import asyncio
import fcntl
import json
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from contracts.lookup_api.scores import PATH
from deploy.paths import PROJECT
from lookup_service.clock import now_ms
from lookup_service.scoring.rotated_file import RotatedFile
from lookup_service.settings import SettingsError
from tests.lookup_service.features.samples import Store, feature_set, view, written
from tests.lookup_service.lookup_harness import RedisServer, client_of, environment
from tests.lookup_service.scoring.log_samples import opened, scored
from tests.lookup_service.scoring.samples import MODEL, probability


def logged(registry: CollectorRegistry, outcome: str) -> float | None:
    return registry.get_sample_value("lookup_score_log_rows_total", {"outcome": outcome})


@pytest.mark.anyio
@pytest.mark.parametrize("has_ids", [False, True])
async def test_a_line_for_each_row(
    redis_server: RedisServer, store: Store, tmp_path: Path, models: Path, has_ids: bool
) -> None:
    log = tmp_path / "scores.log"
    store.put([view(now_ms() - 1_000)])
    settings = {"redis_url": redis_server.url, "features_path": written(tmp_path), "models_path": models}
    rows = [{"browser": "b1", "inputs": {"likelihood": 0.5}}, {"browser": "b1", "listing": "l9"}]
    async with client_of(sources="", score_log_path=log, score_log_ids=has_ids, **settings) as client:
        before = now_ms()
        response = await client.post(f"{PATH}/{MODEL}", json={"rows": rows, "request_id": "r-1"})
        assert response.status_code == 200
    first, second = map(json.loads, log.read_text().splitlines())
    assert before <= first.pop("tstamp") <= now_ms()
    ids = [line.pop("ids", None) for line in (first, second)]
    assert ids == ([{"browser": "b1"}, {"browser": "b1", "listing": "l9"}] if has_ids else [None, None])
    assert first == {
        "request_id": "r-1",
        "row": 0,
        "model": MODEL,
        "version": "1",
        "features_version": feature_set().version,
        "status": "degraded",
        "score": pytest.approx(probability(1, 0.5), rel=1e-5),
        "inputs": {"views": 1, "likelihood": 0.5},
        "fallbacks": [],
    }
    assert (second["row"], second["inputs"], second["fallbacks"]) == (1, {"views": 1, "likelihood": 3}, ["likelihood"])
    assert has_ids or "b1" not in log.read_text()


@pytest.mark.anyio
async def test_a_share_of_the_requests_is_logged(redis_server: RedisServer, tmp_path: Path, models: Path) -> None:
    log = tmp_path / "scores.log"
    settings = {"redis_url": redis_server.url, "features_path": written(tmp_path), "models_path": models}
    async with client_of(sources="", score_log_path=log, score_log_share=0.5, **settings) as client:
        for number in range(100):
            await client.post(f"{PATH}/{MODEL}", json={"rows": [{}] * 2, "request_id": f"r-{number}"})
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    requests = {line["request_id"] for line in lines}
    assert 15 < len(requests) < 85
    assert len(lines) == 2 * len(requests), "all rows of a request or none"


@pytest.mark.anyio
async def test_a_path_that_cannot_be_written_stops_the_start(redis_server: RedisServer, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="LOOKUP_SCORE_LOG_PATH: No such file or directory"):
        async with client_of(redis_url=redis_server.url, sources="", score_log_path=tmp_path / "none" / "log"):
            pass


def test_full_files_are_renamed_and_the_oldest_go(tmp_path: Path) -> None:
    path, registry = tmp_path / "log", CollectorRegistry()
    log = opened(path, registry, most_bytes=1_000, files=2)
    for number in range(40):
        log.put(scored(f"{number:03}"))
    log.close()
    files = [path, tmp_path / "log.1", tmp_path / "log.2"]
    assert sorted(file.name for file in tmp_path.iterdir() if file.name != ".log.lock") == [each.name for each in files]
    assert all(file.stat().st_size <= 1_000 for file in files)
    kept = [json.loads(line)["request_id"] for file in reversed(files) for line in file.read_text().splitlines()]
    assert kept == [f"{number:03}" for number in range(40 - len(kept), 40)]
    assert logged(registry, "written") == 40


def test_a_file_that_somebody_moved_is_begun_anew(tmp_path: Path) -> None:
    path, registry = tmp_path / "log", CollectorRegistry()
    log = opened(path, registry)
    log.put(scored("one"))
    for _ in range(500):
        if logged(registry, "written"):
            break
        threading.Event().wait(0.01)
    path.rename(tmp_path / "moved")
    log.put(scored("two"))
    log.close()
    assert [json.loads(line)["request_id"] for line in path.read_text().splitlines()] == ["two"]


def test_rows_without_room_are_dropped_and_counted(tmp_path: Path) -> None:
    """Another process holds the lock, as one does whose disk hangs."""
    registry = CollectorRegistry()
    log = opened(tmp_path / "log", registry, most_rows=10)
    with (tmp_path / ".log.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for number in range(5):
            log.put(scored(str(number), rows=4))
        assert logged(registry, "dropped") == 12
    log.close()
    assert logged(registry, "written") == 8
    assert len((tmp_path / "log").read_text().splitlines()) == 8


def test_a_disk_that_fails_loses_rows_and_not_the_thread(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    folder = tmp_path / "folder"
    folder.mkdir()
    log = opened(folder / "log", registry)
    log.put(scored("one"))
    while not logged(registry, "written"):
        threading.Event().wait(0.01)
    (folder / "log").unlink()
    (folder / "log").mkdir()
    log.put(scored("two"))
    while not logged(registry, "dropped"):
        threading.Event().wait(0.01)
    (folder / "log").rmdir()
    log.put(scored("three"))
    log.close()
    assert logged(registry, "written") == 2
    assert "three" in (folder / "log").read_text()


def test_a_full_disk_leaves_no_half_lines_and_no_rows_that_were_counted_as_lost(tmp_path: Path) -> None:
    path = tmp_path / "log"
    file = RotatedFile(path, 100_000, 2)
    kept, soft_and_hard = [b"1" * 500 + b"\n"], resource.getrlimit(resource.RLIMIT_FSIZE)
    file.append(kept[0])
    resource.setrlimit(resource.RLIMIT_FSIZE, (900, soft_and_hard[1]))
    try:
        for line in (b"2" * 500 + b"\n", b"3" * 20_000 + b"\n"):
            with pytest.raises(OSError, match="too large"):
                file.append(line)
        path.rename(tmp_path / "moved")  # as a rotation does while lines wait
        with pytest.raises(OSError, match="too large"):
            file.append(b"4" * 1_000 + b"\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, soft_and_hard)
    file.append(b"5\n")
    file.close()
    assert (tmp_path / "moved").read_bytes() == b"".join(kept)
    assert path.read_bytes() == b"5\n"


WRITER = """
import sys
from pathlib import Path
from prometheus_client import CollectorRegistry
from tests.lookup_service.scoring.log_samples import opened, scored
log = opened(Path(sys.argv[1]), CollectorRegistry(), most_bytes=20_000, files=1000)
for number in range(500):
    log.put(scored(f"{sys.argv[2]}-{number}"))
log.close()
"""


@pytest.mark.servers
def test_processes_share_a_file(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "log"), name], env=environment(), cwd=PROJECT)
        for name in "abc"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    files = [file for file in tmp_path.iterdir() if not file.name.startswith(".")]
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    assert sorted(line["request_id"] for line in lines) == sorted(f"{n}-{k}" for n in "abc" for k in range(500))
    assert len(files) > 5
    assert all(file.stat().st_size <= 20_000 for file in files)


@pytest.mark.anyio
async def test_to_put_takes_no_time(tmp_path: Path) -> None:
    log = opened(tmp_path / "log", CollectorRegistry())
    loop = asyncio.get_running_loop()
    started = loop.time()
    log.put(scored(rows=1_000))
    assert loop.time() - started < 0.1
    log.close()
    assert len((tmp_path / "log").read_text().splitlines()) == 1_000
