"""The file of client settings: the settings it adds, and errors in it."""

import base64
from pathlib import Path

import pytest

from common.kafka.client_config import VARIABLE, ClientConfigError, client_config, client_login

SERVERS = "broker:9096"


def _named(tmp_path: Path, text: str, **more: str) -> dict[str, str]:
    path = tmp_path / "client.properties"
    path.write_text(text)
    return {VARIABLE: str(path), **more}


def test_without_a_file_there_is_only_the_address() -> None:
    assert client_config(SERVERS, {}) == {"bootstrap.servers": SERVERS}


def test_the_settings_of_the_file_are_added(tmp_path: Path) -> None:
    text = "# login\n\nsecurity.protocol = SASL_SSL\nsasl.mechanism=PLAIN\nsasl.password=a=b # c\n"
    assert client_config(SERVERS, _named(tmp_path, text)) == {
        "bootstrap.servers": SERVERS,
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "PLAIN",
        "sasl.password": "a=b # c",
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("security.protocol=SSL\nsecret-in-the-wrong-place\n", "line 2: not name=value"),
        ("=value", "line 1: not name=value"),
        ("bootstrap.servers=other:9092", "line 1: the brokers are named on the command line"),
    ],
)
def test_an_invalid_line_is_named_and_not_shown(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ClientConfigError, match=reason) as refused:
        client_config(SERVERS, _named(tmp_path, text))
    assert "secret" not in str(refused.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClientConfigError, match=r"nowhere cannot be read"):
        client_config(SERVERS, {VARIABLE: str(tmp_path / "nowhere")})


def test_msk_iam_is_a_signed_token_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    config = client_config(SERVERS, _named(tmp_path, "sasl.mechanism=AWS_MSK_IAM", AWS_REGION="eu-west-1"))
    assert config["security.protocol"] == "SASL_SSL"
    assert config["sasl.mechanism"] == "OAUTHBEARER"
    assert callable(config["oauth_cb"])
    token, expires_s = config["oauth_cb"]("")
    assert len(token) > 100
    assert 1.7e9 < expires_s < 5e9


def test_msk_iam_without_a_region_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClientConfigError, match="needs AWS_REGION"):
        client_config(SERVERS, _named(tmp_path, "sasl.mechanism=AWS_MSK_IAM"))


SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="job" password="a\\"b\\\\c=;";'


def test_a_flink_jobs_login_is_translated() -> None:
    assert client_login(SERVERS, {}) == {"bootstrap.servers": SERVERS}
    assert client_login(SERVERS, {"security.protocol": "SSL"}) == {
        "bootstrap.servers": SERVERS,
        "security.protocol": "SSL",
    }
    java = {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512", "sasl.jaas.config": SCRAM}
    assert client_login(SERVERS, java) == {
        "bootstrap.servers": SERVERS,
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "job",
        "sasl.password": 'a"b\\c=;',
    }


@pytest.mark.parametrize("mechanism", ["GSSAPI", "PLAIN"])
def test_a_login_that_cannot_be_translated_is_refused_and_not_shown(mechanism: str) -> None:
    java = {"sasl.mechanism": mechanism, "sasl.jaas.config": 'Module required password="secret";'}
    with pytest.raises(ClientConfigError, match=mechanism) as refused:
        client_login(SERVERS, java)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("servers", "environment"),
    [
        ("b-1.name.x1.c2.kafka.eu-central-1.amazonaws.com:9098", {}),
        ("boot-1.kafka-serverless.eu-central-1.amazonaws.com:9098", {}),
        (SERVERS, {"AWS_REGION": "eu-central-1"}),
    ],
)
def test_the_region_of_amazons_login_is_that_of_the_brokers(
    servers: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("aws_msk_iam_sasl_signer")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "an-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-key")
    config = client_login(servers, {"security.protocol": "SASL_SSL", "sasl.mechanism": "AWS_MSK_IAM"}, environment)
    assert (config["security.protocol"], config["sasl.mechanism"]) == ("SASL_SSL", "OAUTHBEARER")
    token = config["oauth_cb"]
    assert callable(token)
    text, _ = token("")
    padded = text + "=" * (-len(text) % 4)
    assert b"kafka.eu-central-1.amazonaws.com" in base64.urlsafe_b64decode(padded)


def test_without_a_region_amazons_login_is_refused() -> None:
    with pytest.raises(ClientConfigError, match="AWS_REGION"):
        client_login(SERVERS, {"sasl.mechanism": "AWS_MSK_IAM"}, {})
