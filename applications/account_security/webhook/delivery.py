"""Delivers one verdict: attempts with growing waits, up to a limit.

An attempt has a deadline as a whole. A limit on each read is none: a receiver that sends a byte now and then would hold
the attempt, and all verdicts behind it, for ever. Only something that can be cancelled can keep a deadline, so an
attempt is a coroutine, in an event loop of the caller's thread.
"""

import asyncio
import threading
import time
from types import TracebackType
from typing import Literal, Self, TypeAlias

import httpx
import structlog
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt, stop_when_event_set
from tenacity.nap import sleep_using_event
from tenacity.wait import wait_exponential, wait_random

from applications.account_security.webhook.message import body_of, headers_of
from applications.account_security.webhook.metrics import WebhookMetrics
from applications.account_security.webhook.settings import WebhookSettings
from contracts.security.verdicts import Verdict

log = structlog.get_logger(__name__)
Result: TypeAlias = Literal["ok", "refused", "unreachable", "busy"]
"""Of one attempt. refused: the receiver will not take it, however often it is sent. busy: it may take it later."""
Outcome = Literal["delivered", "given_up", "interrupted"]
"""interrupted: this process ends; another one must deliver it."""
_LATER = frozenset({408, 425, 429})


class Delivery:
    """Sends to one receiver. Follows no redirects, because a signed message is for the configured receiver only.

    For one thread, which has no event loop running.
    """

    def __init__(self, settings: WebhookSettings, metrics: WebhookMetrics, stop: threading.Event) -> None:
        self._url = settings.url.reveal()
        self._keys = settings.keys
        self._metrics = metrics
        self._stop = stop
        self._timeout_s = settings.timeout_s
        self._client = httpx.AsyncClient(timeout=None, follow_redirects=False, trust_env=False)  # noqa: S113 - see _post
        self._runner = asyncio.Runner()
        self._retrying = Retrying(
            retry=retry_if_result(lambda result: result in ("unreachable", "busy")),
            stop=stop_after_attempt(settings.attempts) | stop_when_event_set(stop),
            wait=wait_exponential(settings.first_wait_s, settings.longest_wait_s)
            + wait_random(0, settings.first_wait_s),
            sleep=sleep_using_event(stop),
            retry_error_callback=_last_result,
        )

    def deliver(self, verdict: Verdict) -> Outcome:
        """Never raises. A verdict that is given up leaves a line in the log without its content."""
        body, began = body_of(verdict), time.monotonic()
        attempts = self._retrying.copy()
        result: Result = attempts(self._attempt, verdict.verdict_id, body)
        if result == "ok":
            self._metrics.delivered(time.monotonic() - began)
            return "delivered"
        if result != "refused" and self._stop.is_set():
            return "interrupted"
        self._metrics.given_up()
        tried = attempts.statistics.get("attempt_number")
        log.error("webhook_given_up", verdict_id=verdict.verdict_id, result=result, attempts=tried)
        return "given_up"

    def _attempt(self, verdict_id: str, body: bytes) -> Result:
        result = self._send(headers_of(verdict_id, body, self._keys, int(time.time())), body)
        self._metrics.attempted(result)
        return result

    def _send(self, headers: dict[str, str], body: bytes) -> Result:
        try:
            response = self._runner.run(self._post(headers, body))
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
            # The message would show the URL.
            log.warning("webhook_unreachable", error_type=type(error).__name__)
            return "unreachable"
        if response.is_success:
            return "ok"
        result: Result = "busy" if response.status_code in _LATER or response.is_server_error else "refused"
        log.warning(f"webhook_{result}", status=response.status_code)
        return result

    async def _post(self, headers: dict[str, str], body: bytes) -> httpx.Response:
        """Without the answer's body: nothing rests on it, and it could be endless."""
        async with (
            asyncio.timeout(self._timeout_s),
            self._client.stream("POST", self._url, content=body, headers=headers) as response,
        ):
            return response

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _last_result(state: RetryCallState) -> Result:
    assert state.outcome is not None  # noqa: S101 - tenacity calls it after an attempt
    result: Result = state.outcome.result()
    return result
