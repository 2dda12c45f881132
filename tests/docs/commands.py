"""Commands that a document shows and that cannot be run: modules, make targets, compose services. Nothing is run."""

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import yaml

from tests.docs.document import Document

_PYTHON_M = re.compile(r"\bpython -m ([\w.]+)")
_MAKE = re.compile(r"^make ([a-z-]+)")
_COMPOSE = re.compile(
    r"\bdocker compose(?: --profile [\w-]+)* (?:run|stop|start|kill|logs|exec)(?: -[\w-]+)* (\w[\w-]*)"
)
_SCALE = re.compile(r"--scale ([\w-]+)=")


def broken_commands(document: Document, root: Path) -> Iterator[str]:
    """One line for each part of a command that is not there."""
    for command in document.commands():
        for module in _PYTHON_M.findall(command):
            if not _can_run(module, root):
                yield f"no such module to run: {module}"
        for target in _MAKE.findall(command):
            if target not in _make_targets(root):
                yield f"no such make target: {target}"
        for service in (*_COMPOSE.findall(command), *_SCALE.findall(command)):
            if service not in _services(root):
                yield f"no such compose service: {service}"


def _can_run(module: str, root: Path) -> bool:
    parts = module.split(".")
    place = root.joinpath(*parts)
    if (root / parts[0]).is_dir():
        return place.with_name(f"{place.name}.py").is_file() or (place / "__main__.py").is_file()
    return find_spec(parts[0]) is not None


@lru_cache
def _make_targets(root: Path) -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.MULTILINE))


@lru_cache
def _services(root: Path) -> frozenset[str]:
    """Services of the compose file and of the files that it includes."""
    composition = yaml.safe_load((root / "docker-compose.yml").read_text())
    included = [yaml.safe_load((root / path).read_text()) for path in composition.get("include", ())]
    return frozenset(name for file in (composition, *included) for name in file.get("services", ()))
