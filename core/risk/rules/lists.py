"""Reads the document ``lists``: named values that conditions use after ``in``."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from contracts.purposes.yaml_nodes import Node
from core.cel.environment import NamedList
from core.node_values import filled, matching
from core.risk.rules.model import RuleProblem

MAX_VALUES: Final = 50_000
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
"""Of a list, a rule and an exclusion."""
_WHOLE: Final = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredList:
    name: str
    content: NamedList
    file: str
    line: int

    def problem(self, message: str) -> RuleProblem:
        return RuleProblem(self.file, self.line, f"the list {self.name}: {message}")


def read_lists(node: Node, file: str) -> list[DeclaredList]:
    """:raises NodeError: for what is no list of whole numbers, and none of texts."""
    lists = node.members("the lists", known=("lists",), required=("lists",))["lists"]
    return [
        DeclaredList(name=matching(key, "a list's name", NAME), content=_content(value, name), file=file, line=key.line)
        for key, name, value in lists.pairs("lists")
    ]


def repeated(lists: Iterable[DeclaredList]) -> list[RuleProblem]:
    """Lists that have the name of one before them."""
    first: dict[str, DeclaredList] = {}
    found: list[RuleProblem] = []
    for each in lists:
        other = first.setdefault(each.name, each)
        if other is not each:
            found.append(each.problem(f"is in {other.file}, line {other.line}, already"))
    return found


def _content(node: Node, name: str) -> NamedList:
    items = filled(node, name)
    if len(items) > MAX_VALUES:
        raise node.error(f"{name} has more than {MAX_VALUES} values")
    texts: dict[str, None] = {}
    kinds = {_kind(item, name) for item in items}
    if len(kinds) > 1:
        raise node.error(f"{name} has both numbers and texts")
    for item in items:
        text = item.text(name)
        if text in texts:
            raise item.error(f"{name} has {text!r} twice")
        texts[text] = None
    return NamedList("int", frozenset(map(int, texts))) if kinds == {"int"} else NamedList("string", frozenset(texts))


def _kind(item: Node, name: str) -> str:
    """YAML takes ``no`` for a bool, ``1:30`` and ``010`` for numbers of other bases, and ``1.0`` for a fraction."""
    text, kind = item.text(name), item.kind()
    if kind == "str" or (kind == "int" and _WHOLE.fullmatch(text)):
        return kind
    raise item.error(f"{text!r} in {name} is neither a whole number nor a text; put a text in quotes")
