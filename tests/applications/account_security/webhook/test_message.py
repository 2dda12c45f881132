"""The signature is the one of the published example; the body has the verdict and nothing else."""

import base64

import msgspec

from applications.account_security.webhook.message import Body, body_of, headers_of
from tests.applications.account_security.webhook.receiver import SECRET
from tests.applications.account_security.webhook.verdicts import verdict

KEY = base64.b64decode(SECRET.removeprefix("whsec_"))


def test_the_published_example_is_signed_the_same() -> None:
    found = headers_of("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', (KEY,), 1_614_265_330)
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert found["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert found["webhook-timestamp"] == "1614265330"


def test_with_two_secrets_both_sign() -> None:
    old, new = (headers_of("i", b"{}", (key,), 1)["webhook-signature"] for key in (KEY, KEY[::-1]))
    assert old != new
    assert headers_of("i", b"{}", (KEY, KEY[::-1]), 1)["webhook-signature"] == f"{old} {new}"


def test_the_body_has_the_verdict() -> None:
    sent = verdict()
    body = msgspec.json.decode(body_of(sent), type=Body)
    assert body.data == sent
    assert body.type == "account_security.verdict"
    assert body.timestamp == "2023-11-14T22:13:20.000+00:00"
