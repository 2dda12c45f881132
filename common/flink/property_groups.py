"""The property file of a job, in the format of Managed Service for Apache Flink, and the groups that several jobs have.

The file is a JSON list of ``{"PropertyGroupId": ..., "PropertyMap": {name: text}}``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, TypeVar

import msgspec

from common.secret import Secret, decode_secret, without_credentials

MANAGED_SERVICE_PROPERTIES = "/etc/flink/application_properties.json"
SERVICE_GROUPS = ("kinesis.analytics.flink.run.options",)
"""Groups that the managed service reads itself."""

Groups: TypeAlias = Mapping[str, Mapping[str, str]]
"""Group → key → text."""
Millis = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Name = Annotated[str, msgspec.Meta(min_length=1)]


class ConfigError(Exception):
    """The configuration is invalid. The message names the group and the key."""


def _dotted(name: str) -> str:
    return name.replace("_", ".")


class PropertyGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=_dotted):
    """A property group. Its names have underscores in Python and dots in the file."""

    def __repr__(self) -> str:
        """Of an address that has a user and a password, no more than the host."""
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        shown = (f"{name}={without_credentials(each) if _has_credentials(each) else each!r}" for name, each in values)
        return f"{type(self).__name__}({', '.join(shown)})"


def _has_credentials(value: object) -> bool:
    return isinstance(value, str) and "://" in value and "@" in value


class KafkaConfig(PropertyGroup, frozen=True, kw_only=True):
    """Connection to the brokers, for source and sink."""

    bootstrap_servers: Name
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: str = ""
    sasl_jaas_config: Secret = Secret()
    sasl_client_callback_handler_class: str = ""

    def client_properties(self) -> dict[str, str]:
        """Kafka's own property names, without the bootstrap servers; the login's secret is in it, readable."""
        given = {_dotted(name): getattr(self, name) for name in self.__struct_fields__[1:]}
        return {name: value.reveal() if isinstance(value, Secret) else value for name, value in given.items() if value}


class ExactlyOnceSinkConfig(PropertyGroup, frozen=True, kw_only=True):
    """How a job's sink writes its transactions."""

    transactional_id_prefix: Name
    """Unique to this job: two jobs with the same prefix would abort each other's transactions."""
    transaction_timeout_ms: Positive = 600_000
    linger_ms: Millis = 5
    compression_type: Literal["none", "lz4", "zstd", "snappy"] = "lz4"


class _FileGroup(msgspec.Struct, frozen=True):
    PropertyGroupId: str
    PropertyMap: dict[str, str]


_T = TypeVar("_T", bound=msgspec.Struct)


def read(path: Path) -> dict[str, dict[str, str]]:
    """The file's groups: group → key → text.

    :raises ConfigError: naming the file, if it is missing or has another format.
    """
    try:
        groups = msgspec.json.decode(path.read_bytes(), type=list[_FileGroup])
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    return {group.PropertyGroupId: group.PropertyMap for group in groups}


def changed(groups: Groups, *changes: Groups) -> dict[str, dict[str, str]]:
    """A copy of the groups with the changes applied in order."""
    made = {name: dict(values) for name, values in groups.items()}
    for change in changes:
        for name, values in change.items():
            made.setdefault(name, {}).update(values)
    return made


def write(path: Path, groups: Groups) -> Path:
    """Writes the file, creates its directory if needed, and returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = [_FileGroup(name, dict(values)) for name, values in groups.items()]
    path.write_bytes(msgspec.json.format(msgspec.json.encode(shape)) + b"\n")
    return path


def refuse_unknown(groups: Groups, config: type[msgspec.Struct]) -> None:
    """:raises ConfigError: for a group that is neither a field of ``config`` nor the managed service's."""
    known = config.__struct_fields__
    if unknown := sorted(set(groups) - set(known) - set(SERVICE_GROUPS)):
        raise ConfigError(f"unknown property group {unknown[0]!r}; known are {list(known)}")


def typed(groups: Groups, name: str, kind: type[_T]) -> _T:
    """One group as ``kind``. The values are text, as the managed service delivers them.

    :raises ConfigError: naming the group and the invalid key.
    """
    try:
        return msgspec.convert(groups.get(name, {}), kind, strict=False, dec_hook=decode_secret)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {str(error).replace('Object', 'the group')}") from error
