"""YAML with line numbers, so that an error message can name the line."""

from collections.abc import Iterator
from pathlib import Path

import yaml

_MAX_DEPTH = 20


class PolicyError(Exception):
    """The policy cannot be used; the message has the file, the line and the reason."""


class NodeError(PolicyError):
    """What is wrong with one value of a file."""

    def __init__(self, file: Path, line: int, reason: str) -> None:
        super().__init__(f"{file.name}: line {line}: {reason}")
        self.line = line
        self.reason = reason


class Node:
    """A value of the file, with its line."""

    def __init__(self, node: yaml.Node, file: Path) -> None:
        self._node = node
        self._file = file

    @property
    def line(self) -> int:
        return int(self._node.start_mark.line) + 1

    def error(self, reason: str) -> NodeError:
        return NodeError(self._file, self.line, reason)

    def text(self, what: str) -> str:
        if not isinstance(self._node, yaml.ScalarNode) or not self._node.value:
            raise self.error(f"{what} must be a text")
        return str(self._node.value)

    def items(self, what: str) -> list["Node"]:
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.error(f"{what} must be a list")
        return [Node(node, self._file) for node in self._node.value]

    def kind(self) -> str:
        """What YAML takes a value for: ``int``, ``str``, ``bool``, ``seq``, …"""
        return str(self._node.tag).rpartition(":")[2]

    def is_mapping(self) -> bool:
        return isinstance(self._node, yaml.MappingNode)

    def is_list(self) -> bool:
        return isinstance(self._node, yaml.SequenceNode)

    def pairs(self, what: str) -> Iterator[tuple["Node", str, "Node"]]:
        """(key as a node, key, value). A key that is there twice is an error."""
        if not isinstance(self._node, yaml.MappingNode):
            raise self.error(f"{what} must have keys and values")
        seen: set[str] = set()
        for key_node, value in self._node.value:
            key = Node(key_node, self._file)
            name = key.text(f"a key of {what}")
            if name in seen:
                raise key.error(f"{what}: {name!r} is there twice")
            seen.add(name)
            yield key, name, Node(value, self._file)

    def members(self, what: str, *, known: tuple[str, ...], required: tuple[str, ...]) -> dict[str, "Node"]:
        """A mapping with these keys and no others."""
        found: dict[str, Node] = {}
        for key, name, value in self.pairs(what):
            if name not in known:
                raise key.error(f"unknown key {name!r} of {what}; known are {', '.join(known)}")
            found[name] = value
        for name in required:
            if name not in found:
                raise self.error(f"{what} has no {name}")
        return found


def read_nodes(file: Path) -> Node:
    """:raises PolicyError: where it cannot be read or is not YAML."""
    try:
        root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise PolicyError(f"{file}: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}: "
        raise PolicyError(f"{file.name}: {line}not YAML: {error.problem}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PolicyError(f"{file.name}: not YAML in UTF-8") from error
    if root is None:
        raise PolicyError(f"{file.name}: line 1: it is empty")
    return Node(root, file)


def read_documents(text: str, file: Path) -> list[Node]:
    """The documents of a text that is not trusted. Aliases are refused: with them a small text can mean a huge one. So
    is deep nesting: the time that the reader takes grows with its square.

    :param file: for messages.
    :raises NodeError: where it is not YAML.
    """
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            line = 1 if event.start_mark is None else event.start_mark.line + 1
            if isinstance(event, yaml.AliasEvent):
                raise NodeError(file, line, "aliases (*name) are not possible")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                raise NodeError(file, line, f"nested deeper than {_MAX_DEPTH} levels")
        return [Node(root, file) for root in yaml.compose_all(text, Loader=yaml.SafeLoader) if not _is_empty(root)]
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        raise NodeError(file, line, f"not YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise NodeError(file, 1, f"not YAML: {error}".partition("\n")[0]) from error


def _is_empty(root: yaml.Node) -> bool:
    """A document of nothing but comments."""
    return isinstance(root, yaml.ScalarNode) and not root.value
