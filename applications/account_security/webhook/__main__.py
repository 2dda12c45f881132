"""``python -m applications.account_security.webhook``: sends verdicts until it is stopped.

Exit codes: 0 stopped, or off because no URL is given; 1 Kafka failed; 2 wrong settings.
"""

import contextlib
import signal
import sys
import threading

import structlog

from applications.account_security.webhook.consumer import BrokerFailed, VerdictConsumer
from applications.account_security.webhook.delivery import Delivery
from applications.account_security.webhook.metrics import WebhookMetrics
from applications.account_security.webhook.settings import SettingsError, load_settings
from common.cli.metrics_server import serving
from common.secret import without_credentials

log = structlog.get_logger(__name__)
STOPPED, FAILED, WRONG = 0, 1, 2


def main() -> int:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        settings = load_settings()
    except SettingsError as error:
        print(f"webhook: {error}", file=sys.stderr)
        return WRONG
    if not settings.url:
        print("webhook: off, because WEBHOOK_URL is not set", file=sys.stderr)
        return STOPPED
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    metrics = WebhookMetrics()
    receiver = without_credentials(settings.url.reveal())
    log.info("webhook_starts", receiver=receiver, decision=settings.decision, cool_down_s=settings.cool_down_s)
    try:
        with contextlib.ExitStack() as open_parts:
            if settings.metrics_port is not None:
                open_parts.enter_context(serving(metrics.registry, settings.metrics_port, settings.metrics_host))
            delivery = open_parts.enter_context(Delivery(settings, metrics, stop))
            VerdictConsumer(settings, delivery, metrics).run(stop)
    except (BrokerFailed, OSError) as error:
        print(f"webhook: {error}", file=sys.stderr)
        return FAILED
    return STOPPED


if __name__ == "__main__":
    sys.exit(main())
