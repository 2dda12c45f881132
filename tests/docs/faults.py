"""What a document names and the repository does not have.

A module is looked for as a file and never imported: a check of documents must not need Flink, nor run anything.
"""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from tests.docs.commands import broken_commands
from tests.docs.document import Document

_IN_ARCHIVES = ("lib/", "dep/")
_MADE = ("build/", ".venv/")
"""Paths below these are not in the repository: commands make them, or an application archive has them."""
_SUFFIXES = (".py", ".md", ".java", ".toml", ".yaml", ".yml", ".json", ".xml", ".svg", ".conf", ".properties")
_PATH = re.compile(r"[\w.@-]+(?:/[\w.@-]+)*/?")
_MODULE = re.compile(r"[a-z_]+(?:\.\w+)+")
_DOCUMENT = re.compile(r"\bdocs/[\w/.-]+\.(?:md|json|svg)\b")


def faults(document: Document, root: Path) -> list[str]:
    """One line for each name that leads nowhere, empty where all is well.

    :param root: the repository's folder.
    """
    return [
        *_broken_links(document),
        *(f"no such path: {word}" for word in _words(document) if _is_path(word, root) and not _exists(word, root)),
        *(f"no such module: {word}" for word in _words(document) if not _resolves(word, root)),
        *broken_commands(document, root),
    ]


def broken_mentions(text: str, root: Path) -> list[str]:
    """Documents that a source file's comment names and that are not there."""
    return [f"no such document: {path}" for path in _DOCUMENT.findall(text) if not (root / path).is_file()]


def _broken_links(document: Document) -> Iterator[str]:
    for link in document.links():
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = document.path.parent / path if path else document.path
        if path and not target.exists():
            yield f"no such file: {link}"
        elif anchor and anchor not in (Document.read(target) if path else document).anchors():
            yield f"no such heading: {link}"


def _words(document: Document) -> Iterator[str]:
    for span in document.spans():
        for word in span.split():
            yield word.strip("\"'`,;:()").removeprefix("./")


def _is_path(word: str, root: Path) -> bool:
    """Whether the word can only be meant as a path in the repository."""
    if not _PATH.fullmatch(word) or word.startswith((*_IN_ARCHIVES, *_MADE)):
        return False
    first, slash, rest = word.partition("/")
    if not slash:
        return word.endswith((".py", ".md", ".java"))
    return word.endswith(_SUFFIXES) or not rest or (root / first).is_dir()


def _exists(word: str, root: Path) -> bool:
    """A bare name may lie anywhere: the prose around it says where."""
    if "/" in word or (root / word).exists():
        return (root / word).exists()
    return word in _names(root)


@lru_cache
def _names(root: Path) -> frozenset[str]:
    return frozenset(
        path.name
        for room in root.iterdir()
        if room.is_dir() and f"{room.name}/" not in _MADE and not room.name.startswith(".")
        for path in room.rglob("*")
    )


def _resolves(word: str, root: Path) -> bool:
    """Also true for what is no dotted name below one of the repository's packages."""
    first = word.partition(".")[0]
    if not _MODULE.fullmatch(word) or word.endswith(_SUFFIXES) or not (root / first / "__init__.py").is_file():
        return True
    parts = word.split(".")
    for length in range(len(parts), 0, -1):
        if file := _module_file(parts[:length], root):
            return length == len(parts) or parts[length] in _defined(file)
    return False


def _module_file(parts: list[str], root: Path) -> Path | None:
    place = root.joinpath(*parts)
    candidates = (place.with_name(f"{place.name}.py"), place / "__init__.py")
    return next((file for file in candidates if file.is_file()), None)


def _defined(file: Path) -> frozenset[str]:
    """Names that a module defines on its first level."""
    found: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return frozenset(found)
