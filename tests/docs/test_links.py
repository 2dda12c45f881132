"""What the documents name is there: files, headings, modules, commands, compose services."""

from pathlib import Path

import pytest

from deploy.paths import PROJECT
from tests.docs.document import Document
from tests.docs.faults import broken_mentions, faults

DOCUMENTS = (PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md")))
SOURCES = (".py", ".java", ".yml", ".yaml", ".toml", ".xml", ".conf", ".properties")


def test_there_are_documents() -> None:
    assert len(DOCUMENTS) > 20


@pytest.mark.parametrize("path", DOCUMENTS, ids=[str(path.relative_to(PROJECT)) for path in DOCUMENTS])
def test_a_document_names_only_what_is_there(path: Path) -> None:
    assert faults(Document.read(path), PROJECT) == []


def test_comments_name_only_documents_that_are_there() -> None:
    rooms = [path.parent for path in PROJECT.glob("*/__init__.py")]
    assert len(rooms) > 8
    sources = [
        path
        for place in (*rooms, PROJECT)
        for path in (place.rglob("*") if place in rooms else place.iterdir())
        if path.suffix in SOURCES and path != Path(__file__)
    ]
    assert len(sources) > 500
    found = {path: broken_mentions(path.read_text(), PROJECT) for path in sources}
    assert {path: missing for path, missing in found.items() if missing} == {}


HERE = PROJECT / "docs" / "reference" / "any.md"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[a](gone.md)", "no such file: gone.md"),
        ("![a](../operations/gone.svg)", "no such file: ../operations/gone.svg"),
        ("[a](events.md#no-such)", "no such heading: events.md#no-such"),
        ("# One thing\n[a](#another-thing)", "no such heading: #another-thing"),
        ("`enrichment_job/lookups/window.py`", "no such path: enrichment_job/lookups/window.py"),
        ("`lookups/engine.py`", "no such path: lookups/engine.py"),
        ("`absent.py` is gone", "no such path: absent.py"),
        ("`jvm/`", "no such path: jvm/"),
        ("`deploy/terraform`", "no such path: deploy/terraform"),
        ("`contracts.events.gone`", "no such module: contracts.events.gone"),
        ("`contracts.events.raw.Gone`", "no such module: contracts.events.raw.Gone"),
        ("`python -m ledger audit`", "no such module to run: ledger"),
        ("`python -m common.kafka`", "no such module to run: common.kafka"),
        ("```\npython -m deploy.gone --help\n```", "no such module to run: deploy.gone"),
        ("```\nmake up && make rain\n```", "no such make target: rain"),
        ("`docker compose run --rm -T gone`", "no such compose service: gone"),
        ("```\ndocker compose up --scale gone=3\n```", "no such compose service: gone"),
    ],
)
def test_a_wrong_document_is_told(text: str, fault: str) -> None:
    assert faults(Document(HERE, text), PROJECT) == [fault]


@pytest.mark.parametrize(
    "text",
    [
        "[a](events.md)",
        "[a](../../README.md)",
        "[a](https://example.org/gone.md)",
        "# One `thing`: a [link](events.md)\n[a](#one-thing-a-link)",
        "# Twice\n# Twice\n[a](#twice-1)",
        "`[a](gone.md)`",
        "```\n[a](gone.md)\n```",
        "`contracts/purposes/purposes.yaml` and `main.py`",
        "`deploy/` and `deploy/cdk`",
        "`build/replay/summary.json`, made by a command; `lib/`, in an archive",
        "`application/problem+json`, `s3://bucket/prefix`, `deploy/cdk/<name>.py`, `/v1/lookup`",
        "`contracts.events.raw.Attributes`, `core.lookups`, `source.idleness`",
        "`python -m producers generate`",
        "`python -m\nassurance.live.export`",
        "```\npython -m pytest -q   # make rain\n```",
        "`make replay INPUT=access.log`",
        "`docker compose --profile lake run --rm lake-audit`",
        "commands for `docker compose run --rm`, in `common.yml`",
    ],
)
def test_a_right_document_is_told(text: str) -> None:
    assert faults(Document(HERE, text), PROJECT) == []


def test_a_wrong_comment_is_told() -> None:
    gone = "docs/" + "gone.md"
    assert broken_mentions(f"# see {gone}, and docs/reference/events.md", PROJECT) == [f"no such document: {gone}"]
