"""Settings come from the environment, and no message or representation shows a secret."""

import base64
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.account_security.webhook.settings import SettingsError, load_settings
from deploy.paths import PROJECT
from tests.applications.account_security.webhook.receiver import SECRET

URL = "https://user:pass@hooks.example/path?token=abc"


def test_without_a_url_it_is_off() -> None:
    assert not load_settings({}).url
    assert not load_settings({"WEBHOOK_URL": ""}).url


def test_texts_become_numbers() -> None:
    found = load_settings({"WEBHOOK_URL": URL, "WEBHOOK_SECRET": SECRET, "WEBHOOK_ATTEMPTS": "3", "OTHER": "x"})
    assert found.attempts == 3
    assert found.keys == (base64.b64decode(SECRET.removeprefix("whsec_")),)
    assert found.longest_delivery_s > 3 * (found.timeout_s + found.longest_wait_s)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("URL", "ftp://hooks.example/zq"),
        ("URL", "https://"),
        ("URL", "https://hooks.example:port"),
        ("SECRET", "zq"),
        ("SECRET", "whsec_zq!"),
        ("SECRET", "whsec_" + base64.b64encode(b"short").decode()),
        ("DECISION", "zq"),
        ("ATTEMPTS", "0"),
        ("ATTEMPTS", "zq"),
        ("UNKNOWN", "zq"),
        ("METRICS_PORT", "70000"),
    ],
)
def test_a_wrong_setting_is_named_and_not_shown(name: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"WEBHOOK_URL": URL, "WEBHOOK_SECRET": SECRET, f"WEBHOOK_{name}": text})
    assert str(caught.value).startswith(f"WEBHOOK_{name}: ")
    assert "zq" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_url_needs_a_secret() -> None:
    with pytest.raises(SettingsError, match="WEBHOOK_SECRET"):
        load_settings({"WEBHOOK_URL": URL})


@given(st.binary(min_size=24, max_size=64))
def test_no_representation_shows_a_secret(key: bytes) -> None:
    secret = base64.b64encode(key).decode()
    found = load_settings({"WEBHOOK_URL": URL, "WEBHOOK_SECRET": f"whsec_{secret}"})
    assert secret not in repr(found)
    assert "pass" not in repr(found)
    assert "token" not in repr(found)
    assert "https://hooks.example" in repr(found)
    assert found.keys == (key,)


def test_the_compose_file_sets_what_there_is() -> None:
    text = Path(PROJECT / "deploy" / "compose" / "webhook.yml").read_text()
    names = set(re.findall(r"^ +(WEBHOOK_\w+):", text, re.MULTILINE))
    given = {name: "" for name in names}
    assert {"WEBHOOK_URL", "WEBHOOK_SECRET"} <= names
    assert not load_settings(given).url
