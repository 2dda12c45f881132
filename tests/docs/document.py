"""A Markdown document as its links, headings and code. Only the syntax that the project's documents use."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^\s*```")
_SPAN = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$")
_MARKUP = re.compile(r"\[([^\]]*)\]\([^)]*\)|`")


@dataclass(frozen=True)
class Document:
    """``path`` is where the document lies or would lie: relative links start from its folder."""

    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> "Document":
        return cls(path, path.read_text())

    def links(self) -> Iterator[str]:
        """Targets of links and images, in prose only: a fence or a code span may hold what looks like one."""
        yield from _LINK.findall(_SPAN.sub("``", self._prose()))

    def spans(self) -> Iterator[str]:
        """Code spans. A span may go over the end of a line, as prose does."""
        for found in _SPAN.findall(self._prose()):
            yield " ".join(found.split())

    def commands(self) -> Iterator[str]:
        """Code that may be a command: spans, and lines of fences, those that a backslash or `&&` joins taken apart."""
        for code in (*self.spans(), *self._fenced().replace("\\\n", " ").splitlines()):
            for command in code.partition("#")[0].split("&&"):
                if words := command.split():
                    yield " ".join(words)

    def anchors(self) -> frozenset[str]:
        """The names under which GitHub's renderer lets a link reach the document's headings."""
        found: dict[str, int] = {}
        for line in self._prose().splitlines():
            if heading := _HEADING.match(line):
                text = _MARKUP.sub(r"\1", heading[1]).strip().lower()
                slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
                found[slug] = found.get(slug, -1) + 1
        return frozenset(f"{slug}-{n}" if n else slug for slug, most in found.items() for n in range(most + 1))

    def _prose(self) -> str:
        return "\n".join(line for line, is_code in self._lines() if not is_code)

    def _fenced(self) -> str:
        return "\n".join(line for line, is_code in self._lines() if is_code)

    def _lines(self) -> Iterator[tuple[str, bool]]:
        is_code = False
        for line in self.text.splitlines():
            if _FENCE.match(line):
                is_code = not is_code
            else:
                yield line, is_code
