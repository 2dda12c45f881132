"""What a Dockerfile's build stage copies, installs and runs."""

import re
import shutil
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from deploy.build.extras import requirements
from deploy.paths import PROJECT

PACKAGES = frozenset(file.parent.name for file in PROJECT.glob("*/__init__.py"))


def stage(dockerfile: Path, name: str | None = None) -> list[str]:
    """The instructions of a stage, after those of the stages that it builds on; by default of the last stage."""
    stages: dict[str, list[str]] = {}
    current = ""
    text = re.sub(r"^\s*#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    for instruction in filter(None, text.splitlines()):
        words = instruction.split()
        if words[0] == "FROM":
            current = words[3] if len(words) > 2 else str(len(stages))
            stages[current] = list(stages.get(words[1], ()))
        elif current:
            stages[current].append(instruction)
    return stages[name or current]


def copied(instructions: Iterable[str]) -> Iterator[tuple[list[str], str]]:
    """Sources and destination of each ``COPY`` from the context."""
    for instruction in instructions:
        if found := re.match(r"COPY (?!--from)(.+) (\S+)$", instruction):
            yield found[1].split(), found[2]


def context() -> list[str]:
    """The names at the top of the build context, as .dockerignore lets them in."""
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    return [name for line in lines if line.startswith("!") and (PROJECT / (name := line[1:])).exists()]


def lay_out(instructions: Iterable[str], tree: Path) -> None:
    """Copy below ``tree`` what the instructions copy into the image's working directory."""
    for sources, destination in copied(instructions):
        if destination.startswith("/"):
            continue
        for source in context() if sources == ["."] else sources:
            path = PROJECT / source
            is_folder = destination.endswith("/") or sources == ["."]
            into = tree / destination / path.name if is_folder else tree / destination
            into.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.copytree(path, into, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(path, into)


def installed(instructions: Iterable[str]) -> set[str]:
    """The requirements that pip installs, those of the project's extras among them."""
    file = PROJECT / "pyproject.toml"
    extras: dict[str, list[str]] = tomllib.loads(file.read_text())["project"]["optional-dependencies"]
    found: set[str] = set()
    for instruction in instructions:
        words = set[str]()
        if ">/tmp/requirements.txt" in instruction:
            words = set(re.findall(r"[\w-]+", instruction.partition(">/tmp/requirements.txt")[0]))
        elif named := re.search(r"\.\[([\w,-]+)\]", instruction):
            words = set(named[1].split(","))
        elif named := re.search(r"pip install .*-c \S+ ([\w ]+)$", instruction):
            found |= set(named[1].split())
        if words:
            found |= {*requirements(file, sorted(words & extras.keys()))}
    return found


def modules_run(instruction: str) -> list[str]:
    """The project's modules that a ``RUN`` calls."""
    found = re.findall(r"python -m ([\w.]+)|python -c \"from ([\w.]+) import", instruction)
    called = [module or imported for module, imported in found]
    return [module for module in called if module.partition(".")[0] in PACKAGES]
