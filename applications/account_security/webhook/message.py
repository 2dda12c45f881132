"""The message of one verdict, by Standard Webhooks (https://www.standardwebhooks.com). Pure."""

import base64
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from contracts.security.verdicts import Verdict

EVENT_TYPE = "account_security.verdict"


class Body(msgspec.Struct, frozen=True):
    type: str
    timestamp: str
    """When it was decided, ISO 8601."""
    data: Verdict


def body_of(verdict: Verdict) -> bytes:
    """Equal for equal verdicts, so that every attempt sends the same bytes."""
    decided = datetime.fromtimestamp(verdict.decided_tstamp / 1000, UTC)
    return msgspec.json.encode(Body(EVENT_TYPE, decided.isoformat(timespec="milliseconds"), verdict))


def headers_of(verdict_id: str, body: bytes, keys: Sequence[bytes], now_s: int) -> dict[str, str]:
    """The receiver refuses a timestamp that is minutes away from its clock: make them anew for each attempt.

    :param now_s: time of the attempt, s since 1970 UTC.
    """
    signed = f"{verdict_id}.{now_s}.".encode() + body
    return {
        "content-type": "application/json",
        "webhook-id": verdict_id,
        "webhook-timestamp": str(now_s),
        "webhook-signature": " ".join(f"v1,{_signature(key, signed)}" for key in keys),
    }


def _signature(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
