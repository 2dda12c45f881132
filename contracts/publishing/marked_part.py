"""The part of a document that is made from code stands between two marks."""

import sys
from pathlib import Path
from typing import NamedTuple


class MarkedPart(NamedTuple):
    file: Path
    begin: str
    """A line, with its end."""
    end: str

    def inserted(self, document: str, part: str) -> str:
        """The document with the part between its marks. Raises ValueError where it has no such marks."""
        start = document.index(self.begin) + len(self.begin)
        return document[:start] + part + document[document.index(self.end, start) :]

    def write_or_check(self, part: str) -> int:
        """The exit code of a program that writes the part, or with ``--check`` says whether it is up to date."""
        before = self.file.read_text("utf-8")
        after = self.inserted(before, part)
        if "--check" in sys.argv[1:]:
            if before != after:
                print(f"{self.file} is out of date: run make schemas", file=sys.stderr)
            return int(before != after)
        self.file.write_text(after, "utf-8")
        return 0
