"""Settings of a Kafka client: the brokers' address, and the settings in the file named by ``KAFKA_CLIENT_CONFIG``.

The file has the format of librdkafka's own tools: ``name=value`` lines with librdkafka's names; lines that begin with
``#`` are comments. ``sasl.mechanism=AWS_MSK_IAM`` is an addition of this module: it logs in to Amazon MSK with the AWS
credentials of the process, by OAUTHBEARER with signed tokens. It needs the extra ``msk``.
"""

import os
import re
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

VARIABLE = "KAFKA_CLIENT_CONFIG"
MSK_IAM = "AWS_MSK_IAM"
_NAMES_OF_MECHANISM = ("sasl.mechanism", "sasl.mechanisms")

_BY_PASSWORD = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_JAAS_OPTION = re.compile(r"""(\w+)\s*=\s*"((?:[^"\\]|\\.)*)\"""")
_ESCAPED = re.compile(r"\\(.)")
_REGION_IN_HOST = re.compile(r"\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com")

Token: TypeAlias = tuple[str, float]
"""(token, time of its expiry in seconds since 1970 UTC)."""
ClientConfig: TypeAlias = dict[str, str | Callable[[str], Token]]


class ClientConfigError(Exception):
    """The file is invalid. The message names the file and the line, never a value."""


def client_config(bootstrap_servers: str, environment: Mapping[str, str] = os.environ) -> ClientConfig:
    """Settings for a consumer, producer or admin client.

    :raises ClientConfigError: if the file named by ``KAFKA_CLIENT_CONFIG`` is invalid.
    """
    config: ClientConfig = {"bootstrap.servers": bootstrap_servers}
    if not (named := environment.get(VARIABLE)):
        return config
    settings = _read(Path(named))
    if MSK_IAM in (settings.get(name) for name in _NAMES_OF_MECHANISM):
        settings = {name: value for name, value in settings.items() if name not in _NAMES_OF_MECHANISM}
        return {**config, "security.protocol": "SASL_SSL", **settings, **_msk_iam(environment)}
    return {**config, **settings}


def _read(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ClientConfigError(f"{VARIABLE}: {path} cannot be read") from error
    settings = {}
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        name, found, value = line.partition("=")
        if not found or not name.strip():
            raise ClientConfigError(f"{VARIABLE}: {path}, line {number}: not name=value")
        if name.strip() == "bootstrap.servers":
            raise ClientConfigError(f"{VARIABLE}: {path}, line {number}: the brokers are named on the command line")
        settings[name.strip()] = value.strip()
    return settings


def client_login(
    bootstrap_servers: str, java: Mapping[str, str], environment: Mapping[str, str] = os.environ
) -> ClientConfig:
    """The login of a Flink job's own connector, for this library: SSL, PLAIN, SCRAM and Amazon's IAM.

    :param java: the properties of Kafka's Java client, ``security.protocol`` and those of ``sasl``.
    :raises ClientConfigError: for a login that has no translation. No value is in the message.
    """
    config: ClientConfig = {"bootstrap.servers": bootstrap_servers}
    if protocol := java.get("security.protocol"):
        config["security.protocol"] = protocol
    mechanism = java.get("sasl.mechanism", "")
    if not mechanism:
        return config
    if mechanism == MSK_IAM:
        region = _REGION_IN_HOST.search(bootstrap_servers)
        return {**config, **_msk_iam({"AWS_REGION": region[1], **environment} if region else environment)}
    found = {name: _unescaped(value) for name, value in _JAAS_OPTION.findall(java.get("sasl.jaas.config", ""))}
    if mechanism not in _BY_PASSWORD or not found.keys() >= {"username", "password"}:
        raise ClientConfigError(f"sasl.mechanism {mechanism}: no user and password in sasl.jaas.config")
    return {
        **config,
        "sasl.mechanism": mechanism,
        "sasl.username": found["username"],
        "sasl.password": found["password"],
    }


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _msk_iam(environment: Mapping[str, str]) -> ClientConfig:
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not region:
        raise ClientConfigError(f"{VARIABLE}: {MSK_IAM} needs AWS_REGION")
    if find_spec("aws_msk_iam_sasl_signer") is None:
        raise ClientConfigError(f"{VARIABLE}: {MSK_IAM} needs the package's extra: pip install '.[msk]'")

    def token(_: str) -> Token:
        from aws_msk_iam_sasl_signer import MSKAuthTokenProvider  # noqa: PLC0415 - an extra

        text, expiry_ms = MSKAuthTokenProvider.generate_auth_token(region)
        return text, expiry_ms / 1000

    return {"sasl.mechanism": "OAUTHBEARER", "oauth_cb": token}
