"""The images: each has the modules that the compose files run in it."""

import re
from pathlib import Path

import pytest

from deploy.jars import ARCHIVE_JARS
from deploy.paths import PROJECT
from tests.deploy.compose_model import load
from tests.deploy.dockerfiles import installed, lay_out, modules_run, stage
from tests.deploy.image_imports import import_failure

pytestmark = pytest.mark.servers

FLINK = PROJECT / "deploy" / "flink" / "Dockerfile"
TOOLS = PROJECT / "deploy" / "tools" / "Dockerfile"
LOOKUP = PROJECT / "lookup_service" / "Dockerfile"
IMPORTED_LATER = {
    "lake-tools": ["assurance.reconciliation.sinks.lake", "lake.store"],
    "tools": ["deploy.features", "deploy.security"],
}
"""What a command imports only when its options ask for it, and commands that no service runs."""


def _commands() -> dict[str, set[str]]:
    """For each image of the project, the modules that services run with ``python -m``."""
    found: dict[str, set[str]] = {}
    for service in load(PROJECT / "docker-compose.yml").services.values():
        image = service["image"].removeprefix("clickstream/").removesuffix(":local")
        calls = [service.get("entrypoint", []), service.get("healthcheck", {}).get("test", [])]
        modules = {call[call.index("-m") + 1] for call in calls if "-m" in call}
        if image in ("tools", "lake-tools") and "entrypoint" not in service:
            modules.add(service["command"][0])
        found.setdefault(image, set()).update(modules)
    return {image: modules for image, modules in found.items() if modules}


def test_every_command_is_a_module() -> None:
    commands = _commands()
    assert commands.keys() == {"tools", "lake-tools", "lookup"}
    for module in set().union(*commands.values()):
        path = PROJECT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module


@pytest.mark.parametrize(
    ("image", "dockerfile", "target", "entry"),
    [
        ("tools", TOOLS, "tools", []),
        ("lake-tools", TOOLS, "lake", []),
        ("lookup", LOOKUP, "build", ["lookup_service"]),
    ],
)
def test_an_image_has_what_its_commands_import(
    image: str, dockerfile: Path, target: str, entry: list[str], tmp_path: Path
) -> None:
    instructions = stage(dockerfile, target)
    lay_out(instructions, tmp_path)
    modules = [*entry, *sorted(_commands()[image]), *IMPORTED_LATER.get(image, [])]
    failure = import_failure(tmp_path, installed(instructions), modules)
    assert failure is None, failure


def test_the_archives_are_built_from_what_is_copied_by_then(tmp_path: Path) -> None:
    """The jars come before most of the code, so that a change of code does not build them again."""
    instructions = stage(FLINK, "archive")
    calls = [(number, modules) for number, each in enumerate(instructions) if (modules := modules_run(each))]
    assert [modules for _, modules in calls] == [["deploy.build.jars"], ["deploy.flink.image"]]
    for number, modules in calls:
        lay_out(instructions[:number], tmp_path)
        failure = import_failure(tmp_path, installed(instructions[:number]), modules)
        assert failure is None, failure
        for jar in ARCHIVE_JARS:
            assert (tmp_path / jar.pom.relative_to(PROJECT)).exists()
            assert jar.sources is None or (tmp_path / jar.sources.relative_to(PROJECT)).exists()


def test_what_an_image_lacks_is_noticed(tmp_path: Path) -> None:
    instructions = stage(TOOLS, "tools")
    requirements = installed(instructions)
    lay_out([line for line in instructions if line != "COPY core core"], tmp_path)
    assert "No module named 'core'" in str(import_failure(tmp_path, requirements, ["assurance.reconciliation"]))
    fewer = {each for each in requirements if not each.startswith("confluent-kafka")}
    assert fewer < requirements
    assert "No module named 'confluent_kafka'" in str(import_failure(tmp_path, fewer, ["deploy.topics"]))
    assert import_failure(tmp_path, requirements, ["deploy.topics"]) is None


def test_what_the_images_copy_is_in_the_context() -> None:
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    assert lines[0] == "*"
    allowed = tuple(line[1:] for line in lines if line.startswith("!"))
    copied = {
        source
        for dockerfile in PROJECT.glob("[dl]*/**/Dockerfile")
        if dockerfile.parent.name not in ("geoip", "fluentd")  # contexts of their own
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile.read_text(), re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert {"contracts", "deploy/topics.py"} <= copied
    copied -= {"."}  # the whole context
    assert {source for source in copied if source.split("/")[0] not in allowed} == set()
    assert all((PROJECT / source).exists() for source in copied)
