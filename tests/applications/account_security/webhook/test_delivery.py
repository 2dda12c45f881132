"""Against a real receiver: what is sent, what is tried again, and when it is given up."""

import base64
import hmac
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from applications.account_security.webhook.delivery import Delivery
from applications.account_security.webhook.message import body_of
from applications.account_security.webhook.metrics import WebhookMetrics
from applications.account_security.webhook.settings import load_settings
from tests.applications.account_security.webhook.receiver import SECRET, DrippingReceiver, Receiver
from tests.applications.account_security.webhook.verdicts import verdict


class Sender:
    def __init__(self, url: str, **changed: str) -> None:
        environment = {
            "URL": url,
            "SECRET": SECRET,
            "ATTEMPTS": "3",
            "TIMEOUT_S": "0.5",
            "FIRST_WAIT_S": "0.01",
            "LONGEST_WAIT_S": "0.02",
            **changed,
        }
        self.stop = threading.Event()
        self.metrics = WebhookMetrics()
        settings = load_settings({f"WEBHOOK_{name}": text for name, text in environment.items()})
        self.delivery = Delivery(settings, self.metrics, self.stop)

    def count(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"webhook_{name}_total", labels) or 0.0


@contextmanager
def sending(*answers: int, **changed: str) -> Iterator[tuple[Sender, Receiver]]:
    with Receiver(*answers) as receiver:
        sender = Sender(receiver.url + "/hook?token=abc", **changed)
        with sender.delivery:
            yield sender, receiver


def test_the_receiver_can_check_who_sent_it() -> None:
    with sending() as (sender, receiver):
        assert sender.delivery.deliver(verdict("v7")) == "delivered"
    [(headers, body)] = receiver.got
    assert body == body_of(verdict("v7"))
    assert headers["webhook-id"] == "v7"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"v7.{headers['webhook-timestamp']}.".encode() + body
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    assert sender.count("delivered") == 1


@pytest.mark.parametrize("status", [500, 503, 429, 408, 0])
def test_what_may_pass_is_tried_again(status: int) -> None:
    with sending(status, status) as (sender, receiver):
        assert sender.delivery.deliver(verdict()) == "delivered"
    assert len({body for _, body in receiver.got}) == 1
    assert receiver.ids == ["v1"] * 3
    assert sender.count("attempts", result="unreachable" if status == 0 else "busy") == 2
    assert sender.count("attempts", result="ok") == 1


def test_after_the_last_attempt_it_is_given_up_without_its_content_in_the_log() -> None:
    with sending(500, 500, 500) as (sender, receiver), capture_logs() as logs:
        assert sender.delivery.deliver(verdict(subject="u-secret")) == "given_up"
    assert len(receiver.got) == 3
    assert sender.count("given_up") == 1
    [line] = [line for line in logs if line["event"] == "webhook_given_up"]
    assert line["verdict_id"] == "v1"
    assert line["attempts"] == 3
    assert "u-secret" not in str(logs)
    assert "token" not in str(logs)


@pytest.mark.parametrize("status", [400, 401, 404, 410, 302])
def test_a_refusal_is_final_and_no_redirect_is_followed(status: int) -> None:
    with sending(status) as (sender, receiver):
        assert sender.delivery.deliver(verdict()) == "given_up"
    assert len(receiver.got) == 1
    assert sender.count("attempts", result="refused") == 1


def test_nobody_there() -> None:
    with Receiver() as gone:
        url = gone.url
    sender = Sender(url)
    with sender.delivery:
        assert sender.delivery.deliver(verdict()) == "given_up"
    assert sender.count("attempts", result="unreachable") == 3


def test_an_answer_that_never_comes_to_its_end_holds_no_verdict_longer_than_its_attempts() -> None:
    with DrippingReceiver(b"HTTP/1.1 200 OK\r\nx-slow: ") as receiver:
        sender = Sender(receiver.url, ATTEMPTS="2", TIMEOUT_S="0.3")
        with sender.delivery:
            began = time.monotonic()
            assert sender.delivery.deliver(verdict()) == "given_up"
        assert time.monotonic() - began < 3
    assert receiver.connections == 2
    assert sender.count("attempts", result="unreachable") == 2


def test_the_body_of_the_answer_is_not_waited_for() -> None:
    with DrippingReceiver(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n") as receiver:
        sender = Sender(receiver.url, TIMEOUT_S="30")
        with sender.delivery:
            began = time.monotonic()
            assert sender.delivery.deliver(verdict()) == "delivered"
        assert time.monotonic() - began < 3


def test_the_end_of_the_process_interrupts_the_wait() -> None:
    # Woken from its wait, it tries once more.
    with sending(500, 500, FIRST_WAIT_S="30", LONGEST_WAIT_S="60") as (sender, receiver):
        timer = threading.Timer(0.2, sender.stop.set)
        timer.start()
        began = time.monotonic()
        assert sender.delivery.deliver(verdict()) == "interrupted"
        timer.join()
    assert time.monotonic() - began < 5
    assert sender.count("given_up") == 0
    assert len(receiver.got) <= 2
