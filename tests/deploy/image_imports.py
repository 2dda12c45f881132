"""Imports modules as an image would: with the packages that it copies and the distributions that it installs."""

import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.paths import PROJECT
from tests.deploy.dockerfiles import PACKAGES

_IMPORT = """
import importlib, importlib.machinery, sys

tree, packages, others, modules = sys.argv[1], set(sys.argv[2].split(",")), set(sys.argv[3].split(",")), sys.argv[4:]


class ImageOnly:
    # The only finder, because a library may ask whether a module is there without importing it.
    find_distributions = staticmethod(importlib.machinery.PathFinder.find_distributions)

    def __init__(self, finders):
        self.finders = finders

    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in packages:
            # This environment may have the project installed: look for its packages nowhere but in the tree.
            found = importlib.machinery.PathFinder.find_spec(name, [tree] if path is None else path)
            return found if found is not None and (found.origin or "").startswith(tree) else None
        if top in others:
            return None
        specs = (finder.find_spec(name, path, target) for finder in self.finders if hasattr(finder, "find_spec"))
        return next((spec for spec in specs if spec is not None), None)


sys.meta_path[:] = [ImageOnly(sys.meta_path[:])]
for module in modules:
    importlib.import_module(module)
"""


def import_failure(tree: Path, requirements: Iterable[str], modules: Iterable[str]) -> str | None:
    """The traceback, when a module needs more than the project's packages below ``tree`` and the requirements."""
    names = [f"{name}.__main__" if (tree / name.replace(".", "/")).is_dir() else name for name in modules]
    there = _distributions(requirements)
    others = [
        module
        for module, distributions in packages_distributions().items()
        if module not in PACKAGES and there.isdisjoint(map(canonicalize_name, distributions))
    ]
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT, str(tree), ",".join(PACKAGES), ",".join(others), *names],
        cwd=tree,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return None if done.returncode == 0 else done.stderr


def _distributions(requirements: Iterable[str]) -> set[str]:
    """What pip would install for the requirements, as far as this environment has it."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    known: set[tuple[str, str]] = set()
    waiting = [Requirement(each) for each in requirements]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        for extra in ("", *wanted.extras):
            if (name, extra) in known:
                continue
            known.add((name, extra))
            waiting += [
                each
                for each in _required(name, extra, project["name"], project["optional-dependencies"])
                if each.marker is None or each.marker.evaluate({"extra": extra})
            ]
    return {name for name, _ in known}


def _required(name: str, extra: str, project: str, extras: dict[str, list[str]]) -> list[Requirement]:
    if name == project:
        # Not from the installed metadata, which may be of another checkout.
        return [Requirement(each) for each in extras.get(extra, ())]
    try:
        return [Requirement(each) for each in requires(name) or ()]
    except PackageNotFoundError:
        return []
