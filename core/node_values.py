"""Reads the values of a YAML file. Each function raises NodeError, with the line, for a value that does not fit."""

import re
from collections.abc import Iterable
from typing import Final

from contracts.purposes.yaml_nodes import Node

NUMBER: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?", re.ASCII)
_WORDS_FIELD: Final = re.compile(r"\{([^}]*)\}|[{}]")


def filled(node: Node, what: str) -> list[Node]:
    """A list that is not empty."""
    items = node.items(what)
    if not items:
        raise node.error(f"{what} is empty")
    return items


def texts(node: Node, what: str) -> tuple[str, ...]:
    """A list of different texts."""
    found = tuple(item.text(what) for item in filled(node, what))
    if len(set(found)) < len(found):
        raise node.error(f"{what} names one twice")
    return found


def one_of(node: Node, what: str, known: Iterable[str]) -> str:
    """One of the known texts."""
    text = node.text(what)
    if text not in known:
        raise node.error(f"{what} is {text!r}; known are {', '.join(known)}")
    return text


def matching(node: Node, what: str, pattern: re.Pattern[str]) -> str:
    """A text that the whole pattern matches."""
    text = node.text(what)
    if not pattern.fullmatch(text):
        raise node.error(f"{what} is {text!r} and must match {pattern.pattern}")
    return text


def number(node: Node, what: str, least: float, most: float, *, whole: bool = False) -> float:
    """A number from ``least`` to ``most``."""
    text = node.text(what)
    if not NUMBER.fullmatch(text) or not least <= float(text) <= most or (whole and "." in text):
        raise node.error(f"{what} must be a{' whole' if whole else ''} number from {least:g} to {most:g}")
    return float(text)


def sentence(node: Node, what: str, longest: int = 200) -> str:
    """A text, with one blank wherever it has white space."""
    text = " ".join(node.text(what).split())
    if len(text) > longest:
        raise node.error(f"{what} is longer than {longest} characters")
    return text


def words(node: Node) -> str:
    """A template with ``{value}`` and ``{threshold}``."""
    text = sentence(node, "words", 300)
    for found in _WORDS_FIELD.finditer(text):
        if found[1] not in {"value", "threshold"}:
            raise node.error("words may have {value} and {threshold}, and no other brackets")
    return text
