"""The stacks, synthesised once, without an account or a network."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# jsii prints a banner of many lines for a Node that is older than it likes.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "1")
os.environ.setdefault("JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION", "1")
os.environ.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Template:
    """A synthesised template."""

    path: Path
    body: Mapping[str, Any]

    def of(self, kind: str) -> dict[str, Resource]:
        """Logical id → resource of one type; at least one, so that no assertion is empty."""
        found = {name: part for name, part in self.body["Resources"].items() if part["Type"] == kind}
        assert found, f"no {kind} in {self.path.name}"
        return found

    def one(self, kind: str) -> Mapping[str, Any]:
        """The properties of the only resource of that type."""
        (resource,) = self.of(kind).values()
        properties: Mapping[str, Any] = resource["Properties"]
        return properties


@dataclass(frozen=True)
class Synthesised:
    foundation: Template
    jobs: Mapping[str, Template]

    @property
    def application(self) -> Template:
        return self.jobs["enrichment"]

    @property
    def behaviour(self) -> Template:
        return self.jobs["behaviour"]

    @property
    def lake(self) -> Template:
        return self.jobs["lake"]


@pytest.fixture(scope="session")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthesised]:
    from aws_cdk import App  # noqa: PLC0415 - it starts Node

    from deploy.cdk.app import build  # noqa: PLC0415

    app = App(outdir=str(tmp_path_factory.mktemp("cdk")))
    foundation, jobs = build(app)
    assembly = app.synth()

    def template(name: str) -> Template:
        path = Path(assembly.get_stack_artifact(name).template_full_path)
        return Template(path, json.loads(path.read_text()))

    yield Synthesised(
        template(foundation.artifact_id), {name: template(stack.artifact_id) for name, stack in jobs.items()}
    )
