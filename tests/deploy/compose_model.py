"""The project's compose files as one model.

Compose's rules for ``include`` and ``extends``, as far as the project's files use them
(https://docs.docker.com/reference/compose-file/include/ and .../services/#extends). Variables stay uninterpolated.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_REPLACED = {"command", "entrypoint", "test"}
"""Lists that Compose replaces where a service extends another one. It joins all other lists."""


@dataclass(frozen=True, kw_only=True)
class ComposeModel:
    services: dict[str, dict[str, Any]]
    """Without ``extends``. Build contexts and the sources of bind mounts are absolute paths."""
    volumes: frozenset[str]
    defined_in: dict[str, Path]
    """The file of each service."""


def included_files(file: Path) -> list[Path]:
    """The file, and those that it includes, in order."""
    return [file, *(file.parent / entry for entry in _read(file).get("include", []))]


def load(file: Path) -> ComposeModel:
    """The model of a file and of all that it includes.

    :raises ValueError: a service or volume is declared twice, or a service joins a list of the one that it extends.
    """
    services: dict[str, dict[str, Any]] = {}
    volumes: set[str] = set()
    defined_in: dict[str, Path] = {}
    for part in included_files(file):
        content = _read(part)
        for name in content.get("services", {}):
            if name in services:
                raise ValueError(f"the service {name} is in {defined_in[name]} and in {part}")
            services[name] = _service(part, name)
            defined_in[name] = part
        if twice := volumes & content.get("volumes", {}).keys():
            raise ValueError(f"{part} declares volumes once more: {twice}")
        volumes |= content.get("volumes", {}).keys()
    return ComposeModel(services=services, volumes=frozenset(volumes), defined_in=defined_in)


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(file.read_text())
    return content


def _service(file: Path, name: str) -> dict[str, Any]:
    written: dict[str, Any] = dict(_read(file)["services"][name])
    if "context" in written.get("build", {}):
        written["build"] = written["build"] | {"context": str((file.parent / written["build"]["context"]).resolve())}
    if "volumes" in written:
        written["volumes"] = [_absolute(file, volume) for volume in written["volumes"]]
    extends = written.pop("extends", None)
    if extends is None:
        return written
    return _merged(_service(file.parent / extends.get("file", file.name), extends["service"]), written)


def _absolute(file: Path, volume: str) -> str:
    source, colon, rest = volume.partition(":")
    return f"{(file.parent / source).resolve()}{colon}{rest}" if source.startswith(".") else volume


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        if isinstance(value, dict) and key in base:
            merged[key] = _merged(base[key], value)
        elif isinstance(value, list) and key in base and key not in _REPLACED:
            raise ValueError(f"{key}: {value} would be joined to {base[key]}")
        else:
            merged[key] = value
    return merged
