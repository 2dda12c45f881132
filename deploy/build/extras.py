"""The requirements of extras of ``pyproject.toml``, one on each line: ``python extras.py pyproject.toml NAME...``

An extra may include others of the project, as in ``clickstream-enrichment[tracing]``. pip resolves that only when it
installs the project itself. Images install the requirements before they have the project's packages, so that a change
of code does not install them again. This script therefore imports nothing but the standard library.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path


def requirements(pyproject: Path, extras: Iterable[str]) -> tuple[str, ...]:
    """The project's own dependencies, then those of the extras, each requirement once.

    :raises KeyError: for an extra that the project does not have.
    """
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    included = re.compile(rf"{re.escape(project['name'])}\[([^\]]+)\]")

    def expanded(names: Iterable[str]) -> Iterator[str]:
        for name in names:
            for requirement in project["optional-dependencies"][name]:
                if found := included.fullmatch(requirement):
                    yield from expanded(found[1].split(","))
                else:
                    yield requirement

    return tuple(dict.fromkeys([*project["dependencies"], *expanded(extras)]))


if __name__ == "__main__":
    print("\n".join(requirements(Path(sys.argv[1]), sys.argv[2:])))
