"""Extras of ``pyproject.toml``: what they include, and that each part declares what it imports."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from deploy.build.dependencies import PYPROJECT
from deploy.build.extras import requirements
from deploy.paths import PROJECT

OWN = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"tests"}
CONFIG = tomllib.loads(PYPROJECT.read_text())
MODULES_OF = CONFIG["tool"]["deptry"]["package_module_name_map"]
"""Distribution → modules, where a distribution always brings another one whose modules belong to it."""


def test_an_extra_that_includes_others_has_their_requirements(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(
        '[project]\nname = "made-up"\ndependencies = ["always"]\n[project.optional-dependencies]\n'
        'small = ["a>=1", "always"]\nlarge = ["made-up[small,other]", "b[made-up]"]\nother = ["made-up[small]", "c"]\n'
    )
    assert requirements(file, []) == ("always",)
    assert requirements(file, ["large"]) == ("always", "a>=1", "c", "b[made-up]")
    with pytest.raises(KeyError, match="absent"):
        requirements(file, ["absent"])


@pytest.mark.parametrize("extra", CONFIG["project"]["optional-dependencies"])
def test_every_extra_can_be_resolved(extra: str) -> None:
    assert not [each for each in requirements(PYPROJECT, [extra]) if each.startswith(CONFIG["project"]["name"])]


@pytest.mark.parametrize(
    ("part", "extras"),
    [
        ("enrichment_job", ["job"]),
        ("lake", ["lake"]),
        ("lookup_service", ["lookup", "scoring"]),
        ("producers", ["producers", "msk"]),
        ("deploy/druid", ["olap"]),
        ("deploy/observability", ["dashboards"]),
        ("deploy/cdk", ["infra"]),
    ],
)
def test_a_part_declares_what_it_imports(part: str, extras: list[str]) -> None:
    """Whatever its modules import, directly or through other modules of the project, at the start or later."""
    declared = {_normal(re.split(r"[^\w.-]", each)[0]) for each in requirements(PYPROJECT, extras)}
    imported = _imported_by(PROJECT / part)
    assert imported
    undeclared = {module: where for module, where in imported.items() if not _distributions(module) & declared}
    assert undeclared == {}


def _imported_by(part: Path) -> dict[str, str]:
    """Module of others → a file that imports it."""
    waiting, seen, found = list(part.rglob("*.py")), set[Path](), dict[str, str]()
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        for name in _imports(file):
            top = name.partition(".")[0]
            if top in OWN:
                waiting += _files(name)
            elif top not in sys.stdlib_module_names:
                found[top] = str(file.relative_to(PROJECT))
    return found


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files(name: str) -> Iterator[Path]:
    """The module, if it is one and not a name in it, and the packages around it."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        place = PROJECT.joinpath(*parts[:length])
        yield from (file for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file())


@cache
def _installed() -> dict[str, list[str]]:
    return dict(packages_distributions())


def _distributions(module: str) -> set[str]:
    named = {_normal(name) for name, modules in MODULES_OF.items() if module in modules}
    return named | {_normal(name) for name in _installed().get(module, ())}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
