"""A damaged database is rejected wherever the damage is; one that is overwritten in place has no effect."""

import asyncio
import contextlib
import random
import shutil
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assurance.servers.mmdb_files import CITY, write_mmdb
from assurance.servers.mmdb_files import LONDON as LONDON_RECORD
from lookup_service.sources.mmdb import probe as mmdb_probe
from lookup_service.sources.mmdb import trial
from lookup_service.sources.mmdb.city import CityDatabase, CityOptions, open_city
from lookup_service.sources.mmdb.file import DamagedRecordError
from lookup_service.sources.private_copy import private_copy
from lookup_service.sources.watched_file import UnusableFileError
from tests.lookup_service.lookup_harness import BOXFORD, LONDON, statuses
from tests.lookup_service.sources.test_watched_file import replace

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

METADATA = b"\xab\xcd\xefMaxMind.com"
SEPARATOR = bytes(16)


@pytest.fixture(scope="module")
def content(databases: Path) -> bytes:
    """Three thousand networks, each with its own city."""
    numbers = random.Random(1)
    records = dict(CITY)
    for number in range(3000):
        address = IPv4Address(numbers.randrange(0x01000000, 0x09000000)) if number else IPv4Address("8.8.8.8")
        records[f"{address}/32"] = {
            **LONDON_RECORD,
            "city": {"names": {"en": f"Town {number}"}},
            "location": {"latitude": number / 100, "longitude": number / 50},
        }
    return write_mmdb(databases / "large.mmdb", records, "GeoIP2-City").read_bytes()


def data_of(content: bytes) -> tuple[int, int]:
    return content.index(SEPARATOR) + len(SEPARATOR), content.rindex(METADATA)


def hole(content: bytes, at: float, size: int) -> bytes:
    first, end = data_of(content)
    start = first + int((end - first - size) * at)
    return content[:start] + bytes(size) + content[start + size :]


def without_a_part(content: bytes, at: float, size: int) -> bytes:
    first, end = data_of(content)
    start = first + int((end - first - size) * at)
    return content[:start] + content[start + size :]


def out_of_range(content: bytes, at: float, _size: int) -> bytes:
    """One node of the search tree points beyond the end of the file."""
    first, _ = data_of(content)
    start = int((first - len(SEPARATOR) - 6) * at) // 6 * 6
    return content[:start] + b"\xff\xff\xfe" * 2 + content[start + 6 :]


def test_an_undamaged_database_is_used(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    assert CityDatabase.open(tmp_path / "x").read("8.8.8.8") is not None


@pytest.mark.parametrize("damage", [hole, without_a_part, out_of_range])
@pytest.mark.parametrize("at", [0, 0.1, 0.33, 0.5, 0.9, 1])
async def test_damage_in_a_new_file_is_found_and_the_old_one_stays(
    content: bytes, tmp_path: Path, damage: Callable[[bytes, float, int], bytes], at: float
) -> None:
    replace(tmp_path / "city", content)
    source = open_city(CityOptions(path=tmp_path / "city"))
    replace(tmp_path / "city", damage(content, at, 500))
    await source.file.poll()
    state = await source.check()
    assert (state.state, state.data_version) == ("refused_update", source.data_version)
    assert statuses(await source.lookup([LONDON, BOXFORD])) == ["ok", "ok"]
    replace(tmp_path / "city", content)
    await source.file.poll()
    assert (await source.check()).state == "ok"
    await source.close()


@pytest.mark.parametrize("size", [64, 4096])
def test_a_hole_is_detected_when_only_samples_are_read(
    content: bytes, tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mmdb_probe, "MAX_FULL_SCAN_NODES", 0)
    (tmp_path / "x").write_bytes(content)
    CityDatabase.open(tmp_path / "x")
    (tmp_path / "x").write_bytes(hole(content, 0.5, size))
    with pytest.raises(UnusableFileError, match="damaged"):
        CityDatabase.open(tmp_path / "x")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.floats(0, 1), damage=st.binary(min_size=1, max_size=40), cut=st.booleans())
def test_any_damaged_database_is_rejected_or_readable(
    city: Path, tmp_path: Path, start: float, damage: bytes, cut: bool
) -> None:
    whole = city.read_bytes()
    at = int(start * len(whole))
    (tmp_path / "x").write_bytes(whole[:at] if cut else whole[:at] + damage + whole[at + len(damage) :])
    try:
        database = CityDatabase.open(tmp_path / "x")
    except UnusableFileError as error:
        assert str(tmp_path) not in str(error)
        return
    for address in (LONDON, BOXFORD, "2001:218::1"):
        try:
            database.read(address)
        except DamagedRecordError:
            pytest.fail("the probe reads all of a small database")
    database.close()


@pytest.mark.parametrize("most_nodes", [0, trial.MAX_NODES_IN_PROCESS], ids=["another process", "this process"])
def test_a_database_that_ends_the_process_of_its_reader_is_rejected(
    city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_nodes: int
) -> None:
    monkeypatch.setattr(trial, "MAX_NODES_IN_PROCESS", most_nodes)
    content = city.read_bytes()
    assert trial.fault_of(city) is None
    ended = 0
    for at in range(content.index(SEPARATOR), content.rindex(METADATA), 1 if most_nodes else 29):
        (tmp_path / "x").write_bytes(content[:at] + b"\xc0\x09" + content[at + 2 :])  # a number of no bytes
        ended += trial.fault_of(tmp_path / "x") == "a damaged"
        with contextlib.suppress(UnusableFileError):
            CityDatabase.open(tmp_path / "x").close()
    assert ended > 0


def test_a_private_copy_is_deleted_after_use(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"content")
    with private_copy(tmp_path / "x") as copy:
        assert copy.read_bytes() == b"content"
    assert not copy.exists()
    with pytest.raises(FileNotFoundError), private_copy(tmp_path / "absent"):
        pytest.fail("there is nothing to copy")


async def test_while_the_file_is_overwritten_in_place_the_old_data_is_served(
    content: bytes, city: Path, tmp_path: Path
) -> None:
    path = tmp_path / "city"
    shutil.copy(city, path)
    source = open_city(CityOptions(path=path))
    before = await source.lookup([LONDON, "8.8.8.8"])
    assert statuses(before) == ["ok", "missing"]
    with path.open("r+b", buffering=0) as file:  # as cp and curl -o do it: truncated, then written in parts
        file.truncate(0)
        assert await source.lookup([LONDON, "8.8.8.8"]) == before
        polls = []
        for start in range(0, len(content), len(content) // 5):
            file.write(content[start : start + len(content) // 5])
            polls.append(asyncio.create_task(source.file.poll()))
            await asyncio.sleep(0.05)
            assert await source.lookup([LONDON, "8.8.8.8"]) == before
    await asyncio.gather(*polls)  # none of them loaded the incomplete file
    await source.file.poll()
    assert statuses(await source.lookup([LONDON, "8.8.8.8"])) == ["ok", "ok"]
    assert (await source.check()).state == "ok"
    await source.close()
