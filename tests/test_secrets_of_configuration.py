"""No representation of any part's configuration shows a key or a password."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.flink.property_groups import ConfigError, KafkaConfig, PropertyGroup, typed
from common.secret import Secret, decode_secret
from core.privacy import key_ring
from enrichment_job.config import LookupConfig, PrivacyConfig
from lake.config import LakeConfig
from lookup_service.settings import Settings
from lookup_service.sources.registry import REGISTRY
from tests.core.privacy.keys import ring

SECRETS = st.from_regex(r"Zq[a-zA-Z0-9+%.=_-]{8,40}xJ", fullmatch=True)
SAYS_SECRET = re.compile(r"password|secret(?!s?manager)|token|jaas|api_key|redis_url|headers")
JAAS = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="{}";'


def _groups(kind: type[PropertyGroup] = PropertyGroup) -> Iterator[type[PropertyGroup]]:
    """Those of the project, not of its tests."""
    for group in kind.__subclasses__():
        if not group.__module__.startswith("tests."):
            yield group
        yield from _groups(group)


GROUPS = sorted(_groups(), key=lambda group: group.__name__)
OPTIONS = {name: entry.options for name, entry in REGISTRY.items()}
VALUES: Mapping[str, str] = {
    "bootstrap.servers": "b:9092",
    "url": "http://u:{}@h:80/p?token={}",
    "endpoint": "https://u:{}@h/p",
    "api.key": "{}",
    "sasl.jaas.config": JAAS,
    "suppression.redis.url": "redis://u:{}@h:6379/0",
    "subject.keys.redis.url": "rediss://:{}@h:6379/0?x=1",
    "path": "s3://bucket/lake",
    "transactional.id.prefix": "p",
}
"""What every property that may hold a secret, or must be there, is given."""


def test_every_part_is_here() -> None:
    assert {LookupConfig, LakeConfig, KafkaConfig} <= set(GROUPS)
    assert {"postgresql", "redis_profiles", "http_api"} <= OPTIONS.keys()


@pytest.mark.parametrize("group", [*GROUPS, *OPTIONS.values()], ids=lambda t: t.__name__)
def test_what_is_called_a_secret_has_a_type_that_hides_it(group: type) -> None:
    for name, kind in get_type_hints(group).items():
        if SAYS_SECRET.search(name):
            assert kind == dict[str, Secret] or issubclass(kind, Secret), name


@pytest.mark.parametrize("group", GROUPS, ids=lambda t: t.__name__)
@given(secret=SECRETS)
def test_no_property_group_shows_a_secret(group: type[PropertyGroup], secret: str) -> None:
    texts = {name: VALUES[name] for name in group.__struct_encode_fields__ if name in VALUES}
    config = typed({"g": {name: text.replace("{}", secret) for name, text in texts.items()}}, "g", group)
    assert config.__struct_fields__[0] in repr(config)
    _hidden(secret, config)


@given(secret=SECRETS)
def test_no_source_of_the_lookup_service_shows_a_secret(secret: str) -> None:
    given: Mapping[str, dict[str, Any]] = {
        "postgresql": {"kind": "user", "url": f"postgresql://u:{secret}@h/d?password={secret}"},
        "redis_profiles": {"kind": "user", "url": f"redis://:{secret}@h/0"},
        "http_api": {
            "kind": "user",
            "name": "n",
            "url": f"https://h/{{key}}?token={secret}",
            "fields": {},
            "headers": {"Authorization": f"Bearer {secret}"},
        },
    }
    for name, options in given.items():
        _hidden(secret, msgspec.convert(options, OPTIONS[name], dec_hook=decode_secret))


@given(secret=SECRETS.map(lambda text: text.replace("%", "")))
def test_the_settings_of_the_lookup_service_show_no_secret(secret: str) -> None:
    url = f"redis://u:{secret}@h:6379/0?password={secret}"
    settings = Settings.model_validate(
        {"sources_path": __file__, "redis_url": url, "api_keys": f"name:{secret}", "host": "::1"}
    )
    assert secret in str(settings.redis_url.get_secret_value())
    assert "redis://h:6379" in repr(settings)
    _hidden(secret, settings)


def test_no_key_ring_shows_a_key() -> None:
    found = key_ring.read_key_ring(json.dumps(ring()))
    file = msgspec.json.decode(json.dumps(ring()), type=key_ring._File, dec_hook=decode_secret)
    texts = [each["key"] for each in (*ring()["pseudonyms"], *ring()["envelopes"])]
    keys = [*(epoch.key for epoch in found.epochs), *found.envelopes.values()]
    for shown in (repr(found), str(found), repr(found.epochs), repr(file), str(file)):
        assert not [text for text in texts if text in shown]
        assert not [key for key in keys if repr(key)[2:-1] in shown or key.hex() in shown]


@given(secret=SECRETS)
def test_no_message_about_a_wrong_property_shows_a_secret(secret: str) -> None:
    for kind, name in (
        (LookupConfig, "url"),
        (PrivacyConfig, "suppression.redis.url"),
        (PrivacyConfig, "subject.keys.redis.url"),
    ):
        for wrong in (f"ftp://u:{secret}@h", f"{secret}", f"redis:/u:{secret}@h"):
            with pytest.raises(ConfigError) as caught:
                typed({"g": {name: wrong}}, "g", kind)
            assert name in str(caught.value)
            assert secret not in str(caught.value)


def _hidden(secret: str, config: object) -> None:
    for shown in (repr(config), str(config), f"{config}", f"{config!r:>10}"):
        assert secret not in shown
