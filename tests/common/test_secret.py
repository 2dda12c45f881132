import json
import pickle
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.secret import RedisUrl, Secret, SecretUrl, decode_secret, without_credentials

PASSWORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=4).map(lambda text: f"Zq{text}xJ")
"""None of them is part of what is shown beside it."""


class Config(msgspec.Struct, frozen=True):
    key: Secret = Secret()
    url: RedisUrl = RedisUrl()


def _config(key: str, url: str = "") -> Config:
    return msgspec.convert({"key": key, "url": url}, Config, dec_hook=decode_secret)


@given(PASSWORDS)
def test_nothing_but_reveal_shows_it(password: str) -> None:
    secret, config = Secret(password), _config(password)
    assert secret.reveal() == config.key.reveal() == password
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>80}", repr([secret]), repr(config), str(config)):
        assert password not in shown
    assert "***" in repr(config)
    for encode in (msgspec.json.encode, json.dumps):
        with pytest.raises(TypeError):
            encode(secret)


def test_it_compares_as_its_text_and_travels() -> None:
    secret = Secret("a")
    assert secret == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert RedisUrl("redis://h") != SecretUrl("redis://h")
    assert len({secret, Secret("a"), Secret("b")}) == 2
    assert pickle.loads(pickle.dumps(_config("a", "redis://h"))) == _config("a", "redis://h")  # noqa: S301
    assert (bool(secret), bool(Secret()), repr(Secret())) == (True, False, "Secret()")


@given(PASSWORDS, st.sampled_from(["redis://{}@h:1/0", "redis://u:{}@h:1/0", "redis://h:1/0?password={}", "a://{}"]))
@example("Zq/?#@:[xJ", "redis://u:{}@h:1/0")
@example("Zqa@b@cxJ", "redis://u:{}@h:1/0")
@example("Zq1/2xJ", "redis://u:{}@h:1/0?x=y@z")
def test_no_password_of_a_url_is_shown(password: str, form: str) -> None:
    if form == "a://{}":  # without an "@" it can only be the host
        password += "@h"
    assert password not in without_credentials(form.format(password))
    assert password not in repr(SecretUrl(form.format(password)))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://u:p@cache.example:6379/0", "redis://cache.example:6379"),
        ("rediss://cache.example", "rediss://cache.example"),
        ("postgresql://u:p@[2001:db8::1]:5432/d?password=x", "postgresql://[2001:db8::1]:5432"),
        ("https://api.example/{key}?token=x", "https://api.example"),
        ("unix:///tmp/redis.sock", "***"),
        ("no address", "***"),
        ("redis://u:12/34@h:6379/0", "***"),
        ("redis://u:12?34@h:6379/0", "***"),
        ("redis://h:6379/0?password=12@34", "***"),
    ],
)
def test_what_is_shown_of_a_url(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
    assert repr(SecretUrl(url)) == f"SecretUrl({shown})"


@given(PASSWORDS, st.sampled_from(["{}", "http://{}", "redis://u:{}@h", "redis://u:/{}@h", "redis://u:[{}@h"]))
@example("Zq℀xJ", "redis://u:{}@h")  # of such a character Python's own message shows the whole URL
def test_a_refused_value_is_not_in_the_message(password: str, form: str) -> None:
    try:
        config = _config("", form.format(password))
    except msgspec.ValidationError as error:
        assert password not in str(error)
        assert str(error).endswith("`$.url`")
    else:
        assert config.url.reveal() == form.format(password)


@pytest.mark.parametrize("wrong", [5, None, ["Zq"], {"Zq": 1}])
def test_a_secret_is_a_text(wrong: Any) -> None:  # noqa: ANN401
    with pytest.raises(msgspec.ValidationError, match=r"^Expected `str` - at `\$\.key`$"):
        msgspec.convert({"key": wrong}, Config, dec_hook=decode_secret)
