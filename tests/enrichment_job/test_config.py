import json
from pathlib import Path

import pytest

from common.flink.property_groups import ConfigError
from deploy.jobs import ENRICHMENT
from enrichment_job.config import crawler_lines, find_policy, load, parse

REFERENCE = ENRICHMENT.reference
MINIMAL = {"kafka": {"bootstrap.servers": "b:9092"}, "lookup": {"url": "http://l:8081"}}


def test_the_reference_file_names_every_key_with_its_default() -> None:
    config = load(REFERENCE)
    written = {group["PropertyGroupId"]: set(group["PropertyMap"]) for group in json.loads(REFERENCE.read_text())}
    for group in ("job", "source", "sink", "lookup", "privacy"):
        part = getattr(config, group)
        assert written[group] == set(part.__struct_encode_fields__), group
        minimal = getattr(parse(MINIMAL), group)
        for field in part.__struct_fields__:
            if field != "url":
                assert getattr(part, field) == getattr(minimal, field), f"{group}.{field}"


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ({"kafka": {}}, "kafka: .*`bootstrap.servers`"),
        ({"kafka": {"bootstrap.servers": "b", "acks": "0"}}, "kafka: .*unknown field `acks`"),
        ({"lookup": {}}, "lookup: .*`url`"),
        ({"lookup": {"url": "ftp://x"}}, r"lookup: .*`\$.url`"),
        ({"lookup": {"url": "http://l", "deadline.ms": "soon"}}, r"lookup: .*`\$.deadline.ms`"),
        ({"lookup": {"url": "http://l", "batch.keys": "1001"}}, r"lookup: .*`\$.batch.keys`"),
        ({"job": {"execution.mode": "warp"}}, r"job: .*`\$.execution.mode`"),
        ({"privacy": {"keys.source": "vault:x"}}, r"privacy: .*`\$.keys.source`"),
        ({"privacy": {"rejected.payload": "plain"}}, r"privacy: .*`\$.rejected.payload`"),
        ({"jobs": {}}, "unknown property group 'jobs'"),
    ],
)
def test_a_wrong_key_is_named(groups: dict[str, dict[str, str]], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse(MINIMAL | groups)


def test_the_managed_services_own_group_is_left_alone() -> None:
    parse(MINIMAL | {"kinesis.analytics.flink.run.options": {"python": "main.py"}})


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), ("[{", "malformed|truncated"), ("{}", "array")],
)
def test_an_unreadable_file_is_named(tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "p.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=f"p.json.*({said})"):
        load(file)


def test_the_policy_is_beside_the_property_file_or_in_the_application(tmp_path: Path) -> None:
    properties, application = tmp_path / "etc" / "p.json", tmp_path / "app"
    for folder in (properties.parent, application):
        folder.mkdir()
    config = parse(MINIMAL)
    with pytest.raises(ConfigError, match=r"purposes\.path.*purposes\.yaml"):
        find_policy(config, properties, application)
    (application / "purposes.yaml").touch()
    assert find_policy(config, properties, application) == application / "purposes.yaml"
    (properties.parent / "purposes.yaml").touch()
    assert find_policy(config, properties, application) == properties.parent / "purposes.yaml"


def test_kafka_client_properties_have_kafkas_names() -> None:
    config = parse(
        MINIMAL
        | {"kafka": {"bootstrap.servers": "b", "security.protocol": "SASL_SSL", "sasl.mechanism": "AWS_MSK_IAM"}}
    )
    assert config.kafka.client_properties() == {"security.protocol": "SASL_SSL", "sasl.mechanism": "AWS_MSK_IAM"}


def test_what_the_client_gets_is_the_secret_itself() -> None:
    login = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="p";'
    config = parse(MINIMAL | {"kafka": {"bootstrap.servers": "b", "sasl.jaas.config": login}})
    assert config.kafka.client_properties() == {"security.protocol": "PLAINTEXT", "sasl.jaas.config": login}


def test_the_operators_list_of_crawlers_is_checked_before_the_job_starts(tmp_path: Path) -> None:
    properties = tmp_path / "properties.json"
    assert crawler_lines(parse(MINIMAL), properties) == ()
    config = parse(MINIMAL | {"job": {"crawlers.path": "crawlers.txt"}})
    with pytest.raises(ConfigError, match=r"job: crawlers\.path: crawlers\.txt is neither"):
        crawler_lines(config, properties)
    file = tmp_path / "crawlers.txt"
    file.write_text("deny app load-test\ndeny robots\n")
    with pytest.raises(ConfigError, match=r"job: crawlers\.path: .*crawlers\.txt: line 2"):
        crawler_lines(config, properties)
    file.write_text("deny app load-test\n")
    assert crawler_lines(config, properties) == ("deny app load-test",)
