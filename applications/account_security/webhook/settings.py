"""Settings from environment variables with the prefix ``WEBHOOK_``; an unknown or malformed one is an error."""

import base64
import binascii
import os
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from common.secret import Secret, SecretUrl, decode_secret

PREFIX = "WEBHOOK_"
_SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret begins with, by Standard Webhooks
_MIN_KEY_BYTES, _MAX_KEY_BYTES = 24, 64
_MARGIN_S = 60.0
_DAY_S = 86_400.0
"""The longest time that Kafka's client allows between two polls."""

Count = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]


class SettingsError(Exception):
    """The environment has invalid settings. The message is one line and shows no values."""


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: SecretUrl = SecretUrl()
    """Where verdicts are sent. Empty: the webhook is off."""
    secret: Secret = Secret()
    """``whsec_`` and the key of 24 to 64 bytes in Base64. Several, separated by blanks, while a secret is replaced."""
    decision: Literal["challenge", "deny"] = "deny"
    """The lightest decision that is sent."""
    cool_down_s: Annotated[float, msgspec.Meta(ge=0, le=30 * 86_400)] = 3600
    """After a verdict on a subject, others of the same abuse type are not sent for this time, unless the decision is
    heavier. By the times of the verdicts."""
    attempts: Count = 6
    """For one verdict. Then it is given up."""
    timeout_s: Seconds = 5
    """Of one attempt as a whole: from the look-up of the name to the status of the answer."""
    first_wait_s: Seconds = 1
    """Before the second attempt; doubled, with jitter, for each further one."""
    longest_wait_s: Seconds = 60
    bootstrap_servers: str = "127.0.0.1:9092"
    group_id: Annotated[str, msgspec.Meta(min_length=1)] = "account-security-webhook"
    start: Literal["latest", "earliest"] = "latest"
    """Where the group begins that has committed nothing yet."""
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] | None = None
    """None: no metrics are served."""

    @property
    def keys(self) -> tuple[bytes, ...]:
        """Of the secrets, in their order."""
        return tuple(_key(text) for text in self.secret.reveal().split())

    @property
    def longest_delivery_s(self) -> float:
        """Upper bound of the time that one verdict takes, with a margin: Kafka's limit between two polls."""
        one = self.timeout_s + self.longest_wait_s + self.first_wait_s
        return min(self.attempts * one + _MARGIN_S, _DAY_S)


def load_settings(environment: Mapping[str, str] = os.environ) -> WebhookSettings:
    """:raises SettingsError: for an invalid variable; the message names it."""
    given = {
        name[len(PREFIX) :].lower(): text for name, text in environment.items() if name.startswith(PREFIX) and text
    }
    if unknown := sorted(given.keys() - set(WebhookSettings.__struct_fields__)):
        raise SettingsError(f"{PREFIX}{unknown[0].upper()}: unknown setting")
    for name, text in given.items():
        _convert({name: text}, name)
    settings = _convert(given, "")
    if settings.url:
        _check_address(settings)
    return settings


def _convert(given: Mapping[str, str], name: str) -> WebhookSettings:
    try:
        return msgspec.convert(dict(given), WebhookSettings, strict=False, dec_hook=decode_secret)
    except msgspec.ValidationError as error:
        reason = str(error).partition(" - at ")[0]
        # msgspec shows a value that is none of the allowed words.
        shown = "not one of the allowed words" if reason.startswith("Invalid enum value") else reason
        raise SettingsError(f"{PREFIX}{name.upper()}: {shown}") from None


def _check_address(settings: WebhookSettings) -> None:
    try:
        parts = urlsplit(settings.url.reveal())
        found = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        found = False
    if not found:
        raise SettingsError(f"{PREFIX}URL: Expected a URL that begins with http:// or https://")
    try:
        keys = settings.keys
    except ValueError as error:
        raise SettingsError(f"{PREFIX}SECRET: {error}") from None
    if not keys:
        raise SettingsError(f"{PREFIX}SECRET: needed with {PREFIX}URL: the receiver must be able to check the sender")


def _key(text: str) -> bytes:
    if not text.startswith(_SECRET_PREFIX):
        raise ValueError(f"Expected {_SECRET_PREFIX} and a key in Base64")
    try:
        key = base64.b64decode(text[len(_SECRET_PREFIX) :], validate=True)
    except binascii.Error:
        raise ValueError(f"Expected {_SECRET_PREFIX} and a key in Base64") from None
    if not _MIN_KEY_BYTES <= len(key) <= _MAX_KEY_BYTES:
        raise ValueError(f"Expected a key of {_MIN_KEY_BYTES} to {_MAX_KEY_BYTES} bytes")
    return key
