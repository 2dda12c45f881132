"""The sources file: an error in it prevents the start and names the entry's number and the key."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from contracts.lookup_api.lookups import KINDS
from deploy.paths import PROJECT
from lookup_service.metrics import Metrics
from lookup_service.services import open_services
from lookup_service.settings import Settings
from lookup_service.sources.cache_policy import CachePolicy
from lookup_service.sources.redis.profiles import ProfilesUrl
from lookup_service.sources.registry import REGISTRY
from lookup_service.sources.sources_file import SourcesFileError, read_sources
from tests.lookup_service.lookup_harness import city_source, profile_sources

PROFILES = "[[source]]\ntype='redis_profiles'\nkind='user'\nurl='redis://h/0'\n"


def read(tmp_path: Path, text: str, **environment: str) -> object:
    path = tmp_path / "sources.toml"
    path.write_text(text)
    return read_sources(path, environment)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[source", "not readable as TOML"),
        ("[source]\ntype='geoip_city'", "[[source]] tables"),
        ("sources = 1", "unknown key sources"),
        ("[[source]]\npath='secret'", "source 1: type: missing"),
        ("[[source]]\ntype='secret'", "source 1: type: must be one of"),
        ("[[source]]\ntype=1", "source 1: type: must be one of"),
        ("[[source]]\ntype='geoip_city'", "source 1: Object missing required field `path`"),
        (PROFILES + "[[source]]\ntype='geoip_city'\npath=1", "source 2: path: "),
        (PROFILES + "urll='secret'", "source 1: Object contains unknown field `urll`"),
        (PROFILES.replace("user", "secret"), "source 1: kind: Invalid enum value"),
        (PROFILES.replace("redis://", "${SECRET}"), "source 1: url: SECRET is not set"),
        (PROFILES.replace("redis://", "secret://"), "source 1: url: "),
        (PROFILES + "cache=1", "source 1: cache: must be a table"),
        (PROFILES + "[source.cache]\nttl=1", "source 1: Object contains unknown field `ttl`"),
        (PROFILES + "[source.cache]\nttl_s=-1", "source 1: cache.ttl_s: "),
        (PROFILES + "[source.cache]\nshared='yes'", "source 1: cache.shared: "),
    ],
)
def test_errors_in_the_file_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourcesFileError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_entry_overrides_only_the_cache_keys_that_it_has(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(PROFILES.replace("h/0", "${HOST}/${DB}") + "[source.cache]\nttl_s = 7")
    [declared] = read_sources(path, {"HOST": "h", "DB": "3"})
    assert declared.cache == msgspec.structs.replace(REGISTRY["redis_profiles"].cache, ttl_s=7)
    assert msgspec.structs.asdict(declared.options)["url"] == ProfilesUrl("redis://h/3")


def test_the_deployed_file_is_valid() -> None:
    declared = read_sources(PROJECT / "deploy" / "lookup_sources.toml", {"DATABASE_URL": "postgresql://h/d"})
    assert len(declared) == 7


def test_the_documented_cache_table_has_every_key_with_its_default() -> None:
    blocks = re.findall(
        r"```toml\n(.*?)```", (PROJECT / "docs" / "reference" / "lookup_sources.md").read_text(), re.DOTALL
    )
    [table] = [tomllib.loads(block)["source"]["cache"] for block in blocks if block.startswith("[source.cache]")]
    assert table == msgspec.structs.asdict(CachePolicy())


def _settings(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "sources.toml").write_text(text)
    return Settings.model_validate({"sources_path": tmp_path / "sources.toml", "redis_url": "redis://127.0.0.1:1/0"})


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PROFILES + city_source(Path("nowhere")), "source 2: geoip_city: FileNotFoundError"),
        (city_source(Path(__file__)), "source 1: geoip_city: not a readable MaxMind database"),
        (PROFILES + PROFILES, "source 2: name: already used by an earlier source of this kind"),
    ],
)
async def test_a_source_that_cannot_be_opened_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourcesFileError) as caught:
        async with open_services(_settings(tmp_path, text), Metrics()):
            pass
    assert str(caught.value) == message


@pytest.mark.anyio
async def test_databases_may_be_down_at_the_start(tmp_path: Path) -> None:
    async with open_services(_settings(tmp_path, profile_sources("redis://127.0.0.1:1/0")), Metrics()) as services:
        assert {cached.kind for cached in services.sources} == {"user", "listing"} <= set(KINDS)
