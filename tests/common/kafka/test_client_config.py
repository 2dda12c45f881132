"""The file of client settings: the settings it adds, and errors in it."""

from pathlib import Path

import pytest

from common.kafka.client_config import VARIABLE, ClientConfigError, client_config

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
