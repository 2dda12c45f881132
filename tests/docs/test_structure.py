"""The documents keep their form: decisions numbered and complete, the glossary sorted, every room in the README."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.paths import PROJECT

DOCS = PROJECT / "docs"
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))
PARTS = ["Context", "Decision", "Alternatives", "Consequences"]
_STATUS = re.compile(r"accepted|superseded by \[\d{4}\]")
_FORM = re.compile(r"# (\d{4})\. .+\n\n- Status: (.+)\n- Date: (\d{4}-\d\d-\d\d)")
_TERM = re.compile(r"^\*\*(.+?)\.\*\* ", re.MULTILINE)
_ROOM = re.compile(r"^\| `(\w+)/` \|", re.MULTILINE)


def wrong_numbers(names: Sequence[str]) -> list[str]:
    """File names of decisions that do not follow the one before them."""
    return [name for number, name in enumerate(names, start=1) if not name.startswith(f"{number:04d}-")]


def wrong_form(number: str, text: str) -> list[str]:
    """What a decision's page lacks."""
    head = _FORM.match(text)
    if head is None:
        return ["title, status and date"]
    found = re.findall(r"^## (.+)$", text, re.MULTILINE)
    return [
        *(["its number"] if head[1] != number else []),
        *(["a known status"] if not _STATUS.match(head[2]) else []),
        *(["context, decision, alternatives and consequences"] if found[:4] != PARTS else []),
        *(["nothing after its measurement"] if found[4:] not in ([], ["Measurement"]) else []),
    ]


def test_decisions_are_numbered_without_holes() -> None:
    assert len(DECISIONS) > 10
    assert wrong_numbers([path.name for path in DECISIONS]) == []
    assert wrong_numbers(["0001-a.md", "0003-b.md"]) == ["0003-b.md"]


@pytest.mark.parametrize("path", DECISIONS, ids=[path.stem for path in DECISIONS])
def test_a_decision_has_its_form_and_its_line_in_the_index(path: Path) -> None:
    text = path.read_text()
    assert wrong_form(path.name[:4], text) == []
    assert len(text.splitlines()) <= 70, "a decision is one page"
    lines = (DOCS / "decisions" / "README.md").read_text().splitlines()
    [line] = [line for line in lines if f"]({path.name})" in line]
    head = _FORM.match(text)
    assert head is not None
    assert f"| {head[3]} |" in line


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("# A title\n", "title, status and date"),
        ("# 0002. Other\n\n- Status: accepted\n- Date: 2026-11-23\n", "its number"),
        ("# 0001. One\n\n- Status: perhaps\n- Date: 2026-11-23\n", "a known status"),
        (
            "# 0001. One\n\n- Status: accepted\n- Date: 2026-11-23\n\n## Context\n",
            "context, decision",
        ),
    ],
)
def test_a_page_without_the_form_is_told(text: str, lacks: str) -> None:
    assert any(found.startswith(lacks) for found in wrong_form("0001", text))


def test_the_glossary_is_in_alphabetical_order() -> None:
    terms = [term.lower() for term in _TERM.findall((DOCS / "glossary.md").read_text())]
    assert len(terms) > 40
    assert terms == sorted(set(terms))


def test_the_readme_has_every_room() -> None:
    rooms = {path.parent.name for path in PROJECT.glob("*/__init__.py")} | {"docs"}
    assert set(_ROOM.findall((PROJECT / "README.md").read_text())) == rooms
