"""Reads the rule files of a folder."""

from collections.abc import Mapping
from pathlib import Path

from deploy.paths import PROJECT

SHIPPED = PROJECT / "deploy" / "rules"
_PATTERNS = ("*.yml", "*.yaml")


class RuleFilesError(Exception):
    """The files cannot be read. One line."""


def read_rule_files(place: Path) -> Mapping[str, str]:
    """File name → text, of a folder or of one file. The names are as given, so that messages can be followed.

    :raises RuleFilesError: if there is no such file, or one is no text.
    """
    files = [place] if place.is_file() else sorted(path for pattern in _PATTERNS for path in place.glob(pattern))
    if not files:
        raise RuleFilesError(f"{place}: no rule files")
    try:
        return {str(path): path.read_text(encoding="utf-8") for path in files}
    except UnicodeDecodeError as error:
        raise RuleFilesError(f"{place}: a rule file is not UTF-8") from error
    except OSError as error:
        raise RuleFilesError(f"{error.filename}: {error.strerror}") from error
