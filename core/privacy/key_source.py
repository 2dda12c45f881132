"""Where the key ring comes from. The job is sent with the place alone; each task manager reads the keys itself.

``env:NAME``                the environment variable holds the JSON
``file:PATH``               the file holds it, such as a mounted secret
``secretsmanager:ARN``      AWS Secrets Manager's secret of that ARN holds it, read with the job's role
``python:module:function``  the function, without arguments, returns it: any other store whose client the archive has
"""

import importlib
import os
from collections.abc import Callable
from pathlib import Path

from core.privacy.key_ring import KeyRing, KeyRingError, read_key_ring


def load_key_ring(source: str) -> KeyRing:
    """:raises KeyRingError: where there are no usable keys. It names the place and never holds a key."""
    kind, _, place = source.partition(":")
    read = _READERS.get(kind)
    if read is None or not place:
        raise KeyRingError(f"a place of keys begins with one of {', '.join(f'{known}:' for known in _READERS)}")
    return read_key_ring(read(place))


def _from_environment(name: str) -> str:
    found = os.environ.get(name)
    if not found:
        raise KeyRingError(f"the environment variable {name} is not set")
    return found


def _from_file(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise KeyRingError(f"the file of keys cannot be read: {error.strerror}") from None


def _from_secrets_manager(arn: str) -> str:
    import boto3  # noqa: PLC0415  # a second of start-up that no other source needs
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    parts = arn.split(":")
    if len(parts) < 7 or parts[2] != "secretsmanager":
        raise KeyRingError("secretsmanager: wants the ARN of a secret")
    try:
        found = boto3.client("secretsmanager", region_name=parts[3]).get_secret_value(SecretId=arn)
    except (BotoCoreError, ClientError) as error:
        reason = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        raise KeyRingError(f"the secret of keys cannot be read: {reason}") from None
    return str(found.get("SecretString", ""))


def _from_function(place: str) -> str | bytes:
    module, _, name = place.partition(":")
    try:
        function: Callable[[], str | bytes] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        raise KeyRingError(f"there is no function {place}") from None
    return function()


_READERS: dict[str, Callable[[str], str | bytes]] = {
    "env": _from_environment,
    "file": _from_file,
    "secretsmanager": _from_secrets_manager,
    "python": _from_function,
}
